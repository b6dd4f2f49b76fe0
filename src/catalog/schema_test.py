#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The build refuses data that does not keep to its schema, and says in which file and line."""
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class SchemaTest(unittest.TestCase):
    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.scratch)
        self.data = self.scratch / 'data'
        shutil.copytree(ROOT / 'data', self.data)
        self.header = self.scratch / 'status.h'
        shutil.copy(ROOT / 'include/sallyport/status.h', self.header)

    def compile(self):
        return subprocess.run([sys.executable, HERE / 'compile.py', self.data, self.header, self.scratch / 'table.c',
                               self.scratch / 'vocabulary.h'], capture_output=True, text=True, check=False)

    def refuses(self, file, old, new, words, count=1):
        """With `old` replaced by `new` the data is refused with these words, file and the line of the change."""
        path = self.data / file
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, count))
        r = self.compile()
        self.assertEqual(r.returncode, 1, r.stderr)
        self.assertIn(words, r.stderr)
        self.assertFalse((self.scratch / 'table.c').exists())
        line = next(x for x in r.stderr.splitlines() if words in x)
        self.assertRegex(line, rf'{file}:\d+: ')
        return int(line.split(':')[1])

    def line_of(self, file, text):
        return (ROOT / 'data' / file).read_text().split(text)[0].count('\n') + 1

    def test_the_data_itself_is_good(self):
        r = self.compile()
        self.assertEqual((r.returncode, r.stderr), (0, ''))

    def test_an_unknown_key_is_refused_with_its_line(self):
        line = self.refuses('symptoms.yaml', '    cause: "The record', '    colour: red\n    cause: "The record', 'unknown key "colour"')
        self.assertEqual(line, self.line_of('symptoms.yaml', '    cause: "The record'))

    def test_a_missing_key_is_refused(self):
        self.refuses('symptoms.yaml', '    title: The name does not exist\n', '', '"title" is missing')

    def test_an_unknown_top_level_key_is_refused(self):
        self.refuses('symptoms.yaml', 'symptoms:', 'symptom:', 'unknown key "symptom"')

    def test_a_key_that_stands_there_twice_is_refused(self):
        self.refuses('symptoms.yaml', '    phase: name resolution\n', '    phase: name resolution\n    phase: discovery\n',
                     '"phase" stands there twice')

    def test_an_id_that_is_there_twice_is_refused(self):
        self.assertEqual(self.refuses('symptoms.yaml', '  - id: N02', '  - id: N01', 'symptom N01 is there twice'),
                         self.line_of('symptoms.yaml', '  - id: N02'))

    def test_a_number_that_is_there_twice_is_refused(self):
        self.refuses('status.yaml', 'number: 1723,', 'number: 1722,', 'number 1722 is there twice')

    def test_a_symbol_that_is_there_twice_is_refused(self):
        self.refuses('status.yaml', 'symbol: RPC_NT_SERVER_TOO_BUSY', 'symbol: RPC_NT_SERVER_UNAVAILABLE', 'is there twice')

    def test_a_dangling_status_is_refused(self):
        self.refuses('symptoms.yaml', 'WSAHOST_NOT_FOUND', 'WSAHOST_NOT_FUOND', 'there is no status WSAHOST_NOT_FUOND')

    def test_a_dangling_symptom_is_refused(self):
        self.refuses('symptoms.yaml', 'also: [E01, K03]', 'also: [E01, K99]', 'there is no other symptom K99')

    def test_a_dangling_interface_is_refused(self):
        self.refuses('services.yaml', 'interfaces: [browser]', 'interfaces: [brouser]', 'there is no interface brouser')

    def test_a_dangling_note_is_refused(self):
        self.refuses('services.yaml', 'notes: [dtls]', 'notes: [dlts]', 'there is no note dlts')

    def test_a_dangling_win32_twin_is_refused(self):
        self.refuses('status.yaml', 'win32: RPC_S_SERVER_TOO_BUSY', 'win32: RPC_S_SERVER_TOO_LAZY', 'no Win32 status')

    def test_a_port_outside_its_bounds_is_refused(self):
        self.refuses('services.yaml', 'ports: 5722', 'ports: 75722', 'no port')

    def test_a_range_that_runs_backwards_is_refused(self):
        self.refuses('services.yaml', 'TCP, ports: 49152-65535', 'TCP, ports: 65535-49152', 'no range')

    def test_interfaces_are_ascending_and_lower_case(self):
        self.refuses('interfaces.yaml', 'uuid: 000001a0-', 'uuid: ffff01a0-', 'ascending')

    def test_an_upper_case_uuid_is_refused(self):
        self.refuses('interfaces.yaml', 'uuid: 000001a0-', 'uuid: 000001A0-', 'UUID in lower case')

    def test_a_name_of_two_words_is_refused(self):
        self.refuses('interfaces.yaml', 'name: samr', 'name: sam r', 'one word')

    def test_a_sentence_that_is_too_long_is_refused(self):
        self.refuses('symptoms.yaml', 'title: The name does not exist', 'title: ' + 'x' * 101, 'at most 100')

    def test_broken_yaml_is_refused(self):
        self.refuses('facts.yaml', 'facts:', 'facts: [', 'not YAML')

    def test_an_empty_file_is_refused(self):
        (self.data / 'facts.yaml').write_text('')
        self.assertIn('must be a mapping', self.compile().stderr)

    def test_a_status_that_differs_from_the_librarys_is_refused(self):
        self.refuses('status.yaml', '"The RPC server is unavailable"', '"The RPC server is away"', 'RPC_S_SERVER_UNAVAILABLE is')

    def test_a_status_that_only_the_library_has_is_refused(self):
        self.header.write_text(self.header.read_text().replace('X(RPC_S_OK, 0,', 'X(RPC_S_NEW, 4711, "New")\\\n\tX(RPC_S_OK, 0,'))
        self.assertIn('RPC_S_NEW does not stand in status.yaml', self.compile().stderr)

    def test_wireshark_takes_every_display_filter(self):
        nothing = self.scratch / 'nothing.pcap'
        nothing.write_bytes(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))

        def refused(text):
            r = subprocess.run(['tshark', '-r', nothing, '-Y', text], capture_output=True, text=True, check=False)
            return r.stderr if r.returncode else ''
        with open(self.data / 'symptoms.yaml', encoding='utf-8') as f:
            filters = [s['filter'] for s in yaml.safe_load(f)['symptoms'] if 'filter' in s]
        self.assertGreater(len(filters), 60)
        if refused(' || '.join(f'({f})' for f in filters)):  # one at a time takes a minute
            self.fail(''.join(refused(f) for f in filters))

    # --- predicates ---

    def predicate(self, text, words):
        line = self.refuses('symptoms.yaml', 'when: "tcp.135 == refused"', f'when: "{text}"', words)
        self.assertEqual(line, self.line_of('symptoms.yaml', 'when: "tcp.135 == refused"'))

    def test_a_fact_that_nobody_knows_is_refused(self):
        self.predicate('tcp.136 == refused', 'there is no fact "tcp.136"')

    def test_a_value_of_another_type_is_refused(self):
        self.predicate('tcp.135 == nxdomain', '"nxdomain" is no value of tcp.135')

    def test_a_number_for_a_name_is_refused(self):
        self.predicate('tcp.135 == 1', '"1" is no value of tcp.135')

    def test_names_have_no_order(self):
        self.predicate('tcp.135 > refused', 'it has no order')

    def test_a_fact_alone_must_be_true_or_false(self):
        self.predicate('tcp.135', 'compare it with a value')

    def test_a_truth_is_not_compared(self):
        self.predicate('name.owner_differs == 1', 'write "name.owner_differs"')

    def test_a_status_that_does_not_exist_is_refused(self):
        self.predicate('mapper.map == EPT_S_NO', '"EPT_S_NO" is no value')

    def test_parentheses_are_closed(self):
        self.predicate('(tcp.135 == refused', 'it ends too early')

    def test_words_behind_the_end_are_refused(self):
        self.predicate('tcp.135 == refused tcp.445 == open', 'one word too many')

    def test_strange_signs_are_refused(self):
        self.predicate('tcp.135 = refused', 'no sign of this language')

    def test_a_list_is_closed(self):
        self.predicate('tcp.135 in [refused', 'it ends too early')

    def test_too_many_steps_are_refused(self):
        self.predicate('name.host in [' + ', '.join(['empty'] * 17) + ']', 'at most 32')

    def test_a_fact_that_no_symptom_asks_for_is_refused(self):
        self.refuses('facts.yaml', 'facts:\n', 'facts:\n  - {name: a.b, type: bool, phase: discovery, says: "x"}\n',
                     'no symptom asks for a.b')


if __name__ == '__main__':
    unittest.main()
