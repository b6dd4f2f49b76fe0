#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""rpcdump against impacket's rpcdump.py: what both say of the same map, line by line."""
import re
import subprocess

import harness
from harness import expect, expect_same, program

IMPACKET = '/usr/share/doc/python3-impacket/examples/rpcdump.py'


def run(stand, *command, status=0):
    r = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=stand.env, timeout=60)
    expect_same(r.returncode, status, f'{command}\n{r.stdout}{r.stderr}')
    return r.stdout


def ours(stand, *words, status=0):
    return run(stand, program('sallyport'), 'rpcdump', *words, status=status)


def blocks(text):
    """UUID line -> its bindings, as they are printed."""
    found = {}
    for block in re.findall(r'^Protocol: .* \nProvider: .* \n(UUID    : .*)\nBindings: \n((?:          .*\n)+)\n', text, re.M):
        found.setdefault(block[0], set()).update(block[1].splitlines())
    return found


def test_the_same_map_in_the_same_words(stand):
    theirs, mine = run(stand, '/usr/bin/python3', IMPACKET, '127.0.0.1'), ours(stand, '127.0.0.1')
    expect(blocks(theirs), f'blocks in {theirs}')
    expect_same(blocks(mine), blocks(theirs), 'blocks')
    for line in '[*] Retrieving endpoint list from 127.0.0.1', re.search(r'^\[\*\] Received .*', theirs, re.M).group():
        expect(line in mine.splitlines() and line in theirs.splitlines(), f'"{line}" in\n{mine}\n{theirs}')


def test_credentials_and_addresses_are_taken(stand):
    plain = blocks(ours(stand, '127.0.0.1'))
    expect_same(blocks(ours(stand, '-target-ip', '127.0.0.1', 'HOUSE/alice:secret@dc01.example')), plain, 'by address')
    expect_same(blocks(ours(stand, '-port', '135', '-debug', '-ts', 'alice@127.0.0.1')), plain, 'with options')


def test_a_mapper_that_is_not_there(stand):
    out = ours(stand, '-target-ip', '127.0.0.9', '-port', '9', 'x', status=1)
    expect('[-] Protocol failed: ' in out and out.endswith('[*] No endpoints found.\n'), out)
    for words in ((), ('-port', '0', 'x'), ('-port', '445', 'x'), ('-nothing', 'x'), ('x', 'y')):
        ours(stand, *words, status=64)


def ping(stand, *words, status=0):
    r = subprocess.run([program('sallyport'), 'rpcping', *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       env=stand.env, timeout=60)
    expect_same(r.returncode, status, f'{words}\n{r.stdout}{r.stderr}')
    return r.stdout + r.stderr


def test_rpcping_counts_calls_as_rpcping_does(stand):
    words = r'Completed {} calls in \d+ ms\n\d+ T/S or +[\d.]+ ms/T\n'
    expect(re.fullmatch(words.format(1), ping(stand, '/s', '127.0.0.1')), 'the mapper')
    out = ping(stand, '/t', 'ncacn_ip_tcp', '/s', '127.0.0.1', '/f', f'{harness.ECHO},1', '/i', '20')
    expect(re.fullmatch(words.format(20), out), out)
    expect(re.fullmatch(words.format(1), ping(stand, '-s', '127.0.0.1', '-e', str(stand.echo_port), '-f', harness.ECHO)), 'port')
    expect_same(ping(stand, '/s', '127.0.0.1', '/q'), '', 'quiet')
    out = ping(stand, '/s', '127.0.0.1', '/f', '00000000-1111-2222-3333-444444444444,1', status=1)
    expect('RPCPing failed with error 1753' in out, out)
    for wrong in (('/x',), ('/s',), ('/i', '0'), ('/u', 'NTLM'), ('/f', 'samr')):
        ping(stand, *wrong, status=64)


if __name__ == '__main__':
    harness.main(globals(), judged=False)
