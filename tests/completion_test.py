#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What bash, zsh and fish complete, asked of the shells themselves; and that completion and manual have what --help has.

   completion_test.py BUILD
"""
import os
import pathlib
import pty
import re
import select
import shlex
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
PACKAGING = BUILD / 'packaging'
TOOL = BUILD / 'src/cli/sallyport'


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more).stdout


def commands():
    return re.findall(r'^  (\S+) {2,}\S', run(TOOL, '--help').split('commands:')[1], re.M)


def options(command):
    """(long option, takes a value) of a command's --help."""
    page = run(TOOL, command, '--help')
    if '\noptions:' not in page:  # the face of another tool, whose options are its own
        return [('--help', '')]
    return re.findall(r'^ {2}(?:-\w,| {3}) (--[\w-]+)( \S+)?', page.split('\noptions:')[1], re.M)


def bash(*words):
    """What the last word, perhaps an empty one, may become."""
    script = (f'source {PACKAGING}/sallyport; COMP_WORDS=({shlex.join(words)}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); '
              '_sallyport; printf "%s\\n" "${COMPREPLY[@]}"')
    return run('bash', '--norc', '-c', script).split()


def fish(line):
    out = run('fish', '--no-config', '-c', f'source {PACKAGING}/sallyport.fish; complete -C {shlex.quote(line)}')
    return [row.split('\t')[0] for row in out.splitlines()]


class Bash(unittest.TestCase):
    def test_a_command_is_completed(self):
        self.assertEqual(bash('sallyport', 'pin'), ['ping'])
        self.assertEqual(set(bash('sallyport', '')), {*commands(), 'help', '--help', '--version'})
        self.assertEqual(bash('sallyport', 'help', 'res'), ['resolve'])

    def test_every_option_of_help_is_offered(self):
        for command in commands():
            offered = set(bash('sallyport', command, '--'))
            self.assertEqual(offered, {name for name, _ in options(command)}, command)

    def test_choices_follow_their_option(self):
        self.assertEqual(bash('sallyport', 'ports', 'convert', '--to', 're'), ['reg'])
        self.assertEqual(bash('sallyport', 'ports', 'convert', '--to', '=', 're'), ['reg'])
        self.assertEqual(bash('sallyport', 'ports', 'convert', '--to', '='), ['yaml', 'reg', 'netsh', 'sysctl'])

    def test_the_first_argument_is_not_the_second(self):
        self.assertEqual(bash('sallyport', 'ports', '--json', 'sh'), ['show'])
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, 'policy.reg').touch()
            self.assertEqual(bash('sallyport', 'ports', 'show', folder + '/pol'), [folder + '/policy.reg'])
            self.assertEqual(bash('sallyport', 'endpoints', '--ncalrpc-dir', folder[:-2]), [folder])

    def test_an_options_value_is_no_argument(self):
        self.assertEqual(bash('sallyport', 'ports', '--for', 'internet', 'te'), ['test'])
        self.assertEqual(bash('sallyport', 'ports', '--for', '=', 'internet', 'te'), ['test'])

    def test_a_value_that_nobody_can_guess_is_not_guessed(self):
        self.assertEqual(bash('sallyport', 'ping', '--count', ''), [])

    def test_what_can_be_explained_is_offered_again_and_again(self):
        self.assertEqual(bash('sallyport', 'explain', 'RPC_S_SERVER_UN'), ['RPC_S_SERVER_UNAVAILABLE'])
        self.assertEqual(bash('sallyport', 'explain', '1722', 'T0', 'Netlo'), ['Netlogon'])

    def test_interfaces_and_services_are_offered_by_name(self):
        self.assertEqual(bash('sallyport', 'doctor', 'dc01', '--service', 'Netlo'), ['Netlogon'])
        self.assertIn('samr', bash('sallyport', 'resolve', 'dc01', 'sam'))
        self.assertIn('samr', bash('sallyport', 'ping', 'dc01', '-i', 'sam'))


class Fish(unittest.TestCase):
    def test_a_command_is_completed(self):
        self.assertEqual(fish('sallyport pin'), ['ping'])
        self.assertEqual(set(fish('sallyport ')), {*commands(), 'help'})

    def test_every_option_of_help_is_offered(self):
        for command in commands():
            offered = {word for word in fish(f'sallyport {command} --') if word.startswith('--')}
            self.assertEqual(offered, {name for name, _ in options(command)}, command)

    def test_arguments_and_values_are_offered(self):
        self.assertEqual(fish('sallyport ports convert --to re'), ['reg'])
        self.assertEqual(fish('sallyport ports sh'), ['show'])
        self.assertIn('Netlogon', fish('sallyport explain 1722 Netlo'))
        self.assertIn('samr', fish('sallyport ping dc01 -i sam'))
        self.assertEqual(fish('sallyport help res'), ['resolve'])


class Zsh(unittest.TestCase):
    """A terminal with zsh in it: what Tab made of a line is what runs then."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(scratch.name)
            os.execve('/bin/zsh', ['zsh', '-f', '-i'], {'TERM': 'dumb', 'PATH': os.environ['PATH'], 'HOME': scratch.name})
        self.addCleanup(os.waitpid, pid, 0)
        self.addCleanup(os.close, self.terminal)
        self.send(f"fpath=({PACKAGING} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt zle_bracketed_paste; "
                  "sallyport() { print -r -- RA''N $# $@ END }; PS1='rea''dy> '\n")
        self.wait('ready> ')

    def send(self, text):
        os.write(self.terminal, text.encode())

    def wait(self, words, seconds=60):
        got, until = '', time.monotonic() + seconds
        while words not in got:
            self.assertLess(time.monotonic(), until, got)
            if select.select([self.terminal], [], [], 1)[0]:
                got += os.read(self.terminal, 65536).decode(errors='replace')
        return got

    def completes(self, line, to):
        self.send(line + '\t\n')
        got = self.wait('ready> ')
        if ' END' not in got:
            got += self.wait('ready> ')
        self.assertRegex(got, rf'RAN \d+ {re.escape(to)} *END')

    def test_commands_options_and_arguments_are_completed(self):
        self.completes('sallyport pin', 'ping')
        self.completes('sallyport ping --timeout-com', 'ping --timeout-communication')  # Return takes the = away
        self.completes('sallyport ping dc01 --js', 'ping dc01 --json')
        self.completes('sallyport ports convert --to ne', 'ports convert --to netsh')
        self.completes('sallyport ports sh', 'ports show')
        self.completes('sallyport explain 1722 RPC_S_SERVER_UN', 'explain 1722 RPC_S_SERVER_UNAVAILABLE')
        self.completes('sallyport help res', 'help resolve')

    def test_every_option_of_help_is_in_the_script(self):
        text = (PACKAGING / '_sallyport').read_text()
        for command in commands():
            part = text.split(f'\n\t{command})\n')[1].split(' ;;\n')[0]
            for name, value in options(command):
                self.assertRegex(part, re.escape(name) + ('=' if value else r'\b'), command)


class Manual(unittest.TestCase):
    """When scdoc is there, which makes the pages."""

    def test_every_command_has_a_page_with_every_option(self):
        for command in commands():
            page = BUILD / f'man/sallyport-{command}.1'
            self.assertTrue(page.exists(), f'sallyport-{command}(1) is missing')
            text = page.read_text().replace('\\-', '-').replace('\\fB', '').replace('\\fR', '')
            for name, _ in options(command):
                self.assertRegex(text, rf'{name}\b', command)

    def test_the_overview_names_every_command(self):
        text = (BUILD / 'man/sallyport.1').read_text().replace('\\-', '-')
        for command in commands():
            self.assertIn(f'sallyport-{command}', text)


if __name__ == '__main__':
    unittest.main()
