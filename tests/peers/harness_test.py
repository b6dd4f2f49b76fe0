#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The harness must notice: a broken server, a malformed frame, an empty capture, a program that is missing.

Samba is the sound server here, so this also says that the judge lets good traffic pass.
"""
import socket
import struct
import threading

import epmlist
import harness
import samba_host
from harness import Failure, expect


def broken_server(answer):
    """Answers whatever comes with the bytes given; the port."""
    s = socket.create_server(('127.0.0.1', 0))

    def serve():
        while True:
            c, _ = s.accept()
            c.recv(4096)
            c.sendall(answer)
            c.close()
    threading.Thread(target=serve, daemon=True).start()
    return s.getsockname()[1]


BIND = (struct.pack('<BBBBIHHI', 5, 0, 11, 3, 0x10, 72, 0, 1) + struct.pack('<HHII', 5840, 5840, 0, 1) +
        struct.pack('<HBB', 0, 1, 0) + bytes(16) + struct.pack('<I', 1) +
        bytes.fromhex('045d888aeb1cc9119fe808002b104860') + struct.pack('<I', 2))


def judged(answer=None, traffic=None, least=1):
    stand = harness.Stand()
    try:
        stand.start_capture()
        ports = set()
        if answer is not None:
            ports = {broken_server(answer)}
            c = socket.create_connection(('127.0.0.1', *ports))
            c.sendall(BIND)
            c.recv(4096)
            c.close()
        if traffic:
            traffic(stand)
        stand.our_ports = lambda: ports
        return stand.judge(least)
    finally:
        stand.stop()


def test_a_bind_ack_that_ends_too_early_is_found(stand):
    found = judged(struct.pack('<BBBBIHHI', 5, 0, 12, 3, 0x10, 60, 0, 1) + struct.pack('<HHIH', 5840, 5840, 1, 40) +
                   b'135\0' + bytes(30))
    expect(found, 'the judge is content')


def test_an_empty_capture_is_found(stand):
    expect(judged(), 'the judge is content')


def test_samba_at_work_is_no_finding(stand):
    def traffic(s):
        samba_host.start(s)
        epmlist.entries('127.0.0.1')
        s.run('rpcclient', '-s', s.path / 'samba/smb.conf', '-N', '-U%', 'ncacn_ip_tcp:127.0.0.1[135]', '-c', 'epmlookup')
    found = judged(traffic=traffic, least=10)
    expect(not found, f'{found}')


def test_a_missing_program_is_a_failure(stand):
    harness.PROGRAMS['nobody'] = ['no/such/program']
    try:
        harness.program('nobody')
    except Failure:
        return
    expect(False, 'not noticed')


def test_a_failing_client_is_a_failure(stand):
    try:
        stand.run('/bin/sh', '-c', 'echo broken; exit 3')
    except Failure as e:
        expect('broken' in str(e), 'its words are kept')
        return
    expect(False, 'not noticed')


if __name__ == '__main__':
    harness.main(globals(), servers=(), judged=False)
