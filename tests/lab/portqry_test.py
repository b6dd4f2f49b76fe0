#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""PortQry's words and exit statuses, line by line, as its documentation shows them."""
import re
import subprocess

import harness
from harness import ECHO, expect, expect_same, program


def portqry(stand, *words, status):
    r = subprocess.run([program('sallyport'), 'portqry', *words], stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, env=stand.env, timeout=60)
    expect_same(r.returncode, status, f'exit status of portqry {" ".join(words)}\n{r.stdout}{r.stderr}')
    return r.stdout, r.stderr


def lines_in_order(text, *wanted):
    """Each of these lines, in this order, whatever stands between."""
    lines = iter(text.splitlines())
    for line in wanted:
        expect(line in lines, f'"{line}" at its place in:\n{text}')


def test_the_mapper_s_port_is_followed_by_its_map(stand):
    out, _ = portqry(stand, '-n', 'localhost', '-e', '135', status=0)
    lines_in_order(out, 'Querying target system called:', '', ' localhost', '',
                   'Attempting to resolve name to IP address...', 'Name resolved to 127.0.0.1', 'querying...',
                   'TCP port 135 (epmap service): LISTENING', 'Using ephemeral source port',
                   'Querying Endpoint Mapper Database...', "Server's response:",
                   '==== End of RPC Endpoint Mapper query response ====')
    expect(re.search(rf'^UUID: {ECHO} .*\nncacn_ip_tcp:127\.0\.0\.1\[\d+\]$', out, re.M), f'the echo server in:\n{out}')
    total = int(re.search(r'^Total endpoints found: (\d+)$', out, re.M).group(1))
    expect_same(len(re.findall('^UUID: ', out, re.M)), total, 'as many endpoints as it says')


def test_an_address_is_resolved_to_a_name_unless_nr(stand):
    out, _ = portqry(stand, '-n', '127.0.0.1', '-e', '1', status=1)
    lines_in_order(out, ' 127.0.0.1', 'Attempting to resolve IP address to a name...', 'querying...',
                   'TCP port 1 (tcpmux service): NOT LISTENING')
    out, _ = portqry(stand, '-n', '127.0.0.1', '-e', '1', '-nr', status=1)
    expect('resolve' not in out, out)


def test_several_ports_and_ranges_come_in_their_order(stand):
    out, _ = portqry(stand, '-n', 'localhost', '-o', '445,135,1094', status=1)
    lines_in_order(out, 'TCP port 445 (microsoft-ds service): NOT LISTENING', 'TCP port 135 (epmap service): LISTENING',
                   'TCP port 1094 (rootd service): NOT LISTENING')
    for form in '134:136', '134;136':
        out, _ = portqry(stand, '-n', 'localhost', '-r', form, status=1)
        lines_in_order(out, 'TCP port 134 (unknown service): NOT LISTENING', 'TCP port 135 (epmap service): LISTENING',
                       'TCP port 136 (unknown service): NOT LISTENING')
        expect('Endpoint Mapper' not in out, 'a range never asks the mapper')


def test_quiet_answers_by_exit_status_alone(stand):
    for port, status in (('135', 0), ('136', 1)):
        out, err = portqry(stand, '-n', 'localhost', '-e', port, '-q', status=status)
        expect_same((out, err), ('', ''), 'nothing is printed')
    _, err = portqry(stand, '-n', 'localhost', '-e', '135', '-p', 'both', '-q', status=64)
    expect('one protocol' in err, err)


def test_silence_is_filtered(stand):
    subprocess.run(['nft', 'add table ip f; add chain ip f i { type filter hook input priority 0; }; '
                    'add rule ip f i tcp dport 445 drop; add rule ip f i udp dport 137 drop'], check=True)
    try:
        out, _ = portqry(stand, '-n', 'localhost', '-e', '445', '-p', 'both', status=2)
        lines_in_order(out, 'TCP port 445 (microsoft-ds service): FILTERED')
        out, _ = portqry(stand, '-n', 'localhost', '-e', '137', '-p', 'UDP', status=2)
        lines_in_order(out, 'UDP port 137 (netbios-ns service): LISTENING or FILTERED')
        portqry(stand, '-n', 'localhost', '-e', '445', '-q', status=2)
    finally:
        subprocess.run(['nft', 'delete table ip f'], check=True)
    out, _ = portqry(stand, '-n', 'localhost', '-e', '137', '-p', 'udp', status=1)
    lines_in_order(out, 'UDP port 137 (netbios-ns service): NOT LISTENING')


def test_everything_goes_to_a_file_as_well(stand):
    path = stand.path / 'portqry.txt'
    out, _ = portqry(stand, '-n', 'localhost', '-e', '135', '-l', str(path), status=0)
    expect_same(path.read_text(), out, 'the file')
    _, err = portqry(stand, '-n', 'localhost', '-e', '135', '-l', str(path), status=3)
    expect('-y' in err, err)
    portqry(stand, '-n', 'localhost', '-e', '135', '-l', str(path), '-y', status=0)


def test_a_source_port_is_said_and_used(stand):
    out, _ = portqry(stand, '-n', 'localhost', '-e', '135', '-sp', '3001', status=0)
    lines_in_order(out, 'Using source port 3001')


def test_a_name_that_nobody_knows_ends_it(stand):
    out, _ = portqry(stand, '-n', 'no.such.host.invalid', '-e', '135', status=3)
    lines_in_order(out, ' no.such.host.invalid', 'Failed to resolve name to IP address')


def test_wrong_words_are_met_with_the_right_ones(stand):
    _, err = portqry(stand, '-n', 'localhost', '-ns', status=64)
    expect('there is no option -ns' in err and 'did you mean' in err, err)
    _, err = portqry(stand, '-e', '135', status=64)
    expect('-n HOST is missing' in err, err)
    _, err = portqry(stand, '-n', 'localhost', '-e', '70000', status=64)
    expect('-e needs a port, not "70000"' in err, err)
    portqry(stand, '/N', 'localhost', '/E', '135', '/Q', status=0)


if __name__ == '__main__':
    harness.main(globals(), judged=False)
