#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Kerberos with a key distribution centre of our own: our client and Samba's at our server."""
import os

import guarded
import harness
import kdc
import samba_host
from guarded import guest
from harness import expect

LEVELS = {'connect': 2, 'packet': 4, 'sign': 5, 'seal': 6}
SIZES = (0, 1, 15, 16, 17, 4000, 70000)
SPNEGO, KERBEROS = 9, 16
SPN = f'host/{kdc.HOST}'


def prepare(stand):
    stand.conf = samba_host.configure(stand)
    d = stand.kdc = kdc.start(stand)
    kdc.log_on(stand)
    stand.port = guarded.start(stand, 'guarded', '--keytab', str(d / 'keytab'))
    stand.strict_port = guarded.start(stand, 'strict', '--keytab', str(d / 'keytab'), '--least-level', '6')
    stand.other_port = guarded.start(stand, 'other', '--keytab', str(d / 'other.keytab'))


def at(port):
    return f'ncacn_ip_tcp:127.0.0.1[{port}]'


def test_our_client_at_our_server(stand):
    for provider in (KERBEROS, SPNEGO):
        for level in LEVELS.values():
            for n in SIZES:
                guest(stand, '--provider', provider, '--level', level, '--spn', SPN, '--times', 2, '--echo', n,
                      at(stand.port))


def test_our_client_with_a_password(stand):
    guest(stand, '--provider', KERBEROS, '--spn', SPN, '--user', 'alice', '--domain', kdc.REALM, '--password',
          kdc.PASSWORD, '--echo', 10, at(stand.strict_port))
    out = guest(stand, '--provider', KERBEROS, '--spn', SPN, '--user', 'alice', '--domain', kdc.REALM, '--password',
                'wrong', '--echo', 10, at(stand.strict_port), ok=(1,))
    expect('Kerberos' in out, out)


def test_a_ticket_for_another_key_is_denied(stand):
    out = guest(stand, '--provider', KERBEROS, '--spn', SPN, '--echo', 10, at(stand.other_port), ok=(1,))
    expect(': 5: ' in out, out)


def test_no_ticket_at_all(stand):
    out = guest(stand, '--provider', KERBEROS, '--spn', SPN, '--ccache', f'FILE:{stand.path}/none', '--echo', 10,
                at(stand.port), ok=(1,))
    expect('Kerberos' in out, out)


def test_samba_at_our_server(stand):
    for provider in ('krb5', 'spnego'):
        for level in LEVELS:
            out = guarded.python_samba(stand, f'''
creds = Credentials(); creds.guess(lp)
creds.set_kerberos_state(MUST_USE_KERBEROS)
creds.set_named_ccache({stand.env['KRB5CCNAME']!r}, 0, lp)
c = echo.rpcecho('ncacn_ip_tcp:127.0.0.1[{stand.port},{provider},{level},target_hostname={kdc.HOST}]', lp, creds)
for n in {SIZES}:
    data = [i * 7 & 255 for i in range(n)]
    assert list(c.EchoData(data)) == data, n
print(c.AddOne(41))
''')
            expect(out.startswith('42'), f'{provider} {level}: {out}')


if __name__ == '__main__':
    os.environ.pop('KRB5CCNAME', None)
    harness.main(globals(), servers=('mapper',), least=50)
