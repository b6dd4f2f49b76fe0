# SPDX-License-Identifier: MIT
"""The endpoint map as impacket reads it: sorted (uuid, version, protocol sequence, address, endpoint, annotation)."""
from impacket.dcerpc.v5 import epm, transport
from impacket.uuid import bin_to_string

PROTSEQS = {0x07: 'ncacn_ip_tcp', 0x08: 'ncadg_ip_udp', 0x0f: 'ncacn_np', 0x10: 'ncalrpc', 0x1f: 'ncacn_http'}


def connect(binding):
    dce = transport.DCERPCTransportFactory(binding).get_dce_rpc()
    dce.connect()
    return dce


def entry(found):
    floors = found['tower']['Floors']
    uuid = bin_to_string(floors[0]['InterfaceUUID']).lower()
    version = f"{floors[0]['MajorVersion']}.{floors[0]['MinorVersion']}"
    annotation = found['annotation'].decode() if isinstance(found['annotation'], bytes) else str(found['annotation'])
    binding = epm.PrintStringBinding(floors) or ''
    protseq, _, rest = binding.partition(':')
    address, _, endpoint = rest.partition('[')
    return uuid, version, protseq, address, endpoint.rstrip(']'), annotation.rstrip('\0')


def entries(host, **options):
    dce = connect(f'ncacn_ip_tcp:{host}[135]')
    try:
        return sorted(entry(e) for e in epm.hept_lookup(None, dce=dce, **options))
    except Exception as e:
        if 'ept_s_not_registered' in str(e):
            return []
        raise
    finally:
        dce.disconnect()
