# SPDX-License-Identifier: MIT
"""The laboratory: a client, a router with a firewall, a server; name servers with faults on the router.

    client 10.1.0.10, fd01::10 --+-- 10.1.0.254, fd01::1  router (here)  10.2.0.254, fd02::1 --+-- server 10.2.0.1, fd02::2
                                     10.1.0.253 (second name server)                              10.2.0.2 (second address)
"""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / 'system'))
from hosts import Host, sh  # noqa: E402
import samba_host  # noqa: E402

BUILD = pathlib.Path(os.environ['SALLYPORT_BUILD']).resolve()
TOOL = BUILD / 'src/cli/sallyport'
MAPPER = BUILD / 'src/epm/sallyport-epmapper'
ECHO_SERVER = BUILD / 'examples/echo-server'
ECHO = '60a15ec5-4de8-11d7-a637-005056a20182,1.0'
ZONE = {'server.lab': {'A': ['10.2.0.1'], 'PTR': []}, '1.0.2.10.in-addr.arpa': {'PTR': ['server.lab']}}


def wait_for(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f'{what}: not within {seconds} s')
        time.sleep(0.02)


class Lab:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.client = Host('client', ['10.1.0.10/24', 'fd01::10/64'], gateway='10.1.0.254')
        self.server = Host('server', ['10.2.0.1/24', '10.2.0.2/24', 'fd02::2/64'], wire='wire1', gateway='10.2.0.254')
        for wire, addresses in (('wire0', ('10.1.0.254/24', '10.1.0.253/24', 'fd01::1/64')),
                                ('wire1', ('10.2.0.254/24', 'fd02::1/64'))):
            for address in addresses:
                sh(f'ip addr add {address} dev {wire}' + (' nodad' if ':' in address else ''))
        sh('echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; '
           'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit')
        self.client.sh('ip -6 route add default via fd01::1')
        self.server.sh('ip -6 route add default via fd02::1')
        self.children, self.case_children = [], []
        # in a chroot, whose root is no mount point, a namespace of mounts cannot be made private
        private = subprocess.run(['unshare', '--mount', 'true'], stderr=subprocess.DEVNULL, check=False).returncode == 0
        self.propagation = [] if private else ['--propagation', 'unchanged']
        self.zones = [self.folder / 'zone0', self.folder / 'zone1']
        for zone, address in zip(self.zones, ('10.1.0.254', '10.1.0.253')):
            zone.write_text(json.dumps(ZONE))
            self.background(['/usr/bin/python3', HERE / 'names.py', address, zone], self.children)
        self.config = self.folder / 'epmapper.yaml'
        self.ncalrpc = self.folder / 'ncalrpc'
        self.ncalrpc.mkdir()
        (self.folder / 'hosts').write_text('127.0.0.1 localhost\n')
        (self.folder / 'resolv.conf').write_text('')

    # --- programs ---

    def background(self, command, among, host=None, env=None):
        """Starts a program that says "ready" when it is."""
        log = self.folder / f'log{len(self.children) + len(self.case_children)}-{time.monotonic_ns()}'
        inside = host.inside(*command) if host else list(map(str, command))
        with open(log, 'w', encoding='utf-8') as f:
            child = subprocess.Popen(inside, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                     env=dict(os.environ, **(env or {})))
        among.append(child)
        wait_for(lambda: 'ready' in log.read_text() or child.poll() is not None, f'{command} is ready', 15)
        if child.poll() is not None:
            raise SystemExit(f'{command}: {log.read_text()}')
        return child

    def mapper(self, config='', env=None):
        self.config.write_text(config)
        return self.background([MAPPER, '--config', self.config, '--ncalrpc-dir', self.ncalrpc], self.case_children,
                               self.server, env)

    def echo(self):
        child = self.background([ECHO_SERVER], self.case_children, self.server,
                                {'SALLYPORT_NCALRPC_DIR': str(self.ncalrpc)})
        wait_for(lambda: ECHO[:36] in subprocess.run(
            self.server.inside(TOOL, 'endpoints', '10.2.0.1'), capture_output=True, text=True).stdout,
                 'the echo server is in the map')
        return child

    def samba(self):
        folder = self.folder / f'samba{time.monotonic_ns()}'
        folder.mkdir(mode=0o755)
        for name in ('private', 'state', 'cache', 'lock', 'pid', 'ncalrpc', 'log'):
            (folder / name).mkdir(mode=0o755)
        conf = samba_host.CONF.format(d=folder).replace('interfaces = lo', 'interfaces = 10.2.0.1/24', 1)
        (folder / 'smb.conf').write_text(conf)
        child = subprocess.Popen(self.server.inside('/usr/libexec/samba/samba-dcerpcd', '--libexec-rpcds', '-F',
                                                    '--no-process-group', '-s', folder / 'smb.conf'),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.case_children.append(child)
        wait_for(lambda: 'endpoints of' in subprocess.run(
            self.server.inside(TOOL, 'endpoints', '10.2.0.1'), capture_output=True, text=True).stderr,
                 'Samba has a map', 30)
        time.sleep(1)

    def smbd(self, more=''):
        """Samba's file server, whose pipes lead to its RPC servers."""
        folder = self.folder / f'smbd{time.monotonic_ns()}'
        folder.mkdir(mode=0o755)
        for name in ('private', 'state', 'cache', 'lock', 'pid', 'ncalrpc', 'log'):
            (folder / name).mkdir(mode=0o755)
        conf = samba_host.CONF.format(d=folder).replace('interfaces = lo', 'interfaces = 10.2.0.1/24', 1).replace(
            'rpc start on demand helpers = false\n', '')
        (folder / 'smb.conf').write_text(conf + 'smb ports = 445\nmap to guest = Bad User\n' + more)
        child = subprocess.Popen(self.server.inside('smbd', '-F', '--no-process-group', '-s', folder / 'smb.conf'),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.case_children.append(child)
        wait_for(lambda: subprocess.run(self.client.inside(TOOL, 'portqry', '-n', '10.2.0.1', '-e', '445', '-q'),
                                        check=False).returncode == 0, 'smbd listens', 20)

    def odd(self, port, how, number=0):
        return self.background(['/usr/bin/python3', HERE / 'odd.py', port, how, number], self.case_children, self.server)

    def hold(self, port):
        """A listener that only takes connections."""
        return self.odd(port, 'mute')

    # --- the world of a case ---

    def zone(self, entries, which=(0, 1)):
        for i in which:
            self.zones[i].write_text(json.dumps(dict(ZONE, **entries)))

    def router(self, rules):
        """Rules of the router for what comes from the client; `drop` is for all of it."""
        sh('nft add table inet lab; nft "add chain inet lab forward { type filter hook forward priority 0; }"')
        for rule in rules:
            sh(f"nft 'add rule inet lab forward iifname wire0 {rule}'")

    def names(self, hosts='', servers=('10.1.0.254',)):
        (self.folder / 'hosts').write_text('127.0.0.1 localhost\n' + hosts)
        (self.folder / 'resolv.conf').write_text(
            'options timeout:1 attempts:1\n' + ''.join(f'nameserver {s}\n' for s in servers))

    @contextlib.contextmanager
    def case(self):
        self.names()
        self.zone({})
        try:
            yield self
        finally:
            for child in reversed(self.case_children):
                child.send_signal(signal.SIGCONT)
                child.kill()
                child.wait()
            self.case_children.clear()
            sh('nft flush ruleset')

    def doctor(self, *words, timeout=40):
        """(exit status, exam) of the doctor on the client, with the case's hosts file and name servers."""
        script = (f'mount --bind {self.folder}/hosts /etc/hosts && mount --bind {self.folder}/resolv.conf '
                  '/etc/resolv.conf && exec "$@"')
        own = ['unshare', '--mount'] + self.propagation
        r = subprocess.run(self.client.inside(*own, 'sh', '-c', script, 'sh', TOOL, 'doctor', '--json', *words),
                           capture_output=True, text=True, timeout=timeout)
        lines = [json.loads(line) for line in r.stdout.splitlines() if line.startswith('{')]
        if len(lines) != 1:
            raise SystemExit(f'doctor {words}: exit status {r.returncode}\n{r.stdout}{r.stderr}')
        return r.returncode, lines[0]

    def stop(self):
        for child in self.children:
            child.kill()
            child.wait()
        self.client.stop()
        self.server.stop()


@contextlib.contextmanager
def laboratory():
    with tempfile.TemporaryDirectory(prefix='sallyport-lab-') as folder:
        os.chmod(folder, 0o755)
        lab = Lab(folder)
        try:
            yield lab
        finally:
            lab.stop()
