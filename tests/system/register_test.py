#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who may register what: users, groups, ports of others. As root, in a network namespace (tests/peers/run)."""
import grp
import os
import pathlib
import pwd
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import raw
import registrar
from mapper import Mapper

BUILD = pathlib.Path(os.environ['SALLYPORT_BUILD']).resolve()
SERVICE = ('5a11e000-0000-4000-8001-5a119c0dec77', 1, 0)
ACCESS_DENIED, NOT_REGISTERED = -5, 0x16c9a0d6
NOBODY = pwd.getpwnam('nobody').pw_uid
GROUP, OTHER_GROUP = grp.getgrnam('games').gr_gid, grp.getgrnam('daemon').gr_gid


def expect_same(got, want, what):
    if got != want:
        sys.exit(f'{what}:\n   got  {got!r}\n   want {want!r}\n{LOG.read_text()}')


def wait_for(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f'{what}: not within {seconds} s\n{LOG.read_text()}')
        time.sleep(0.05)


class As:
    """A process of this user with these groups, which listens and does what it is told; it lives until it is stopped."""

    def __init__(self, uid, groups, work):
        to_parent, from_child = os.pipe()[::-1]
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for ours in KEPT:  # what it inherits it would own
                    ours.close()
                KEPT.clear()
                if uid:
                    os.setgroups(groups)
                    os.setresgid(uid, uid, uid)
                    os.setresuid(uid, uid, uid)
                result = work()
            except BaseException as e:  # whatever it is, the parent has to hear of it
                result = repr(e)
            os.write(to_parent, f'{result!r}\n'.encode())
            signal.pause()
        os.close(to_parent)
        self.result = os.fdopen(from_child).readline().strip()

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


KEPT = []


def listening():
    KEPT.append(socket.create_server(('0.0.0.0', 0)))
    return KEPT[-1].getsockname()[1]


def register(port=None, opnum=0):
    """In the child: its session stays open."""
    session = registrar.Session(FOLDER / 'epmapper')
    KEPT.append(session)
    entry = (SERVICE, port or listening(), 'a service', registrar.NIL)
    if opnum == 6:
        octets = registrar.tower(SERVICE, port)
        return session.call(6, struct.pack('<IIIII', 0, 0, 1, len(octets), len(octets)) + octets)
    return session.insert([entry])


def mapped():
    with Mapper() as mapper:
        return mapper.map(SERVICE)


def reload(config):
    before = LOG.read_text().count('was read again')
    (FOLDER / 'config').write_text(config)
    DAEMON.send_signal(signal.SIGHUP)
    wait_for(lambda: LOG.read_text().count('was read again') > before, 'the configuration is read again')


def attempt(uid, groups, work, status, n_mapped, what):
    before = len(mapped())
    process = As(uid, groups, work)
    expect_same((process.result, len(mapped()) - before), (str(status), n_mapped), what)
    process.stop()
    wait_for(lambda: len(mapped()) == before, 'its entries go with it', 2)


def users_and_groups():
    attempt(0, [], register, 0, 1, 'root')
    attempt(NOBODY, [], register, ACCESS_DENIED, 0, 'a user, when no group is configured')
    attempt(NOBODY, [GROUP], register, ACCESS_DENIED, 0, 'in a group, when none is configured')
    reload('registration: {group: games}\n')
    attempt(NOBODY, [GROUP], register, 0, 1, 'a member of the group')
    attempt(NOBODY, [OTHER_GROUP], register, ACCESS_DENIED, 0, 'a member of another group')
    expect_same('nor in the group games' in LOG.read_text(), True, 'the log says why')


def only_what_one_listens_on():
    port = listening()  # ours, root's
    attempt(NOBODY, [GROUP], lambda: register(port), ACCESS_DENIED, 0, "root's port")
    attempt(0, [], lambda: register(1), ACCESS_DENIED, 0, 'a port that nobody listens on')
    expect_same('somebody else listens there' in LOG.read_text(), True, 'the log says so')
    expect_same('nobody listens there' in LOG.read_text(), True, 'the log says so')
    reload('registration: {group: games, foreign_endpoints: yes}\n')
    attempt(NOBODY, [GROUP], lambda: register(port), 0, 1, 'any port, where that is allowed')
    reload('registration: {group: games}\n')


def entries_of_others_stay():
    server = As(0, [], register)
    port = mapped()[0]
    attempt(NOBODY, [GROUP], lambda: register(port, 6), ACCESS_DENIED, 0, "ept_mgmt_delete of root's entry")
    expect_same(mapped(), [port], 'it is still there')
    admin = As(0, [], lambda: register(port, 6))
    expect_same((admin.result, mapped()), ('0', []), 'root removes it')
    admin.stop()
    server.stop()


def nobody_registers_from_elsewhere():
    with Mapper() as mapper:
        mapper.caller.send(raw.request(0, registrar.entries_stub([(SERVICE, 5000, 'x', registrar.NIL)]) +
                                       struct.pack('<I', 0), call=9))
        answer = mapper.caller.answer()
    expect_same((answer.ptype, answer.status), (raw.FAULT, 5), 'access denied')
    expect_same('ept_insert from ncacn_ip_tcp:127.0.0.1' in LOG.read_text(), True, 'and a line in the log')


def without_root_the_user_of_the_socket_decides():
    """The mapper has become another user: it cannot look into others' processes any more."""
    global DAEMON
    DAEMON.send_signal(signal.SIGTERM)
    expect_same(DAEMON.wait(20), 0, 'the mapper ends')
    DAEMON = start('user: daemon\nregistration: {group: games}\n')
    attempt(NOBODY, [GROUP], register, 0, 1, 'a member of the group')
    port = listening()
    attempt(NOBODY, [GROUP], lambda: register(port), ACCESS_DENIED, 0, "root's port")


def start(config):
    (FOLDER / 'config').write_text(config)
    with open(LOG, 'ab') as log:
        before = LOG.read_text().count('ready')
        daemon = subprocess.Popen([BUILD / 'src/epm/sallyport-epmapper', '--config', FOLDER / 'config', '--ncalrpc-dir',
                                   FOLDER], stdout=log, stderr=log)
    wait_for(lambda: LOG.read_text().count('ready') > before, 'the mapper starts')
    return daemon


signal.alarm(120)
with tempfile.TemporaryDirectory(prefix='sallyport-register-') as folder:
    os.chmod(folder, 0o755)
    FOLDER = pathlib.Path(folder)
    LOG = FOLDER / 'log'
    DAEMON = start('audit: no\n')
    for test in (users_and_groups, only_what_one_listens_on, entries_of_others_stay, nobody_registers_from_elsewhere,
                 without_root_the_user_of_the_socket_decides):
        test()
        print('ok', test.__name__, flush=True)
    DAEMON.send_signal(signal.SIGTERM)
    expect_same(DAEMON.wait(20), 0, 'the mapper ends')
