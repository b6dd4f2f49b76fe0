#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""impacket lists, maps and calls."""
import struct

import epmlist
import harness
from harness import ECHO, EPM, MGMT, expect, expect_same
from impacket.dcerpc.v5 import epm, mgmt, rpcrt
from impacket.uuid import bin_to_string, uuidtup_to_bin

ECHO_SYNTAX = uuidtup_to_bin((ECHO, '1.0'))


def bound(stand, syntax=ECHO_SYNTAX, port=None, size=None):
    dce = epmlist.connect(f'ncacn_ip_tcp:127.0.0.1[{port or stand.echo_port}]')
    if size:
        dce.set_max_fragment_size(size)
    dce.bind(syntax)
    return dce


def call(dce, opnum, stub, **more):
    dce.call(opnum, stub, **more)
    return dce.recv()


def add_one(dce, n, **more):
    return struct.unpack('<I', call(dce, 0, struct.pack('<I', n), **more)[:4])[0]


def statistics(dce):
    answer = call(dce, 1, struct.pack('<I', 4))
    count, n = struct.unpack('<II', answer[:8])
    expect_same((count, len(answer)), (n, 12 + 4 * n), 'statistics: count and length')
    return struct.unpack(f'<{n}I', answer[8:8 + 4 * n])


def echo_data(dce, data):
    answer = call(dce, 1, struct.pack('<II', len(data), len(data)) + data)
    n, = struct.unpack('<I', answer[:4])
    expect_same(n, len(data), 'length of the echoed array')
    return answer[4:4 + n]


def test_the_map_lists_the_echo_server(stand):
    found = [e for e in epmlist.entries('127.0.0.1') if e[0] == ECHO and e[2] == 'ncacn_ip_tcp']
    expect(found, 'rpcecho is not in the map')
    expect_same({e[1] for e in found}, {'1.0'}, 'version')
    expect_same({e[4] for e in found}, {str(stand.echo_port)}, 'port')


def test_rpcdump_prints_the_echo_server(stand):
    out = stand.run('/usr/bin/python3', '/usr/share/doc/python3-impacket/examples/rpcdump.py', '127.0.0.1')
    expect(ECHO.upper() in out, f'no {ECHO.upper()} in\n{out}')
    expect(f'[{stand.echo_port}]' in out, f'no port {stand.echo_port} in\n{out}')


def test_a_lookup_by_interface_lists_only_it(stand):
    found = epmlist.entries('127.0.0.1', inquiry_type=epm.RPC_C_EP_MATCH_BY_IF, ifId=ECHO_SYNTAX)
    expect(found, 'nothing found')
    expect_same({e[0] for e in found}, {ECHO}, 'interfaces')


def test_map_answers_with_the_port(stand):
    binding = epm.hept_map('127.0.0.1', ECHO_SYNTAX, protocol='ncacn_ip_tcp')
    expect_same(binding, f'ncacn_ip_tcp:127.0.0.1[{stand.echo_port}]', 'binding')


def test_map_of_an_unknown_interface_says_not_registered(stand):
    try:
        binding = epm.hept_map('127.0.0.1', uuidtup_to_bin(('11111111-2222-3333-4444-555555555555', '1.0')),
                               protocol='ncacn_ip_tcp')
    except Exception as e:
        expect('ept_s_not_registered' in str(e), f'{e}')
    else:
        expect(False, f'mapped to {binding}')


def test_a_thousand_calls_on_one_connection(stand):
    dce = bound(stand)
    for n in range(1000):
        expect_same(add_one(dce, n), n + 1, 'AddOne')
    expect_same(add_one(dce, 0xffffffff), 0, 'AddOne wraps')
    dce.disconnect()


def test_echo_of_every_size_around_a_fragment(stand):
    dce = bound(stand)
    for n in (0, 1, 2, 3, 4, 99, 100, 4279, 4280, 4281, 5800, 5815, 5816, 5817, 11632, 65536, 1000000):
        data = bytes(i * 7 & 255 for i in range(n))
        expect(echo_data(dce, data) == data, f'{n} bytes came back different')
    dce.disconnect()


def test_small_fragments_are_put_together(stand):
    dce = bound(stand, size=64)
    data = bytes(range(256)) * 20
    expect(echo_data(dce, data) == data, 'came back different')
    dce.disconnect()


def test_sink_and_source(stand):
    dce = bound(stand)
    expect_same(len(call(dce, 2, struct.pack('<II', 3000, 3000) + bytes(3000))), 0, 'SinkData answers nothing')
    answer = call(dce, 3, struct.pack('<I', 20000))
    expect_same(len(answer), 20004, 'SourceData')
    expect_same(answer[4:], bytes(i & 255 for i in range(20000)), 'the pattern of SourceData')
    dce.disconnect()


def test_an_object_uuid_does_not_disturb(stand):
    dce = bound(stand)
    expect_same(add_one(dce, 1, uuid=uuidtup_to_bin(('22222222-2222-3333-4444-555555555555', '0.0'))[:16]), 2, 'AddOne')
    dce.disconnect()


def test_an_opnum_out_of_range_is_a_fault_and_the_next_call_served(stand):
    dce = bound(stand)
    try:
        call(dce, 4711, b'')
    except rpcrt.DCERPCException as e:
        expect('nca_s_op_rng_error' in str(e) or e.get_error_code() == 0x1c010002, f'{e}')
    else:
        expect(False, 'no fault')
    expect_same(add_one(dce, 1), 2, 'AddOne')
    dce.disconnect()


def test_an_unknown_interface_is_refused_in_the_bind(stand):
    try:
        bound(stand, uuidtup_to_bin(('11111111-2222-3333-4444-555555555555', '1.0')))
    except rpcrt.DCERPCException as e:
        expect('abstract_syntax_not_supported' in str(e), f'{e}')
    else:
        expect(False, 'bound')


def test_a_second_context_calls_mgmt(stand):
    dce = bound(stand)
    other = dce.alter_ctx(uuidtup_to_bin((MGMT, '1.0')))
    answer = mgmt.hinq_if_ids(other)
    ids = {bin_to_string(i['Data']['Uuid']).lower() for i in answer['if_id_vector']['if_id']}
    expect(ECHO in ids, f'mgmt lists {ids}')
    expect_same(add_one(dce, 5), 6, 'AddOne on the first context')
    dce.disconnect()


def test_mgmt_of_both_servers(stand):
    for port, uuid in ((stand.echo_port, ECHO), (135, EPM)):
        dce = bound(stand, uuidtup_to_bin((MGMT, '1.0')), port)
        ids = {bin_to_string(i['Data']['Uuid']).lower() for i in mgmt.hinq_if_ids(dce)['if_id_vector']['if_id']}
        expect(uuid in ids, f'{port}: mgmt lists {ids}')
        expect_same(struct.unpack('<II', call(dce, 2, b'')), (0, 1), 'is_server_listening: status, truth')
        before, after = statistics(dce), statistics(dce)
        expect(len(before) == 4 and after[0] > before[0], f'calls in are counted: {before} then {after}')
        dce.disconnect()


def test_forty_connections_at_once(stand):
    connections = [bound(stand) for _ in range(40)]
    for n, dce in enumerate(connections):
        expect_same(add_one(dce, n), n + 1, 'AddOne')
    for dce in connections:
        dce.disconnect()


if __name__ == '__main__':
    harness.main(globals(), least=2000)
