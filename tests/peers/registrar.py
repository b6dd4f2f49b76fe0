# SPDX-License-Identifier: MIT
"""A server's session to the mapper by hand: registers any number of interfaces at ports that it listens on."""
import random
import socket
import struct
import uuid

import raw

BATCH = 30  # entries that go into one fragment


class LocalCaller(raw.Caller):
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.settimeout(20)


def floor(left, right):
    return struct.pack('<H', len(left)) + left + struct.pack('<H', len(right)) + right


def syntax_floor(syntax):
    packed = raw.syntax(syntax)
    return floor(b'\x0d' + packed[:18], packed[18:20])


def tower(interface, port):
    return struct.pack('<H', 5) + syntax_floor(interface) + syntax_floor(raw.NDR) + floor(b'\x0b', b'\0\0') + \
        floor(b'\x07', struct.pack('>H', port)) + floor(b'\x09', bytes(4))


def entries_stub(entries):
    """num_ents and entries[] of ept_insert and ept_delete: (interface, port, annotation, object)."""
    stub = struct.pack('<II', len(entries), len(entries))
    for i, (_, _, annotation, obj) in enumerate(entries):
        text = annotation.encode() + b'\0'
        stub += uuid.UUID(obj).bytes_le + struct.pack('<III', i + 1, 0, len(text)) + text
        stub += bytes(-len(stub) % 4)
    for interface, port, _, _ in entries:
        octets = tower(interface, port)
        stub += struct.pack('<II', len(octets), len(octets)) + octets
        stub += bytes(-len(stub) % 4)
    return stub


class Session:
    def __init__(self, path):
        self.caller = LocalCaller(path)
        self.caller.send(raw.bind(raw.EPM))
        assert self.caller.answer().ptype == raw.BIND_ACK
        self.calls = 1

    def call(self, opnum, stub):
        """The status at the end of the answer; a fault's is negative."""
        self.calls += 1
        self.caller.send(raw.request(opnum, stub, call=self.calls))
        answer = self.caller.answer()
        return -answer.status if answer.ptype == raw.FAULT else struct.unpack('<I', answer.stub[-4:])[0]

    def insert(self, entries, replace=0):
        for at in range(0, len(entries), BATCH):
            status = self.call(0, entries_stub(entries[at:at + BATCH]) + struct.pack('<I', replace))
            if status:
                return status
        return 0

    def delete(self, entries):
        return self.call(1, entries_stub(entries))

    def close(self):
        self.caller.socket.close()


NIL = '00000000-0000-0000-0000-000000000000'


def many(n, ports, seed=1):
    """n different entries at these ports, some with an object, some of the same interface in several versions."""
    dice = random.Random(seed)
    ids = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(n)]
    made = {}
    while len(made) < n:
        interface = (dice.choice(ids), dice.randrange(4), dice.randrange(3))
        entry = (interface, dice.choice(ports), f'service {len(made)}'[:dice.randrange(4, 20)],
                 NIL if dice.random() < 0.8 else dice.choice(ids))
        made.setdefault((interface, entry[1], entry[3]), entry)
    return list(made.values())
