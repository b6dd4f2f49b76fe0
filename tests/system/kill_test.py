#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kill -9 of the mapper and of servers, round after round, while clients look up and call.

usage: kill_test.py      in a network namespace of its own (tests/peers/run); KILL_ROUNDS=50 KILL_SEED=...

Every server that lives is in the map within 2 s of the mapper's return; nothing of a dead one is there 2 s after its
death; and no answer is ever wrong: what a client is told is a port where that very interface is served, or was 2 s ago.
"""
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

from mapper import Mapper, Refused

BUILD = pathlib.Path(os.environ['SALLYPORT_BUILD']).resolve()
ROUNDS = int(os.environ.get('KILL_ROUNDS', 8))
PATIENCE = 2.0
CALC = ('5a11e000-ca1c-4ca1-8001-5a119c0deca1', 1, 0)
ECHO = ('60a15ec5-4de8-11d7-a637-005056a20182', 1, 0)
PROGRAMS = {CALC: 'examples/calc-server', ECHO: 'examples/echo-server'}


class Process:
    def __init__(self, path, *options, **env):
        self.started = time.monotonic()
        self.process = subprocess.Popen([BUILD / path, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env=dict(os.environ, **env), text=True)
        self.line = self.process.stdout.readline()
        if not self.line.startswith('ready'):
            raise SystemExit(f'{path} does not start: {self.line}')
        self.ready = time.monotonic()
        self.died = None

    def kill(self):
        self.died = time.monotonic()  # from here on it may be gone
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.died = time.monotonic()


class Server(Process):
    def __init__(self, interface, folder):
        super().__init__(PROGRAMS[interface], SALLYPORT_NCALRPC_DIR=folder, SALLYPORT_PORTS='/nonexistent')
        self.interface = interface
        self.port = int(self.line.split('ncacn_ip_tcp:[')[1].split(']')[0])


class World:
    def __init__(self, folder):
        self.folder = folder
        self.servers = []  # all that ever were
        self.mappers = []
        self.lock = threading.Lock()
        self.wrong = []
        self.counts = {'maps': 0, 'calls': 0, 'nobody there': 0, 'not registered': 0}
        self.slowest_return = self.slowest_death = 0.0
        self.over = False

    def mapper_start(self):
        mapper = Process('src/epm/sallyport-epmapper', '--ncalrpc-dir', self.folder)
        with self.lock:
            self.mappers.append(mapper)
        return mapper

    def server_start(self, interface):
        server = Server(interface, self.folder)
        with self.lock:
            self.servers.append(server)
        return server

    def living(self):
        with self.lock:
            return [s for s in self.servers if s.died is None]

    def is_right(self, interface, port, asked_at):
        """A server may be in the map a moment before it has told us its port."""
        for patience in (0, 1, 2):
            time.sleep(patience)
            with self.lock:
                if any(s.interface == interface and s.port == port and
                       (s.died is None or s.died > asked_at - PATIENCE) for s in self.servers):
                    return True
        return False

    def mapper_lived_since(self, when):
        """The mapper that lives now has lived for that long."""
        with self.lock:
            return self.mappers[-1].died is None and self.mappers[-1].ready < when

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def complain(self, text):
        with self.lock:
            self.wrong.append(f'{time.monotonic():.3f}: {text}')


def map_all(interface):
    """Sorted ports; None: nobody answers."""
    try:
        with Mapper() as mapper:
            return sorted(mapper.map(interface))
    except (OSError, Refused):
        return None


def look_up(world, interface):
    """Asks all the time; every answer has to be right."""
    while not world.over:
        asked_at = time.monotonic()
        ports = map_all(interface)
        if ports is None:
            if world.mapper_lived_since(asked_at):
                world.complain('a mapper that lives did not answer')
            world.count('nobody there')
            time.sleep(0.02)
            continue
        world.count('maps' if ports else 'not registered')
        for port in ports:
            if not world.is_right(interface, port, asked_at):
                world.complain(f'told that {interface[0]} is at {port}, which it has not been for {PATIENCE} s')


def call(world):
    """A whole client, from the host's name to the sum."""
    while not world.over:
        r = subprocess.run([BUILD / 'examples/calc-client', 'ncacn_ip_tcp:127.0.0.1'], capture_output=True, text=True, timeout=60)
        if r.returncode == 0:
            world.count('calls')
            if '40 + 2 = 42' not in r.stdout:
                world.complain(f'a wrong sum: {r.stdout}')
        elif r.returncode < 0 or 'AddressSanitizer' in r.stderr:
            world.complain(f'the client broke: {r.stderr}')
        else:
            world.count('nobody there')
        time.sleep(0.02)


def until(world, condition, what, since):
    """How long after `since` it became true; a complaint if it took too long."""
    while not condition():
        if time.monotonic() - since > PATIENCE:
            world.complain(f'not within {PATIENCE} s: {what}: the map has '
                           f'{[(i[0][:8], map_all(i)) for i in PROGRAMS]}, living '
                           f'{[(s.interface[0][:8], s.port) for s in world.living()]}')
            break
        time.sleep(0.02)
    return time.monotonic() - since


def map_is_exact(world):
    return all(map_all(i) == sorted(s.port for s in world.living() if s.interface == i) for i in PROGRAMS)


def one_round(world, dice):
    kill_mapper = dice.random() < 0.6
    victims = dice.sample(world.living(), dice.randint(0 if kill_mapper else 1, 3))
    if kill_mapper and dice.random() < 0.5:
        world.mappers[-1].kill()
    for victim in victims:
        victim.kill()
    died = time.monotonic()
    if kill_mapper:
        if world.mappers[-1].died is None:
            world.mappers[-1].kill()
        time.sleep(dice.random() * 0.6)
        mapper = world.mapper_start()
        took = until(world, lambda: map_is_exact(world), 'the living are back after the mapper', mapper.ready)
        world.slowest_return = max(world.slowest_return, took)
    elif victims:
        took = until(world, lambda: map_is_exact(world), 'the dead are gone', died)
        world.slowest_death = max(world.slowest_death, took)
    for victim in victims:
        fresh = world.server_start(victim.interface)
        until(world, lambda: fresh.port in (map_all(fresh.interface) or []), 'a new server is in the map', fresh.ready)
    time.sleep(0.4)  # some peace, in which clients are served
    if not map_is_exact(world):
        world.complain('at the end of a round the map is not what lives')


def main():
    signal.alarm(60 + 12 * ROUNDS)  # a test that hangs ends
    with tempfile.TemporaryDirectory(prefix='sallyport-kill-') as folder:
        world = World(folder)
        seed = int(os.environ.get('KILL_SEED', random.randrange(1 << 30)))
        dice = random.Random(seed)
        world.mapper_start()
        for interface in list(PROGRAMS) * 2:
            world.server_start(interface)
        until(world, lambda: map_is_exact(world), 'all are in the map', time.monotonic())
        clients = [threading.Thread(target=look_up, args=(world, i)) for i in PROGRAMS]
        clients += [threading.Thread(target=call, args=(world,))]
        for client in clients:
            client.start()
        try:
            for _ in range(ROUNDS):
                one_round(world, dice)
        finally:
            world.over = True
            for client in clients:
                client.join()
            for process in world.living() + world.mappers[-1:]:
                process.kill()
    print(f'{ROUNDS} rounds, seed {seed}: {world.counts}; after the mapper\'s return all were back within '
          f'{world.slowest_return:.2f} s, the dead gone within {world.slowest_death:.2f} s')
    for text in world.wrong:
        print('FAILED', text)
    if not (world.counts['maps'] and world.counts['calls']):
        world.wrong.append('no client was ever served')
    sys.exit(1 if world.wrong else 0)


main()
