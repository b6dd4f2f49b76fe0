#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The mapper as a program: what it says, how it stops, sockets it is given. Usage: daemon_test.py PROGRAM"""
import os, re, signal, socket, subprocess, sys, tempfile

PROGRAM = sys.argv[1]
READY = re.compile(r'^ready ncacn_ip_tcp:127\.0\.0\.1\[(\d+)\] ncalrpc:\[(.+)\]\n$')


def expect(is_true, what):
    if not is_true:
        sys.exit(f'not so: {what}')


def start(directory, *options, **more):
    return subprocess.Popen([PROGRAM, '--ncalrpc-dir', directory, *options], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **more)


def run(*options):
    return subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=20)


def stop(mapper, number):
    mapper.send_signal(number)
    out, err = mapper.communicate(timeout=20)
    expect(mapper.returncode == 0, f'exit 0 after signal {number}: {mapper.returncode} {err}')
    expect(out == '', f'nothing more on standard output: {out}')


def usage_is_64_and_help_is_0():
    for options in (['--port', '65536'], ['--port', 'x'], ['--nonsense'], ['extra']):
        expect(run(*options).returncode == 64, f'{options} is wrong usage')
    expect('ready ncacn_ip_tcp' in run('--help').stdout, '--help explains the ready line')
    expect(run('--version').stdout.startswith('sallyport-epmapper '), '--version')


def ready_and_both_signals(directory):
    for number in (signal.SIGTERM, signal.SIGINT):
        mapper = start(directory, '--port', '0', '--address', '127.0.0.1')
        found = READY.match(mapper.stdout.readline())
        expect(found and found[2] == 'epmapper', 'the ready line')
        with socket.create_connection(('127.0.0.1', int(found[1])), timeout=5):
            stop(mapper, number)
        expect(os.listdir(directory) == [], 'the local socket is gone')


def a_taken_port_is_said(directory):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        mapper = start(directory, '--port', str(port), '--address', '127.0.0.1')
        out, err = mapper.communicate(timeout=20)
    expect(mapper.returncode == 3 and out == '', 'exit 3, nothing on standard output')
    expect(str(port) in err and '1720' in err, f'port and status are named: {err}')


def a_second_mapper_does_not_take_the_name(directory):
    first = start(directory, '--port', '0', '--address', '127.0.0.1')
    first.stdout.readline()
    second = start(directory, '--port', '0', '--address', '127.0.0.1')
    expect(second.wait(20) == 3, 'the second one does not start')
    second.communicate()
    expect(os.path.exists(f'{directory}/epmapper'), 'the first one keeps its socket')
    stop(first, signal.SIGTERM)


def sockets_of_systemd(directory):
    tcp = socket.create_server(('127.0.0.1', 0))
    local = socket.socket(socket.AF_UNIX)
    local.bind(f'{directory}/given')
    local.listen()
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(f'{directory}/notify')
    notify.settimeout(10)
    for fd in (tcp.fileno(), local.fileno()):
        os.set_inheritable(fd, True)
    # the shell puts them where systemd would and stays the same process
    script = f'exec 3<&{tcp.fileno()} 4<&{local.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=2; exec "$@"'
    mapper = subprocess.Popen(['bash', '-c', script, 'bash', PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, close_fds=False, env={**os.environ, 'NOTIFY_SOCKET': f'{directory}/notify'})
    line = mapper.stdout.readline()
    if not line:
        sys.exit(f'with given sockets: {mapper.communicate()[1]}')
    expect(f'[{tcp.getsockname()[1]}]' in line, f'the given port is served: {line}')
    expect(notify.recv(100) == b'READY=1', 'systemd is told')
    stop(mapper, signal.SIGTERM)
    expect(notify.recv(100) == b'STOPPING=1', 'systemd is told at the end, too')
    for each in (tcp, local, notify):
        each.close()


usage_is_64_and_help_is_0()
for test in (ready_and_both_signals, a_taken_port_is_said, a_second_mapper_does_not_take_the_name, sockets_of_systemd):
    with tempfile.TemporaryDirectory(prefix='sallyport-epm-') as folder:
        test(folder)
    print('ok', test.__name__)
