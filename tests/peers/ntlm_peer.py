#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""NTLM at each level, by itself and within SPNEGO: Samba's and impacket's clients at our server."""
import struct

import guarded
import harness
import samba_host
from guarded import DOMAIN, PASSWORD, USER, guest, impacket_client, python_samba
from harness import expect, expect_same
from impacket.dcerpc.v5 import rpcrt

LEVELS = {'connect': 2, 'packet': 4, 'sign': 5, 'seal': 6}
SIZES = (0, 1, 15, 16, 17, 4000, 70000)


def prepare(stand):
    stand.conf = samba_host.configure(stand)
    stand.guarded_port = guarded.start(stand)
    stand.strict_port = guarded.start(stand, 'strict', '--least-level', '6')


def test_impacket_calls_at_each_level(stand):
    for level in (2, 5, 6):  # impacket sends nothing protected at level packet
        for fragment in (None, 1000):
            dce = impacket_client(stand.guarded_port, level, fragment=fragment)
            for n in SIZES:
                data = bytes(i * 7 & 255 for i in range(n))
                dce.call(1, struct.pack('<II', n, n) + data)
                expect_same(dce.recv()[4:], data, f'level {level}, {n} bytes in fragments of {fragment}')
            dce.disconnect()


def test_impacket_with_a_wrong_password_is_denied(stand):
    for level in (2, 5, 6):
        try:
            dce = impacket_client(stand.guarded_port, level, password='wrong')
            dce.call(0, struct.pack('<I', 1))
            dce.recv()
        except (rpcrt.DCERPCException, OSError) as e:
            expect('access_denied' in str(e), f'level {level}: {e}')
        else:
            raise harness.Failure(f'level {level}: a call with a wrong password')


def test_impacket_below_the_least_level_is_denied(stand):
    for level in (2, 5):
        try:
            dce = impacket_client(stand.strict_port, level)
            dce.call(0, struct.pack('<I', 1))
            dce.recv()
        except rpcrt.DCERPCException as e:
            expect('access_denied' in str(e), f'level {level}: {e}')
        else:
            raise harness.Failure(f'level {level}: a call')
    dce = impacket_client(stand.strict_port, 6)
    dce.call(0, struct.pack('<I', 41))
    expect_same(struct.unpack('<I', dce.recv()[:4])[0], 42, 'addone')


def test_samba_calls_at_each_level(stand, provider='ntlm'):
    for level in LEVELS:
        out = python_samba(stand, f'''
c = echo.rpcecho('ncacn_ip_tcp:127.0.0.1[{stand.guarded_port},{provider},{level}]', lp, creds)
for n in {SIZES}:
    data = [i * 7 & 255 for i in range(n)]
    assert list(c.EchoData(data)) == data, n
print(c.AddOne(41), c.user_session_key.hex() if hasattr(c, "user_session_key") else "")
''')
        expect(out.startswith('42'), f'{level}: {out}')


def test_samba_calls_within_spnego(stand):
    test_samba_calls_at_each_level(stand, 'spnego')


def test_samba_with_a_wrong_password_is_denied(stand):
    out = python_samba(stand, f'''
creds.set_password('wrong')
try:
    echo.rpcecho('ncacn_ip_tcp:127.0.0.1[{stand.guarded_port},ntlm,seal]', lp, creds).AddOne(1)
except NTSTATUSError as e:
    print(hex(e.args[0] & 0xffffffff))
''')
    expect('0xc0000022' in out or '0xc000006d' in out, out)


def test_rpcclient_calls_sealed(stand):
    out = stand.run('rpcclient', '-d', '0', '-s', stand.conf, '-U', f'{DOMAIN}/{USER}%{PASSWORD}',
                    'ncacn_ip_tcp:127.0.0.1[seal,ntlm]', '-c', 'echoaddone 41; echodata 9000')
    expect('41 + 1 = 42' in out and 'NT_STATUS_' not in out, out)


def test_samba_without_signed_headers(stand):
    conf = stand.path / 'samba/plain.conf'
    conf.write_text(open(stand.conf).read() + 'dcerpc client:header signing = no\ndcesrv:header signing = no\n')
    kept, stand.conf = stand.conf, conf
    try:
        test_samba_calls_at_each_level(stand)
    finally:
        stand.conf = kept


def test_our_client_at_our_server(stand):
    for provider in (9, 10):
        for level in LEVELS.values():
            for n in SIZES:
                guest(stand, '--provider', provider, '--level', level, '--user', USER, '--password', PASSWORD,
                      '--times', 2, '--echo', n, f'ncacn_ip_tcp:127.0.0.1[{stand.guarded_port}]')


if __name__ == '__main__':
    harness.main(globals(), servers=('mapper',), least=50)
