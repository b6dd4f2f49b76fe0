# SPDX-License-Identifier: MIT
"""A key distribution centre of our own: krb5kdc on loopback, all it needs in the stand's folder."""
from harness import expect, can_connect, wait_for

REALM, HOST = 'TEST.EXAMPLE', 'server.test.example'
PASSWORD = 'Correct Horse'

KRB5 = '''[libdefaults]
default_realm = {realm}
dns_lookup_realm = false
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{realm} = {{
 kdc = 127.0.0.1:88
}}
[domain_realm]
.test.example = {realm}
'''
KDC = '''[kdcdefaults]
kdc_ports = 88
kdc_tcp_ports = 88
[realms]
{realm} = {{
 database_name = {d}/principal
 key_stash_file = {d}/stash
 acl_file = {d}/acl
 max_life = 10h
 supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
}}
'''


def start(stand):
    d = stand.path / 'kdc'
    d.mkdir(mode=0o700)
    (d / 'krb5.conf').write_text(KRB5.format(realm=REALM))
    (d / 'kdc.conf').write_text(KDC.format(realm=REALM, d=d))
    stand.env.update(KRB5_CONFIG=str(d / 'krb5.conf'), KRB5_KDC_PROFILE=str(d / 'kdc.conf'),
                     KRB5CCNAME=f'FILE:{d}/ccache')
    stand.run('/usr/sbin/kdb5_util', '-r', REALM, 'create', '-s', '-P', 'master')
    for query in (f'addprinc -pw "{PASSWORD}" alice', f'addprinc -randkey host/{HOST}',
                  'addprinc -randkey host/other.test.example', f'ktadd -k {d}/keytab host/{HOST}',
                  f'ktadd -k {d}/other.keytab host/other.test.example'):
        stand.run('/usr/sbin/kadmin.local', '-r', REALM, '-q', query)
    stand.start('krb5kdc', '/usr/sbin/krb5kdc', '-n', '-r', REALM)
    wait_for(lambda: can_connect(88), 10, 'the key distribution centre listens')
    return d


def log_on(stand, *more):
    out = stand.run('/bin/sh', '-c', f'printf "{PASSWORD}\\n" | kinit {" ".join(more)} alice')
    expect('Password for' in out, out)
