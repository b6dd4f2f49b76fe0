#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A client generated from the published [MS-SRVS] lists the shares of a Samba server, held against what Samba's own
client reads there."""
import re

import harness
import samba_host
from harness import expect, expect_same, program

MANY = 300  # more than one fragment holds


def prepare(stand):
    conf = samba_host.configure(stand)
    with open(conf, 'a') as f:
        f.write('map to guest = Bad User\n')
        for name, comment in [('tools', 'Tools of the house'), ('Prüfstand', 'Größen: µm, €, 𝄞')] + [
                (f'share{i}', f'number {i}' if i % 2 else '') for i in range(MANY)]:
            f.write(f'[{name}]\npath = {stand.path}\ncomment = {comment}\nguest ok = yes\n')
    samba_host.start(stand)


def theirs(stand):
    out = stand.run('rpcclient', '-s', stand.path / 'samba/smb.conf', '-N', '-U%', 'ncacn_ip_tcp:127.0.0.1',
                    '-c', 'netshareenumall')
    return [tuple(m) for m in re.findall(r'^netname: (.*)\n\tremark:\t(.*)\n', out, re.M)]


def test_the_generated_client_lists_what_rpcclient_lists(stand):
    rows = [line.split('\t') for line in stand.run(program('list-shares'), 'ncacn_ip_tcp:127.0.0.1').splitlines()]
    expect_same([(name, remark) for name, kind, remark in rows], theirs(stand), 'names and remarks')
    expect_same(len(rows), MANY + 3, 'shares, IPC$ among them')
    kinds = {name: kind for name, kind, remark in rows}
    expect_same((kinds['tools'], kinds['IPC$']), ('disk', 'ipc'), 'kinds')
    remarks = {name: remark for name, kind, remark in rows}
    expect_same(remarks['Prüfstand'], 'Größen: µm, €, 𝄞', 'a remark beyond ASCII')


def test_a_host_without_the_service_is_an_error_with_its_phase(stand):
    out = stand.run(program('list-shares'), '--mapper-port', '1', 'ncacn_ip_tcp:127.0.0.1', ok=(1,))
    expect(out.startswith('discovery: '), out)


if __name__ == '__main__':
    harness.main(globals(), servers=(), least=10)
