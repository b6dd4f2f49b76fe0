#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes docs/troubleshooting.md of data/troubleshooting.md, whose @...@ lines the catalogue fills.

   guide.py DATA STATUS.h PAGE             writes the page
   guide.py --check DATA STATUS.h PAGE     fails when the page says something else
"""
import difflib
import pathlib
import re
import sys

from compile import Catalogue
from schema import KINDS

HEAD = '<!-- Made of data/ by src/catalog/guide.py: edit there, then `ninja -C build guide`. -->\n'
TITLES = {'win32': 'Win32', 'ntstatus': 'NTSTATUS', 'hresult': 'HRESULT', 'fault': 'Status of a fault',
          'mapper': 'Status of the endpoint mapper', 'bind_nak': 'Reason in a bind_nak',
          'context_result': 'Result of a presentation context', 'context_reason': 'Reason why a presentation context was rejected',
          'kerberos': 'Kerberos', 'component': 'Generating component of extended error information',
          'location': 'Detection location of extended error information'}


def cell(text):
    return (text or '').replace('|', '\\|').replace('<', '&lt;')


def prose(text):
    return text.replace('<', '&lt;')


def link(symptom):
    return f'[{symptom["id"]}](#{symptom["id"].lower()})'


def written(status):
    return f'{status["number"]}' if status['number'] <= 0xffff else f'0x{status["number"]:08X}'


class Guide:
    def __init__(self, catalogue):
        self.c = catalogue
        self.by_id = {s['id']: s for s in catalogue.symptoms}
        self.shown = {}  # symbol of what is meant -> symptoms
        for s in catalogue.symptoms:
            for symbol in s['statuses'] or []:
                shown = self.shown.setdefault(self.meant(catalogue.symbols[symbol])['symbol'], [])
                if s not in shown:
                    shown.append(s)

    def meant(self, status):
        return self.c.symbols[status['win32']] if status['win32'] else status

    # --- symptoms ---

    def symptom(self, s):
        errors = [f'{written(r)} {r["symbol"]}' for r in (self.c.symbols[n] for n in s['statuses'] or [])]
        rows = [('Seen', prose(s['seen'])), ('Proof', prose(s['evidence'])), ('Cause', prose(s['cause'])), ('Fix', prose(s['fix'])),
                ('Wireshark', f'`{s["filter"]}`' if s['filter'] else None), ('Errors', ', '.join(errors)),
                ('See also', ', '.join(link(self.by_id[i]) for i in s['also'] or [])),
                ('How we know', f'{s["confidence"]}: ' + '; '.join(prose(x) for x in s['source']))]
        body = '\n'.join(f'- **{name}**: {text}' for name, text in rows if text)
        return f'<a id="{s["id"].lower()}"></a>\n\n### {s["id"]} {prose(s["title"])}\n\n{body}\n'

    def symptoms(self, phase):
        mine = [s for s in self.c.symptoms if s['phase'] == phase]
        table = ''.join(f'| {link(s)} | {cell(s["title"])} | {cell(s["seen"])} |\n' for s in mine)
        return f'| | what | seen |\n|---|---|---|\n{table}\n' + '\n'.join(map(self.symptom, mine))

    # --- services ---

    def services(self, _):
        def ports(service, protocol):
            return ', '.join(dict.fromkeys(str(p['ports']) for p in service['ports'] if p['protocol'] == protocol))
        rows = ''.join(f'| {cell(s["name"])} | {cell(s["title"])} | {ports(s, "TCP")} | {ports(s, "UDP")} '
                       f'| {", ".join(s["interfaces"] or [])} |\n' for s in sorted(self.c.services, key=lambda s: s['name'].lower()))
        return f'| service | | TCP | UDP | interfaces |\n|---|---|---|---|---|\n{rows}'

    # --- statuses ---

    def status(self, s):
        meant = self.meant(s)
        phase = s['phase'] or meant['phase']
        says = '. '.join(filter(None, [s['sentence'] or meant['sentence'], s['means']]))
        shown = ' '.join(map(link, self.shown.get(meant['symbol'], [])))
        number = f'{written(s)}' + (f' (0x{s["number"]:X})' if 9 < s['number'] <= 0xffff else '')
        return f'| {number} | {cell(s["symbol"])} | {cell(says)} | {phase if phase != "any" else ""} | {shown} |\n'

    def statuses(self, _):
        parts = []
        for kind in KINDS:
            mine = sorted((s for s in self.c.statuses if s['kind'] == kind), key=lambda s: s['number'])
            parts.append(f'### {TITLES[kind]}\n\n| number | symbol | meaning | phase | symptoms |\n|---|---|---|---|---|\n'
                         + ''.join(map(self.status, mine)))
        return '\n'.join(parts)

    def page(self, template):
        def fill(m):
            return getattr(self, m[1])(m[2]).rstrip('\n')
        return HEAD + re.sub(r'^@(\w+) ?([\w ]*)@$', fill, template, flags=re.M)


def main():
    args = sys.argv[1:]
    checks = args[:1] == ['--check']
    data, header, to = args[checks:]
    catalogue = Catalogue(data, header)
    if catalogue.complaints:
        print('\n'.join(catalogue.complaints), file=sys.stderr)
        return 1
    page = Guide(catalogue).page((pathlib.Path(data) / 'troubleshooting.md').read_text())
    if not checks:
        pathlib.Path(to).write_text(page)
        return 0
    there = pathlib.Path(to).read_text().splitlines()
    differences = list(difflib.unified_diff(there, page.splitlines(), to, 'the catalogue', lineterm='', n=0))
    print('\n'.join(differences[:40] + ['next: ninja -C build guide']) if differences else 'as the catalogue says')
    return 1 if differences else 0


if __name__ == '__main__':
    sys.exit(main())
