#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Samba's client library, as python3-samba gives it, as one side of run.py: CASE PORT SMB.CONF. Everything that can be made
once is made once: what is measured is calls."""
import sys
import uuid

import rounds
from samba.credentials import Credentials
from samba.dcerpc import echo, epmapper, misc
from samba.param import LoadParm

NDR = '8a885d04-1ceb-11c9-9fe8-08002b104860'
PAYLOAD = list(range(100))


def floor(protocol, data, rhs):
    f = epmapper.epm_floor()
    f.lhs.protocol, f.lhs.lhs_data, f.rhs = protocol, data, rhs
    return f


def tower_of(interface, version):
    minor = epmapper.epm_rhs_uuid()
    minor.unknown = bytes(2)
    tcp, ip = epmapper.epm_rhs_tcp(), epmapper.epm_rhs_ip()
    tcp.port, ip.ipaddr = 0, '0.0.0.0'
    tower = epmapper.epm_twr_t()
    tower.tower.floors = [
        floor(0x0d, uuid.UUID(interface).bytes_le + version.to_bytes(2, 'little'), minor),
        floor(0x0d, uuid.UUID(NDR).bytes_le + (2).to_bytes(2, 'little'), minor),
        floor(0x0b, b'', epmapper.epm_rhs_ncacn()),
        floor(0x07, b'', tcp),
        floor(0x09, b'', ip),
    ]
    tower.tower.num_floors = 5
    return tower


def once_of(case, port, conf):
    lp = LoadParm(conf)
    creds = Credentials()
    creds.guess(lp)
    creds.set_anonymous()
    binding = f'ncacn_ip_tcp:127.0.0.1[{port}]'
    if case == 'map-echo':
        mapper = epmapper.epmapper(binding, lp, creds)
        nil, tower, handle = misc.GUID(), tower_of('60a15ec5-4de8-11d7-a637-005056a20182', 1), misc.policy_handle()

        def map_once():
            _, towers, status = mapper.epm_Map(nil, tower, handle, 1)
            assert status == 0 and len(towers) == 1
        return map_once
    server = echo.rpcecho(binding, lp, creds)
    if case == 'null':
        return lambda: server.SinkData([])
    assert server.EchoData(PAYLOAD) == PAYLOAD
    return lambda: server.EchoData(PAYLOAD)


rounds.serve(once_of(*sys.argv[1:]))
