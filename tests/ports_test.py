#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A port policy from end to end: real programs, the mapper's answers, a client of somebody else's. On a machine of its
own: a network namespace with two networks.

usage: ports_test.py BUILD
"""
import ctypes
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from impacket import uuid
from impacket.dcerpc.v5 import epm, transport

BUILD = pathlib.Path(sys.argv[1])
ECHO = ('60a15ec5-4de8-11d7-a637-005056a20182', '1.0')
YY = 'ports_internet_available: Y\nuse_internet_ports: Y\n'


def enter_namespace():
    """Root of a machine with the interfaces lo, lan and wan."""
    newuser, newnet = 0x10000000, 0x40000000
    uid = os.getuid()
    if ctypes.CDLL(None, use_errno=True).unshare((newuser if uid else 0) | newnet):
        sys.exit(f'no network namespace: {os.strerror(ctypes.get_errno())}')
    if uid:
        pathlib.Path('/proc/self/uid_map').write_text(f'0 {uid} 1')
    for line in ('link set lo up', 'link add lan type bridge', 'link add wan type bridge', 'link set lan up',
                 'link set wan up', 'addr add 10.1.0.1/24 dev lan', 'addr add 10.2.0.1/24 dev wan',
                 'addr add fd00:1::1/64 dev lan nodad', 'addr add fd00:1::2/64 dev lan'):
        subprocess.run(['ip', *line.split()], check=True)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


class Policy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='sallyport-')
        self.programs = []
        self.mapper = re.search(r'\[(\d+)\]', self.start('src/epm/sallyport-epmapper', '--port', '0', '--address',
                                                         '127.0.0.1'))[1]

    def tearDown(self):
        for program in reversed(self.programs):
            program.send_signal(signal.SIGTERM)
            program.communicate(timeout=20)
        self.folder.cleanup()

    def launch(self, program, *options):
        p = subprocess.Popen([BUILD / program, '--ncalrpc-dir', self.folder.name, *options], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        self.programs.append(p)
        return p

    def start(self, program, *options):
        ready = self.launch(program, *options).stdout.readline()
        self.assertTrue(ready.startswith('ready '), ready)
        return ready

    def policy(self, text):
        path = pathlib.Path(self.folder.name) / 'ports.yaml'
        path.write_text(text)
        return str(path)

    def resolve(self):
        """The ports that the mapper names, as soon as it names any."""
        for _ in range(100):
            r = subprocess.run([BUILD / 'src/cli/sallyport', 'resolve', '127.0.0.1', ','.join(ECHO), '--json',
                                '--mapper-port', self.mapper], capture_output=True, text=True)
            if r.returncode == 0:
                return sorted({json.loads(line)['endpoint'] for line in r.stdout.splitlines()})
        self.fail(r.stdout + r.stderr)

    def test_the_mapper_names_a_fixed_port_and_no_dynamic_one(self):
        for name in ('echo', ECHO[0]):
            with self.subTest(name):
                fixed = free_port()
                ports = self.policy(f'fixed:\n  {name}: {fixed}\n')
                ready = self.start('examples/echo-server', '--ports', ports)
                self.assertIn(f'ncacn_ip_tcp:[{fixed}]', ready)
                self.assertEqual(self.resolve(), [str(fixed)])
                dce = transport.DCERPCTransportFactory(f'ncacn_ip_tcp:127.0.0.1[{self.mapper}]').get_dce_rpc()
                dce.connect()
                self.assertEqual(epm.hept_map('127.0.0.1', uuid.uuidtup_to_bin(ECHO), protocol='ncacn_ip_tcp',
                                              dce=dce), f'ncacn_ip_tcp:127.0.0.1[{fixed}]')
                dce.disconnect()
                ping = subprocess.run([BUILD / 'src/cli/sallyport', 'ping', f'ncacn_ip_tcp:127.0.0.1[{fixed}]',
                                       '--interface', ','.join(ECHO), '--count', '1'], capture_output=True, text=True)
                self.assertEqual(ping.returncode, 0, ping.stderr)
                server = self.programs.pop()
                server.terminate()
                server.communicate(timeout=20)

    def test_a_dynamic_port_is_of_the_range_and_mapped(self):
        first = free_port()
        ready = self.start('examples/echo-server', '--ports', self.policy(f'ports: [{first}]\n' + YY))
        self.assertIn(f'ncacn_ip_tcp:[{first}]', ready)
        self.assertEqual(self.resolve(), [str(first)])
        second = self.launch('examples/echo-server', '--ports', self.policy(f'ports: [{first}]\n' + YY))
        _, err = second.communicate(timeout=20)
        self.programs.remove(second)
        self.assertEqual(second.returncode, 3)
        self.assertRegex(err, r'status 1721: .*none of the 1 port .*: echo-server \(pid \d+\) holds 1')

    def test_only_the_named_interfaces_are_listened_on(self):
        ready = self.start('examples/echo-server', '--ports', self.policy('bind: [lan]\n'))
        found = re.findall(r'ncacn_ip_tcp:\[?([\w.:]+)\]?\[(\d+)\]', ready)
        # one of the addresses is not ready yet: nobody knows whether another machine has it
        self.assertEqual(sorted(address for address, _ in found), ['10.1.0.1', 'fd00:1::1', 'fd00:1::2'])
        port = int(found[0][1])
        self.assertEqual({p for _, p in found}, {str(port)})
        self.assertEqual(self.resolve(), [str(port)])
        for address in ('10.1.0.1', 'fd00:1::1'):
            socket.create_connection((address, port), timeout=5).close()
        for address in ('127.0.0.1', '::1', '10.2.0.1'):
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((address, port), timeout=5)
        mapped = subprocess.run([BUILD / 'src/cli/sallyport', 'endpoints', '127.0.0.1', '--json', '--mapper-port',
                                 self.mapper], capture_output=True, text=True)
        records = [json.loads(line) for line in mapped.stdout.splitlines()]
        self.assertEqual([r['address'] for r in records if r['endpoint'] == str(port)], ['10.1.0.1'])

    def test_an_invalid_policy_is_87_with_file_line_and_entry(self):
        ports = self.policy('ports:\n  - 5000-5100\n  - 5200-5101\n' + YY)
        server = self.launch('examples/echo-server', '--ports', ports)
        _, err = server.communicate(timeout=20)
        self.programs.remove(server)
        self.assertEqual(server.returncode, 3)
        self.assertIn(f'status 87: read the port policy {ports}:3:5', err)
        self.assertIn('"5200-5101"', err)
        # a server with a port of its own does not care
        port = free_port()
        self.assertIn(f'[{port}]', self.start('examples/echo-server', '--ports', ports, '--port', str(port)))


if __name__ == '__main__':
    enter_namespace()
    unittest.main(argv=sys.argv[:1])
