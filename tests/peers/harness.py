# SPDX-License-Identifier: MIT
"""The stand on which peers meet: our mapper, our echo server, a capture of every byte, and the judge.

A test is a file with functions `test_*(stand)`; `harness.main(globals())` starts the stand, calls them all,
stops it and has tshark judge the whole capture. A missing program is a failure, never a skip.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = pathlib.Path(os.environ.get('SALLYPORT_BUILD', 'build')).resolve()

ECHO = '60a15ec5-4de8-11d7-a637-005056a20182'
MGMT = 'afa8bd80-7d8a-11c9-bef4-08002b102989'
EPM = 'e1af8308-5d1f-11c9-91a4-08002b14a0fa'

# What each program is called in the build folder; the first that is there.
PROGRAMS = {
    'sallyport': ['src/cli/sallyport'],
    'mapper': ['src/epm/sallyport-epmapper'],
    'together': ['tests/peers/together'],
    'guest': ['tests/peers/guest'],
    'list-shares': ['examples/list-shares'],
    'echo': ['examples/echo-server', 'examples/echo_server', 'examples/echo/echo-server', 'examples/echo/echo_server'],
}

# Warnings of tshark that are no complaint about us. (message, why)
ALLOWED_WARNINGS = [
    (r'TCP window specified by the receiver is now completely full|TCP Zero Window segment|TCP window update',
     'flow control: the client reads later than we write'),
    (r'Connection reset \(RST\)', 'a peer that closes without reading everything'),
    (r'This frame is a \(suspected\) ', 'TCP on a loaded machine'),
    (r'Bind not acknowledged', 'a logon that fails; the tests look for the refusal'),
    (r'Previous segment|D-SACK Sequence', 'TCP on a loaded machine'),
    (r'RightHandSide not decoded yet for proto_id', 'tshark does not show that part of a tower; the clients compare it'),
]

# Warnings that only a stranger's frame may have: what their server sends is not ours to mend.
STRANGERS_WARNINGS = [
    (r'Long frame', 'Samba fills its mapper\'s last page up with bytes that tshark does not expect'),
]


class Failure(Exception):
    pass


def expect(is_true, what):
    if not is_true:
        raise Failure(what)


def expect_same(got, want, what):
    if got != want:
        raise Failure(f'{what}:\n   got  {got!r}\n   want {want!r}')


def program(name):
    for path in PROGRAMS[name]:
        if (BUILD / path).is_file():
            return str(BUILD / path)
    raise Failure(f'{name} is not built: looked for {", ".join(PROGRAMS[name])} in {BUILD}')


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise Failure(f'{what}: not within {seconds} s')


def can_connect(port, host='127.0.0.1'):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def listening_ports(pid):
    """TCP ports that a process (or its children) listens on."""
    inodes = set()
    for fd in pathlib.Path(f'/proc/{pid}/fd').iterdir():
        try:
            m = re.match(r'socket:\[(\d+)\]', os.readlink(fd))
        except OSError:
            continue
        if m:
            inodes.add(m.group(1))
    ports = set()
    for table in ('tcp', 'tcp6'):
        for line in pathlib.Path(f'/proc/{pid}/net/{table}').read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == '0A' and words[9] in inodes:
                ports.add(int(words[1].rsplit(':', 1)[1], 16))
    return ports


class Stand:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='sallyport-peers-')
        self.path = pathlib.Path(self.folder.name)
        self.path.chmod(0o755)
        self.children = []
        self.capture = self.path / 'capture.pcapng'
        (self.path / 'ncalrpc').mkdir(mode=0o755)
        (self.path / 'ports.yaml').write_text('')
        self.env = dict(os.environ, SALLYPORT_NCALRPC_DIR=str(self.path / 'ncalrpc'))

    # --- programs ---

    def start(self, name, *command, **more):
        log = open(self.path / f'{name}.log', 'wb')
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, **more)
        log.close()
        self.children.append((name, child))
        return child

    def log(self, name):
        return (self.path / f'{name}.log').read_text(errors='replace')

    def run(self, *command, ok=(0,), timeout=60):
        """Standard output and error of a client that must end well."""
        r = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env=self.env, timeout=timeout, cwd=self.path)
        out = r.stdout.decode(errors='replace')
        if ok is not None and r.returncode not in ok:
            raise Failure(f'{" ".join(map(str, command))}: exit status {r.returncode}\n{out}')
        return out

    def start_capture(self):
        self.dumpcap = self.start('dumpcap', 'dumpcap', '-q', '-i', 'lo', '-B', '64', '-w', str(self.capture))
        wait_for(lambda: self.capture.exists() and self.capture.stat().st_size > 0, 10, 'the capture began')
        # dumpcap opens the file a moment before it listens: a datagram seen in the file proves that it does
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        size = self.capture.stat().st_size

        def is_capturing():
            probe.sendto(b'x', ('127.0.0.1', 9))
            return self.capture.stat().st_size > size
        wait_for(is_capturing, 10, 'the capture sees frames')
        probe.close()

    def start_mapper(self):
        self.mapper = self.start('mapper', program('mapper'))
        wait_for(lambda: can_connect(135), 10, 'the mapper listens on 135')

    def start_echo(self):
        self.echo = self.start('echo', program('echo'))
        self.echo_port = wait_for(lambda: next(iter(sorted(listening_ports(self.echo.pid))), None), 10,
                                  'the echo server listens')
        import epmlist
        wait_for(lambda: any(e[0] == ECHO for e in epmlist.entries('127.0.0.1')), 10, 'the echo server is in the map')

    def stop(self):
        for name, child in reversed(self.children):
            if child.poll() is not None and name != 'dumpcap':
                continue
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.folder.cleanup()

    def stop_servers(self):
        """Ours must have lived until now and must end in order; the sanitizers speak through the exit status."""
        findings = []
        for name, child in reversed(self.children):
            if name not in ('mapper', 'echo'):
                continue
            if child.poll() is not None:
                findings.append(f'{name} ended by itself with {child.returncode}:\n{self.log(name)[-4000:]}')
                continue
            child.send_signal(signal.SIGTERM)
            try:
                if child.wait(10) not in (0, -signal.SIGTERM):
                    findings.append(f'{name} ended with {child.returncode}:\n{self.log(name)[-4000:]}')
            except subprocess.TimeoutExpired:
                findings.append(f'{name} does not end within 10 s after SIGTERM')
                child.kill()
                child.wait()
        return findings

    # --- the judge ---

    def judge(self, least=10):
        """Findings of tshark over the whole capture; prints a summary."""
        time.sleep(0.3)
        self.dumpcap.send_signal(signal.SIGINT)
        self.dumpcap.wait(10)
        return judge(self.capture, least, getattr(self, 'our_ports', lambda: set())())

    def our_ports(self):
        ports = {135} if hasattr(self, 'mapper') else set()
        if hasattr(self, 'echo_port'):
            ports.add(self.echo_port)
        return ports


def tshark(capture, *args):
    r = subprocess.run(['tshark', '-n', '-r', str(capture), *args], capture_output=True, text=True)
    if r.returncode:
        raise Failure(f'tshark: {r.stderr}')
    return r.stdout


def judge(capture, least, ports=()):
    decode = []
    for port in ports:
        decode += ['-d', f'tcp.port=={port},dcerpc'] if port not in (135, 445) else []
    rows = tshark(capture, *decode, '-T', 'fields', '-E', 'separator=\t', '-E', 'aggregator=|', '-e', 'frame.number',
                  '-e', 'frame.protocols', '-e', 'dcerpc.pkt_type', '-e', '_ws.expert.severity', '-e',
                  '_ws.expert.message', '-e', '_ws.malformed', '-e', 'tcp.srcport')
    n_dcerpc, findings, warnings = 0, [], {}
    rows = [(row.split('\t') + [''] * 7)[:7] for row in rows.splitlines()]
    # a server that is not ours is known by its bind_ack
    strangers = {row[6] for row in rows if '12' in row[2].split('|')} - {str(port) for port in ports}
    for number, protocols, ptype, severity, message, malformed, sender in rows:
        allowed = ALLOWED_WARNINGS + (STRANGERS_WARNINGS if sender in strangers else [])
        if 'dcerpc' in protocols.split(':') or ptype:
            n_dcerpc += max(1, len(ptype.split('|')))
        if malformed or '_ws.malformed' in protocols:
            findings.append(f'frame {number}: malformed ({protocols})')
        for level, text in zip(severity.split('|'), message.split('|')):
            if level and int(level, 0) >= 0x800000:
                findings.append(f'frame {number}: expert error: {text}')
            elif level and int(level, 0) >= 0x600000:
                why = next((w for pattern, w in allowed if re.search(pattern, text)), None)
                if why is None:
                    findings.append(f'frame {number}: expert warning that nobody justified, from port {sender}: {text}')
                warnings[text] = warnings.get(text, 0) + 1
    print(f'judge: {n_dcerpc} PDUs, {len(findings)} findings, '
          f'warnings: {warnings or "none"}')
    if n_dcerpc < least:
        findings.append(f'only {n_dcerpc} PDUs in the capture, at least {least} expected')
    return findings


def main(names, servers=('mapper', 'echo'), least=10, judged=True):
    stand = Stand()
    failed = []

    def attempt(what, function):
        try:
            found = function()
            failed.extend(f'{what}: {f}' for f in found or [])
            return not found
        except Failure as e:
            failed.append(f'{what}: {e}')
        except Exception:
            failed.append(f'{what}: {traceback.format_exc()}')
        return False

    try:
        ok = attempt('capture', stand.start_capture)
        for server in servers:
            ok = ok and attempt(f'start {server}', getattr(stand, f'start_{server}'))
        if ok and 'prepare' in names:
            ok = attempt('prepare', lambda: names['prepare'](stand))
        tests = [(n, f) for n, f in names.items() if n.startswith('test_')]
        for name, function in tests if ok else []:
            print(('ok    ' if attempt(name, lambda: function(stand)) else 'FAILED'), name, flush=True)
        if not ok:
            for name, child in stand.children:
                print(f'--- {name} (exit {child.poll()})\n{stand.log(name)[-3000:]}')
        if not tests:
            failed.append('no test in this file')
        attempt('servers', stand.stop_servers)
        if ok and judged:
            attempt('judge', lambda: stand.judge(least))
        keep = os.environ.get('SALLYPORT_KEEP_CAPTURE')
        if keep and stand.capture.exists():
            pathlib.Path(keep).write_bytes(stand.capture.read_bytes())
    finally:
        stand.stop()
    for f in failed:
        print(f'FAILED {f}')
    print(f'{len(failed)} failures')
    sys.exit(1 if failed else 0)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith('{')]
