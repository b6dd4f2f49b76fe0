# SPDX-License-Identifier: MIT
"""Hosts made of network namespaces, on a wire: for tests that run as tests/peers/run runs them."""
import os
import pathlib
import subprocess
import time

HERE = pathlib.Path(__file__).parent


def sh(command):
    r = subprocess.run(command, shell=True, capture_output=True, text=True)
    if r.returncode:
        raise SystemExit(f'{command}: {r.stderr}{r.stdout}')
    return r.stdout


class Host:
    """A network namespace with an Ethernet link to the bridge of `wire` (ours), which is made when missing."""

    def __init__(self, name, addresses, wire='wire0', gateway=None):
        self.name = name
        self.holder = subprocess.Popen(['unshare', '--net', 'sleep', 'infinity'])
        while os.readlink(f'/proc/{self.holder.pid}/ns/net') == os.readlink('/proc/self/ns/net'):
            time.sleep(0.01)
        if not pathlib.Path(f'/sys/class/net/{wire}').exists() and f' {wire}:' not in sh('ip link'):
            sh(f'ip link add {wire} type bridge; ip link set {wire} up')
        sh(f'ip link add {name} type veth peer name eth0 netns {self.holder.pid}; '
           f'ip link set {name} master {wire} up')
        self.sh('ip link set lo up; ip link set eth0 up')
        for address in addresses:
            self.sh(f'ip addr add {address} dev eth0' + (' nodad' if ':' in address else ''))
        if gateway:
            self.sh(f'ip route add default via {gateway}')

    def inside(self, *command):
        return ['nsenter', '-t', str(self.holder.pid), '-n', *map(str, command)]

    def sh(self, command):
        return sh(f'nsenter -t {self.holder.pid} -n sh -c "{command}"')

    def start(self, *command, **more):
        return subprocess.Popen(self.inside(*command), **more)

    def ask(self, *args):
        """The lines of ask.py, run on this host."""
        r = subprocess.run(self.inside('/usr/bin/python3', HERE / 'ask.py', *args), capture_output=True, text=True,
                           timeout=60)
        if r.returncode:
            raise SystemExit(f'ask {args} on {self.name}: {r.stderr}')
        return r.stdout.split('\n')[:-1]

    def stop(self):
        self.holder.kill()
        self.holder.wait()
