#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tools that watch the house must fail when they should, and name the place."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class House(unittest.TestCase):
    """A small house in a temporary folder."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.put('docs/rooms.txt', 'face\nbase face\nwire base\nnet wire\nassoc wire\n')
        self.put('src/base/a.c', '#include <sallyport/types.h>\n#include "base/a.h"\n')

    def tearDown(self):
        self.folder.cleanup()

    def put(self, path, text):
        p = self.root / path
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(text)

    def run_tool(self, name, *args):
        r = subprocess.run([ROOT / 'tools' / name, *args, self.root], capture_output=True, text=True)
        self.assertEqual(r.stderr, '')
        return r.returncode, r.stdout


class CheckLayers(House):
    def test_a_house_in_order_is_good(self):
        self.put('src/net/b.c', '#include "wire/x.h"\n#include "base/y.h"\n#include <stdio.h>\n')
        self.assertEqual(self.run_tool('check-layers')[0], 0)

    def test_an_include_across_is_refused_with_its_sentence(self):
        self.put('src/net/b.c', '\n#include "assoc/conn.h"\n')
        rc, out = self.run_tool('check-layers')
        self.assertEqual(rc, 1)
        self.assertIn('src/net/b.c:2: net/ must not include assoc/: see docs/rooms.txt', out)

    def test_an_include_upwards_is_refused(self):
        self.put('src/base/b.h', '#include "wire/x.h"\n')
        self.assertEqual(self.run_tool('check-layers')[0], 1)

    def test_a_way_around_with_dots_is_refused(self):
        self.put('src/base/b.h', '#include "../wire/x.h"\n')
        self.assertEqual(self.run_tool('check-layers')[0], 1)

    def test_a_room_without_a_row_is_refused(self):
        self.put('src/cellar/b.c', '')
        rc, out = self.run_tool('check-layers')
        self.assertEqual(rc, 1)
        self.assertIn('cellar/ is no room', out)

    def test_byte_arithmetic_belongs_to_wire(self):
        for line in ('x = p[0] | p[1] << 8;', 'x = le32toh(y);', 'x = *(const uint32_t *)p;', 'x = ntohs(y);'):
            self.put('src/assoc/b.c', line + '\n')
            self.assertEqual(self.run_tool('check-layers')[0], 1, line)
            (self.root / 'src/assoc/b.c').unlink()
            self.put('src/wire/b.c', line + '\n')
            self.assertEqual(self.run_tool('check-layers')[0], 0, line)

    def test_faces_take_sentences_from_the_catalogue(self):
        self.put('docs/rooms.txt', 'face\nbase face\ncli base\n')
        self.put('src/cli/b.c', 'x = sp_status_text(5);\n')
        rc, out = self.run_tool('check-layers')
        self.assertEqual(rc, 1)
        self.assertIn('src/cli/b.c:1: cli/ asks the library for a status', out)
        self.put('src/cli/b.c', '/* sp_status_text(5) */\n')
        self.put('src/base/c.c', 'x = sp_status_text(5);\n')
        self.assertEqual(self.run_tool('check-layers')[0], 0)

    def test_comments_and_strings_are_no_code(self):
        self.put('src/assoc/b.c', '/* ntohs(x)\n le32toh(y) */ "p[0] << 8"\n')
        self.assertEqual(self.run_tool('check-layers')[0], 0)

    def test_an_empty_house_is_a_finding(self):
        (self.root / 'src/base/a.c').unlink()
        self.assertEqual(self.run_tool('check-layers')[0], 1)


class SizeBudget(House):
    @staticmethod
    def function(name, n):
        return f'static int\n{name}(void)\n{{\n' + '\tx();\n' * (n - 2) + '}\n\n'

    def test_short_functions_are_good(self):
        self.put('src/base/b.c', ''.join(self.function(f'f{i}', 10) for i in range(9)))
        rc, out = self.run_tool('size-budget')
        self.assertEqual(rc, 0, out)
        self.assertIn('median   10.0', out)

    def test_a_long_function_is_named(self):
        self.put('src/base/b.c', self.function('long_one', 121) + ''.join(self.function(f'f{i}', 5) for i in range(30)))
        rc, out = self.run_tool('size-budget')
        self.assertEqual(rc, 1)
        self.assertIn('src/base/b.c: long_one has 121 lines', out)

    def test_an_exception_lets_it_pass_and_only_shrinks(self):
        others = ''.join(self.function(f'f{i}', 5) for i in range(30))
        self.put('src/base/b.c', self.function('long_one', 130) + others)
        self.put('tools/size-budget.exceptions', 'at-most 1\nsrc/base/b.c long_one 130\n')
        self.assertEqual(self.run_tool('size-budget')[0], 0)
        self.put('src/base/b.c', self.function('long_one', 129) + others)
        self.assertEqual(self.run_tool('size-budget')[0], 1)
        self.put('src/base/b.c', self.function('long_one', 131) + others)
        self.assertEqual(self.run_tool('size-budget')[0], 1)

    def test_more_exceptions_than_agreed_are_refused(self):
        self.put('src/base/b.c', self.function('long_one', 130) + ''.join(self.function(f'f{i}', 5) for i in range(30)))
        self.put('tools/size-budget.exceptions', 'at-most 0\nsrc/base/b.c long_one 130\n')
        self.assertEqual(self.run_tool('size-budget')[0], 1)

    def test_a_high_median_is_refused(self):
        self.put('src/base/b.c', ''.join(self.function(f'f{i}', 20) for i in range(9)))
        self.assertEqual(self.run_tool('size-budget')[0], 1)


class Cite(House):
    def test_sections_are_counted_by_where_they_stand(self):
        self.put('src/base/b.c', '/* [MS-RPCE] 2.2.2.11, 3.3.1.5.6\n * and C706 12.6.4.3 */\n')
        self.put('src/base/b_test.c', '/* [MS-RPCE] 2.2.2.11 */')
        self.put('tests/x', '# C706 12.4')
        rc, out = self.run_tool('cite')
        self.assertEqual(rc, 0)
        self.assertRegex(out, r'\[MS-RPCE\] 2\.2\.2\.11 +both')
        self.assertRegex(out, r'\[MS-RPCE\] 3\.3\.1\.5\.6 +implemented')
        self.assertRegex(out, r'\[C706\] 12\.4 +tested')
        self.assertIn('4 sections cited: 1 implemented and tested, 2 implemented only, 1 tested only', out)

    def test_untested_lists_only_those(self):
        self.put('src/base/b.c', '/* [MS-RPCE] 2.2.2.11 C706 12.4 */\n')
        self.put('tests/x', '# C706 12.4')
        out = self.run_tool('cite', '--untested')[1]
        self.assertIn('2.2.2.11', out)
        self.assertNotRegex(out, r'12\.4 ')

    def test_no_citation_at_all_is_a_finding(self):
        self.assertEqual(self.run_tool('cite')[0], 1)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
