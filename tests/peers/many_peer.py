#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""10,000 entries, listed by impacket, rpcclient and nmap, compared entry by entry with what was registered."""
import re
import socket

import epmlist
import harness
import registrar
import samba_host
from harness import can_connect, expect, expect_same, wait_for
from nmap_peer import SMB

N = 10000


def prepare(stand):
    stand.conf = samba_host.configure(stand)
    stand.listeners = [socket.create_server(('0.0.0.0', 0)) for _ in range(5)]
    ports = [each.getsockname()[1] for each in stand.listeners]
    stand.entries = registrar.many(N, ports)
    stand.session = registrar.Session(stand.path / 'ncalrpc/epmapper')
    expect_same(stand.session.insert(stand.entries), 0, 'status of ept_insert')
    stand.ours = {str(port) for port in ports}


def registered(stand):
    return sorted((i[0], f'{i[1]}.{i[2]}', str(port), annotation) for i, port, annotation, _ in stand.entries)


def test_impacket_lists_every_entry(stand):
    found = [(e[0], e[1], e[4], e[5]) for e in epmlist.entries('127.0.0.1') if e[2] == 'ncacn_ip_tcp' and e[4] in stand.ours]
    expect_same(len(found), N, 'how many')
    expect(sorted(found) == registered(stand), 'impacket lists something else')


def test_rpcclient_lists_every_entry(stand):
    out = stand.run('rpcclient', '-s', stand.conf, '-N', '-U%', 'ncacn_ip_tcp:127.0.0.1[135]', '-c', 'epmlookup')
    found = re.findall(r'ncacn_ip_tcp:[^\[]*\[(\d+),abstract_syntax=([0-9a-f-]{36})/0x([0-9a-f]{8})\]', out)
    # rpcclient reads the major version only: the minor one is on the other side of the tower's floor
    theirs = sorted((uuid, f'{int(v, 16) & 0xffff}', port) for port, uuid, v in found if port in stand.ours)
    expect_same(len(theirs), N, 'how many')
    ours = sorted((e[0], e[1].partition('.')[0], e[2]) for e in registered(stand))
    different = [(a, b) for a, b in zip(theirs, ours) if a != b]
    expect(not different, f'{len(different)} differ, (rpcclient, registered): {different[:3]}')


def test_nmap_lists_every_entry(stand):
    stand.start('smb', '/usr/bin/python3', '-c', SMB)
    wait_for(lambda: can_connect(445), 15, 'the SMB server listens')
    out = stand.run('nmap', '-n', '-Pn', '-sT', '-p', '445', '--script', 'msrpc-enum', '127.0.0.1', timeout=150)
    found = []
    # an entry is a block of lines, which stand in any order (a Lua table)
    for block in re.split(r'\n\|\s*\n', out):
        uuid, port = re.search(r'uuid: ([0-9a-f-]{36})', block), re.search(r'tcp_port: (\d+)', block)
        if uuid and port and port.group(1) in stand.ours:
            found.append((uuid.group(1), port.group(1)))
    expect_same(len(found), N, 'how many')
    expect(sorted(found) == sorted((e[0], e[2]) for e in registered(stand)), 'nmap lists something else')


def test_after_the_session_nothing_of_it_is_left(stand):
    stand.session.close()
    wait_for(lambda: not [e for e in epmlist.entries('127.0.0.1') if e[4] in stand.ours], 5, 'the entries go')


if __name__ == '__main__':
    harness.main(globals(), least=100)
