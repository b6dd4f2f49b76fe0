#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A name server with faults: names.py ADDRESS ZONE.json, which is read anew for each question.

The zone: {"name": {"A": [...], "AAAA": [...], "SRV": [...], "PTR": [...]} or "servfail", "refused", "silent"}; "*" is
for all names that are not there; without it they do not exist."""
import json
import socket
import struct
import sys

TYPES = {1: 'A', 28: 'AAAA', 33: 'SRV', 12: 'PTR', 5: 'CNAME'}


def encode(name):
    return b''.join(bytes([len(p)]) + p.encode() for p in name.split('.') if p) + b'\0'


def record(kind, value):
    if kind == 'A':
        return socket.inet_pton(socket.AF_INET, value)
    if kind == 'AAAA':
        return socket.inet_pton(socket.AF_INET6, value)
    return (struct.pack('>HHH', 0, 100, 389) if kind == 'SRV' else b'') + encode(value)


def answer(question, zone):
    at, labels = 12, []
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
        at += question[at] + 1
    kind, = struct.unpack('>H', question[at + 1:at + 3])
    entry = zone.get('.'.join(labels), zone.get('*', 'nxdomain'))
    if entry == 'silent':
        return None
    if not isinstance(entry, str):
        entry = entry.get(TYPES.get(kind), [])
    rcode = {'nxdomain': 3, 'servfail': 2, 'refused': 5}.get(entry, 0) if isinstance(entry, str) else 0
    values = [] if isinstance(entry, str) else entry
    out = question[:2] + struct.pack('>HHHHH', 0x8580 | rcode, 1, len(values), 0, 0) + question[12:at + 5]
    for value in values:
        data = record(TYPES[kind], value)
        out += b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, 60, len(data)) + data
    return out


def main(address, path):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 53))
    print('ready', flush=True)
    while True:
        question, peer = s.recvfrom(1500)
        with open(path, encoding='utf-8') as f:
            reply = answer(question, json.load(f))
        if reply:
            s.sendto(reply, peer)


main(*sys.argv[1:])
