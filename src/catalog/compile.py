#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs at build time: holds data/ against its schema and writes it as C tables.

   compile.py DATA STATUS.h OUT.c OUT.h
"""
import pathlib
import re
import sys

from predicate import Language, Wrong
from schema import KINDS, MEMBERS, PHASES, Reader

HEAD = '/* SPDX-License-Identifier: MIT */\n/* Made by catalog/compile.py from data/: do not edit. */\n'
HRESULT_OF_WIN32 = 0x80070000


class Catalogue:
    """All of data/, checked. complaints: what is wrong with it."""

    def __init__(self, data, status_header=None):
        self.reader = Reader()
        path = pathlib.Path(data)

        def load(name, key, also=None):
            return self.reader.load(str(path / f'{name}.yaml'), key, MEMBERS[key],
                                    {k: MEMBERS[k] for k in also} if also else None)
        self.interfaces = load('interfaces', 'interfaces')
        self.statuses = load('status', 'statuses')
        self.services, self.notes = load('services', 'services', ['notes'])
        self.facts, self.types = load('facts', 'facts', ['types'])
        self.symptoms = load('symptoms', 'symptoms')
        self._interfaces_check()
        self._statuses_check()
        self._services_check()
        self._symptoms_check()
        if status_header:
            self._header_check(status_header)

    @property
    def complaints(self):
        return self.reader.complaints

    def _complain(self, row, key, what):
        self.reader.complain(row.at(key), what)

    def _interfaces_check(self):
        before = ''
        for row in self.interfaces:
            if row['uuid'] and row['uuid'] <= before:
                self._complain(row, 'uuid', 'UUIDs are ascending, and each is there once')
            before = row['uuid'] or before
        self.reader.unique(self.interfaces, 'interface', 'name')

    def _statuses_check(self):
        self.reader.unique(self.statuses, 'number', 'kind', 'number')
        self.symbols = {}
        for row in self.statuses:
            for symbol in [row['symbol'], *(row['also'] or [])]:
                if symbol in self.symbols and row['kind'] not in ('context_reason', 'component', 'location'):
                    self._complain(row, 'symbol', f'the symbol {symbol} is there twice')
                self.symbols.setdefault(symbol, row)
        for row in self.statuses:
            twin = self.symbols.get(row['win32']) if row['win32'] else None
            if row['win32'] and not (twin and twin['kind'] == 'win32'):
                self._complain(row, 'win32', f'there is no Win32 status {row["win32"]}')
            if not row['sentence'] and not twin:
                self._complain(row, None, '"sentence" is missing, and no "win32" says it')

    def _services_check(self):
        self.reader.unique(self.services, 'service', 'name')
        self.reader.unique(self.notes, 'note', 'id')
        notes = {n['id'] for n in self.notes}
        interfaces = {i['name'] for i in self.interfaces}
        for row in self.services:
            for name in row['interfaces'] or []:
                if name not in interfaces:
                    self._complain(row, 'interfaces', f'there is no interface {name}')
            for port in row['ports'] or []:
                for note in port['notes'] or []:
                    if note not in notes:
                        self._complain(port, 'notes', f'there is no note {note}')
        used = {n for s in self.services for p in s['ports'] or [] for n in p['notes'] or []}
        for note in self.notes:
            if note['id'] and note['id'] not in used:
                self._complain(note, 'id', f'nobody refers to the note {note["id"]}')

    def _symptoms_check(self):
        self.reader.unique(self.types, 'type', 'name')
        self.reader.unique(self.facts, 'fact', 'name')
        self.reader.unique(self.symptoms, 'symptom', 'id')
        types = {t['name']: t['values'] or [] for t in self.types}
        for row in self.facts:
            if row['type'] and row['type'] not in {'bool', 'number', 'status', *types}:
                self._complain(row, 'type', f'there is no type {row["type"]}')
        language = Language({f['name']: f['type'] for f in self.facts}, types,
                            {s: r['number'] for s, r in self.symbols.items()})
        ids = {s['id'] for s in self.symptoms}
        used = set()
        for row in self.symptoms:
            for symbol in row['statuses'] or []:
                if symbol not in self.symbols:
                    self._complain(row, 'statuses', f'there is no status {symbol}')
            for other in row['also'] or []:
                if other not in ids or other == row['id']:
                    self._complain(row, 'also', f'there is no other symptom {other}')
            row.steps = []
            try:
                row.steps = language.compile(row['when']) if row['when'] else []
            except Wrong as e:
                self._complain(row, 'when', f'when: {e}')
            used |= {s[1] for s in row.steps if s[0] in ('COMPARE', 'KNOWN')}
        self.symptoms.sort(key=lambda s: list(PHASES).index(s['phase'] or 'any'))
        for i, row in enumerate([] if self.complaints else self.facts):
            if i not in used:
                self._complain(row, 'name', f'no symptom asks for {row["name"]}')

    def _header_check(self, path):
        """status.h is the table of the library; it and status.yaml say the same."""
        text = pathlib.Path(path).read_text().replace('\\\n', '')
        for m in re.finditer(r'X\((\w+),\s*(\w+),((?:\s*"[^"]*")+)\s*\)', text):
            row = self.symbols.get(m[1])
            sentence = ''.join(re.findall(r'"([^"]*)"', m[3]))
            if not row:
                self.reader.complain((path, 1), f'{m[1]} does not stand in status.yaml')
            elif row['number'] != int(m[2], 0):
                self._complain(row, 'number', f'{m[1]} is {m[2]} in {path}')
            elif row['sentence'] != sentence:
                self._complain(row, 'sentence', f'{m[1]} is "{sentence}" in {path}')


# --- C ---

def quoted(text):
    if text is None:
        return 'NULL'
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def texts(values):
    """A list that NULL ends; NULL when it is empty."""
    return f'(const char *const[]){{{", ".join(map(quoted, values))}, NULL}}' if values else 'NULL'


def uuid(text):
    a, b, c, d, e = text.split('-')
    tail = ', '.join(f'0x{e[i:i + 2]}' for i in range(0, 12, 2))
    return f'{{0x{a}, 0x{b}, 0x{c}, {{0x{d[:2]}, 0x{d[2:]}}}, {{{tail}}}}}'


def upper(name):
    return re.sub(r'[^A-Z0-9]', '_', name.upper())


def table(kind, name, rows):
    body = ''.join(f'\t{{{row}}},\n' for row in rows)
    return f'const struct {kind} {name}[] = {{\n{body}}};\nconst size_t {name.replace("catalog_", "catalog_n_")} = {len(rows)};\n'


def interface_row(i):
    return ', '.join([uuid(i['uuid']), *(quoted(i[k]) for k in ('name', 'title', 'source', 'version', 'pipe', 'process'))])


def status_row(c, s):
    twin = c.symbols[s['win32']] if s['win32'] else None
    index = c.statuses.index(twin) if twin else None
    sentence = s['sentence'] or twin['sentence']
    phase = PHASES[s['phase'] or (twin and twin['phase']) or 'any']
    return ', '.join([f'STATUS_{s["kind"].upper()}', f'0x{s["number"]:08x}', quoted(s['symbol']), texts(s['also']), quoted(sentence),
                      quoted(s['means'] or (twin and twin['means'])), phase,
                      f'&catalog_statuses[{index}]' if twin else 'NULL'])


def port_row(c, p):
    low, _, high = str(p['ports']).partition('-')
    if low == 'none':
        low = high = '0'
    notes = [n['says'] for n in c.notes if n['id'] in (p['notes'] or [])]
    return (f'{{{quoted(p["for"])}, {quoted(p["protocol"])}, {low}, {high or low}, '
            f'SERVICE_{upper(p["windows"] or "all")}, {"true" if p["dynamic"] else "false"}, {texts(notes)}}}')


def service_row(c, s):
    ports = ', '.join(port_row(c, p) for p in s['ports'])
    index = {r['name']: n for n, r in enumerate(c.interfaces)}
    interfaces = ', '.join(f'&catalog_interfaces[{index[i]}]' for i in s['interfaces'] or [])
    return ', '.join([*(quoted(s[k]) for k in ('name', 'title')), texts(s['also']), quoted(s['about']), quoted(s['source']),
                      f'(const struct catalog_port[]){{{ports}}}', str(len(s['ports'])),
                      f'(const struct catalog_interface *const[]){{{interfaces}}}' if interfaces else 'NULL',
                      str(len(s['interfaces'] or []))])


def symptom_row(c, s):
    steps = ', '.join(f'{{PREDICATE_{op}, {fact}, PREDICATE_{relation}, {value}}}' for op, fact, relation, value in s.steps)
    index = [c.statuses.index(c.symbols[n]) for n in s['statuses'] or []]
    statuses = ', '.join(f'&catalog_statuses[{i}]' for i in index)
    return ', '.join([*(quoted(s[k]) for k in ('id', 'title')), PHASES[s['phase']],
                      *(quoted(s[k]) for k in ('seen', 'when', 'evidence', 'cause', 'fix', 'filter', 'confidence')),
                      texts(s['source']), texts(s['also']),
                      f'(const struct catalog_status *const[]){{{statuses}}}' if index else 'NULL', str(len(index)),
                      f'{{(const struct predicate_step[]){{{steps}}}, {len(s.steps)}}}'])


def fact_row(c, f):
    values = next((t['values'] for t in c.types if t['name'] == f['type']), None)
    kind = f['type'].upper() if f['type'] in ('bool', 'number', 'status') else 'NAMED'
    return ', '.join([quoted(f['name']), f'FACT_TYPE_{kind}', texts(values), PHASES[f['phase']], quoted(f['says'])])


def source_write(c, out):
    parts = [HEAD + '#include "catalog/table.h"\n',
             table('catalog_interface', 'catalog_interfaces', [interface_row(i) for i in c.interfaces]),
             table('catalog_status', 'catalog_statuses', [status_row(c, s) for s in c.statuses]),
             table('catalog_service', 'catalog_services', [service_row(c, s) for s in c.services]),
             table('catalog_symptom', 'catalog_symptoms', [symptom_row(c, s) for s in c.symptoms]),
             table('catalog_fact', 'catalog_facts', [fact_row(c, f) for f in c.facts])]
    pathlib.Path(out).write_text('\n'.join(parts))


def header_write(c, out):
    facts = ''.join(f'\tFACT_{upper(f["name"])}, /* {f["says"]} */\n' for f in c.facts)
    kinds = ''.join(f'\tSTATUS_{k.upper()},\n' for k in KINDS)
    types = ''.join(f'/* {t["says"]} */\nenum seen_{t["name"]} {{\n'
                    + ''.join(f'\tSEEN_{t["name"].upper()}_{upper(v)},\n' for v in t['values']) + '};\n\n' for t in c.types)
    pathlib.Path(out).write_text(
        f'{HEAD}#ifndef CATALOG_VOCABULARY_H\n#define CATALOG_VOCABULARY_H\n\n'
        f'enum fact {{\n{facts}\tFACT_N\n}};\n\n{types}'
        f'enum catalog_status_kind {{\n{kinds}\tSTATUS_N_KINDS\n}};\n\n#endif\n')


def main():
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        return 64
    data, header, out_c, out_h = sys.argv[1:]
    catalogue = Catalogue(data, header)
    if catalogue.complaints:
        print('\n'.join(catalogue.complaints), file=sys.stderr)
        return 1
    source_write(catalogue, out_c)
    header_write(catalogue, out_h)
    return 0


if __name__ == '__main__':
    sys.exit(main())
