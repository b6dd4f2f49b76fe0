#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""impacket's client as one side of run.py: CASE PORT. Stub data is packed once, and without its slow NDR classes where
the case allows it."""
import socket
import struct
import sys

import rounds
from impacket.dcerpc.v5 import epm, transport
from impacket.uuid import uuidtup_to_bin

ECHO = uuidtup_to_bin(('60a15ec5-4de8-11d7-a637-005056a20182', '1.0'))
NDR = uuidtup_to_bin(('8a885d04-1ceb-11c9-9fe8-08002b104860', '2.0'))
PAYLOAD = struct.pack('<II', 100, 100) + bytes(range(100))


def connect(port, interface):
    dce = transport.DCERPCTransportFactory(f'ncacn_ip_tcp:127.0.0.1[{port}]').get_dce_rpc()
    dce.connect()
    dce.bind(interface)
    return dce


def question(interface):
    """As hept_map makes it."""
    syntax, data, protocol = epm.EPMRPCInterface(), epm.EPMRPCDataRepresentation(), epm.EPMProtocolIdentifier()
    syntax['InterfaceUUID'] = interface[:16]
    syntax['MajorVersion'], syntax['MinorVersion'] = struct.unpack('<HH', interface[16:])
    data['DataRepUuid'] = NDR[:16]
    data['MajorVersion'], data['MinorVersion'] = struct.unpack('<HH', NDR[16:])
    protocol['ProtIdentifier'] = epm.FLOOR_RPCV5_IDENTIFIER
    port, host = epm.EPMPortAddr(), epm.EPMHostAddr()
    port['IpPort'], host['Ip4addr'] = 0, socket.inet_aton('0.0.0.0')
    tower = epm.EPMTower()
    tower['NumberOfFloors'] = 5
    tower['Floors'] = b''.join(f.getData() for f in (syntax, data, protocol, port, host))
    request = epm.ept_map()
    request['max_towers'] = 1
    request['map_tower']['tower_length'] = len(tower)
    request['map_tower']['tower_octet_string'] = tower.getData()
    request.fields['obj'].fields['ReferentID'] = 1
    request.fields['map_tower'].fields['ReferentID'] = 2
    return request


def once_of(case, port):
    if case == 'map-echo':
        dce, request = connect(port, epm.MSRPC_UUID_PORTMAP), question(ECHO)

        def map_once():
            assert dce.request(request)['num_towers'] == 1
        return map_once
    dce = connect(port, ECHO)
    opnum, stub = (2, bytes(8)) if case == 'null' else (1, PAYLOAD)

    def call_once():
        dce.call(opnum, stub)
        return dce.recv()
    assert case == 'null' or call_once()[4:] == PAYLOAD[8:]
    return call_once


rounds.serve(once_of(*sys.argv[1:]))
