#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A server that misbehaves in one way: odd.py PORT BEHAVIOUR [NUMBER]."""
import socket
import struct
import sys
import threading
import time
import uuid

import raw

ACCEPT, NO_SYNTAX = (0, 0), (2, 2)
NDR = b'\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\0\0\0'

MGMT = uuid.UUID(raw.MGMT[0]).bytes_le


def exactly(s, n):
    got = b''
    while len(got) < n:
        more = s.recv(n - len(got))
        if not more:
            raise ConnectionError
        got += more
    return got


def pdu(s):
    """(type, call id, body)"""
    head = exactly(s, 16)
    length, = struct.unpack('<H', head[8:10])
    return head[2], struct.unpack('<I', head[12:16])[0], exactly(s, length - 16)


def ack(body, call, results=None):
    """One result for each context; by default NDR is taken and nothing else."""
    n, at, answers = body[8], 12, []
    for i in range(n):
        syntax = body[at + 24:at + 44]
        answers.append(results or (ACCEPT if syntax == NDR else NO_SYNTAX))
        at += 24 + 20 * body[at + 2]
    out = struct.pack('<HHIHH', 5840, 5840, 7, 0, 0) + struct.pack('<BBH', n, 0, 0)
    for result, reason in answers:
        out += struct.pack('<HH', result, reason) + (NDR if result == 0 else bytes(20))
    return raw.header(raw.BIND_ACK, out, call=call)


def nak(call, reason):
    return raw.header(raw.BIND_NAK, struct.pack('<HBBBB', reason, 1, 5, 0, 0), call=call)


def context(request):
    return struct.unpack('<H', request[4:6])[0]


def fault(call, status, flags=0x03):
    return raw.header(raw.FAULT, struct.pack('<IHBBII', 32, 0, 0, 0, status, 0), call=call, flags=flags)


def extended(component, status, location):
    """One record: conformance of Params, Next, ComputerName, ProcessID, TimeStamp, component, status, location, flags, n."""
    record = struct.pack('<II', 0, 0)
    record += struct.pack('<IIII', 1, 1, 5, 0x20004) + struct.pack('<I', 4711) + struct.pack('<Q', 0x01d4f00000000000)
    record += struct.pack('<IIHHI', component, status, location, 0, 0)
    record += struct.pack('<I', 5) + 'HOST\0'.encode('utf-16le')
    body = struct.pack('<I', 0x20000) + record
    body += bytes(-len(body) % 8)
    return struct.pack('<BBHI', 1, 0x10, 8, 0xcccccccc) + struct.pack('<II', len(body), 0) + body


def fault_extended(call, status, blob):
    return raw.header(raw.FAULT, struct.pack('<IHBBII', 32 + len(blob), 0, 0, 1, status, 0) + blob, call=call)


def smb(s, statuses):
    """SMB 2 with these statuses of negotiate, session set-up, tree connect and create ([MS-SMB2] 2.2)."""
    signs = 3 if statuses.endswith(',signed') else 1
    want = [int(w, 16) for w in statuses.split(',')[:4]]
    when = int((time.time() + 11644473600) * 10000000)
    while True:
        length, = struct.unpack('>I', exactly(s, 4))
        message = exactly(s, length)
        command, = struct.unpack('<H', message[12:14])
        status, body = want[{0: 0, 1: 1, 3: 2, 5: 3}[command]], struct.pack('<HH', 9, 0) + bytes(60)
        if command == 0:
            body = struct.pack('<HHHH', 65, signs, 0x0210, 0) + bytes(16) + struct.pack('<IIIIQQHHI', 0, 65536, 65536, 65536, when, 0, 128, 0, 0)
        elif command == 1 and b'NTLMSSP\0\x01' in message:
            token = challenge('server', 0)
            status, body = 0xc0000016, struct.pack('<HHHH', 9, 0, 72, len(token)) + token
        out = message[:8] + struct.pack('<I', status) + message[12:16] + struct.pack('<I', 1) + message[20:36] + struct.pack(
            '<IQ', 7, 0x11) + bytes(16) + body
        s.sendall(struct.pack('>I', len(out)) + out)


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def binds(s, answer):
    """Answers binds by answer(call, body) and gives the first request's call id."""
    while True:
        ptype, call, body = pdu(s)
        if ptype == raw.REQUEST:
            return call
        s.sendall(answer(call, body) if ptype in (raw.BIND, raw.ALTER) else fault(call, 0x1c01000b))


def taken(call, body):
    return ack(body, call)


def as_alter(call, body):
    return ack(body, call)


def tower(address, port):
    """samr 1.0 by NDR over ncacn_ip_tcp there (C706 appendix I, L)."""
    samr = uuid.UUID('12345778-1234-abcd-ef00-0123456789ac').bytes_le

    def floor(left, right):
        return struct.pack('<H', len(left)) + left + struct.pack('<H', len(right)) + right
    return struct.pack('<H', 5) + floor(b'\x0d' + samr + b'\x01\0', b'\0\0') + floor(
        b'\x0d' + NDR[:18], b'\0\0') + floor(b'\x0b', b'\0\0') + floor(b'\x07', struct.pack('>H', port)) + floor(
            b'\x09', socket.inet_aton(address))


def challenge(name, skew):
    """The second message of NTLM, with the server's name and its clock ([MS-NLMP] 2.2.1.2)."""
    def pair(kind, value):
        return struct.pack('<HH', kind, len(value)) + value
    when = int((time.time() + skew + 11644473600) * 10000000)
    info = pair(1, name.upper().encode('utf-16le')) + pair(
        2, 'LAB'.encode('utf-16le')) + pair(4, 'lab'.encode('utf-16le')) + pair(3, f'{name}.lab'.encode('utf-16le')) + pair(
        7, struct.pack('<Q', when)) + pair(0, b'')
    target = name.upper().encode('utf-16le')
    return b'NTLMSSP\0' + struct.pack('<IHHII', 2, len(target), len(target), 56, 0xe2898235) + bytes(range(8)) + bytes(
        8) + struct.pack('<HHI', len(info), len(info), 56 + len(target)) + bytes(8) + target + info


def ack_with(call, body, name, skew):
    """A bind_ack that goes on with the logon ([MS-RPCE] 2.2.2.11)."""
    value, plain = challenge(name, skew), ack(body, call)[16:]
    pad, asked = -len(plain) % 4, body.index(b'NTLMSSP\0') - 8
    trailer = bytearray(body[asked:asked + 8])
    trailer[2] = pad
    return raw.header(raw.BIND_ACK, plain + bytes(pad) + bytes(trailer) + value, call=call, auth=len(value), flags=0x07)


def answer_to(call, body, name='server', skew=0):
    return ack_with(call, body, name, skew) if b'NTLMSSP\0' in body else ack(body, call)


def mapper(s, where):
    """ept_lookup: nothing; ept_map: that address and port; logons meet a name and a clock."""
    words = where.split(':')
    address, port, name, skew = words + ['server', '0'][len(words) - 2:]
    octets = tower(address, int(port))
    found = bytes(20) + struct.pack('<IIIII', 1, 64, 0, 1, 3) + struct.pack('<II', len(octets), len(octets)) + octets
    found += bytes(-len(found) % 4) + bytes(4)
    nothing = bytes(20) + struct.pack('<IIII', 0, 500, 0, 0) + struct.pack('<I', 0x16c9a0d6)
    while True:
        ptype, call, body = pdu(s)
        if ptype == raw.BIND:
            s.sendall(answer_to(call, body, name, int(skew)))
            continue
        if ptype != raw.REQUEST:
            continue
        stub = found if struct.unpack('<H', body[6:8])[0] == 3 else nothing
        s.sendall(raw.header(raw.RESPONSE, struct.pack('<IHH', len(stub), 0, 0) + stub, call=call))


def serve(s, how, number):
    if how == 'map':
        mapper(s, number)
        return
    if how == 'smb':
        smb(s, number)
        return
    if how == 'accept':
        binds(s, lambda call, body: ack(body, call) if body[12 + 4:12 + 20] != MGMT else ack(body, call, (2, 1)))
        return
    number = int(number, 0)
    if how == 'logon':  # whoever logs on is refused at the first call
        while True:
            ptype, call, body = pdu(s)
            if ptype == raw.BIND:
                s.sendall(answer_to(call, body))
            elif ptype == raw.ALTER:
                answer = ack(body, call)
                s.sendall(answer[:2] + bytes([raw.ALTER_RESP]) + answer[3:])
            elif ptype == raw.REQUEST:
                s.sendall(fault(call, number, flags=0x23))
    elif how == 'extended':  # a location of Winsock's
        call = binds(s, taken)
        while True:
            s.sendall(fault_extended(call, 1721, extended(8, 1721, number)))
            call = binds(s, taken)
    elif how == 'partly':  # all of management but its first operation
        while True:
            ptype, call, body = pdu(s)
            if ptype != raw.REQUEST:
                s.sendall(ack(body, call))
            elif struct.unpack('<H', body[6:8])[0] == 2:
                s.sendall(raw.header(raw.RESPONSE, struct.pack('<IHHII', 8, context(body), 0, 0, 1), call=call))
            else:
                s.sendall(fault(call, number))
    elif how == 'slow':
        while True:
            ptype, call, body = pdu(s)
            if ptype != raw.REQUEST:
                s.sendall(ack(body, call))
                continue
            opnum = struct.unpack('<H', body[6:8])[0]
            if opnum == 0:
                time.sleep(number / 1000)
            s.sendall(fault(call, 0x1c010002) if opnum == 1 else
                      raw.header(raw.RESPONSE, struct.pack('<IHHII', 8, context(body), 0, 0, opnum // 2), call=call))
    if how == 'reject':
        binds(s, lambda call, body: ack(body, call, (2, number)))
    elif how == 'nak':
        binds(s, lambda call, body: nak(call, number))
    elif how == 'bind-fault':
        binds(s, lambda call, body: fault(call, number))
    elif how == 'garble':
        pdu(s)
        s.sendall(raw.header(raw.BIND_ACK, bytes(8), length=200) + bytes(10))
    elif how == 'alg':  # a firewall that knows one context only
        call, body = pdu(s)[1:]
        if body[8] > 1:
            return
        s.sendall(ack(body, call))
        s.sendall(fault(binds(s, taken), 5))
    elif how == 'fault':
        call = binds(s, taken)
        while True:
            s.sendall(fault(call, number))
            call = binds(s, taken)
    elif how == 'fault-dne':
        call = binds(s, taken)
        while True:
            s.sendall(fault(call, number, flags=0x23))
            call = binds(s, taken)
    elif how == 'die':
        binds(s, taken)
    elif how == 'mute':
        while s.recv(4096):
            pass
    elif how == 'http':
        s.recv(4096)
        s.sendall(b'HTTP/1.1 400 Bad Request\r\nServer: something\r\n\r\n')
    elif how == 'banner':
        s.sendall(b'220 mail.example ESMTP ready when you are\r\n')
        s.recv(4096)
    elif how == 'reset':
        s.recv(4096)
        reset(s)


def connection(s, how, number):
    try:
        s.settimeout(20)
        serve(s, how, number)
    except (ConnectionError, OSError):
        pass
    finally:
        s.close()


def main(port, how, number='0'):
    listener = socket.create_server(('', int(port)))
    print('ready', flush=True)
    while True:
        s = listener.accept()[0]
        threading.Thread(target=connection, args=(s, how, number), daemon=True).start()


main(*sys.argv[1:])
