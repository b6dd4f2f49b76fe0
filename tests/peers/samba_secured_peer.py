#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our client at a Samba server, at each level of protection."""
import guarded
import harness
import samba_host
from guarded import PASSWORD, guest
from harness import expect, expect_same

MAPPER = 'ncacn_ip_tcp:127.0.0.1[135]'
ROOT = ('--user', 'root', '--domain', 'PEER', '--password', PASSWORD)
SPNEGO, NTLM = 9, 10


def prepare(stand):
    conf = samba_host.configure(stand)
    with open(conf, 'a') as f:
        f.write('allow dcerpc auth level connect = yes\npassdb backend = tdbsam\n')
    out = stand.run('/bin/sh', '-c', f'printf "{PASSWORD}\\n{PASSWORD}\\n" | pdbedit -s {conf} -t -a -u root')
    expect('root' in out, out)
    samba_host.start(stand)


def ask(stand, *more, ok=(0,)):
    return guest(stand, *more, '--lookup', MAPPER, ok=ok)


def test_the_mapper_answers_at_each_level(stand):
    bare = ask(stand, '--provider', 0)
    expect(int(bare) > 4000, bare)
    for level in (4, 5, 6):  # at 2 Samba refuses a request that comes in one segment with the last leg
        for provider in (SPNEGO, NTLM):
            for user in ((), ROOT):
                out = ask(stand, '--provider', provider, '--level', level, *user, '--times', 3)
                expect_same(out.split(), 3 * [bare.strip()], f'provider {provider}, level {level} {user}')


def test_a_wrong_password_is_denied(stand):
    out = ask(stand, '--provider', NTLM, '--user', 'root', '--password', 'wrong', ok=(1,))
    # Samba hears of it with the last leg, which has no answer, and refuses the first call instead
    expect(': 5: ' in out or ': 1728: ' in out, out)


if __name__ == '__main__':
    harness.main(globals(), servers=(), least=40)
