#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The mapper with restrict_remote_clients: from elsewhere only who logs on is answered, our client and Samba's."""
import guarded
import harness
import samba_host
from guarded import PASSWORD, USER, guest
from harness import can_connect, expect, program, wait_for

SERVER, CLIENT = '192.0.2.1', '192.0.2.7'
MAPPER = f'ncacn_ip_tcp:{SERVER}[135]'
ALICE = ('--user', USER, '--domain', 'PEERS', '--password', PASSWORD)


def prepare(stand):
    stand.conf = samba_host.configure(stand)
    # both addresses are this machine's; what goes to the one comes from the other
    for address in (SERVER, CLIENT):
        stand.run('ip', 'address', 'add', f'{address}/32', 'dev', 'lo')
    stand.run('ip', 'route', 'replace', 'local', SERVER, 'dev', 'lo', 'src', CLIENT, 'table', 'local')
    accounts = guarded.accounts(stand)
    config = stand.path / 'epmapper.yaml'
    config.write_text(f'lookups:\n  restrict_remote_clients: 1\n  accounts: {accounts}\n')
    stand.mapper = stand.start('mapper', program('mapper'), '--config', str(config))
    wait_for(lambda: can_connect(135), 10, 'the mapper listens')


def test_nobody_in_particular_is_refused(stand):
    out = guest(stand, '--provider', 0, '--lookup', MAPPER, ok=(1,))
    expect(': 5: ' in out, out)
    guest(stand, '--provider', 0, '--lookup', 'ncacn_ip_tcp:127.0.0.1[135]')


def test_anonymous_and_wrong_logons_are_refused(stand):
    for who in ((), (*ALICE[:-1], 'wrong')):
        out = guest(stand, *who, '--lookup', MAPPER, ok=(1,))
        expect(': 5: ' in out, out)


def test_who_logs_on_is_answered(stand):
    for provider in (9, 10):
        for level in (2, 5, 6):
            guest(stand, '--provider', provider, '--level', level, *ALICE, '--lookup', MAPPER)


def test_samba_logs_on_and_is_answered(stand):
    out = stand.run('rpcclient', '-s', stand.conf, '-U', f'PEERS/{USER}%{PASSWORD}', f'ncacn_ip_tcp:{SERVER}[135,seal]',
                    '-c', 'epmlookup')
    expect('epmapper' in out or 'abstract_syntax' in out, out)


if __name__ == '__main__':
    harness.main(globals(), servers=(), least=20)
