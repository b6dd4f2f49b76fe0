#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The hostile minute: each limit of the engine under its attack, and who is polite served meanwhile.

usage: minute.py [ATTACK...]      SALLYPORT_BUILD names the build; HOSTILE_SECONDS=2 is the length of each period

For each attack a server of its own. A polite client calls it all the time; first it is alone (quiet), then the attack
runs. Three things have to hold:

  the answer    what the attacker is told is the defined answer and nothing else (tests/hostile/attack.c)
  memory        the server's heap stays under the attack's bound while it runs, and afterwards it, the descriptors
                and the context handles are what they were before
  the others    the polite client's p99 is at most three times its quiet value; where the machine itself is that slow,
                which a bare echo in the same rhythm shows, three times that

The last is held in an optimised build only (HOSTILE_LATENCY=1); with sanitizers it is printed. Attackers and callers have
machines of their own in life; here all share one, and whatever else it does. So where that is permitted the caller goes
before everybody, our server and the bare echo before the machine's other work, and the attacker after it; and who is late
has to be late in each of ATTEMPTS. Nothing else is tried twice.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

BUILD = pathlib.Path(os.environ.get('SALLYPORT_BUILD', 'build')).resolve() / 'tests/hostile'
SECONDS = float(os.environ.get('HOSTILE_SECONDS', 2))
IS_TIMED = os.environ.get('HOSTILE_LATENCY') == '1'
TIMES = 3
MIB = 1 << 20
KEPT = 5  # MiB that the server's threads may keep for later: base/mem.h
ATTEMPTS = 5  # at being timed, on a machine that may be doing something else
PATIENCE = 30  # s until everything of an attack has ended; within 100 ms on a machine that has nothing else to do

# What the server may hold more than before, in MiB: what the limits of its connections add up to.
#   a connection: receive buffer 6 KiB, bookkeeping; one that reassembles or answers: 8 MiB and the one message over it;
#   same-call-id: calls that sleep on for 200 ms after their connection has ended
BOUNDS = {
    'slow-bind': 4, 'half-pdus': 6, 'idle': 4, 'endless-fragments': 8 * 12, 'empty-fragments': 2, 'long-pdus': 2,
    'contexts': 2, 'alter-storm': 8 * 9, 'call-id-storm': 8 * 9, 'same-call-id': 80, 'cancel-storm': 4,
    'orphan-storm': 6, 'flood': 6, 'one-group': 80, 'ndr-bombs': 8 * 9, 'deaf': 8 * 20, 'hoard': 8 * 10,
    'logon-storm': 2, 'auth3-storm': 2, 'logons-begun': 4, 'authenticators': 2,
}
# The server's time limits, where the attack is about them; and where it is not, so that an attacker whom the machine
# keeps waiting is not cut off by them.
TIMEOUT_MS, PATIENT_MS = 1000, 20000
TIMED = ('slow-bind', 'half-pdus', 'idle', 'flood', 'deaf')
OPTIONS = {
    'flood': ['--connections', '400'],
    'one-group': ['--connections', '11000'],
    'idle': ['--idle', str(TIMEOUT_MS)],
}


def before_others():
    try:
        os.nice(-20)
    except PermissionError:
        pass


class Talker:
    """A program that answers each line with a line of JSON."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen([BUILD / name, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, preexec_fn=before_others)
        self.first = self.process.stdout.readline()
        if not self.first.startswith('ready'):
            raise SystemExit(f'{name} does not start: {self.first}{self.process.stderr.read()}')

    def ask(self):
        try:
            self.process.stdin.write('\n')
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            raise SystemExit(f'{self.process.args[0]} ended with {self.process.wait()}: {self.process.stderr.read()}')

    def end(self):
        """What it complains of, if anything."""
        out, err = self.process.communicate()
        return f'{self.process.args[0].name} ended with {self.process.returncode}: {err}' if self.process.returncode else ''


class Target(Talker):
    def __init__(self, timeout_ms, *options):
        super().__init__('target', '--timeout', timeout_ms, *options)
        self.port = int(re.search(r'ready (\d+)', self.first).group(1))

    def resident(self):
        """(now, highest since the last reset) in bytes."""
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return [int(re.search(rf'{key}:\s+(\d+) kB', status).group(1)) * 1024 for key in ('VmRSS', 'VmHWM')]

    def reset_highest(self):
        pathlib.Path(f'/proc/{self.process.pid}/clear_refs').write_text('5')


def mib_left(now, before):
    return (now['heap'] - before['heap']) / MIB


def is_settled(now, before):
    return (now['descriptors'] <= before['descriptors'] and now['handles'] == before['handles'] and now['deferred'] == 0
            and mib_left(now, before) <= KEPT)


def settle(target, before):
    """The figures once everything of the attack has ended, or when nobody would wait any longer."""
    end = time.monotonic() + PATIENCE
    while True:
        now = target.ask()
        if is_settled(now, before) or time.monotonic() > end:
            return now
        time.sleep(0.05)


def watch(target, attack):
    """The highest of the heap while the attack runs."""
    highest = 0
    while attack.poll() is None:
        highest = max(highest, target.ask()['heap'])
        time.sleep(0.02)
    return highest


def judge_memory(name, before, highest, after):
    held = (highest - before['heap']) / MIB
    if held > BOUNDS[name]:
        yield f'held {held:.1f} MiB, bound {BOUNDS[name]} MiB'
    if not is_settled(after, before):
        yield f'left behind, {mib_left(after, before):.1f} MiB of the heap: {before} became {after}'


def judge_others(quiet, loaded):
    """What a polite caller feels, in terms of its own quiet time and of the machine's."""
    allowed = TIMES * max(quiet['ours']['p99'], loaded['bare']['p99'])
    if loaded['ours']['p99'] > allowed:
        yield f'p99 {loaded["ours"]["p99"]:.0f} us, allowed {allowed:.0f} us'


def one(name, seconds):
    """(what was wrong, what came too late)"""
    target = Target(TIMEOUT_MS if name in TIMED else PATIENT_MS, *OPTIONS.get(name, []))
    polite = Talker('polite', target.port)
    time.sleep(0.2)  # both are warm
    polite.ask()
    time.sleep(seconds)
    quiet = polite.ask()
    before = target.ask()
    resident = target.resident()[0]
    target.reset_highest()
    attack = subprocess.Popen([BUILD / 'attack', name, str(target.port), str(seconds), str(TIMEOUT_MS)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    polite.ask()
    highest = watch(target, attack)
    loaded = polite.ask()
    said, complaint = attack.communicate()
    after = settle(target, before)
    resident = [resident, target.resident()[1]]
    findings = [text for text in (polite.end(), target.end(), complaint) if text]
    verdict = json.loads(said) if said else {}
    if attack.returncode:
        findings.append(f'the attack was answered otherwise: {verdict}')
    findings += judge_memory(name, before, highest, after)
    late = list(judge_others(quiet, loaded))
    report(name, verdict, quiet, loaded, before, highest, after, resident, ' late' if late else '')
    return findings, late


def one_in_time(name, seconds):
    for _ in range(ATTEMPTS):
        findings, late = one(name, seconds)
        if findings or not late or not IS_TIMED:
            return findings
    return late


def report(name, verdict, quiet, loaded, before, highest, after, resident, late):
    p99 = [f'{p[side]["p99"]:5.0f}' for side in ('ours', 'bare') for p in (quiet, loaded)]
    mib = [f'{n / MIB:5.1f}' for n in (before['heap'], highest, after['heap'], *resident)]
    print(f'{name:18} {verdict.get("connected", 0):6} {verdict.get("answers", 0):8} {verdict.get("ended", 0):6}  '
          f'{mib[0]} {mib[1]} {mib[2]}  {mib[3]} {mib[4]}  {p99[0]} {p99[1]} {p99[2]} {p99[3]}  '
          f'{loaded["ours"]["p99"] / quiet["ours"]["p99"]:4.1f}{late}', flush=True)


def main():
    known = subprocess.run([BUILD / 'attack', '--list'], check=True, capture_output=True, text=True).stdout
    names = [line.split('\t')[0] for line in known.splitlines()]
    print('                    connec- defined  ended  heap, MiB          resident     p99, us: ours    bare\n'
          'attack               tions answers  by us  before  most after   before most quiet loaded quiet loaded  ratio')
    failed = []
    for name in sys.argv[1:] or names:
        longer = 2.5 * TIMEOUT_MS / 1000 if name in ('slow-bind', 'half-pdus', 'idle', 'deaf', 'one-group') else 0
        failed += [f'{name}: {finding}' for finding in one_in_time(name, max(SECONDS, longer))]
    for text in failed:
        print('FAILED', text)
    sys.exit(1 if failed else 0)


main()
