#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tokens, signatures and trailers that are wrong, in a logon with NTLM that is right until then.

usage: logons.py      SALLYPORT_BUILD names the build

Each gets the defined answer (docs/security.md, tests/talk/logon-*, signature-*), the next caller is served, and at the
end the server holds what it held before.
"""
import json
import os
import pathlib
import random
import struct
import subprocess
import sys

from impacket import ntlm
from impacket.ntlm import ARC4
from impacket.spnego import SPNEGO_NegTokenInit, TypesMech
from raw import (ALTER, ALTER_RESP, BIND_ACK, BIND_NAK, ECHO, FAULT, REQUEST, RESPONSE, Caller, bind, header, request)

BUILD = pathlib.Path(os.environ.get('SALLYPORT_BUILD', 'build')).resolve() / 'tests/hostile'
SEED = int(os.environ.get('LOGONS_SEED', random.randrange(1 << 30)))
AUTH3, SPNEGO, NTLM, CONNECT, INTEGRITY = 16, 9, 10, 2, 5
DENIED, PROTO_ERROR, CHANGED, BAD_STUB = 5, 0x1c01000b, 0x721, 0x6f7
NOT_READ, FAILED = 0, 9  # reasons of a bind_nak
KEPT = 5 << 20  # what the server's threads may keep for later: base/mem.h


def expect(what, *among):
    if what not in among:
        raise AssertionError(f'{what} and not {" or ".join(map(str, among))}')


def with_trailer(pdu, token, context=0, level=INTEGRITY, provider=NTLM, pad_says=None, length=None):
    """The PDU with a security trailer behind it."""
    pad = -len(pdu) % 4
    pdu += bytes(pad) + struct.pack('<BBBBI', provider, level, pad if pad_says is None else pad_says, 0, context) + token
    return pdu[:8] + struct.pack('<HH', len(pdu), len(token) if length is None else length) + pdu[12:]


def first_token():
    return ntlm.getNTLMSSPType1('', '', True, use_ntlmv2=True)


class Logon(Caller):
    """A connection, and what NTLM knows of it."""

    def begin(self, context=0, level=INTEGRITY, ptype=None, call=1):
        self.first = first_token()
        self.send(with_trailer(bind(ECHO, ptype=ptype or 11, call=call), self.first.getData(), context, level))
        answer = self.answer()
        expect(answer.ptype, BIND_ACK, ALTER_RESP)
        self.challenge = answer.body[-answer.auth:]
        return self

    def last_token(self, password='watchword'):
        token, key = ntlm.getNTLMSSPType3(self.first, self.challenge, 'guard', password, 'HOUSE', use_ntlmv2=True)
        self.flags, self.number = token['flags'], 0
        self.signing = ntlm.SIGNKEY(self.flags, key)
        self.sealing = ARC4.new(ntlm.SEALKEY(self.flags, key)).encrypt
        return token.getData()

    def end(self, token, context=0, level=INTEGRITY):
        self.send(with_trailer(header(AUTH3, bytes(4)), token, context, level))
        return self

    def signature(self, body):
        self.number += 1
        return ntlm.MAC(self.flags, self.sealing, self.signing, self.number - 1, body).getData()

    def add_one(self, n=41, call=2, **more):
        """A request without its trailer, and the signature over both."""
        pdu = request(0, struct.pack('<I', n), call=call)
        return pdu, self.signature(with_trailer(pdu, bytes(16), **more)[:-16])

    def told(self):
        """(type, status or reason), or what a closed connection is."""
        answer = self.answer()
        if answer is None:
            return 'closed'
        return (answer.ptype, answer.status if answer.ptype == FAULT else
                answer.reason if answer.ptype == BIND_NAK else struct.unpack('<I', answer.stub[:4])[0])

    def refuses(self, *among):
        expect(self.told(), *among)
        expect(self.answer(), None)


def logged_on(port, level=INTEGRITY):
    logon = Logon(port).begin(level=level)
    return logon.end(logon.last_token(), level=level)


def is_served(port):
    with logged_on(port) as c:
        c.send(with_trailer(*c.add_one()))
        expect(c.told(), (RESPONSE, 42))
        c.send(with_trailer(*c.add_one(call=3)))
        expect(c.told(), (RESPONSE, 42))


def first_tokens_of_every_length(port, dice):
    whole = first_token().getData()
    for n in [*range(1, len(whole) + 1), 100, 1000, 5000, 5700]:
        with Logon(port) as c:
            token = whole[:n] + dice.randbytes(max(0, n - len(whole)))
            c.send(with_trailer(bind(ECHO), token))
            answer = c.answer()
            if answer.ptype == BIND_ACK:
                expect(answer.auth > 0, True)
                expect(n >= 16, True)  # signature, type and flags
            else:
                expect((answer.ptype, answer.reason), (BIND_NAK, FAILED))
                expect(c.answer(), None)


def last_tokens_of_every_length(port, dice):
    with Logon(port).begin() as c:
        length = len(c.last_token())
    for n in range(1, length):
        with Logon(port).begin() as c:
            c.end(c.last_token()[:n])
            c.send(with_trailer(*c.add_one()))
            c.refuses((FAULT, DENIED))


def places(token, *fields):
    """Where in the message the bytes of these fields lie ([MS-NLMP] 2.2.1.3)."""
    for at in fields:
        n, _, offset = struct.unpack('<HHI', token[at:at + 8])
        yield from range(offset, offset + n)


def last_tokens_that_were_changed(port, dice):
    """This client makes no integrity code, so only what its password protects counts: response, domain, user, key."""
    for _ in range(150):
        with Logon(port).begin() as c:
            token = bytearray(c.last_token())
            token[dice.choice([*places(token, 20, 28, 36, 52)])] ^= 1 << dice.randrange(8)
            c.end(bytes(token))
            c.send(with_trailer(*c.add_one()))
            c.refuses((FAULT, DENIED), (FAULT, CHANGED))


def another_password(port, dice):
    with Logon(port).begin() as c:
        c.end(c.last_token('watchwords'))
        c.send(with_trailer(*c.add_one()))
        c.refuses((FAULT, DENIED))


def signatures_of_every_length(port, dice):
    for n in range(1, 65):
        with logged_on(port) as c:
            pdu, signature = c.add_one()
            c.send(with_trailer(pdu, (signature + bytes(64))[:n]))
            expect(c.told(), (RESPONSE, 42) if n == 16 else (FAULT, CHANGED))


def signatures_that_were_changed(port, dice):
    for bit in range(128):
        with logged_on(port) as c:
            pdu, signature = c.add_one()
            number = int.from_bytes(signature, 'little') ^ 1 << bit
            c.send(with_trailer(pdu, number.to_bytes(16, 'little')))
            c.refuses((FAULT, CHANGED))


def requests_said_again(port, dice):
    with logged_on(port) as c:
        pdu = with_trailer(*c.add_one())
        c.send(pdu)
        expect(c.told(), (RESPONSE, 42))
        c.send(pdu)
        c.refuses((FAULT, CHANGED))


def requests_without_a_trailer(port, dice):
    with logged_on(port) as c:
        c.send(c.add_one()[0])
        c.refuses((FAULT, DENIED))


def trailers_of_another_context(port, dice):
    for more in ({'context': 1}, {'level': 6}, {'level': CONNECT}, {'provider': 9}, {'provider': 68}):
        with logged_on(port) as c:
            c.send(with_trailer(*c.add_one(), **more))
            c.refuses((FAULT, DENIED))


def lengths_that_lie(port, dice):
    for length in [*range(0, 80), 1000, 5000, 5840, 0x7fff, 0x8000, 0xfff0, 0xffff]:
        for pdu in (bind(ECHO), bind(ECHO, ptype=ALTER, call=2), header(AUTH3, bytes(4)), None):
            with (Logon(port) if pdu and pdu[2] == 11 else logged_on(port)) as c:
                token = first_token().getData()
                if pdu is None:
                    pdu, token = c.add_one()
                if length == len(token):
                    continue
                c.send(with_trailer(pdu, token, context=3 if pdu[2] in (ALTER, AUTH3) else 0, length=length))
                answer = c.answer()
                if length == 0 and answer and answer.ptype in (BIND_ACK, ALTER_RESP):
                    continue  # no trailer, but some bytes too many
                if answer is None:
                    continue
                expect(answer.ptype, BIND_NAK if pdu[2] == 11 else FAULT)
                expect(c.answer(), None)


def padding_that_lies(port, dice):
    for pad in [1, 4, 5, 16, 100, 255]:
        with logged_on(port) as c:
            c.send(with_trailer(*c.add_one(pad_says=pad), pad_says=pad))
            expect(c.told(), (FAULT, BAD_STUB) if pad <= 4 else (FAULT, PROTO_ERROR))


def logons_until_it_is_enough(port, dice):
    with logged_on(port) as c:
        for i in range(1, 70):
            c.first = first_token()
            c.send(with_trailer(bind(ECHO, ptype=ALTER, call=1 + i), c.first.getData(), i))
            answer = c.answer()
            if answer.ptype == FAULT:
                expect((i, answer.status), (64, PROTO_ERROR))
                expect(c.answer(), None)
                return
            c.challenge = answer.body[-answer.auth:]
            c.end(c.last_token(), i)
        raise AssertionError('logons without end')


def logons_that_fail_until_it_is_enough(port, dice):
    with Logon(port).begin() as c:
        c.end(bytes(100))
        for i in range(1, 70):
            c.send(with_trailer(bind(ECHO, ptype=ALTER, call=1 + i), first_token().getData(), i))
            answer = c.answer()
            if answer.ptype == FAULT:
                expect((i, answer.status), (64, PROTO_ERROR))
                return
            c.end(bytes(100), i)
        raise AssertionError('logons without end')


def wrapped_token():
    """NTLM's first within SPNEGO's ([MS-SPNG], RFC 4178 4.2.1)."""
    token = SPNEGO_NegTokenInit()
    token['MechTypes'] = [TypesMech['NTLMSSP - Microsoft NTLM Security Support Provider']]
    token['MechToken'] = first_token().getData()
    return token.getData()


def taken_or_refused(port, token, provider):
    with Logon(port) as c:
        c.send(with_trailer(bind(ECHO), token, provider=provider))
        answer = c.answer()
        if answer.ptype == BIND_ACK:
            return True
        expect((answer.ptype, answer.reason), (BIND_NAK, FAILED))
        expect(c.answer(), None)
        return False


def wrapped_tokens_of_every_length(port, dice):
    whole = wrapped_token()
    expect(taken_or_refused(port, whole, SPNEGO), True)
    for n in range(1, len(whole)):
        expect(taken_or_refused(port, whole[:n], SPNEGO), False)


def wrapped_tokens_that_were_changed(port, dice):
    whole = wrapped_token()
    for _ in range(300):
        token = bytearray(whole)
        for _ in range(dice.randrange(1, 4)):
            token[dice.randrange(len(token))] = dice.choice((0, 1, 0x7f, 0x80, 0x84, 0xff, dice.randrange(256)))
        taken_or_refused(port, bytes(token), SPNEGO)


def wrapped_tokens_within_each_other(port, dice):
    """Lengths of lengths: as deep as a PDU is long."""
    token = b''
    for depth in range(1400):
        token = b'\x60' + length_of(token) + token if depth % 2 else b'\xa0' + length_of(token) + token
    expect(taken_or_refused(port, token[:5000], SPNEGO), False)
    expect(taken_or_refused(port, b'\x60\x84\xff\xff\xff\xff' + bytes(100), SPNEGO), False)
    expect(taken_or_refused(port, b'\x60\x88' + b'\xff' * 8 + bytes(100), SPNEGO), False)


def length_of(content):
    n = len(content)
    return bytes([n]) if n < 128 else b'\x82' + struct.pack('>H', n)


CASES = (first_tokens_of_every_length, last_tokens_of_every_length, last_tokens_that_were_changed, another_password,
         signatures_of_every_length, signatures_that_were_changed, requests_said_again, requests_without_a_trailer,
         trailers_of_another_context, lengths_that_lie, padding_that_lies, logons_until_it_is_enough,
         logons_that_fail_until_it_is_enough, wrapped_tokens_of_every_length, wrapped_tokens_that_were_changed,
         wrapped_tokens_within_each_other)


class Target:
    def __init__(self):
        self.process = subprocess.Popen([BUILD / 'target', '--timeout', '60000'], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1].strip(']\n'))

    def ask(self):
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def main():
    dice = random.Random(SEED)
    print(f'seed {SEED}')
    target = Target()
    for case in CASES:  # once for what is kept for later, by each of two loops: their timers are descriptors
        with logged_on(target.port):
            is_served(target.port)
    before = target.ask()
    for case in CASES:
        case(target.port, dice)
        is_served(target.port)
        print('ok', case.__name__, flush=True)
    for _ in range(600):
        after = target.ask()
        if after['descriptors'] <= before['descriptors'] and after['heap'] <= before['heap'] + KEPT:
            break
    else:
        raise AssertionError(f'{before} became {after}')
    target.process.stdin.close()
    expect(target.process.wait(60), 0)


try:
    main()
except AssertionError as e:
    print('FAILED', e)
    raise
