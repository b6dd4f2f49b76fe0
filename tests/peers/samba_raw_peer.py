#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Samba's record of how Windows answers on the wire (its raw protocol tests), asked of our mapper.

Samba's developers ran these conversations against Windows and wrote down what came back, to the flag. Each test that
needs no account is run here; those in DIFFERENT are answered otherwise, and why stands beside them.
"""
import os
import re
import subprocess

import harness
from harness import expect, expect_same

MODULE = 'samba.tests.dcerpc.raw_protocol'
CLASS = MODULE + '.TestDCERPC_BIND'

# Another subject: they log on, or call a service that is not here.
ELSEWHERE = (r'ntlmssp|spnego|krb5|_np_|smb|signing|schannel|lsa_|netlogon|multiple_auth|HDR_SIGNING|pfc_ff|'
             r'sec_ctx|fragmented_requests|_(only|maybe|didnot|cmpx|08|cancel|mix)_requests|mix_requests|assoc_group')

DIFFERENT = {
    'test_co_cancel_request_after_first': 'a response counts the cancels that came (C706 12.6.4.10); Windows says 0',
    'test_orphaned_no_request': 'Windows answers with the lower 8 bits of the context id',
    'test_orphaned_request_after_first_last': 'a request that was given up is over (C706 12.6.4.8); Windows goes on with it',
    'test_orphaned_request_after_first_mpx_last': 'the same',
    'test_orphaned_request_after_first_no_last': 'the same',
    'test_orphaned_request_after_first_mpx_no_last': 'the same',
}


def names(stand):
    out = stand.run('/usr/bin/python3', '-c', f'import {MODULE} as m; print(*dir(m.TestDCERPC_BIND))')
    return sorted(n for n in out.split() if n.startswith('test_'))


def run(stand, some):
    (stand.path / 'smb.conf').write_text('[global]\n')
    env = dict(stand.env, SERVER='127.0.0.1', SMB_CONF_PATH=str(stand.path / 'smb.conf'), IGNORE_RANDOM_PAD='1',
               DOMAIN='D', REALM='R', USERNAME='u', PASSWORD='p')
    r = subprocess.run(['/usr/bin/python3', '-m', 'unittest'] + [f'{CLASS}.{n}' for n in some], env=env, timeout=120,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=os.sep)
    return r.stdout.decode(errors='replace')


def test_windows_answers_are_ours(stand):
    some = [n for n in names(stand) if not re.search(ELSEWHERE, n) and n not in DIFFERENT]
    expect(len(some) >= 58, f'only {len(some)} conversations: {some}')
    out = run(stand, some)
    bad = re.findall(r'^(?:FAIL|ERROR): (\S+)', out, re.M)
    expect(not bad and f'Ran {len(some)} tests' in out, f'{bad}\n{out[-3000:]}')
    print(f'{len(some)} conversations')


def test_what_differs_is_known(stand):
    out = run(stand, sorted(DIFFERENT))
    expect_same(sorted(set(re.findall(r'^FAIL: (\S+)', out, re.M))), sorted(DIFFERENT), 'what is answered otherwise')


# the judge has nothing to say about what is sent on purpose to be refused
if __name__ == '__main__':
    harness.main(globals(), servers=('mapper',), judged=False)
