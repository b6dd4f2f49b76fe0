#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every public function is on a page of section 3, and no page names one that is not there; sallyport(3) lists every page,
every page that is named is there, and all of them are built."""
import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parent.parent
HIDDEN = re.compile(r'sp_uv_on_')


def functions():
    found = set()
    for face in (SOURCE / 'include/sallyport').glob('*.h'):
        text = re.sub(r'/\*.*?\*/', '', face.read_text(), flags=re.S)
        text = re.sub(r'^typedef [^;]*;', '', text, flags=re.M)
        found |= set(re.findall(r'^(?:[a-zA-Z_][\w \t*]*[ *\n])?(sp_\w+)\(', text, re.M))
    return {f for f in found if not HIDDEN.match(f)}


def main():
    pages = {p: p.read_text() for p in (SOURCE / 'man').glob('*.3.scd')}
    named = set()
    for page, text in pages.items():
        synopsis = text[text.index('# SYNOPSIS'):text.index('# DESCRIPTION')]
        named |= set(re.findall(r'\*(sp_\w+)\*\(', synopsis))
    faces = functions()
    assert len(faces) > 150, faces
    assert not faces - named, f'on no page: {sorted(faces - named)}'
    assert not named - faces - {'sp_call_done'}, f'in no header: {sorted(named - faces)}'
    index = pages[SOURCE / 'man/sallyport.3.scd']
    for page in pages:
        name = page.name.split('.')[0]
        assert name == 'sallyport' or f'|  *{name}*(3)' in index, f'{name}(3) is not listed in sallyport(3)'
    listed = (SOURCE / 'man/meson.build').read_text()
    made = {'sallyport.1'} | {f'sallyport-{c}.1' for c in re.findall(r'^\t&command_(\w+)', (SOURCE / 'src/cli/commands.c').read_text(), re.M)}
    filled = {f'sallyport-{c}.1.scd' for c in re.findall(r"'(\w+)'", re.search(r'man_filled = .*', listed)[0])}
    for page in (SOURCE / 'man').glob('*.scd'):
        for name, section in re.findall(r'\*((?:sp_|sallyport)[\w-]*)\*\(([1-8])\)', page.read_text()):
            there = f'{name}.{section}' in made or (SOURCE / 'man' / f'{name}.{section}.scd').exists()
            assert there or name in faces, f'{page.name} names {name}({section}), which is not there'
    for page in (SOURCE / 'man').glob('*.scd'):
        if page.name in filled:
            continue
        assert f"'{page.name[:-4]}'" in listed, f'{page.name} is not in man/meson.build'
    print(f'{len(faces)} functions on {len(pages)} pages')


main()
