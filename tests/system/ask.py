#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Asks a mapper with impacket and says exactly what is in its answers.

usage: ask.py map HOST UUID,VERSION [MAX]   one line a tower: ADDRESS PORT, in the order of the answer
       ask.py list HOST                     one line an entry: UUID ADDRESS PORT (ncacn_ip_tcp only)
       ask.py mgmt HOST                     "served" when the management interface answers
       ask.py refused HOST                  by hand: "fault 5, closed" when a call ends with that and the connection
       ask.py map-timed SECONDS HOST UUID,VERSION    asks until the time is over; N answers
A refusal is one line: "fault NAME-OR-NUMBER", nothing found: "not registered".
"""
import socket
import sys
import time

import raw
from impacket.dcerpc.v5 import epm, mgmt, transport
from impacket.uuid import bin_to_string, uuidtup_to_bin

NDR = ('8a885d04-1ceb-11c9-9fe8-08002b104860', '2.0')


def connect(host, bound=True):
    dce = transport.DCERPCTransportFactory(f'ncacn_ip_tcp:{host}[135]').get_dce_rpc()
    dce.connect()
    if bound:
        dce.bind(epm.MSRPC_UUID_PORTMAP)
    return dce


def syntax_floor(kind, uuid, version):
    floor = kind()
    data = uuidtup_to_bin((uuid, version))
    floor['InterfaceUUID' if kind is epm.EPMRPCInterface else 'DataRepUuid'] = data[:16]
    floor['MajorVersion'] = int.from_bytes(data[16:18], 'little')
    floor['MinorVersion'] = int.from_bytes(data[18:20], 'little')
    return floor.getData()


def question(uuid, version):
    protocol, port, address = epm.EPMProtocolIdentifier(), epm.EPMPortAddr(), epm.EPMHostAddr()
    protocol['ProtIdentifier'] = epm.FLOOR_RPCV5_IDENTIFIER
    port['IpPort'] = 0
    address['Ip4addr'] = socket.inet_aton('0.0.0.0')
    tower = epm.EPMTower()
    tower['NumberOfFloors'] = 5
    tower['Floors'] = syntax_floor(epm.EPMRPCInterface, uuid, version) + \
        syntax_floor(epm.EPMRPCDataRepresentation, *NDR) + protocol.getData() + port.getData() + address.getData()
    return tower


def place(tower):
    """(address, port) of a tower of ncacn_ip_tcp; None for others."""
    floors = tower['Floors']
    if len(floors) != 5 or floors[3]['ProtocolData'][:1] != b'\x07':
        return None
    return socket.inet_ntoa(floors[4]['RelatedData']), int.from_bytes(floors[3]['RelatedData'], 'big')


def map_once(dce, uuid, version, most):
    request = epm.ept_map()
    tower = question(uuid, version)
    request['max_towers'] = most
    request['map_tower']['tower_length'] = len(tower)
    request['map_tower']['tower_octet_string'] = tower.getData()
    answer = dce.request(request)
    towers = [epm.EPMTower(b''.join(t['Data']['tower_octet_string'])) for t in answer['ITowers'][:answer['num_towers']]]
    return [place(t) for t in towers]


def list_all(host):
    for entry in epm.hept_lookup(None, dce=connect(host, bound=False)):
        at = place(entry['tower'])
        if at:
            print(bin_to_string(entry['tower']['Floors'][0]['InterfaceUUID']).lower(), *at)


def main(what, *args):
    try:
        if what == 'list':
            list_all(*args)
        elif what == 'map':
            uuid, version = args[1].split(',')
            for at in map_once(connect(args[0]), uuid, version, int(args[2]) if len(args) > 2 else 16):
                print(*at)
        elif what == 'refused':
            with raw.Caller(135, args[0]) as caller:
                caller.send(raw.bind(raw.EPM))
                caller.answer()
                caller.send(raw.request(5))
                answer = caller.answer()
                print(('fault' if answer.ptype == raw.FAULT else 'answer'), f'{answer.status},',
                      'closed' if caller.answer() is None else 'open')
        elif what == 'mgmt':
            dce = connect(args[0], bound=False)
            dce.bind(mgmt.MSRPC_UUID_MGMT)
            mgmt.hinq_if_ids(dce)
            print('served')
        elif what == 'map-timed':
            dce, n, end = connect(args[1]), 0, time.monotonic() + float(args[0])
            uuid, version = args[2].split(',')
            while time.monotonic() < end:
                n += len(map_once(dce, uuid, version, 1)) == 1
            print(n, 'answers')
    except Exception as e:
        text = str(e)
        if 'ept_s_not_registered' in text:
            print('not registered')
        elif 'code' in text or 'fault' in text.lower() or 'denied' in text or 'busy' in text:
            print('fault', text)
        else:
            raise


if __name__ == '__main__':
    main(*sys.argv[1:])
