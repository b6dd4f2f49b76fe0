#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each kind of bad input: the defined answer on the wire, and the next caller is served.

The answers are those of docs/states.md and tests/talk, here seen from outside, at the mapper and at the echo
server. mgmt is on both, so most of it is said to mgmt.
"""
import os
import struct
import time

import harness
from harness import expect, expect_same
from raw import (ALTER, ALTER_RESP, BIND_ACK, BIND_NAK, BOTH, ECHO, EPM, FAULT, FIRST, LAST, MGMT, NDR, NOBODY,
                 REQUEST, RESPONSE, Caller, bind, header, request, syntax)

PROTO_ERROR, UNKNOWN_IF, OP_RANGE, BAD_STUB, DENIED = 0x1c01000b, 0x1c010003, 0x1c010002, 0x6f7, 5
IS_LISTENING = 2


def is_served(port):
    with Caller(port) as c:
        c.send(bind(MGMT))
        expect_same(c.answer().ptype, BIND_ACK, 'the next caller\'s bind')
        c.send(request(IS_LISTENING))
        a = c.answer()
        expect_same((a.ptype, a.stub), (RESPONSE, struct.pack('<II', 0, 1)), 'the next caller\'s answer')


def at_both(test):
    def run(stand):
        for port in (135, stand.echo_port):
            with Caller(port) as c:
                test(c, port)
            is_served(port)
    return run


def bound(c, *interfaces, **more):
    c.send(bind(*(interfaces or (MGMT,)), **more))
    a = c.answer()
    expect(a is not None, 'closed instead of a bind_ack')
    expect_same(a.ptype, BIND_ACK, 'bind')
    return a


def expect_closed(c, *sent):
    c.send(*sent)
    a = c.answer()
    expect(a is None, f'{a} instead of the end of the connection')


def expect_nak(c, reason, *sent):
    c.send(*sent)
    a = c.answer()
    expect(a is not None, 'closed instead of a bind_nak')
    expect_same((a.ptype, a.reason), (BIND_NAK, reason), 'bind_nak and its reason')


def expect_fault(c, status, *sent, closes=False, call=2):
    c.send(*sent)
    a = c.answer()
    expect(a is not None, 'closed instead of a fault')
    expect_same((a.ptype, hex(a.status) if a.ptype == FAULT else a, a.call), (FAULT, hex(status), call), 'fault')
    if closes:
        expect_closed(c)
    return a


def still_answers(c, call=90, ctx=0):
    c.send(request(IS_LISTENING, ctx=ctx, call=call))
    a = c.answer()
    expect(a is not None, 'the connection ended')
    expect_same((a.ptype, a.call), (RESPONSE, call), 'the same connection goes on')


@at_both
def test_garbage_closes(c, port):
    expect_closed(c, b'GET / HTTP/1.1\r\nHost: example.test\r\n\r\n')


@at_both
def test_random_bytes_close(c, port):
    expect_closed(c, b'\xff' + os.urandom(300))


@at_both
def test_zeroes_close(c, port):
    expect_closed(c, bytes(64))


@at_both
def test_another_version_is_told_ours(c, port):
    expect_nak(c, 4, bind(MGMT, version=4))


@at_both
def test_half_a_header_then_the_end(c, port):
    c.send(bind(MGMT)[:7])


@at_both
def test_half_a_bind_then_the_end(c, port):
    c.send(bind(MGMT)[:40])


@at_both
def test_half_a_request_then_the_end(c, port):
    bound(c)
    c.send(request(IS_LISTENING)[:20])


@at_both
def test_a_length_below_the_header_closes(c, port):
    expect_closed(c, header(11, bytes(56), length=15))


@at_both
def test_a_length_of_nothing_closes(c, port):
    expect_closed(c, header(11, bytes(56), length=0))


@at_both
def test_a_length_over_our_limit_is_a_protocol_error(c, port):
    bound(c, frag=1432)
    expect_fault(c, PROTO_ERROR, request(IS_LISTENING, bytes(6000)), closes=True)


@at_both
def test_a_trailer_in_bind_is_not_recognized(c, port):
    b = bind(MGMT)[16:] + struct.pack('<BBBBI', 10, 2, 0, 0, 0) + bytes(16)
    expect_nak(c, 8, header(11, b, auth=16))


@at_both
def test_a_trailer_in_request_is_denied(c, port):
    bound(c)
    r = request(IS_LISTENING)[16:] + struct.pack('<BBBBI', 10, 6, 0, 0, 0) + bytes(16)
    expect_fault(c, DENIED, header(REQUEST, r, call=2, auth=16), closes=True)


@at_both
def test_an_auth_length_over_the_pdu_does_not_pass(c, port):
    bound(c)
    c.send(header(REQUEST, request(IS_LISTENING)[16:], call=2, auth=60000))
    a = c.answer()
    expect(a is None or a.ptype == FAULT, f'answered by {a}')


@at_both
def test_a_request_before_bind_is_a_protocol_error(c, port):
    expect_fault(c, PROTO_ERROR, request(IS_LISTENING), closes=True)


@at_both
def test_an_alter_context_before_bind_is_a_protocol_error(c, port):
    expect_fault(c, PROTO_ERROR, bind(MGMT, ptype=ALTER, call=2), closes=True)


@at_both
def test_a_pdu_that_only_servers_send_closes(c, port):
    bound(c)
    expect_closed(c, header(RESPONSE, bytes(8), call=2))


@at_both
def test_a_pdu_type_that_nobody_knows_closes(c, port):
    expect_closed(c, header(99, bytes(8)))


@at_both
def test_an_unknown_context_is_a_fault_and_the_connection_goes_on(c, port):
    bound(c)
    expect_fault(c, UNKNOWN_IF, request(IS_LISTENING, ctx=9))
    still_answers(c)


@at_both
def test_an_unknown_interface_is_refused_and_others_added(c, port):
    a = bound(c, NOBODY)
    expect_same(a.results, [(2, 1)], 'provider rejection, abstract syntax not supported')
    c.send(bind(MGMT, ptype=ALTER, call=2, first_id=1))
    a = c.answer()
    expect_same((a.ptype, a.results), (ALTER_RESP, [(0, 0)]), 'alter_context_resp')
    still_answers(c, ctx=1)


@at_both
def test_an_opnum_out_of_range_is_a_fault(c, port):
    bound(c)
    expect_fault(c, OP_RANGE, request(4711))
    still_answers(c)


@at_both
def test_truncated_stub_data_is_a_fault(c, port):
    bound(c)
    for stub in (b'', b'\1', b'\1\0\0'):
        expect_fault(c, BAD_STUB, request(1, stub))
    still_answers(c)


def test_every_prefix_of_a_lookup_is_a_fault(stand):
    whole = struct.pack('<IIII', 0, 0, 0, 1) + bytes(20) + struct.pack('<I', 500)
    with Caller(135) as c:
        bound(c, EPM)
        for n in range(len(whole)):
            expect_fault(c, BAD_STUB, request(2, whole[:n], call=2 + n), call=2 + n)
        c.send(request(2, whole, call=500))
        expect_same(c.answer().ptype, RESPONSE, 'the whole lookup')
    is_served(135)


def test_counts_that_lie_are_faults(stand):
    with Caller(stand.echo_port) as c:
        bound(c, ECHO)
        lies = [(5, 4, 4), (4, 5, 4), (4, 4, 3), (0xffffffff, 0xffffffff, 4), (0x80000000, 0x80000000, 0),
                (0x40000001, 0x40000001, 100), (0, 1, 1)]
        for i, (length, conformance, n) in enumerate(lies):
            expect_fault(c, BAD_STUB, request(1, struct.pack('<II', length, conformance) + bytes(n), call=2 + i),
                         call=2 + i)
        c.send(request(0, struct.pack('<I', 6), call=90))
        expect_same(c.answer().stub[:4], struct.pack('<I', 7), 'AddOne afterwards')
    is_served(stand.echo_port)


def test_a_tower_that_lies_is_refused(stand):
    for tower in (b'', b'\7\0' + bytes(60), b'\1\0\xff\xff' + bytes(30), struct.pack('<H', 0xffff)):
        pad = bytes(-len(tower) % 4)
        stub = struct.pack('<II', 0, 1) + struct.pack('<II', len(tower), len(tower)) + tower + pad + bytes(20)
        stub += struct.pack('<I', 4)
        with Caller(135) as c:
            bound(c, EPM)
            c.send(request(3, stub))
            a = c.answer()
            expect(a is not None and a.ptype in (RESPONSE, FAULT), f'answer {a}')
            if a.ptype == RESPONSE:
                expect(struct.unpack('<I', a.stub[-4:])[0] != 0, 'a lying tower is mapped')
        is_served(135)


@at_both
def test_a_request_over_the_limit_is_denied_and_ends(c, port):
    bound(c)
    piece = bytes(5000)
    c.send(request(1, piece, flags=FIRST))
    for _ in range(900):
        c.send(request(1, piece, flags=0))
    a = c.answer()
    expect(a is None or (a.ptype, a.status) == (FAULT, DENIED), f'answer {a}')


@at_both
def test_empty_fragments_without_end_are_bounded(c, port):
    bound(c)
    c.send(request(1, flags=FIRST), *[request(1, flags=0)] * 3000)
    c.send(request(1, struct.pack('<I', 1), flags=LAST))
    a = c.answer()
    expect(a is None or a.ptype in (RESPONSE, FAULT), f'answer {a}')


@at_both
def test_a_fragment_of_another_call_is_a_protocol_error(c, port):
    bound(c)
    c.send(request(1, bytes(2), flags=FIRST, call=200))
    expect_fault(c, PROTO_ERROR, request(1, bytes(2), flags=FIRST, call=201), call=201, closes=True)


@at_both
def test_an_alloc_hint_is_not_believed(c, port):
    bound(c)
    c.send(request(1, struct.pack('<I', 4), hint=0xffffffff))
    expect_same(c.answer().ptype, RESPONSE, 'answer')
    still_answers(c)


@at_both
def test_a_second_bind_is_refused(c, port):
    bound(c)
    expect_nak(c, 0, bind(MGMT, call=2))


@at_both
def test_an_unknown_group_is_refused(c, port):
    expect_nak(c, 0, bind(MGMT, group=0x7fffffff))


@at_both
def test_a_bind_that_promises_more_contexts_than_it_has_is_not_accepted(c, port):
    c.send(bind(MGMT, n=200))
    a = c.answer()
    expect(a is None or a.ptype == BIND_NAK, f'answer {a}')


@at_both
def test_too_many_contexts_are_refused(c, port):
    bound(c)
    for i in range(200):
        c.send(bind(MGMT, ptype=ALTER, call=2 + i, first_id=1 + i))
        a = c.answer()
        if a is None or a.ptype != ALTER_RESP or a.results[0][0] != 0:
            expect(i >= 100, f'refused already at {i + 1}')
            return
    expect(False, '200 contexts on one connection')


@at_both
def test_big_endian_calls_are_understood(c, port):
    c.send(bind(MGMT, big=True))
    expect_same(c.answer().ptype, BIND_ACK, 'bind')
    c.send(request(1, struct.pack('>I', 2), big=True))
    a = c.answer()
    expect_same((a.ptype, struct.unpack('<I', a.stub[:4])[0]), (RESPONSE, 2), 'inq_stats of two')


def echo_big(c, opnum, stub, call=2, **more):
    """A whole call in big-endian; the answer is ours, little-endian."""
    c.send(request(opnum, stub, big=True, call=call, **more))
    a = c.answer()
    expect(a is not None, 'closed')
    expect_same((a.ptype, a.call), (RESPONSE, call), f'opnum {opnum}')
    return a.stub


def test_big_endian_calls_of_every_shape_come_through(stand):
    with Caller(stand.echo_port) as c:
        c.send(bind(ECHO, big=True))
        expect_same(c.answer().ptype, BIND_ACK, 'bind')
        expect_same(echo_big(c, 0, struct.pack('>I', 0x01020304)), struct.pack('<I', 0x01020305), 'addone')
        data = bytes(range(251))
        expect_same(echo_big(c, 1, struct.pack('>II', 251, 251) + data, call=3)[:255],
                    struct.pack('<I', 251) + data, 'echodata')
        text = 'Größe\0'
        string = struct.pack('>III', len(text), 0, len(text)) + text.encode('utf-16-be')
        got = echo_big(c, 4, string, call=4)
        expect(text.encode('utf-16-le') in got, f'test_call: {got.hex()}')
        for level in range(1, 8):
            a = echo_big(c, 5, struct.pack('>H', level), call=4 + level)
            expect_same(struct.unpack('<H', a[:2])[0], level, 'the union\'s discriminant')
            expect_same(a[-4:], b'\0' * 4, 'test_call2')
        is_served(stand.echo_port)


def test_a_big_endian_request_may_come_in_fragments_and_with_an_object(stand):
    with Caller(stand.echo_port) as c:
        c.send(bind(ECHO, big=True))
        expect_same(c.answer().ptype, BIND_ACK, 'bind')
        data = bytes(i & 0xff for i in range(4000))
        stub = struct.pack('>II', 4000, 4000) + data
        parts = [stub[i:i + 1000] for i in range(0, len(stub), 1000)]
        for i, part in enumerate(parts):
            flags = (FIRST if i == 0 else 0) | (2 if i == len(parts) - 1 else 0)
            body = struct.pack('>IHH', len(stub), 0, 1) + bytes(range(16)) + part
            c.send(header(REQUEST, body, call=2, flags=flags | 0x80, big=True))
        a = c.answer()
        expect_same((a.ptype, a.stub[:4004]), (RESPONSE, struct.pack('<I', 4000) + data), 'echodata in fragments')
        is_served(stand.echo_port)


def test_the_byte_order_may_not_change_within_a_request(stand):
    with Caller(stand.echo_port) as c:
        bound(c, ECHO)
        c.send(header(REQUEST, struct.pack('<IHH', 8, 0, 0) + b'\0' * 8, call=2, flags=FIRST))
        c.send(header(REQUEST, struct.pack('>IHH', 8, 0, 0) + b'\0' * 8, call=2, flags=2, big=True))
        a = c.answer()
        expect(a is None or a.ptype == FAULT, f'answer {a}')
        is_served(stand.echo_port)


SIGNATURE = bytes.fromhex('8ae3137102f43671')


def vt_header2(call=2, ctx=0, opnum=0, ptype=REQUEST, drep=0x10, command=0x4003):
    return struct.pack('<HHB3xB3xIHH', command, 16, ptype, drep, call, ctx, opnum)


def vt_pcontext(interface=ECHO, transfer=NDR, command=0x0002):
    return struct.pack('<HH', command, 40) + syntax(interface) + syntax(transfer)


def test_a_verification_trailer_is_held_against_the_request(stand):
    number = struct.pack('<I', 7)
    for name, trailer, good in (
            ('pcontext and header2', vt_pcontext() + vt_header2(), True),
            ('bitmask', struct.pack('<HHI', 0x4001, 4, 0), True),
            ('a command nobody knows', struct.pack('<HHI', 0x4009, 4, 0), True),
            ('another opnum', vt_header2(opnum=1), False),
            ('another call', vt_header2(call=3), False),
            ('another context', vt_header2(ctx=1), False),
            ('another PDU', vt_header2(ptype=RESPONSE), False),
            ('another byte order', vt_header2(drep=0), False),
            ('another interface', vt_pcontext(MGMT, command=0x4002), False),
            ('another transfer syntax', vt_pcontext(transfer=MGMT, command=0x4002), False),
            ('header signing that was not in the bind', struct.pack('<HHI', 0x4001, 4, 1), False),
            ('a command that must be known', struct.pack('<HHI', 0xc009, 4, 0), False),
            ('an end that is missing', vt_pcontext(), False),
            ('no command at all', b'', False)):
        with Caller(stand.echo_port) as c:
            bound(c, ECHO)
            c.send(request(0, number + SIGNATURE + trailer))
            a = c.answer()
            expect(a is not None, f'{name}: closed')
            if good:
                expect_same((a.ptype, a.stub[:4]), (RESPONSE, struct.pack('<I', 8)), name)
            else:
                expect_same((a.ptype, a.status, a.flags & 0x20), (FAULT, DENIED, 0x20), name)
    is_served(stand.echo_port)


@at_both
def test_byte_by_byte_is_served_and_others_meanwhile(c, port):
    for n, b in enumerate(bind(MGMT) + request(IS_LISTENING)):
        c.send(bytes([b]))
        if n % 20 == 0:
            is_served(port)
        time.sleep(0.002)
    expect_same(c.answer().ptype, BIND_ACK, 'bind')
    expect_same(c.answer().ptype, RESPONSE, 'request')


@at_both
def test_sixty_callers_that_say_nothing_disturb_nobody(c, port):
    silent = [Caller(port) for _ in range(60)]
    is_served(port)
    for s in silent:
        s.socket.close()


if __name__ == '__main__':
    # nonsense is sent on purpose: tshark has nothing to judge here
    harness.main(globals(), judged=False)
