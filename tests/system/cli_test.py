#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The commands as their users meet them: what they print, for people and for programs, and the exit status."""
import contextlib
import json
import socket
import subprocess
import threading
import time

import harness
from harness import ECHO, expect, expect_same, json_lines, program

ECHO_IF = f'{ECHO},1.0'
NOBODYS_IF = '00000000-1111-2222-3333-444444444444,1.0'
GOOD, FINDING, UNDECIDED, COULD_NOT_RUN, USAGE = 0, 1, 2, 3, 64


def ask(stand, *words, status):
    """(standard output, standard error) of a command that must end with this status."""
    r = subprocess.run([program('sallyport'), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       env=stand.env, timeout=60)
    said = f'sallyport {" ".join(words)}\n{r.stdout}{r.stderr}'
    expect_same(r.returncode, status, f'exit status of {said}')
    expect('\x1b' not in r.stdout + r.stderr, f'no colour where there is no terminal: {said!r}')
    return r.stdout, r.stderr


def finding(stand, *words, status):
    """The finding that a command reports as JSON; on standard output, with the people's words nowhere."""
    out, err = ask(stand, *words, '--json', status=status)
    records = [r for r in json_lines(out) if r['record'] == 'finding']
    expect_same((len(records), err), (1, ''), f'one finding and no talk: {out}')
    return records[0]


def expect_finding(record, phase, status, kind):
    expect_same((record['phase'], record['status'], record['evidence']['kind']), (phase, status, kind),
                json.dumps(record, indent=1))


@contextlib.contextmanager
def stranger(serve):
    """A server on a port of its own that does with each connection what serve(socket) does; gives the port."""
    listener = socket.create_server(('127.0.0.1', 0))

    def accept():
        kept = []
        with contextlib.suppress(OSError):
            while True:
                kept.append(listener.accept()[0])
                serve(kept[-1])
        for connection in kept:
            connection.close()
    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextlib.contextmanager
def filtered():
    """A port whose queue is full: the kernel drops each further SYN, as a firewall would."""
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(0)
    clients = [socket.socket() for _ in range(4)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
    try:
        yield listener.getsockname()[1]
    finally:
        for s in [*clients, listener]:
            s.close()


# --- good answers ---

def test_endpoints_lists_what_is_registered(stand):
    records = json_lines(ask(stand, 'endpoints', '127.0.0.1', '--json', status=GOOD)[0])
    mine = next(r for r in records if r['interface'] == ECHO and r['protseq'] == 'ncacn_ip_tcp')
    expect_same(mine, {'record': 'endpoint', 'interface': ECHO, 'version': '1.0', 'name': 'rpcecho', 'annotation': 'Echo',
                       'object': None, 'protseq': 'ncacn_ip_tcp', 'address': '127.0.0.1',
                       'endpoint': str(stand.echo_port), 'binding': f'ncacn_ip_tcp:127.0.0.1[{stand.echo_port}]'},
                'entry of the echo server')
    out, err = ask(stand, 'endpoints', '127.0.0.1', status=GOOD)
    expect(f'ncacn_ip_tcp:127.0.0.1[{stand.echo_port}]' in out and ECHO in out, out)


def test_resolve_finds_the_port_over_each_way_to_the_mapper(stand):
    for host, binding in (('127.0.0.1', '127.0.0.1'), ('[::1]', '[::1]'), ('::1', '[::1]')):
        records = json_lines(ask(stand, 'resolve', host, ECHO_IF, '--json', status=GOOD)[0])
        expect(f'ncacn_ip_tcp:{binding}[{stand.echo_port}]' in {r['binding'] for r in records}, f'{host}: {records}')
    out, _ = ask(stand, 'resolve', 'ncalrpc:', ECHO_IF, status=GOOD)
    expect('ncalrpc:' in out, out)


def test_interfaces_lists_what_the_server_offers(stand):
    for binding in (f'ncacn_ip_tcp:127.0.0.1[{stand.echo_port}]', f'ncacn_ip_tcp:[::1][{stand.echo_port}]'):
        records = json_lines(ask(stand, 'interfaces', binding, '--json', status=GOOD)[0])
        expect(ECHO in {r.get('interface') for r in records}, f'{binding}: {records}')
        expect(ECHO in ask(stand, 'interfaces', binding, status=GOOD)[0], binding)


def test_ping_counts_and_measures(stand):
    out, _ = ask(stand, 'ping', '127.0.0.1', '--interface', ECHO_IF, '--count', '5', '--interval', '1ms', '--json', status=GOOD)
    *trips, total = json_lines(out)
    expect_same([t['number'] for t in trips], [1, 2, 3, 4, 5], 'round trips')
    took = [t['took_ns'] for t in trips]
    expect_same([total[k] for k in ('sent', 'answered', 'min_ns', 'avg_ns', 'max_ns')],
                [5, 5, min(took), sum(took) // 5, max(took)], 'the sum adds up')
    out, _ = ask(stand, 'ping', '127.0.0.1', '--interface', ECHO_IF, '--count', '2', '--interval', '1ms', status=GOOD)
    expect('2 sent, 2 answered' in out, out)


# --- findings ---

def test_an_interface_that_nobody_registered_is_1753(stand):
    record = finding(stand, 'resolve', '127.0.0.1', NOBODYS_IF, status=FINDING)
    expect_same((record['phase'], record['status']), ('discovery', 1753), json.dumps(record))
    out, err = ask(stand, 'resolve', '127.0.0.1', NOBODYS_IF, status=FINDING)
    expect('1753 EPT_S_NOT_REGISTERED' in out + err and 'next: ' in out + err, out + err)


def test_a_refused_port_is_1722_in_the_tcp_session(stand):
    for command in (['interfaces'], ['ping', '--interface', ECHO_IF]):
        record = finding(stand, command[0], 'ncacn_ip_tcp:127.0.0.1[9]', *command[1:], status=FINDING)
        expect_finding(record, 'TCP session', 1722, 'errno')
    expect_finding(finding(stand, 'endpoints', '127.0.0.1', '--mapper-port', '9', status=FINDING), 'TCP session', 1722,
                   'errno')


def test_a_dropped_syn_is_undecided_and_ends_in_time(stand):
    with filtered() as port:
        began = time.monotonic()
        record = finding(stand, 'interfaces', f'ncacn_ip_tcp:127.0.0.1[{port}]', '--timeout-connect', '500ms',
                         status=UNDECIDED)
        expect_finding(record, 'TCP session', 1722, 'timeout')
        expect(time.monotonic() - began < 4, 'the phase has its own limit')


def test_an_unknown_name_fails_in_name_resolution(stand):
    record = finding(stand, 'endpoints', 'nowhere.invalid', '--timeout-resolve', '3s', status=record_status('nowhere.invalid'))
    expect_same(record['phase'], 'name resolution', json.dumps(record))


def record_status(name):
    """Without a name server nobody can say that the name does not exist: that is undecided."""
    try:
        socket.getaddrinfo(name, 135)
    except socket.gaierror as e:
        return UNDECIDED if e.errno == socket.EAI_AGAIN else FINDING
    raise harness.Failure(f'{name} has an address')


def test_a_server_that_says_nothing_is_undecided(stand):
    with stranger(lambda connection: None) as port:
        record = finding(stand, 'interfaces', f'ncacn_ip_tcp:127.0.0.1[{port}]', '--timeout-communication', '500ms',
                         status=UNDECIDED)
        expect_same((record['phase'], record['evidence']['kind']), ('communication', 'timeout'), json.dumps(record))


def test_a_server_that_speaks_something_else_is_a_finding(stand):
    with stranger(lambda connection: connection.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')) as port:
        record = finding(stand, 'interfaces', f'ncacn_ip_tcp:127.0.0.1[{port}]', status=FINDING)
        expect_same(record['phase'], 'communication', json.dumps(record))


# --- usage ---

def test_what_was_typed_wrong_is_usage_and_the_right_spelling_is_suggested(stand):
    for words, said in ((['endpoint', '127.0.0.1'], 'endpoints'),
                        (['endpoints', '127.0.0.1', '--jsno'], '--json'),
                        (['ping', '127.0.0.1'], '--interface'),
                        (['resolve', '127.0.0.1', 'no-uuid'], 'UUID'),
                        (['interfaces', 'ncacn_ip_tcp:127.0.0.1[1'], '1700')):
        out, err = ask(stand, *words, status=USAGE)
        expect_same(out, '', f'standard output is for data: {words}')
        expect(said in err, f'{words}: {said} is not in {err}')


def test_a_protocol_sequence_that_we_do_not_speak_could_not_run(stand):
    record = finding(stand, 'interfaces', 'ncadg_ip_udp:127.0.0.1[1]', status=COULD_NOT_RUN)
    expect_same(record['status_name'], 'RPC_S_PROTSEQ_NOT_SUPPORTED', json.dumps(record))


def test_help_goes_to_standard_output(stand):
    for command in ('endpoints', 'interfaces', 'ping', 'resolve'):
        out, err = ask(stand, command, '--help', status=GOOD)
        expect('--json' in out and not err, f'{command}: {out}{err}')


if __name__ == '__main__':
    # the strangers send what is no RPC: nothing for the judge
    harness.main(globals(), judged=False)
