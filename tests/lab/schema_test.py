#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `sallyport doctor --json` writes, held against its published schema and the vocabulary of facts."""
import contextlib
import copy
import json
import pathlib
import subprocess

import jsonschema
import yaml

import harness
from harness import expect, expect_same, program

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / 'docs/doctor.schema.json').read_text())


def closed(schema):
    """The same without room for members that it does not describe: ours are all described."""
    schema = copy.deepcopy(schema)
    for part in (schema, schema['$defs']['step'], schema['$defs']['verdict']):
        part['additionalProperties'] = False
    facts = yaml.safe_load((ROOT / 'data/facts.yaml').read_text())
    types = {t['name']: {'enum': t['values']} for t in facts['types']}
    types.update(bool={'type': 'boolean'}, number={'type': 'integer'}, status={'type': 'integer'})
    schema['properties']['facts'] = {'type': 'object', 'additionalProperties': False,
                                     'properties': {f['name']: types[f['type']] for f in facts['facts']}}
    return jsonschema.Draft202012Validator(schema)


OPEN, CLOSED = jsonschema.Draft202012Validator(SCHEMA), closed(SCHEMA)


def doctor(stand, *words, status):
    r = subprocess.run([program('sallyport'), 'doctor', '--json', *words], capture_output=True, text=True,
                       env=stand.env, timeout=60)
    expect_same(r.returncode, status, f'exit status of doctor {" ".join(words)}\n{r.stdout}{r.stderr}')
    records = [json.loads(line) for line in r.stdout.splitlines()]
    expect(records, 'there are records')
    for record in records:
        for validator in (OPEN, CLOSED):
            for error in validator.iter_errors(record):
                raise harness.Failure(f'{error.json_path}: {error.message}')
    return records


@contextlib.contextmanager
def firewall(rule):
    subprocess.run(['nft', 'add table ip schema; add chain ip schema i { type filter hook input priority 0; }; '
                    f'add rule ip schema i {rule}'], check=True)
    try:
        yield
    finally:
        subprocess.run(['nft', 'delete table ip schema'], check=True)


def test_the_schema_is_one(_stand):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_healthy_host(stand):
    record, = doctor(stand, '127.0.0.1', '-i', 'rpcecho', status=0)
    expect(record['verdict']['works'] and record['interface'].startswith('rpcecho '), record)
    doctor(stand, 'localhost', status=0)


def test_a_refused_port(stand):
    with firewall('ip daddr 127.8.0.1 tcp dport 135 reject with tcp reset'):
        record, = doctor(stand, '127.8.0.1', status=1)
    expect_same(record['verdict']['phase'], 'TCP session', 'phase')


def test_a_filtered_host(stand):
    with firewall('ip daddr 127.8.0.2 drop'):
        record, = doctor(stand, '127.8.0.2', status=2)
    expect_same(record['verdict']['symptom'], 'T06', 'symptom')


def test_an_interface_that_is_not_there_and_names_of_strangers(stand):
    expect_same(doctor(stand, '127.0.0.1', '-i', 'samr', status=1)[0]['verdict']['symptom'], 'E01', 'symptom')
    doctor(stand, 'no such "host"\x1b[31m', status=2)


def test_what_does_not_keep_to_it_is_found(stand):
    good, = doctor(stand, '127.0.0.1', status=0)
    for change in ({'record': 'ping'}, {'took_ns': -1}, {'interface': 'samr'}, {'at': 'now'}, {'steps': [{}]}, {'facts': {'tcp.135': None}},
                   {'verdict': dict(good['verdict'], works=False)}, {'verdict': dict(good['verdict'], certainty='sure')}):
        expect(not OPEN.is_valid({**good, **change}), f'{change} passes')
    expect(OPEN.is_valid({**good, 'new': 1}) and not CLOSED.is_valid({**good, 'new': 1}), 'new members may come, described')
    expect(not CLOSED.is_valid({**good, 'facts': {'tcp.135': 'ajar'}}), 'a value that the fact does not have')


if __name__ == '__main__':
    harness.main(globals(), judged=False)
