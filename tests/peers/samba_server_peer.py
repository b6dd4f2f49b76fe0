#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our tools against a Samba RPC server, held against what Samba's own client and impacket read there."""
import re

import harness
import samba_host
from harness import expect, expect_same, program

WINREG = '338cd001-2244-31f1-aaaa-900038001003'
LSARPC = '12345778-1234-abcd-ef00-0123456789ab'


def prepare(stand):
    samba_host.start(stand)


def rpcclient_list(stand):
    out = stand.run('rpcclient', '-s', stand.path / 'samba/smb.conf', '-N', '-U%', 'ncacn_ip_tcp:127.0.0.1[135]',
                    '-c', 'epmlookup')
    found = set()
    for protseq, address, endpoint, uuid, version in re.findall(
            r'^\S+ (\w+):([^\[]*)\[([^,\]]*),abstract_syntax=([0-9a-f-]{36})/0x([0-9a-f]{8})\]', out, re.M):
        v = int(version, 16)
        found.add((uuid, f'{v & 0xffff}.{v >> 16}', protseq, endpoint))
    expect(found, f'rpcclient lists nothing:\n{out}')
    return found


def tool(stand, *args, ok=(0,)):
    return stand.run(program('sallyport'), *args, ok=ok)


def test_endpoints_lists_what_rpcclient_lists(stand):
    ours = {(e['interface'], e['version'], e['protseq'], e['endpoint'])
            for e in harness.json_lines(tool(stand, 'endpoints', '127.0.0.1', '--json'))}
    theirs = rpcclient_list(stand)
    expect_same(sorted(theirs - ours), [], 'entries that rpcclient lists and we do not')
    # rpcclient leaves out what comes together with the status "no more": one entry; impacket gives up on it
    expect(len(ours - theirs) <= 1, f'we alone list {sorted(ours - theirs)}')


def test_resolve_finds_the_port(stand):
    for uuid, version in ((WINREG, '1.0'), (LSARPC, '0.0')):
        want = {e[3] for e in rpcclient_list(stand) if e[0] == uuid and e[2] == 'ncacn_ip_tcp'}
        out = tool(stand, 'resolve', '127.0.0.1', f'{uuid},{version}')
        expect(any(f'[{port}]' in out for port in want), f'{uuid} is at {want}, we say\n{out}')


def test_resolve_of_an_unknown_interface_is_a_finding(stand):
    tool(stand, 'resolve', '127.0.0.1', '11111111-2222-3333-4444-555555555555,1.0', ok=(1,))


def test_interfaces_asks_mgmt(stand):
    port = next(e[3] for e in rpcclient_list(stand) if e[0] == WINREG and e[2] == 'ncacn_ip_tcp')
    expect(WINREG in tool(stand, 'interfaces', f'ncacn_ip_tcp:127.0.0.1[{port}]').lower(), 'winreg is not listed')


def test_ping_calls(stand):
    port = next(e[3] for e in rpcclient_list(stand) if e[0] == WINREG and e[2] == 'ncacn_ip_tcp')
    tool(stand, 'ping', f'ncacn_ip_tcp:127.0.0.1[{port}]', '--interface', f'{WINREG},1.0', '--count', '3')


def test_many_calls_at_once_with_verification_trailers(stand):
    out = stand.run(program('together'), 'ncacn_ip_tcp:127.0.0.1[135]')
    m = re.fullmatch(r'answered (\d+) cancelled (\d+) connections (\d+)\n', out)
    expect(m, out)
    answered, cancelled, connections = map(int, m.groups())
    # the cancelled one may have been answered all the same
    expect_same(answered + cancelled, 12, out)
    expect(answered >= 11 and 1 <= connections <= 4, out)


if __name__ == '__main__':
    harness.main(globals(), servers=(), least=20)
