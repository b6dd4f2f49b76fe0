#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The mapper among three hosts with two addresses each, one of them behind address translation.

    client  192.0.2.10, 198.51.100.10   --+-- wire0 --+--  server  192.0.2.1, 198.51.100.1
            2001:db8::10, 169.254.7.10    |           |            2001:db8::1, 169.254.7.1
                                        router (here), 203.0.113.9 means 192.0.2.1
    outside 203.0.113.20, 203.0.113.21  --+ wire1
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from hosts import Host, sh

BUILD = pathlib.Path(os.environ['SALLYPORT_BUILD']).resolve()
CALC = '5a11e000-ca1c-4ca1-8001-5a119c0deca1,1.0'
STATIC = '5a11e000-0000-4000-8001-5a119c0dec%02d'

CONFIG = '''
listen: {ncalrpc_dir: DIR}
static:
  - {interface: 5a11e000-0000-4000-8001-5a119c0dec01, version: 1.0, protseq: ncacn_ip_tcp, endpoint: 1001, address: 127.0.0.1}
  - {interface: 5a11e000-0000-4000-8001-5a119c0dec02, version: 1.0, protseq: ncacn_ip_tcp, endpoint: 1002, address: 169.254.7.1}
  - {interface: 5a11e000-0000-4000-8001-5a119c0dec03, version: 1.0, protseq: ncacn_ip_tcp, endpoint: 1003, address: 198.51.100.1}
  - {interface: 5a11e000-0000-4000-8001-5a119c0dec04, version: 1.0, protseq: ncacn_ip_tcp, endpoint: 1004, address: 192.0.2.1}
'''
PUBLIC = '''
public_addresses:
  - {from: 203.0.113.0/24, address: 203.0.113.9}
  - {from: 203.0.113.21, address: 203.0.113.8}
'''


def expect_same(got, want, what):
    if got != want:
        sys.exit(f'{what}:\n   got  {got!r}\n   want {want!r}\n{LOG.read_text() if LOG else ""}')


def wait_for(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f'{what}: not within {seconds} s\n{LOG.read_text() if LOG else ""}')
        time.sleep(0.05)


class Net:
    def __init__(self, folder):
        global LOG
        self.folder = pathlib.Path(folder)
        LOG = self.log = self.folder / 'log'
        self.server = Host('server', ['192.0.2.1/24', '198.51.100.1/24', '2001:db8::1/64', '169.254.7.1/16'],
                           gateway='192.0.2.254')
        self.client = Host('client', ['192.0.2.10/24', '198.51.100.10/24', '2001:db8::10/64', '169.254.7.10/16'])
        self.outside = Host('outside', ['203.0.113.20/24', '203.0.113.21/24'], wire='wire1')
        sh('ip addr add 192.0.2.254/24 dev wire0; ip addr add 203.0.113.9/24 dev wire1; '
           'ip addr add 203.0.113.8/32 dev wire1; echo 1 >/proc/sys/net/ipv4/ip_forward')
        sh('nft add table ip nat; nft "add chain ip nat pre { type nat hook prerouting priority -100; }"; '
           'nft add rule ip nat pre ip daddr 203.0.113.0/28 dnat to 192.0.2.1')
        self.configure('')
        env = dict(os.environ, SALLYPORT_NCALRPC_DIR=folder, SALLYPORT_PORTS='/nonexistent')
        with open(self.log, 'wb') as log:
            self.mapper = self.server.start(BUILD / 'src/epm/sallyport-epmapper', '--config', self.folder / 'config',
                                            stdout=log, stderr=log, env=env)
            wait_for(lambda: 'ready' in self.log.read_text(), 'the mapper starts')
            self.calc = self.server.start(BUILD / 'examples/calc-server', stdout=log, stderr=log, env=env)
        wait_for(lambda: self.client.ask('map', '192.0.2.1', CALC)[:1] not in ([], ['not registered']),
                 'the server is mapped')
        self.port = self.client.ask('map', '192.0.2.1', CALC)[0].split()[1]

    def configure(self, more):
        (self.folder / 'config').write_text(CONFIG.replace('DIR', str(self.folder)) + more)

    def reload(self, more):
        before = self.log.read_text().count('was read again')
        self.configure(more)
        self.mapper.send_signal(signal.SIGHUP)
        wait_for(lambda: self.log.read_text().count('was read again') > before, 'the configuration is read again')

    def towers(self, *addresses):
        return [f'{a} {self.port}' for a in addresses]

    def stop(self):
        for process in (self.calc, self.mapper):
            process.send_signal(signal.SIGTERM)
            if process.wait(20) not in (0, -signal.SIGTERM):
                sys.exit(f'ended with {process.returncode}:\n{self.log.read_text()}')
        for host in (self.server, self.client, self.outside):
            host.stop()


def the_dialled_address_comes_first_then_the_others(net):
    expect_same(net.client.ask('map', '192.0.2.1', CALC), net.towers('192.0.2.1', '198.51.100.1'), 'dialled one')
    expect_same(net.client.ask('map', '198.51.100.1', CALC), net.towers('198.51.100.1', '192.0.2.1'), 'the other')
    expect_same(net.client.ask('map', '192.0.2.1', CALC, 1), net.towers('192.0.2.1'), 'only one asked for')
    expect_same(net.client.ask('map', '169.254.7.1', CALC), net.towers('169.254.7.1', '192.0.2.1', '198.51.100.1'),
                'over the link-local address')
    expect_same(net.server.ask('map', '127.0.0.1', CALC), net.towers('127.0.0.1', '192.0.2.1', '198.51.100.1'),
                'on the host itself')


def a_new_address_is_known_within_seconds(net):
    net.server.sh('ip addr add 192.0.2.3/24 dev eth0')
    wait_for(lambda: '192.0.2.3 ' + net.port in net.client.ask('map', '192.0.2.1', CALC), 'the new address', 5)
    net.server.sh('ip addr del 192.0.2.3/24 dev eth0')
    wait_for(lambda: '192.0.2.3 ' + net.port not in net.client.ask('map', '192.0.2.1', CALC), 'it goes', 5)


def loopback_and_link_local_do_not_leave(net):
    want = [f'{STATIC % 3} 198.51.100.1 1003', f'{STATIC % 4} 192.0.2.1 1004']
    local = [f'{STATIC % 1} 127.0.0.1 1001', f'{STATIC % 2} 169.254.7.1 1002']
    prefix = (STATIC % 0)[:-2]

    def of(host, address):
        return [line for line in host.ask('list', address) if line.startswith(prefix)]
    expect_same(of(net.client, '192.0.2.1'), want, 'listed from elsewhere')
    expect_same(of(net.client, '2001:db8::1'), want, 'listed over IPv6')
    expect_same(of(net.client, '169.254.7.1'), [local[1]] + want, 'listed on the link')
    expect_same(of(net.server, '127.0.0.1'), local + want, 'listed on the host')
    expect_same(net.client.ask('map', '192.0.2.1', STATIC % 1 + ',1.0'), ['not registered'], 'mapped from elsewhere')
    expect_same(net.client.ask('map', '192.0.2.1', STATIC % 3 + ',1.0'), ['198.51.100.1 1003'], 'a fixed address')


def a_listing_has_each_entry_once(net):
    lines = net.client.ask('list', '192.0.2.1')
    expect_same([line for line in lines if line.startswith(CALC[:36])], [f'{CALC[:36]} 192.0.2.1 {net.port}'], 'once')
    expect_same(len(lines), len(set(lines)), 'no line twice')


def over_ipv6_the_address_stays_open(net):
    expect_same(net.client.ask('map', '2001:db8::1', CALC), net.towers('0.0.0.0'), 'ept_map over IPv6')
    out = subprocess.run(net.client.inside(BUILD / 'examples/calc-client', 'ncacn_ip_tcp:[2001:db8::1]'),
                         capture_output=True, text=True, timeout=20)
    expect_same((out.returncode, '40 + 2 = 42' in out.stdout), (0, True), f'a call over IPv6: {out}')


def behind_translation_the_public_address_is_told(net):
    expect_same(net.outside.ask('map', '203.0.113.9', CALC), net.towers('192.0.2.1', '198.51.100.1'),
                'without a public address the private ones are told')
    net.reload(PUBLIC)
    expect_same(net.outside.ask('map', '203.0.113.9', CALC), net.towers('203.0.113.9'), 'with it, only that')
    expect_same(net.outside.ask('map', '203.0.113.9', STATIC % 4 + ',1.0'), ['203.0.113.9 1004'], 'a fixed entry, too')
    expect_same(net.client.ask('map', '192.0.2.1', CALC), net.towers('192.0.2.1', '198.51.100.1'), 'inside as before')
    net.outside.sh('ip addr del 203.0.113.20/24 dev eth0; ip addr add 203.0.113.21/24 dev eth0 2>/dev/null || true')
    expect_same(net.outside.ask('map', '203.0.113.9', CALC), net.towers('203.0.113.8'), 'the narrower network decides')
    out = subprocess.run(net.outside.inside(BUILD / 'examples/calc-client', 'ncacn_ip_tcp:203.0.113.9'),
                         capture_output=True, text=True, timeout=20)
    expect_same((out.returncode, '40 + 2 = 42' in out.stdout), (0, True), f'a call through the translation: {out}')
    net.reload('')


def anonymous_remote_callers_are_refused(net):
    for value in (1, 2):
        net.reload(f'lookups: {{restrict_remote_clients: {value}}}\n')
        for address in ('192.0.2.1', '2001:db8::1'):
            line = net.client.ask('map', address, CALC)[0]
            expect_same('access' in line.lower() and 'denied' in line, True, f'{value} at {address}: {line}')
        expect_same(net.client.ask('refused', '192.0.2.1'), ['fault 5, closed'], 'and the connection ends')
        expect_same('denied' in net.client.ask('mgmt', '192.0.2.1')[0], True, 'the management interface, too')
        expect_same(net.server.ask('map', '192.0.2.1', CALC)[0], net.towers('192.0.2.1')[0], 'the host itself may')
    net.reload('lookups: {restrict_remote_clients: 0}\n')
    expect_same(net.client.ask('map', '192.0.2.1', CALC)[0], net.towers('192.0.2.1')[0], 'with 0 everybody may')
    expect_same(net.client.ask('mgmt', '192.0.2.1'), ['served'], 'management with 0')
    expect_same('refused: anonymous' in net.log.read_text(), True, 'the log says so')


def only_listed_networks_may_ask(net):
    net.reload('lookups: {allow: [192.0.2.0/24, "2001:db8::/64"]}\n')
    expect_same(net.client.ask('map', '192.0.2.1', CALC)[0], net.towers('192.0.2.1')[0], 'listed')
    expect_same(net.client.ask('map', '2001:db8::1', CALC)[0], net.towers('0.0.0.0')[0], 'listed, IPv6')
    line = net.client.ask('map', '198.51.100.1', CALC)[0]
    expect_same('denied' in line, True, f'from 198.51.100.10: {line}')
    net.reload('')


def who_asks_too_often_waits_and_others_do_not(net):
    net.reload('lookups: {rate: 10, burst: 20}\n')
    line = net.client.ask('map-timed', '3', '192.0.2.1', CALC)[-1]
    expect_same('busy' in line.lower() or '1c010014' in line, True, f'the 21st call at once: {line}')
    expect_same(net.client.ask('map', '198.51.100.1', CALC)[0], net.towers('198.51.100.1')[0], 'another source')
    net.reload('')


LOG = None
with tempfile.TemporaryDirectory(prefix='sallyport-net-') as folder:
    net = Net(folder)
    for test in (the_dialled_address_comes_first_then_the_others, a_new_address_is_known_within_seconds,
                 loopback_and_link_local_do_not_leave, a_listing_has_each_entry_once, over_ipv6_the_address_stays_open,
                 behind_translation_the_public_address_is_told, anonymous_remote_callers_are_refused,
                 only_listed_networks_may_ask, who_asks_too_often_waits_and_others_do_not):
        test(net)
        print('ok', test.__name__, flush=True)
    net.stop()
