# SPDX-License-Identifier: MIT
"""data/ read and held against its schema: every complaint says file and line. data/README.md describes the form."""
import pathlib
import re

import yaml

PHASES = {'any': 'SP_PHASE_NONE', 'name resolution': 'SP_PHASE_NAME_RESOLUTION', 'TCP session': 'SP_PHASE_TCP_SESSION',
          'discovery': 'SP_PHASE_DISCOVERY', 'communication': 'SP_PHASE_COMMUNICATION'}
KINDS = ['win32', 'ntstatus', 'hresult', 'fault', 'mapper', 'bind_nak', 'context_result', 'context_reason', 'kerberos',
         'component', 'location']
CONFIDENCES = ['documented', 'specified', 'confirmed', 'inferred']
WORD = re.compile(r'[^\s"\\]+')
UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
VERSION = re.compile(r'\d+\.\d+')
FACT = re.compile(r'[a-z][a-z0-9_]*\.[a-z0-9][a-z0-9_]*')
ID = re.compile(r'[A-Z]\d\d')
LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


class Row(dict):
    """A mapping that knows in which file it stands, and in which line each member."""

    def __init__(self, file, line):
        super().__init__()
        self.file, self.line, self.lines = file, line, {}

    def at(self, key=None):
        return self.file, self.lines.get(key, self.line)


class Member:
    def __init__(self, check, required=True):
        self.check, self.required = check, required


class Reader:
    def __init__(self):
        self.complaints = []

    def complain(self, at, what):
        self.complaints.append(f'{at[0]}:{at[1]}: {what}')

    # --- YAML with lines ---

    def _node(self, node, file):
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            row = Row(file, line)
            for key, value in node.value:
                if key.value in row:
                    self.complain((file, key.start_mark.line + 1), f'"{key.value}" stands there twice')
                row[key.value] = self._node(value, file)
                row.lines[key.value] = key.start_mark.line + 1
            return row
        if isinstance(node, yaml.SequenceNode):
            return [self._node(n, file) for n in node.value]
        if node.tag.endswith(':int'):
            try:
                return int(node.value, 0)
            except ValueError:
                self.complain((file, line), f'"{node.value}" is no number')
                return 0
        return {'true': True, 'false': False}.get(node.value) if node.tag.endswith(':bool') else node.value

    def load(self, path, key, members, also=None):
        """The rows under `key`, each with members as the schema says; `also`: another top-level key -> its members."""
        schemas = {key: members, **(also or {})}
        try:
            node = yaml.compose(pathlib.Path(path).read_text(), Loader=LOADER)
        except yaml.MarkedYAMLError as e:
            self.complain((path, e.problem_mark.line + 1), f'not YAML: {e.problem}')
            return [[] for _ in schemas] if also else []
        top = self._node(node, path) if node else None
        if not isinstance(top, Row):
            self.complain((path, 1), f'must be a mapping with the key "{key}"')
            top = Row(path, 1)
        for unknown in set(top) - set(schemas):
            self.complain(top.at(unknown), f'unknown key "{unknown}"')
        found = [self._rows(top, k, m) for k, m in schemas.items()]
        return found if also else found[0]

    def _rows(self, top, key, members):
        rows = top.get(key)
        if not isinstance(rows, list) or not rows:
            self.complain(top.at(key), f'"{key}" must be a list')
            return []
        for row in rows:
            if isinstance(row, Row):
                self.hold(row, members)
            else:
                self.complain(top.at(key), f'each of "{key}" must be a mapping, not "{row}"')
        return [r for r in rows if isinstance(r, Row)]

    def hold(self, row, members):
        for key in row:
            if key not in members:
                self.complain(row.at(key), f'unknown key "{key}"')
        for key, member in members.items():
            if key not in row:
                if member.required:
                    self.complain(row.at(), f'"{key}" is missing')
                row[key] = None
                continue
            wrong = member.check(row[key], self)
            if wrong:
                self.complain(row.at(key), f'{key}: {wrong}')
                row[key] = None

    def unique(self, rows, name, *keys):
        seen = {}
        for row in rows:
            value = tuple(row[k] for k in keys)
            if None in value:
                continue
            if value in seen:
                self.complain(row.at(keys[-1]), f'{name} {value[-1]} is there twice, at first in line {seen[value].line}')
            seen[value] = row


# --- kinds of members: what is wrong with a value, or None ---

def text(most):
    def check(value, _):
        if not isinstance(value, str) or not value.strip():
            return 'must be a text'
        if len(value) > most:
            return f'{len(value)} characters, at most {most}'
        return None
    return check


def number(least, most):
    def check(value, _):
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if good else f'must be a number from {least} to {most}'
    return check


def pattern(regex, what):
    def check(value, _):
        return None if isinstance(value, str) and regex.fullmatch(value) else f'"{value}" is not {what}'
    return check


def one_of(values):
    def check(value, _):
        return None if value in values else f'"{value}" is none of {", ".join(values)}'
    return check


def many(check_one):
    def check(value, reader):
        if not isinstance(value, list) or not value:
            return 'must be a list'
        return next((w for w in (check_one(v, reader) for v in value) if w), None)
    return check


def rows(members):
    def check(value, reader):
        if not isinstance(value, list) or not all(isinstance(v, Row) for v in value):
            return 'must be a list of mappings'
        for row in value:
            reader.hold(row, members)
        return None
    return check


def truth(value, _):
    return None if isinstance(value, bool) else 'must be true or false'


def ports(value, _):
    """80, "1024-65535", or "none" for what has no ports."""
    if isinstance(value, int):
        value = str(value)
    if value == 'none':
        return None
    m = re.fullmatch(r'(\d+)(?:-(\d+))?', value) if isinstance(value, str) else None
    if not m or not 1 <= int(m[1]) <= int(m[2] or m[1]) <= 65535:
        return f'"{value}" is no port and no range of ports'
    return None


optional = False
MEMBERS = {
    'interfaces': {
        'uuid': Member(pattern(UUID, 'a UUID in lower case')),
        'name': Member(pattern(WORD, 'one word')),
        'title': Member(text(72)),
        'version': Member(pattern(VERSION, 'a version as 1.0'), optional),
        'pipe': Member(pattern(re.compile(r'\\pipe\\[A-Za-z0-9_ -]+'), r'a pipe as \pipe\lsass'), optional),
        'process': Member(text(64), optional),
        'source': Member(text(64)),
    },
    'statuses': {
        'kind': Member(one_of(KINDS)),
        'number': Member(number(0, 0xffffffff)),
        'symbol': Member(pattern(WORD, 'one word')),
        'also': Member(many(pattern(WORD, 'one word')), optional),
        'phase': Member(one_of(PHASES), optional),
        'win32': Member(pattern(WORD, 'one word'), optional),
        'sentence': Member(text(140), optional),
        'means': Member(text(400), optional),
    },
    'services': {
        'name': Member(pattern(WORD, 'one word')),
        'title': Member(text(90)),
        'also': Member(many(text(60)), optional),
        'about': Member(text(300)),
        'ports': Member(rows({
            'for': Member(text(60)),
            'protocol': Member(one_of(['TCP', 'UDP', 'ICMP', 'GRE', 'AH', 'ESP'])),
            'ports': Member(ports),
            'windows': Member(one_of(['all', 'before-vista', 'since-vista', 'tmg', 'domain-controllers-2008']), optional),
            'dynamic': Member(truth, optional),
            'notes': Member(many(pattern(WORD, 'one word')), optional),
        })),
        'interfaces': Member(many(pattern(WORD, 'one word')), optional),
        'source': Member(text(100)),
    },
    'notes': {
        'id': Member(pattern(WORD, 'one word')),
        'says': Member(text(300)),
    },
    'facts': {
        'name': Member(pattern(FACT, 'a fact as tcp.135')),
        'type': Member(pattern(WORD, 'one word')),
        'phase': Member(one_of(PHASES)),
        'says': Member(text(160)),
    },
    'types': {
        'name': Member(pattern(WORD, 'one word')),
        'values': Member(many(pattern(WORD, 'one word'))),
        'says': Member(text(200)),
    },
    'symptoms': {
        'id': Member(pattern(ID, 'an id as T04')),
        'title': Member(text(100)),
        'phase': Member(one_of(PHASES)),
        'statuses': Member(many(pattern(WORD, 'one word')), optional),
        'seen': Member(text(300)),
        'when': Member(text(300)),
        'evidence': Member(text(500)),
        'cause': Member(text(500)),
        'fix': Member(text(600)),
        'filter': Member(text(300), optional),
        'confidence': Member(one_of(CONFIDENCES)),
        'source': Member(many(text(100))),
        'also': Member(many(pattern(ID, 'an id as T04')), optional),
    },
}
