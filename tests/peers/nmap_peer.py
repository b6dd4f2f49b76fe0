#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""nmap's msrpc-enum reads our map. It asks through SMB, so impacket's SMB server passes the pipe on to us."""
import re
import subprocess
import sys

import epmlist
import harness
from harness import ECHO, can_connect, expect, expect_same, wait_for

SMB = '''
from impacket import smb, smbserver

class WithDomain(smb.SMBNTLMDialect_Data):
    """nmap insists on the domain's name behind the challenge, which impacket leaves out"""
    def __setitem__(self, key, value):
        super().__setitem__(key, 'LAB\\0'.encode('utf-16le') if key == 'Payload' else value)

smb.SMBNTLMDialect_Data = WithDomain
server = smbserver.SimpleSMBServer(listenAddress="127.0.0.1", listenPort=445)
server.setSMB2Support(False)
server.registerNamedPipe("epmapper", ("127.0.0.1", 135))
server.start()
'''


def prepare(stand):
    stand.start('smb', '/usr/bin/python3', '-c', SMB)
    wait_for(lambda: can_connect(445), 15, 'the SMB server listens')


def test_msrpc_enum_lists_the_tcp_entries_of_the_map(stand):
    out = stand.run('nmap', '-n', '-Pn', '-sT', '-p', '445', '--script', 'msrpc-enum', '127.0.0.1', timeout=120)
    block = out.partition('msrpc-enum')[2]
    expect(block, f'no answer of the script:\n{out}\n{stand.log("smb")}')
    theirs, uuid = set(), None
    for line in block.splitlines():
        m = re.search(r'uuid: ([0-9a-f-]{36})', line)
        uuid = m.group(1) if m else uuid
        m = re.search(r'tcp_port: (\d+)', line)
        if m:
            theirs.add(m.group(1))
    expect(ECHO in block, f'rpcecho is missing:\n{out}')
    want = {e[4] for e in epmlist.entries('127.0.0.1') if e[2] == 'ncacn_ip_tcp'}
    expect_same(sorted(theirs), sorted(want), f'tcp ports in\n{out}')


if __name__ == '__main__':
    harness.main(globals())
