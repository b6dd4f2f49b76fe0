#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The mapper as a program: what it says, how it stops, sockets it is given. Usage: daemon_test.py PROGRAM"""
import os, pwd, re, signal, socket, subprocess, sys, tempfile, threading, time, urllib.request

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


class Mapper:
    """One with a configuration, whose log can be waited for."""

    def __init__(self, directory, config, *options, **more):
        self.config = f'{directory}/epmapper.yaml'
        self.write(config)
        self.process = start(directory, '--config', self.config, '--port', '0', '--address', '127.0.0.1', '--verbose',
                             *options, **more)
        self.log = []
        self.changed = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        found = READY.match(self.process.stdout.readline())
        if not found:
            self.process.wait(10)
            sys.exit(f'it does not start: {self.log}')
        self.port = int(found[1])

    def read(self):
        for line in self.process.stderr:
            with self.changed:
                self.log.append(line)
                self.changed.notify_all()

    def write(self, config):
        with open(self.config, 'w') as f:
            f.write(config)

    def said(self, text, seconds=10):
        with self.changed:
            return self.changed.wait_for(lambda: next((n for n in self.log if text in n), None), seconds) or \
                sys.exit(f'the log has no "{text}" within {seconds} s:\n{"".join(self.log)}')

    def reload(self, config, expected='was read again'):
        self.write(config)
        with self.changed:
            self.log.clear()
        self.process.send_signal(signal.SIGHUP)
        self.said(expected)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        expect(self.process.wait(20) == 0, f'exit 0: {self.process.returncode} {"".join(self.log)}')

    def state(self):
        with self.changed:
            self.log.clear()
        self.process.send_signal(signal.SIGUSR1)
        self.said('end of state')
        return ''.join(self.log)


def check_says_everything_and_starts_nothing(directory):
    with open(f'{directory}/wrong.yaml', 'w') as f:
        f.write('lookups: {rate: x}\naudit: 5\n')
    r = run('--check', '--config', f'{directory}/wrong.yaml')
    expect(r.returncode == 3, f'--check of a wrong file is 3: {r}')
    expect(f'{directory}/wrong.yaml:1:17: ' in r.stderr and ':2:8: ' in r.stderr, f'both findings: {r.stderr}')
    with open(f'{directory}/right.yaml', 'w') as f:
        f.write('lookups: {rate: 5}\n')
    r = run('--check', '--config', f'{directory}/right.yaml')
    expect((r.returncode, r.stdout, r.stderr) == (0, '', ''), f'--check of a right file: {r}')
    sample = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../packaging/epmapper.yaml')
    uncommented = re.sub(r'^#(?=  |[a-z_]+:)', '', open(sample).read(), flags=re.M).replace('rpc-servers', 'nogroup')
    with open(f'{directory}/uncommented.yaml', 'w') as f:
        f.write(uncommented)
    for path in (sample, f'{directory}/uncommented.yaml'):
        r = run('--check', '--config', path)
        expect((r.returncode, r.stderr) == (0, ''), f'the sample is right, as it is and with everything in it: {r}')
    expect('public_addresses' in uncommented and '#metrics' not in uncommented, 'everything is in it')
    expect(run('--config', f'{directory}/missing.yaml', '--check').returncode == 3, 'a named file has to be there')


STATIC = """
static:
  - interface: 5a11e000-0000-4000-8001-5a119c0dec01
    version: 1.0
    protseq: ncacn_ip_tcp
    endpoint: 49999
    annotation: never checked
  - interface: 5a11e000-0000-4000-8001-5a119c0dec02
    version: 2.1
    protseq: ncacn_ip_tcp
    address: 127.0.0.1
    endpoint: %d
    check_seconds: 1
"""


def static_entries_come_and_go_with_who_answers(directory):
    with socket.create_server(('127.0.0.1', 0)) as service:
        port = service.getsockname()[1]
        mapper = Mapper(directory, STATIC % port)
        mapper.said('somebody answers')
        state = mapper.state()
        expect('never checked' in state and f'[{port}] owner static' in state, f'both are in the map: {state}')
    mapper.said('nobody answers')
    state = mapper.state()
    expect('never checked' in state and f'[{port}]' not in state, f'only the unchecked one is left: {state}')
    mapper.reload('audit: no\n')
    expect('owner static' not in mapper.state(), 'a reload withdraws what is configured no more')
    mapper.stop()


def a_reload_is_all_or_nothing_and_keeps_sessions(directory):
    mapper = Mapper(directory, STATIC % 1)
    session = socket.socket(socket.AF_UNIX)
    session.connect(f'{directory}/epmapper')
    mapper.reload('audit: maybe\n', 'stays in force')
    mapper.said(':1:8: audit')
    expect('never checked' in mapper.state(), 'what was before holds')
    mapper.reload('lookups: {rate: 7}\nlisten: {port: 4}\nmetrics: 127.0.0.1:1\n')
    mapper.said('from the next start on')
    expect('never checked' not in mapper.state(), 'the new one holds')
    session.setblocking(False)
    try:
        expect(session.recv(1) != b'', 'the session was closed')
    except BlockingIOError:
        pass
    session.close()
    mapper.stop()


def a_port_that_is_free():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


def prometheus_reads_figures(directory):
    port = a_port_that_is_free()
    mapper = Mapper(directory, f'metrics: 127.0.0.1:{port}\n')
    text = urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics', timeout=10).read().decode()
    names = {line.split()[2] for line in text.splitlines() if line.startswith('# TYPE')}
    expect('sallyport_epm_entries' in names and len(names) == 8, f'the figures: {names}')
    for line in text.splitlines():
        expect(line.startswith('# ') or re.fullmatch(r'\w+(\{\w+="\w+"\})? \d+', line), f'the form of {line}')
    expect('\nsallyport_epm_entries 2\n' in text, f'the mapper itself is in its map: {text}')
    for url, status in (('/', 404), ('/metrics?x', 200)):
        try:
            expect(urllib.request.urlopen(f'http://127.0.0.1:{port}{url}', timeout=10).status == status, url)
        except urllib.error.HTTPError as e:
            expect(e.code == status, f'{url}: {e.code}')
    mapper.stop()


def root_is_given_away(directory):
    """As root; as anybody else the same configuration must be refused aloud, not ignored."""
    os.chmod(directory, 0o755)
    if os.geteuid() != 0:
        with open(f'{directory}/user.yaml', 'w') as f:
            f.write('user: nobody\n')
        r = run('--config', f'{directory}/user.yaml', '--port', '0', '--ncalrpc-dir', directory)
        expect(r.returncode == 3 and 'become the user nobody' in r.stderr, f'{r}')
        return
    mapper = Mapper(directory, 'user: nobody\n')
    status = dict(line.rstrip('\n').split(':\t', 1) for line in open(f'/proc/{mapper.process.pid}/status') if ':\t' in line)
    nobody = str(pwd.getpwnam('nobody').pw_uid)
    expect(status['Uid'].split() == [nobody] * 4, f'all four user ids: {status["Uid"]}')
    expect(int(status['CapEff'], 16) == int(status['CapPrm'], 16) == 0, 'no capability is left')
    expect(status['NoNewPrivs'] == '1', 'none can be had')
    mapper.reload('user: nobody\naudit: yes\n')
    mapper.stop()


def whoever_has_the_port_is_named(directory):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        mapper = start(directory, '--port', str(port), '--address', '127.0.0.1')
        _, err = mapper.communicate(timeout=20)
    expect(f'port {port} belongs to ' in err and f'(pid {os.getpid()})' in err, f'we have it: {err}')


def sambas_remedy_is_told(directory):
    """A process with the name of Samba's daemon has the port."""
    listen = 'import socket, time; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); ' \
             'open("/proc/self/comm", "w").write("samba-dcerpcd"); time.sleep(60)'
    samba = subprocess.Popen([sys.executable, '-c', listen], stdout=subprocess.PIPE, text=True)
    port = samba.stdout.readline().strip()
    time.sleep(0.2)
    mapper = start(directory, '--port', port, '--address', '127.0.0.1')
    _, err = mapper.communicate(timeout=20)
    samba.kill()
    samba.communicate()
    expect(f'belongs to samba-dcerpcd (pid {samba.pid})' in err and 'rpc start on demand helpers = yes' in err,
           f'the line of smb.conf: {err}')


usage_is_64_and_help_is_0()
for test in (check_says_everything_and_starts_nothing, static_entries_come_and_go_with_who_answers,
             a_reload_is_all_or_nothing_and_keeps_sessions, prometheus_reads_figures, root_is_given_away,
             whoever_has_the_port_is_named, sambas_remedy_is_told,
             ready_and_both_signals, a_taken_port_is_said, a_second_mapper_does_not_take_the_name, sockets_of_systemd):
    with tempfile.TemporaryDirectory(prefix='sallyport-epm-') as folder:
        test(folder)
    print('ok', test.__name__)
