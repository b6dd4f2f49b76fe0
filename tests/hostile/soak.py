#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Mixed load for a while, with clients that are killed, disconnected and cut off; then everything is as it was.

usage: soak.py      SALLYPORT_BUILD names the build; SOAK_SECONDS=30, SOAK_SEED=...

Roamers (tests/hostile/roamer.c) call one server with two loop threads and four workers: small calls and large ones, many
at once, deferred ones, cancelled ones, context handles. Some end in order, some are killed with -9, and strangers cut
connections off in the middle of a request, with a reset or without. At the end

  no client got a wrong answer, and every one that ended by itself left nothing unfreed (ASan)
  context handles: every one that was opened was closed or run down, exactly once
  descriptors are as many as before, no call is under way, the heap is what it was
  the server's statistics add up: exactly over a quiet stretch, and calls answered never exceed calls taken
  the server ends in order, without a report of the sanitizers, which is how leaks and data races would show
"""
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import time

from raw import BIND_ACK, ECHO, FIRST, MGMT, RESPONSE, Caller, bind, request

BUILD = pathlib.Path(os.environ.get('SALLYPORT_BUILD', 'build')).resolve() / 'tests/hostile'
SECONDS = float(os.environ.get('SOAK_SECONDS', 30))
SEED = int(os.environ.get('SOAK_SEED', random.randrange(1 << 30)))
ROAMERS = 4
PATIENCE = 60  # s, for what takes a few milliseconds on a machine that has nothing else to do
KEPT = 13 << 20  # what the server's threads may keep for later: base/mem.h; with AddressSanitizer nothing is kept
ADDONE, SLEEP = 0, 6


class Failure(Exception):
    pass


class Target:
    def __init__(self):
        self.process = subprocess.Popen([BUILD / 'target', '--workers', '4', '--timeout', '5000'], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1].strip(']\n'))

    def ask(self):
        try:
            self.process.stdin.write('\n')
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            raise Failure(f'the server ended with {self.process.wait()}: {self.process.stderr.read()[-6000:]}')

    def end(self):
        out, err = self.process.communicate()
        if self.process.returncode or err:
            raise Failure(f'the server ended with {self.process.returncode}: {err[-6000:]}')
        return json.loads(out)


class Statistics(Caller):
    """mgmt's own: calls in, calls out, packets in, packets out."""

    def __init__(self, port):
        super().__init__(port)
        self.send(bind(MGMT))
        self.answer()
        self.questions = 0

    def get(self):
        self.questions += 1
        self.send(request(1, struct.pack('<I', 4)))
        return struct.unpack('<4I', self.answer().stub[8:24])


class Crowd:
    def __init__(self, port, dice):
        self.port, self.dice = port, dice
        self.roamers = []
        self.counts = {'killed': 0, 'ended': 0, 'cut off': 0, 'good': 0, 'failed': 0, 'cancelled': 0, 'freed': 0,
                       'disconnects': 0}

    def fill(self):
        while len(self.roamers) < ROAMERS:
            seconds = str(round(self.dice.uniform(0.3, 6), 2))
            self.roamers.append(subprocess.Popen([BUILD / 'roamer', str(self.port), seconds, str(self.dice.randrange(1 << 30))],
                                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))

    def see(self, roamer):
        """One that has ended by itself."""
        out, err = roamer.communicate()
        if roamer.returncode:
            raise Failure(f'a client ended with {roamer.returncode}: {out}{err[-6000:]}')
        self.counts['ended'] += 1
        for key, value in json.loads(out).items():
            self.counts[key] += value

    def reap(self):
        for roamer in [r for r in self.roamers if r.poll() is not None]:
            self.roamers.remove(roamer)
            self.see(roamer)

    def kill_one(self):
        victim = self.dice.choice(self.roamers)
        if victim.poll() is None:
            self.roamers.remove(victim)
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
            self.counts['killed'] += 1

    def cut_off(self):
        """A stranger that goes away within a bind, a request, or while a call sleeps."""
        with Caller(self.port) as c:
            stage = self.dice.randrange(4)
            pdu = bind(ECHO)
            if stage == 0:
                c.send(pdu[:self.dice.randrange(len(pdu))])
            else:
                c.send(pdu)
                c.answer()
                c.send(request(1, bytes(4000), flags=FIRST) if stage == 1 else request(SLEEP, struct.pack('<I', 30 + stage)))
            if stage % 2:
                c.socket.setsockopt(1, 13, struct.pack('ii', 1, 0))  # SO_LINGER: a reset
        self.counts['cut off'] += 1

    def end(self):
        for roamer in self.roamers:
            self.see(roamer)


def soak(target, dice):
    crowd = Crowd(target.port, dice)
    end = time.monotonic() + SECONDS
    next_line = time.monotonic() + 30
    while time.monotonic() < end:
        crowd.fill()
        time.sleep(dice.uniform(0.02, 0.2))
        crowd.reap()
        crowd.fill()
        dice.choice([crowd.kill_one, crowd.cut_off, crowd.cut_off, lambda: None])()
        if time.monotonic() > next_line:
            next_line += 30
            print(crowd.counts, target.ask(), flush=True)
    crowd.end()
    return crowd.counts


def settle(target, before):
    end = time.monotonic() + PATIENCE
    while True:
        now = target.ask()
        if now['descriptors'] <= before['descriptors'] and not now['handles'] and not now['deferred']:
            return now
        if time.monotonic() > end:
            raise Failure(f'not all has ended {PATIENCE} s after the last client: {before} became {now}')
        time.sleep(0.05)


def steady(statistics):
    """The statistics once nothing but our own questions moves them: a loop counts what it sent after it has sent it."""
    last, end = statistics.get(), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(0.05)
        now = statistics.get()
        if differences(last, now) == [1] * 4:
            return now
        last = now
    raise Failure(f'the counters move on by themselves: {last}')


def differences(before, after):
    return [(b - a) & 0xffffffff for a, b in zip(before, after)]


def exact(port):
    """Over a quiet stretch: what was asked is what was counted."""
    calls = 250
    with Statistics(port) as statistics, Caller(port) as c:
        c.send(bind(ECHO))
        assert c.answer().ptype == BIND_ACK
        before, asked = steady(statistics), statistics.questions
        for i in range(calls):
            c.send(request(ADDONE, struct.pack('<I', i), call=2 + i))
            answer = c.answer()
            if answer.ptype != RESPONSE or answer.stub[:4] != struct.pack('<I', i + 1):
                raise Failure(f'call {i} was answered by {answer}')
        after = steady(statistics)
        calls += statistics.questions - asked
    # a question counts itself as taken and the one before it as answered
    if differences(before, after) != [calls] * 4:
        raise Failure(f'{calls} calls were counted as {differences(before, after)}')


def judge(target, before, after, counts):
    with Statistics(target.port) as statistics:
        calls_in, calls_out = statistics.get()[:2]
    if calls_out > calls_in:
        raise Failure(f'{calls_out} answers to {calls_in} calls')
    if after['calls'] > calls_in:
        raise Failure(f'{after["calls"]} calls were handled and {calls_in} counted')
    if counts['good'] > after['calls']:
        raise Failure(f'clients got {counts["good"]} answers to {after["calls"]} calls')
    if after['handles'] or not after['rundowns']:
        raise Failure(f'handles: {after}')
    if after['heap'] > before['heap'] + KEPT:
        raise Failure(f'the heap grew from {before["heap"]} to {after["heap"]} bytes')
    if not (counts['killed'] and counts['cut off'] and counts['good'] and after['cancels']):
        raise Failure(f'not everything happened: {counts} {after}')


def main():
    target = Target()
    print(f'seed {SEED}')
    try:
        exact(target.port)
        before = target.ask()
        counts = soak(target, random.Random(SEED))
        after = settle(target, before)
        print(f'{counts}\nbefore {before}\nafter  {after}')
        judge(target, before, after, counts)
        exact(target.port)
        target.end()
    except Failure as e:
        target.process.kill()
        print('FAILED', e)
        sys.exit(1)


main()
