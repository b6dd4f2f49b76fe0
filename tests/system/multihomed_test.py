#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server on a host with two networks and both families says where it can be reached: each address once with its own port,
never one address with another's port, and each of them answers.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from hosts import Host

BUILD = pathlib.Path(os.environ['SALLYPORT_BUILD']).resolve()
LISTENER = BUILD / 'tests/system/listener'
OWN = ['192.0.2.1', '198.51.100.1', '[2001:db8::1]']


class Listener:
    def __init__(self, host, folder, *where, policy='/nonexistent'):
        env = dict(os.environ, SALLYPORT_NCALRPC_DIR=str(folder), SALLYPORT_PORTS=str(policy))
        self.process = host.start(LISTENER, 'serve', *where, env=env, text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.bindings = []
        while line := self.process.stdout.readline().strip():
            self.bindings.append(line)

    def pairs(self):
        """(address, port) of the TCP ones"""
        found = [re.fullmatch(r'ncacn_ip_tcp:(.+)\[(\d+)\]', b) for b in self.bindings]
        return [m.groups() for m in found if m]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        if self.process.wait():
            sys.exit('the server did not end well')


def same(got, want, what):
    if got != want:
        sys.exit(f'{what}:\n   got  {got!r}\n   want {want!r}')


def answers(host, bindings):
    return host_run(host, 'call', *bindings)


def host_run(host, *args):
    done = subprocess.run(host.inside(LISTENER, *args), capture_output=True, text=True, timeout=60)
    if done.returncode:
        sys.exit(f'{args} on {host.name}: {done.stderr}')
    return done.stdout.split('\n')[:-1]


def every_address(server, client, folder):
    with Listener(server, folder, 'ncacn_ip_tcp', 'ncalrpc,own', 'ncacn_ip_tcp,2345') as s:
        ports = [port for _, port in s.pairs()]
        same(s.pairs(), [(a, ports[0]) for a in OWN] + [(a, '2345') for a in OWN], 'every address once for each port')
        same(len(set(ports)), 2, 'two ports')
        same(s.bindings[3], 'ncalrpc:[own]', 'the local endpoint in its place')
        tcp = [b for b in s.bindings if b.startswith('ncacn')]
        same(answers(client, tcp), tcp, 'every one of them answers')


def chosen_addresses(server, client, folder):
    with Listener(server, folder, 'ncacn_ip_tcp,,198.51.100.1', 'ncacn_ip_tcp,,2001:db8::1',
                  'ncacn_ip_tcp,2345,192.0.2.1') as s:
        pairs = s.pairs()
        same([a for a, _ in pairs], ['198.51.100.1', '[2001:db8::1]', '192.0.2.1'], 'the chosen ones in their order')
        same(pairs[2][1], '2345', 'with its own port')
        same(answers(client, s.bindings), s.bindings, 'every chosen one answers')
        mixed = [f'ncacn_ip_tcp:{a}[{port}]' for a, own in pairs for _, port in pairs if port != own]
        same(len(mixed), 6, 'the ports of others')
        same(answers(client, mixed), [], 'none with the port of another')


def addresses_that_come_and_go(server, client, folder):
    server.sh('ip addr add 192.0.2.77/24 dev eth0; ip addr del 198.51.100.1/24 dev eth0')
    with Listener(server, folder, 'ncacn_ip_tcp,2345') as s:
        same([a for a, _ in s.pairs()], ['192.0.2.1', '192.0.2.77', '[2001:db8::1]'], 'as they are now')
        same(answers(client, s.bindings), s.bindings, 'the new one, too')
    server.sh('ip addr del 192.0.2.77/24 dev eth0; ip addr add 198.51.100.1/24 dev eth0')


def network_interfaces_of_the_policy(server, client, folder):
    server.sh('ip link add eth1 type veth peer name eth2; ip link set eth1 up; ip addr add 203.0.113.5/24 dev eth1')
    policy = folder / 'ports.yaml'
    policy.write_text('bind: [eth0]\n')
    with Listener(server, folder, 'ncacn_ip_tcp', policy=policy) as s:
        same(sorted(a for a, _ in s.pairs()), sorted(OWN), 'those of the named interface')
        same(len({port for _, port in s.pairs()}), 1, 'one port at all of them')
        same(answers(client, s.bindings), s.bindings, 'every one answers')
    server.sh('ip link del eth1')


def no_network(folder):
    alone = Host('alone', [])
    alone.sh('ip link set eth0 down')
    with Listener(alone, folder, 'ncacn_ip_tcp,2345') as s:
        same([a for a, _ in s.pairs()], ['127.0.0.1', '[::1]'], 'loopback when there is nothing else')
        same(host_run(alone, 'call', *s.bindings), s.bindings, 'and it answers')
    alone.stop()


def main():
    server = Host('server', ['192.0.2.1/24', '198.51.100.1/24', '2001:db8::1/64'])
    client = Host('client', ['192.0.2.10/24', '198.51.100.10/24', '2001:db8::10/64'])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for test in (every_address, chosen_addresses, addresses_that_come_and_go, network_interfaces_of_the_policy):
            test(server, client, folder)
            print(test.__name__.replace('_', ' '))
        no_network(folder)
        print('no network')
    server.stop()
    client.stop()


main()
