#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sallyport beside libtirpc, Samba and impacket: calls a second of ours / of theirs, one call at a time on one connection.

Both sides of a row are asked in alternating rounds; the figure is the median of the rounds' ratios. Run in a network
namespace of its own, where port 135 is free:

    tests/peers/run bench/rivals/run.py BUILD

Rows of servers have our client on both sides, rows of clients our server; libtirpc speaks another protocol, so its client
calls its server and ours calls ours.
"""
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / 'tests/peers'))
import harness  # noqa: E402
import samba_host  # noqa: E402

ROUNDS, SECONDS, TARGET = 11, 0.1, 1.0
OURS, TIRPC = (str(harness.BUILD / 'bench/rivals' / name) for name in ('rivals-ours', 'rivals-tirpc'))
PYTHON = '/usr/bin/python3'


class Side:
    """A client that calls when it is told to."""

    def __init__(self, *command):
        self.command = command
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def rate(self):
        try:
            print(SECONDS, file=self.process.stdin, flush=True)
            n, seconds = self.process.stdout.readline().split()
        except (BrokenPipeError, ValueError):
            raise harness.Failure(f'{" ".join(map(str, self.command))} gave up')
        return int(n) / float(seconds)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def pin(cpus):
    """Everything in this namespace of processes, this one included."""
    for task in pathlib.Path('/proc').glob('[0-9]*/task/[0-9]*'):
        try:
            os.sched_setaffinity(int(task.name), cpus)
        except ProcessLookupError:
            pass


def port_of(process):
    return process.stdout.readline().strip()


class Servers:
    """All of them, at once; those that nobody asks sleep."""

    def __init__(self, stand):
        self.piped = []
        mapper = stand.start('mapper', harness.program('mapper'), '--port', '0', '--address', '127.0.0.1')
        self.mapper = harness.wait_for(lambda: next(iter(harness.listening_ports(mapper.pid)), None), 10, 'our mapper')
        self.echo = self.start_echo(stand)
        self.tirpc = self.start_piped(TIRPC, 'serve')
        self.rpcbind = stand.start('rpcbind', '/usr/sbin/rpcbind', '-f')
        harness.wait_for(lambda: 111 in harness.listening_ports(self.rpcbind.pid), 10, 'rpcbind')
        self.impacket = self.start_piped(PYTHON, HERE / 'impacket_server.py')
        samba_host.start(stand)
        self.conf = stand.path / 'samba/smb.conf'

    def start_echo(self, stand):
        echo = stand.start('echo', harness.program('echo'), '--address', '127.0.0.1', '--threads', '1')
        return harness.wait_for(lambda: next(iter(harness.listening_ports(echo.pid)), None), 10, 'our echo server')

    def start_piped(self, *command):
        self.piped.append(subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True))
        return port_of(self.piped[-1])

    def stop(self):
        for process in self.piped:
            process.kill()
            process.wait()
            process.stdout.close()


def rows(s):
    """(rival, what, our client's command, theirs)"""
    def python(name, *args):
        return (PYTHON, HERE / name, *args)

    yield 'libtirpc, client and server', 'null', (OURS, 'null', s.echo), (TIRPC, 'null', s.tirpc)
    yield 'libtirpc, client and server', 'echo 100', (OURS, 'echo', s.echo), (TIRPC, 'echo', s.tirpc)
    yield "libtirpc's client, rpcbind", 'mapper', (OURS, 'map-echo', s.mapper), (TIRPC, 'map', 111)
    yield "Samba's server", 'null', (OURS, 'listening', s.mapper), (OURS, 'listening', 135)
    yield "Samba's server", 'mapper', (OURS, 'map-echo', s.mapper), (OURS, 'map-winreg', 135)
    for case in ('null', 'echo', 'map-echo'):
        port, what = (s.mapper, 'mapper') if case == 'map-echo' else (s.echo, {'echo': 'echo 100'}.get(case, case))
        yield "Samba's client", what, (OURS, case, port), python('samba_client.py', case, port, s.conf)
        yield "impacket's client", what, (OURS, case, port), python('impacket_client.py', case, port)
    yield "impacket's server", 'null', (OURS, 'null', s.echo), (OURS, 'null', s.impacket)
    yield "impacket's server", 'echo 100', (OURS, 'echo', s.echo), (OURS, 'echo', s.impacket)


def measure(ours, theirs):
    """([our rates], [their rates]) after a round that does not count."""
    a, b = Side(*ours), Side(*theirs)
    try:
        pairs = [(a.rate(), b.rate()) for _ in range(ROUNDS + 1)][1:]
    finally:
        a.stop()
        b.stop()
    return [p[0] for p in pairs], [p[1] for p in pairs]


def row_print(rival, what, cpus, ours, theirs):
    """True when the target is reached."""
    ratios = [a / b for a, b in zip(ours, theirs)]
    ratio = statistics.median(ratios)
    is_reached = ratio > TARGET
    print(f'| {rival:27} | {what:8} | {cpus:7} | {ratio:6.2f} | {min(ratios):6.2f} .. {max(ratios):6.2f} '
          f'| {statistics.median(ours):8,.0f} | {statistics.median(theirs):8,.0f} '
          f'| > {TARGET:.2f} | {"yes" if is_reached else "no":7} |', flush=True)
    return is_reached


def main():
    stand = harness.Stand()
    every, servers, n_missed = os.sched_getaffinity(0), None, 0
    try:
        servers = Servers(stand)
        print('| against                     | call     | CPUs    | ratio  | min .. max       | ours/s   | theirs/s | target | reached |\n'
              '|---|---|---|---|---|---|---|---|---|', flush=True)
        for cpus, name in (({min(every)}, 'one CPU'), (every, 'free')):
            pin(cpus)
            for rival, what, ours, theirs in sorted(rows(servers), key=lambda r: r[0], reverse=True):
                n_missed += not row_print(rival, what, name, *measure(ours, theirs))
    finally:
        if servers:
            servers.stop()
        stand.stop()
    print(f'{n_missed} targets missed' if n_missed else 'every target reached')


if __name__ == '__main__':
    main()
