#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Samba's clients at our mapper and our echo server: rpcclient, smbtorture, python3-samba."""
import re

import epmlist
import harness
import samba_host
from harness import ECHO, EPM, MGMT, expect, expect_same

TORTURE = ['addone', 'sinkdata', 'echodata', 'sourcedata', 'testcall', 'testcall2', 'enum', 'surrounding',
           'doublepointer']


def prepare(stand):
    stand.conf = samba_host.configure(stand)


def rpcclient(stand, binding, commands):
    return stand.run('rpcclient', '-s', stand.conf, '-N', '-U%', binding, '-c', commands)


def at_echo(stand):
    return f'ncacn_ip_tcp:127.0.0.1[{stand.echo_port}]'


def test_epmlookup_lists_what_impacket_lists(stand):
    out = rpcclient(stand, 'ncacn_ip_tcp:127.0.0.1[135]', 'epmlookup')
    theirs = set()
    for endpoint, uuid in re.findall(r'ncacn_ip_tcp:[^\[]*\[([^,\]]*),abstract_syntax=([0-9a-f-]{36})/', out):
        theirs.add((uuid, endpoint))
    want = {(e[0], e[4]) for e in epmlist.entries('127.0.0.1') if e[2] == 'ncacn_ip_tcp'}
    expect((ECHO, str(stand.echo_port)) in theirs, f'rpcecho is missing in\n{out}')
    expect_same(sorted(theirs), sorted(want), 'tcp entries')


def test_a_binding_without_a_port_is_mapped(stand):
    expect_same(re.search(r'(\d+)\s*\+ 1 = (\d+)', rpcclient(stand, 'ncacn_ip_tcp:127.0.0.1', 'echoaddone 41')).groups(),
                ('41', '42'), 'echoaddone')


def test_rpcclient_calls_echo(stand):
    out = rpcclient(stand, at_echo(stand), 'echoaddone -1; echodata 5000; sinkdata 7000; sourcedata 9000')
    expect('-1 + 1 = 0' in out, f'echoaddone wraps:\n{out}')
    expect('NT_STATUS_' not in out.replace('NT_STATUS_OK', ''), f'an error in\n{out}')


def test_smbtorture_finds_nothing_to_complain_about(stand):
    for name in TORTURE:
        out = stand.run('smbtorture', '-s', stand.conf, '-N', '-U%', at_echo(stand), f'rpc.echo.echo.{name}', ok=None)
        expect(re.search(rf'^success: (echo\.)?{name}', out, re.M) and 'failure:' not in out, f'{name}:\n{out}')


def python_samba(stand, text):
    program = f'''
from samba.param import LoadParm
from samba.credentials import Credentials
from samba.dcerpc import echo, epmapper, mgmt
lp = LoadParm({str(stand.conf)!r})
creds = Credentials(); creds.guess(lp); creds.set_anonymous()
{text}
'''
    return stand.run('/usr/bin/python3', '-c', program)


def test_python_samba_calls_echo(stand):
    out = python_samba(stand, f'''
conn = echo.rpcecho({at_echo(stand)!r}, lp, creds)
assert conn.AddOne(1) == 2
assert conn.EchoData(list(range(256)) * 100) == list(range(256)) * 100
assert conn.SourceData(3000) == [i & 255 for i in range(3000)]
conn.SinkData([1, 2, 3])
second = echo.rpcecho({at_echo(stand)!r}, lp, creds, basis_connection=conn)
assert second.AddOne(2) == 3
print("served")
''')
    expect('served' in out, out)


def test_python_samba_asks_mgmt(stand):
    out = python_samba(stand, f'''
for where in ({at_echo(stand)!r}, "ncacn_ip_tcp:127.0.0.1[135]"):
    conn = mgmt.mgmt(where, lp, creds)
    answer = conn.inq_if_ids()
    vector = answer[0] if isinstance(answer, tuple) else answer
    print(" ".join(str(vector.if_id[i].id.uuid if hasattr(vector.if_id[i], "id") else vector.if_id[i].uuid)
                   for i in range(vector.count)))
''')
    expect(ECHO in out and EPM in out, f'the interfaces are\n{out}')


if __name__ == '__main__':
    harness.main(globals(), least=100)
