#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the shared library exports: what the installed headers declare, with a version, and nothing else.

usage: library_test.py LIBRARY SOURCE-ROOT
"""
import pathlib
import re
import subprocess
import sys
import unittest

LIBRARY, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
VERSION = re.compile(r'@@SALLYPORT_\d+\.\d+$')


def exported():
    """name -> version of each symbol; the versions themselves are none."""
    out = subprocess.run(['nm', '-D', '--defined-only', '--with-symbol-versions', LIBRARY], check=True, capture_output=True,
                         text=True).stdout
    rows = [line.split() for line in out.splitlines()]
    names = [row[2] for row in rows if row[1] != 'A']
    return {name.split('@')[0]: name[len(name.split('@')[0]):] for name in names}


def declared():
    """Functions and objects that the headers promise: all that is neither a type nor inline."""
    source = ''.join(f'#include <{path.relative_to(ROOT / "include")}>\n'
                     for path in sorted((ROOT / 'include/sallyport').glob('*.h')) if path.name != 'uv.h')
    text = subprocess.run(['gcc', '-std=gnu17', '-E', '-P', f'-I{ROOT}/include', '-x', 'c', '-'], input=source, check=True,
                          capture_output=True, text=True).stdout
    depth, outer = 0, []
    for c in text:  # bodies of structs and of inline functions are left out
        depth += {'{': 1, '}': -1}.get(c, 0)
        if depth == 0 and c != '\n':
            outer.append(c)
    names = set()
    for declaration in re.split(r'[;}]', ''.join(outer)):
        if re.match(r'\s*(static|typedef)\b', declaration):
            continue
        declaration = re.sub(r'__attribute__\s*\(\(.*?\)\)', '', declaration)
        m = re.search(r'\b(sp_\w+)\s*\(', declaration) or re.search(r'\bextern\b.*?\b(sp_\w+)\s*(?:\[.*)?$', declaration)
        if m:
            names.add(m.group(1))
    return names


class Library(unittest.TestCase):
    def test_only_sp_is_exported(self):
        self.assertEqual([name for name in exported() if not name.startswith('sp_')], [])

    def test_every_symbol_has_a_version(self):
        self.assertEqual([name for name, version in exported().items() if not VERSION.match(version)], [])

    def test_what_is_exported_is_what_the_headers_declare(self):
        self.assertGreater(len(declared()), 100)
        self.assertEqual(sorted(set(exported()) - declared()), [], 'exported, declared nowhere')
        self.assertEqual(sorted(declared() - set(exported())), [], 'declared, not exported')

    def test_the_soname_says_which_programs_it_serves(self):
        out = subprocess.run(['readelf', '-d', LIBRARY], check=True, capture_output=True, text=True).stdout
        self.assertRegex(out, r'SONAME.*\[libsallyport\.so\.\d+\]')


unittest.main(argv=sys.argv[:1])
