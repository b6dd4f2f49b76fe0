# SPDX-License-Identifier: MIT
"""A Samba RPC server in a folder of its own: samba-dcerpcd, every path inside the stand's folder."""
import harness
from harness import wait_for

CONF = '''[global]
server role = standalone server
netbios name = PEER
workgroup = PEERS
interfaces = lo
bind interfaces only = yes
private dir = {d}/private
state directory = {d}/state
cache directory = {d}/cache
lock directory = {d}/lock
pid directory = {d}/pid
ncalrpc dir = {d}/ncalrpc
log file = {d}/log/%m.log
rpc server dynamic port range = 49200-49299
rpc start on demand helpers = false
'''


def configure(stand):
    """smb.conf for Samba's clients and servers; its path."""
    d = stand.path / 'samba'
    if not d.exists():
        d.mkdir(mode=0o755)
        for name in ('private', 'state', 'cache', 'lock', 'pid', 'ncalrpc', 'log'):
            (d / name).mkdir(mode=0o755)
        (d / 'smb.conf').write_text(CONF.format(d=d))
    return d / 'smb.conf'


def start(stand):
    conf = configure(stand)
    stand.samba = stand.start('samba', '/usr/libexec/samba/samba-dcerpcd', '--libexec-rpcds', '-F',
                              '--no-process-group', '-s', str(conf))
    wait_for(lambda: {135, 49200, 49201, 49202} <= harness.listening_ports(stand.samba.pid), 30, 'Samba listens')
