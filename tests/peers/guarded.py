# SPDX-License-Identifier: MIT
"""Our echo server with accounts, and Samba's and impacket's clients that log on there."""
import re

import epmlist
import harness
from harness import ECHO, expect, expect_same, program, wait_for
from impacket import ntlm
from impacket.uuid import uuidtup_to_bin

USER, PASSWORD, DOMAIN = 'alice', 'Correct Horse', 'PEERS'


def nt_hash(password):
    return ntlm.compute_nthash(password).hex().upper()


def accounts(stand):
    """A file that knows alice."""
    path = stand.path / 'smbpasswd'
    path.write_text(f'{USER}:1000:{"X" * 32}:{nt_hash(PASSWORD)}:[U          ]:LCT-00000000:\n')
    path.chmod(0o600)
    return path


def start(stand, name='guarded', *more):
    """An echo server that takes alice; its port."""
    server = stand.start(name, program('echo'), '--address', '127.0.0.1', '--endpoint', name,
                         '--accounts', str(accounts(stand)), *more)
    return wait_for(lambda: next(iter(sorted(harness.listening_ports(server.pid))), None), 10, f'{name} listens')


def guest(stand, *args, ok=(0,)):
    return stand.run(program('guest'), *map(str, args), ok=ok)


def python_samba(stand, text, ok=(0,)):
    """A program with `lp`, `creds` (alice's) and `echo`."""
    text = f'''
from samba.param import LoadParm
from samba.credentials import Credentials, DONT_USE_KERBEROS, MUST_USE_KERBEROS
from samba.dcerpc import echo
from samba import NTSTATUSError
lp = LoadParm({str(stand.conf)!r})
creds = Credentials(); creds.guess(lp)
creds.set_username({USER!r}); creds.set_password({PASSWORD!r}); creds.set_domain({DOMAIN!r})
creds.set_kerberos_state(DONT_USE_KERBEROS)
{text}
'''
    return stand.run('/usr/bin/python3', '-c', text, ok=ok)


def impacket_client(port, level, password=PASSWORD, fragment=None):
    from impacket.dcerpc.v5 import transport
    t = transport.DCERPCTransportFactory(f'ncacn_ip_tcp:127.0.0.1[{port}]')
    t.set_credentials(USER, password, DOMAIN)
    dce = t.get_dce_rpc()
    dce.set_auth_level(level)
    dce.connect()
    if fragment:
        dce.set_max_fragment_size(fragment)
    dce.bind(uuidtup_to_bin((ECHO, '1.0')))
    return dce
