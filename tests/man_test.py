#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every public function is on a page of section 3, no page names one that is not there, and every page is built."""
import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parent.parent
# what generated code calls is described where it is declared
FACES = ('binding.h', 'client.h', 'error.h', 'server.h', 'uv.h')
HIDDEN = re.compile(r'sp_uv_on_|sp_log_function')


def functions():
    found = {'sp_call_invoke', 'sp_call_start'}  # of stub.h, but for users as well
    for name in FACES:
        text = (SOURCE / 'include/sallyport' / name).read_text()
        text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
        found |= set(re.findall(r'^(?:[a-zA-Z_][\w \t*]*[ *\n])?(sp_\w+)\(', text, re.M))
    return {f for f in found if not HIDDEN.match(f)}


def main():
    pages = {p: p.read_text() for p in (SOURCE / 'man').glob('*.3.scd')}
    named = set()
    for page, text in pages.items():
        synopsis = text[text.index('# SYNOPSIS'):text.index('# DESCRIPTION')]
        named |= set(re.findall(r'\*(sp_\w+)\*\(', synopsis))
    faces = functions()
    assert len(faces) > 50, faces
    assert not faces - named, f'on no page: {sorted(faces - named)}'
    assert not named - faces - {'sp_call_done'}, f'in no header: {sorted(named - faces)}'
    listed = (SOURCE / 'man/meson.build').read_text()
    for page in (SOURCE / 'man').glob('*.scd'):
        assert f"'{page.name[:-4]}'" in listed, f'{page.name} is not in man/meson.build'
    print(f'{len(faces)} functions on {len(pages)} pages')


main()
