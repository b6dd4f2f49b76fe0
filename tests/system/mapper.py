# SPDX-License-Identifier: MIT
"""ept_map by hand, over tests/hostile/raw.py: small enough for clients whose servers are killed under them."""
import struct

import raw
from registrar import tower

NOT_REGISTERED = 0x16c9a0d6


class Refused(Exception):
    """A fault, a closed connection, an answer that makes no sense."""


def port_of(octets):
    """Of a tower of ncacn_ip_tcp: the last floor, the address, is 9 bytes."""
    return struct.unpack('>H', octets[-11:-9])[0] if len(octets) == len(tower(raw.NDR, 0)) else None


class Mapper:
    def __init__(self, host='127.0.0.1', port=135):
        self.caller = raw.Caller(port, host)
        self.caller.socket.settimeout(5)
        self.calls = 1
        self.caller.send(raw.bind(raw.EPM))
        answer = self.caller.answer()
        if answer is None or answer.ptype != raw.BIND_ACK:
            raise Refused(f'bind: {answer}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.caller.socket.close()

    def call(self, opnum, stub):
        self.calls += 1
        self.caller.send(raw.request(opnum, stub, call=self.calls))
        got = b''
        while True:
            answer = self.caller.answer()
            if answer is None or answer.ptype != raw.RESPONSE:
                raise Refused(f'opnum {opnum}: {answer}')
            got += answer.stub
            if answer.flags & raw.LAST:
                return got

    def map(self, interface, most=16):
        """Ports, in the order of the answer."""
        asked = tower(interface, 0)
        stub = struct.pack('<I', 1) + bytes(16) + struct.pack('<III', 2, len(asked), len(asked)) + asked
        stub += bytes(-len(stub) % 4) + bytes(20) + struct.pack('<I', most)
        answer = self.call(3, stub)
        status, = struct.unpack('<I', answer[-4:])
        n, largest, offset, actual = struct.unpack('<IIII', answer[20:36])
        if status == NOT_REGISTERED:
            return []
        if status or n != actual or offset or largest != most:
            raise Refused(f'ept_map: status {status:#x}, {n} of {actual} towers')
        at, ports = 36 + 4 * actual, []
        for _ in range(actual):
            length, again = struct.unpack('<II', answer[at:at + 8])
            octets = answer[at + 8:at + 8 + length]
            at += 8 + length + -length % 4
            if length != again or len(octets) != length:
                raise Refused('a tower that is cut off')
            ports.append(port_of(octets))
        return ports
