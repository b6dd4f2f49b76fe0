# SPDX-License-Identifier: MIT
"""PDUs by hand, right and wrong: a socket, a few builders, a reader that believes nothing."""
import socket
import struct
import uuid

MGMT = ('afa8bd80-7d8a-11c9-bef4-08002b102989', 1, 0)
ECHO = ('60a15ec5-4de8-11d7-a637-005056a20182', 1, 0)
EPM = ('e1af8308-5d1f-11c9-91a4-08002b14a0fa', 3, 0)
NOBODY = ('11111111-2222-3333-4444-555555555555', 1, 0)
NDR = ('8a885d04-1ceb-11c9-9fe8-08002b104860', 2, 0)

REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, BIND_NAK, ALTER, ALTER_RESP = 0, 2, 3, 11, 12, 13, 14, 15
FIRST, LAST, BOTH = 1, 2, 3


def header(ptype, body, call=1, flags=BOTH, version=5, minor=0, big=False, length=None, auth=0, drep=None):
    order = '>' if big else '<'
    drep = (0 if big else 0x10) if drep is None else drep
    return struct.pack('BBBBBBBB', version, minor, ptype, flags, drep, 0, 0, 0) + struct.pack(
        order + 'HHI', len(body) + 16 if length is None else length, auth, call) + body


def syntax(s, big=False):
    u = uuid.UUID(s[0])
    return (u.bytes if big else u.bytes_le) + struct.pack(('>' if big else '<') + 'HH', s[1], s[2])


def bind(*interfaces, call=1, ptype=BIND, frag=5840, group=0, big=False, first_id=0, n=None, **more):
    order = '>' if big else '<'
    body = struct.pack(order + 'HHI', frag, frag, group)
    body += struct.pack('BBBB', len(interfaces) if n is None else n, 0, 0, 0)
    for i, interface in enumerate(interfaces):
        body += struct.pack(order + 'H', first_id + i) + b'\1\0' + syntax(interface, big) + syntax(NDR, big)
    return header(ptype, body, call=call, big=big, **more)


def request(opnum, stub=b'', ctx=0, call=2, hint=None, big=False, **more):
    body = struct.pack(('>' if big else '<') + 'IHH', len(stub) if hint is None else hint, ctx, opnum) + stub
    return header(REQUEST, body, call=call, big=big, **more)


class Answer:
    """One PDU from the server."""

    def __init__(self, bytes_):
        self.version, _, self.ptype, self.flags = bytes_[:4]
        self.length, self.auth, self.call = struct.unpack('<HHI', bytes_[8:16])
        self.body = bytes_[16:]

    @property
    def status(self):
        return struct.unpack('<I', self.body[8:12])[0]

    @property
    def reason(self):
        return struct.unpack('<H', self.body[:2])[0]

    @property
    def stub(self):
        return self.body[8:]

    @property
    def results(self):
        n, = struct.unpack('<H', self.body[8:10])
        at = 10 + n
        at += -at % 4
        return [struct.unpack('<HH', self.body[at + 4 + 24 * i:at + 8 + 24 * i]) for i in range(self.body[at])]

    def __repr__(self):
        return f'ptype {self.ptype} call {self.call} body {self.body[:24].hex()}'


class Caller:
    def __init__(self, port, host='127.0.0.1'):
        self.socket = socket.create_connection((host, port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *pdus):
        try:
            for pdu in pdus:
                self.socket.sendall(pdu)
        except (ConnectionResetError, BrokenPipeError):
            pass

    def exactly(self, n):
        got = b''
        while len(got) < n:
            try:
                more = self.socket.recv(n - len(got))
            except ConnectionResetError:
                more = b''
            if not more:
                return None
            got += more
        return got

    def answer(self):
        """The next PDU; None when the server has closed. A timeout is an exception."""
        head = self.exactly(16)
        if head is None:
            return None
        length, = struct.unpack('<H', head[8:10])
        rest = self.exactly(length - 16)
        return None if rest is None else Answer(head + rest)
