#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each failure that the laboratory can make, made for real, and the doctor's first word about it.

    tests/peers/run tests/lab/doctor_test.py BUILD       LAB_ONLY=T04 only these, LAB_TABLE=FILE writes the table
"""
import os
import pathlib
import subprocess
import sys
import time

from lab import laboratory
from cases import CASES

# a whole examination, with what the sanitizers and a busy machine add
LIMIT = 11.5


def undo(lab):
    """What a case has changed beyond processes, rules and files."""
    for host in lab.client, lab.server:
        host.sh('ip link set eth0 mtu 1500; sysctl -qw net.ipv4.ip_local_port_range=\\"32768 60999\\"; true')
    subprocess.run('ip route del unreachable 10.99.0.0/16 2>/dev/null', shell=True, check=False)


def is_right(want, verdict):
    if want == 'good':
        return verdict['outcome'] == 'good'
    return verdict['symptom'] == want or (verdict['symptom'] is None and verdict['title'].startswith(want))


def run(lab, want, title, words, world, others):
    with lab.case():
        world(lab)
        status, exam = lab.doctor(*words)
    undo(lab)
    verdict = exam['verdict']
    seconds = exam['took_ns'] / 1e9
    right = is_right(want, verdict) and seconds < LIMIT and all(o in verdict['others'] for o in others)
    return right, status, verdict, seconds, exam


def table(rows):
    out = ['# What the doctor says, case by case', '',
           'Written by `tests/lab/doctor_test.py`, which makes each of these cases among network namespaces and has',
           '`sallyport doctor` examine the server from the client. `LAB_TABLE=docs/doctor-cases.md` writes this page anew.',
           '']
    symptoms = {w for w, *_ in rows if len(w) == 3}
    healthy = sum(w == 'good' for w, *_ in rows)
    out += [f'{len(rows)} cases: {len(symptoms)} symptoms of the catalogue, {healthy} healthy variations. '
            f'Right at first choice: {sum(r for *_, r in rows)}.', '',
            '| case | command | verdict | how sure | exit status | |', '|---|---|---|---|---|---|']
    for want, title, words, verdict, status, right in rows:
        said = f'{verdict["symptom"]} {verdict["title"]}' if verdict['symptom'] else verdict['title']
        out.append(f'| {title} | `doctor {" ".join(words)}` | {said} | {verdict["certainty"]} | {status} | '
                   f'{"right" if right else "wrong, should be " + want} |')
    return '\n'.join(out) + '\n'


def main():
    only = os.environ.get('LAB_ONLY')
    rows, wrong = [], 0
    with laboratory() as lab:
        for want, title, words, world, others in CASES:
            if only and not any(o in (want, title) for o in only.split(',')):
                continue
            began = time.monotonic()
            right, status, verdict, seconds, exam = run(lab, want, title, words, world, others)
            rows.append((want, title, words, verdict, status, right))
            wrong += not right
            print(f'{"ok    " if right else "FAILED"} {want[:30]:30} {title}  ({seconds:.1f} s, all {time.monotonic() - began:.1f} s)',
                  flush=True)
            if not right:
                print(f'       said: {verdict["symptom"]} {verdict["title"]}, others {verdict["others"]}\n       {verdict["proof"]}')
                for step in exam['steps']:
                    print(f'       {step["mark"]:5} {step["tried"]}: {step["came"]}')
                print(f'       {exam["facts"]}')
    print(f'{len(rows)} cases, {wrong} wrong')
    if os.environ.get('LAB_TABLE'):
        pathlib.Path(os.environ['LAB_TABLE']).write_text(table(rows), encoding='utf-8')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
