#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""impacket speaks NDR64 to our servers ([MS-RPCE] 3.3.1.5.6)."""
import struct

import epmlist
import harness
from harness import ECHO, EPM, MGMT, expect, expect_same
from impacket.dcerpc.v5 import epm, mgmt
from impacket.uuid import bin_to_string, uuidtup_to_bin
from impacket_peer import ECHO_SYNTAX, add_one, call

NDR64 = ('71710533-beba-4937-8319-b5dbef9ccc36', '1.0')


def test_mgmt_over_ndr64(stand):
    for port, uuid in ((stand.echo_port, ECHO), (135, EPM)):
        dce = epmlist.connect(f'ncacn_ip_tcp:127.0.0.1[{port}]')
        dce.bind(uuidtup_to_bin((MGMT, '1.0')), transfer_syntax=NDR64)
        expect_same(dce.transfer_syntax, uuidtup_to_bin(NDR64), 'transfer syntax')
        for _ in range(20):
            ids = {bin_to_string(i['Data']['Uuid']).lower() for i in mgmt.hinq_if_ids(dce)['if_id_vector']['if_id']}
            expect(uuid in ids, f'{port}: mgmt lists {ids}')
        dce.disconnect()


def test_echo_over_ndr64_has_counts_of_64_bits(stand):
    dce = epmlist.connect(f'ncacn_ip_tcp:127.0.0.1[{stand.echo_port}]')
    dce.bind(ECHO_SYNTAX, transfer_syntax=NDR64)
    for n in (0, 1, 7, 5000, 100000):
        data = bytes(i * 7 & 255 for i in range(n))
        answer = call(dce, 1, struct.pack('<IxxxxQ', n, n) + data)
        expect_same(struct.unpack('<Q', answer[:8])[0], n, 'count')
        expect(answer[8:8 + n] == data, f'{n} bytes came back different')
    expect_same(add_one(dce, 41), 42, 'AddOne')
    dce.disconnect()


def test_the_map_over_ndr64(stand):
    dce = epmlist.connect('ncacn_ip_tcp:127.0.0.1[135]')
    dce.bind(uuidtup_to_bin((EPM, '3.0')), transfer_syntax=NDR64)
    request = epm.ept_lookup()
    request['inquiry_type'] = epm.RPC_C_EP_ALL_ELTS
    request['object'] = request['Ifid'] = epm.NULL
    request['vers_option'] = epm.RPC_C_VERS_ALL
    request['max_ents'] = 500
    answer = dce.request(request)
    towers = [epm.EPMTower(b''.join(e['tower']['tower_octet_string'])) for e in answer['entries']]
    found = {bin_to_string(tower['Floors'][0]['InterfaceUUID']).lower() for tower in towers}
    expect(ECHO in found, f'the map lists {found}')
    dce.disconnect()


if __name__ == '__main__':
    # tshark's dissectors of mgmt and epm read NDR 2.0 whatever was negotiated, so it is no judge here
    harness.main(globals(), judged=False)
