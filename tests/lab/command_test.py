#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The page that the doctor writes, its line for monitoring, many hosts, and words that are wrong."""
import contextlib
import html.parser
import json
import re
import signal
import subprocess
import threading
import time

import harness
from harness import expect, expect_same, program

VOID = {'meta', 'br', 'link', 'img'}


class Page(html.parser.HTMLParser):
    """Every element is closed where it should, and nothing is fetched from anywhere."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.ids, self.links = [], [], set(), set()
        self.feed(text)
        expect_same(self.open, [], 'elements left open')

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        for name in ('src', 'action', 'data', 'xlink:href'):
            expect(name not in attrs, f'{tag} has {name}')
        expect(tag not in ('script', 'link', 'iframe', 'object'), tag)
        if 'href' in attrs:
            expect(attrs['href'].startswith('#'), attrs['href'])
            self.links.add(attrs['href'][1:])
        self.ids.add(attrs.get('id'))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        expect_same(self.open.pop(), tag, 'the element that ends')

    def handle_data(self, data):
        self.text.append(data)


def doctor(stand, *words, status, stdin=''):
    r = subprocess.run([program('sallyport'), 'doctor', *words], input=stdin, capture_output=True, text=True,
                       env=stand.env, timeout=60)
    expect_same(r.returncode, status, f'exit status of doctor {" ".join(words)}\n{r.stdout}{r.stderr}')
    return r.stdout, r.stderr


def test_the_page_stands_by_itself(stand):
    path = stand.path / 'report.html'
    doctor(stand, 'localhost', '<b>evil<b>', '--html', str(path), status=2)
    text = path.read_text()
    page = Page(text)
    expect(not re.search(r'https?:|url\(|@import', text), 'no address of another page')
    expect('<b>evil' not in text and '&lt;b&gt;evil' in text, 'a host is text')
    expect(page.links <= page.ids, f'links lead somewhere: {page.links - page.ids}')
    for wanted in ('prefers-color-scheme:dark', '@media print', 'lang="en"', '<caption>', 'role="img"', '<title>What was'):
        expect(wanted in text, wanted)
    expect('not reached' in ''.join(page.text), 'phases that were not reached')


def test_monitoring_gets_one_line_with_figures(stand):
    out, _ = doctor(stand, 'localhost', '--check', status=0)
    expect(re.fullmatch(r'RPC OK - localhost: all four phases work \(\d+ endpoints in the map\) '
                        r'\| time=[\d.]+s;;;0 endpoints=\d+;;;0 call=[\d.]+s;;;0\n', out), out)
    out, _ = doctor(stand, '127.0.0.1', '--check', '-i', 'samr', status=2)
    expect(out.startswith('RPC CRITICAL - 127.0.0.1: E01 Nobody has registered the interface |'), out)


def test_many_hosts_come_in_their_order(stand):
    hosts = [f'127.0.{i // 250}.{i % 250 + 1}' for i in range(500)]
    began = time.monotonic()
    out, _ = doctor(stand, '--from', '-', '--json', '-i', 'rpcecho', status=0, stdin='# all of them\n' + '\n'.join(hosts) + ' # the last\n\n')
    print(f'       {len(hosts)} hosts in {time.monotonic() - began:.1f} s')
    records = [json.loads(line) for line in out.splitlines()]
    expect_same([r['host'] for r in records], hosts, 'hosts')
    expect_same({r['verdict']['outcome'] for r in records}, {'good'}, 'verdicts')


def test_a_thousand_silent_hosts_end_within_half_a_minute(stand):
    subprocess.run(['nft', 'add table ip f; add chain ip f i { type filter hook input priority 0; }; '
                    'add rule ip f i ip daddr 127.7.0.0/16 drop'], check=True)
    try:
        hosts = '\n'.join(f'127.7.{i // 250}.{i % 250 + 1}' for i in range(1000))
        began = time.monotonic()
        out, _ = doctor(stand, '--from', '-', '--check', status=2, stdin=hosts)
        took = time.monotonic() - began
        print(f'       1000 hosts in {took:.1f} s')
        expect_same(out.count('T06'), 1000, 'each is silent')
        expect(took < 30, f'{took:.1f} s')
    finally:
        subprocess.run(['nft', 'delete table ip f'], check=True)


def test_a_service_is_all_its_interfaces(stand):
    out, _ = doctor(stand, '127.0.0.1', '--service', 'Netlogon', '--json', status=1)
    records = [json.loads(line) for line in out.splitlines()]
    expect(records and all(r['verdict']['symptom'] == 'E01' for r in records), out)


class Watch:
    """A doctor that watches: its lines as they come."""

    def __init__(self, stand, *words):
        self.child = subprocess.Popen([program('sallyport'), 'doctor', *words], stdout=subprocess.PIPE, text=True, env=stand.env)
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(iter(self.child.stdout.readline, '')))
        self.reader.start()

    def wait(self, n):
        harness.wait_for(lambda: len(self.lines) >= n, 20, f'{n} lines of the watch')
        return self.lines[n - 1]

    def stop(self):
        self.child.terminate()
        expect_same(self.child.wait(), -signal.SIGTERM, 'it watches until it is ended')
        self.reader.join()
        self.child.stdout.close()


@contextlib.contextmanager
def refused(address):
    subprocess.run(['nft', 'add table ip w; add chain ip w i { type filter hook input priority 0; }; '
                    f'add rule ip w i ip daddr {address} tcp dport 135 reject with tcp reset'], check=True)
    try:
        yield
    finally:
        subprocess.run(['nft', 'delete table ip w'], check=True)


def test_a_watch_tells_how_it_is_and_then_what_changes(stand):
    watch = Watch(stand, '127.9.0.1', '127.9.0.2', '--watch', '500ms')
    try:
        moment = r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d '
        expect(re.fullmatch(moment + r'127\.9\.0\.1: all four phases work.*\n', watch.wait(1)), watch.lines)
        expect(re.fullmatch(moment + r'127\.9\.0\.2: all four phases work.*\n', watch.wait(2)), watch.lines)
        time.sleep(2)
        expect_same(len(watch.lines), 2, 'nothing has changed')
        with refused('127.9.0.2'):
            expect(re.fullmatch(moment + r'127\.9\.0\.2: T02 .* \(before: all four .*\)\n', watch.wait(3)), watch.lines)
        expect(re.fullmatch(moment + r'127\.9\.0\.2: all four .* \(before: T02 .*\)\n', watch.wait(4)), watch.lines)
    finally:
        watch.stop()
    expect_same(len(watch.lines), 4, 'lines')


def test_a_watch_for_programs_gives_whole_records(stand):
    watch = Watch(stand, '127.9.0.3', '-w', '500ms', '--json')
    try:
        watch.wait(1)
        with refused('127.9.0.3'):
            watch.wait(2)
    finally:
        watch.stop()
    expect_same([json.loads(line)['verdict']['symptom'] for line in watch.lines[:2]], [None, 'T02'], 'symptoms')


def figures(path):
    """{(metric, host): value} of a file for Prometheus, each line of which must be one, each series once."""
    found = {}
    for line in path.read_text().splitlines():
        if line.startswith('#'):
            continue
        m = re.fullmatch(r'([a-z_]+)\{host="([^"]*)",interface="[^"]*"(?:,[a-z]+="[^"]*")*\} ([\d.]+)', line)
        expect(m and (m[1], m[2]) not in found, line)
        found[m[1].removeprefix('sallyport_doctor_'), m[2]] = float(m[3])
    return found


def test_prometheus_gets_a_whole_file_each_time(stand):
    path = stand.path / 'doctor.prom'
    path.write_text('old\n')
    with open(path, encoding='utf-8') as before, refused('127.9.0.5'):
        doctor(stand, '127.9.0.4', '127.9.0.5', '127.9.0.4', '--prom', str(path), status=1)
        expect_same(before.read(), 'old\n', 'who read the old file has it still')
    found = figures(path)
    expect_same([found['up', '127.9.0.4'], found['up', '127.9.0.5']], [1, 0], 'up')
    expect_same(found['outcome', '127.9.0.5'], 1, 'outcome')
    expect(abs(found['examined_timestamp_seconds', '127.9.0.4'] - time.time()) < 60, 'when')
    expect(re.search(r'verdict\{host="127.9.0.5",interface="",symptom="T02",phase="TCP session",', path.read_text()), 'the verdict')
    expect_same([p.name for p in stand.path.glob('doctor.prom*')], ['doctor.prom'], 'files left')
    expect_same(path.stat().st_mode & 0o444, 0o444, 'others may read it')
    _, err = doctor(stand, '127.9.0.4', '--prom', '/nowhere/x', status=3)
    expect('/nowhere/x cannot be written' in err, err)


def test_a_watch_writes_the_file_every_time(stand):
    path = stand.path / 'watch.prom'
    watch = Watch(stand, '127.9.0.6', '--watch', '300ms', '--prom', str(path))
    try:
        watch.wait(1)
        harness.wait_for(path.exists, 10, 'the file')
        with refused('127.9.0.6'):
            harness.wait_for(lambda: figures(path)['up', '127.9.0.6'] == 0, 10, 'down')
        harness.wait_for(lambda: figures(path)['up', '127.9.0.6'] == 1, 10, 'up again')
    finally:
        watch.stop()


def test_a_network_is_all_its_hosts(stand):
    out, _ = doctor(stand, '127.9.1.0/28', '--from', '-', '--json', '-i', 'rpcecho', status=0, stdin='127.9.2.7/32\n')
    expect_same([json.loads(line)['host'] for line in out.splitlines()],
                [f'127.9.1.{i}' for i in range(1, 15)] + ['127.9.2.7'], 'hosts')


def test_a_rate_limits_how_many_begin(stand):
    began = time.monotonic()
    doctor(stand, '127.9.1.0/28', '--rate', '7', '--check', status=0)
    took = time.monotonic() - began
    expect(took >= 13 / 7, f'14 hosts, 7 in a second: {took:.2f} s')


def test_wrong_words_are_met_with_the_right_ones(stand):
    _, err = doctor(stand, status=64)
    expect('no host is named' in err, err)
    _, err = doctor(stand, 'localhost', '-i', 'netlogn', status=64)
    expect('did you mean netlogon?' in err, err)
    _, err = doctor(stand, 'localhost', '-s', 'Netlogo', status=64)
    expect('did you mean' in err, err)
    _, err = doctor(stand, 'localhost', '-u', 'alice', status=64)
    expect('--password-file is missing' in err, err)
    for network in ('10.0.0.0/8', 'dc01/24'):
        _, err = doctor(stand, network, status=64)
        expect(f'"{network}" is no network' in err, err)
    _, err = doctor(stand, 'localhost', '--check', '--watch', '1s', status=64)
    expect('--check says how it is once' in err, err)
    _, err = doctor(stand, '--from', '/nowhere', status=3)
    expect('/nowhere cannot be read' in err, err)


if __name__ == '__main__':
    harness.main(globals(), judged=False)
