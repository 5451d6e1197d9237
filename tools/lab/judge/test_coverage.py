# SPDX-License-Identifier: GPL-2.0
"""coverage.py: the verdict on the lines that tests ran"""

import contextlib
import io
import json
import subprocess

import coverage
from samples import JudgeTest

OLD = 'static void f(int a)\n{\n\ta();\n}\n'
# adds b() twice, c() and d()
NEW = ('static void f(int a)\n{\n\tif (a)\n\t\tb();\n\ta();\nout:\n\tb();\n}\n\n'
       'static struct s *g(struct s *s,\n\t\t   int b)\n{\n\tc();\n\td();\n}\n')


class CoverageTest(JudgeTest):
    """The program coverage.py"""

    def setUp(self):
        super().setUp()
        self.tree = self.folder / 'series'
        self.tree.mkdir()
        self.git('init', '-q', '-b', 'main')
        for text in OLD, NEW:
            self.write('series/io_uring/x.c', text)
            self.git('add', '.')
            self.git('-c', 'user.name=x', '-c', 'user.email=x', 'commit', '-q', '-m', 'x')
        self.git('tag', 'base', 'HEAD^')
        self.counted({4: 1, 7: 1, 13: 1, 14: 1})
        self.write('uncovered', '')

    def git(self, *arguments):
        """Run git in the series"""
        subprocess.run(['git', '-C', self.tree, *arguments], check=True,
                       capture_output=True)

    def counted(self, counts, name='x'):
        """These lines ran that often"""
        counts = [{'line_number': number, 'count': count}
                  for number, count in ({3: 1, 5: 1} | counts).items()]
        self.write(f'found/{name}.json', json.dumps(
            {'files': [{'file': './io_uring/x.c', 'lines': counts},
                       {'file': 'kernel/x.c', 'lines': [{'line_number': 1, 'count': 0}]}]}))

    def run_judge(self, *arguments):
        """Status, stdout and stderr"""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = coverage.main(list(map(str, arguments)) or [
                str(self.tree), str(self.tree), str(self.folder / 'uncovered'),
                str(self.folder / 'found')])
        return status, out.getvalue(), err.getvalue()

    def assert_judged(self, wanted, *parts):
        """The status is this, and the output has these parts"""
        status, out, err = self.run_judge()
        self.assertEqual((status, err), (wanted, ''), out)
        for part in parts:
            self.assertIn(part, out)

    def test_all_run(self):
        """The line of the old source doesn't count"""
        self.assert_judged(0, '5 of the added lines are counted: 5 are run, 0 are not '
                           'for a reason, 0 are not\n')

    def test_pages(self):
        """What genhtml gets has all lines of the file, and of no other one"""
        self.run_judge()
        self.assertEqual(
            (self.folder / 'found/lines.info').read_text(encoding='utf-8'),
            f'TN:\nSF:{self.tree}/io_uring/x.c\nDA:3,1\nDA:4,1\nDA:5,1\nDA:7,1\n'
            'DA:13,1\nDA:14,1\nend_of_record\n')

    def test_line_that_is_not_run(self):
        """It is named, with its function"""
        self.counted({4: 1, 7: 1, 13: 0, 14: 1})
        self.assert_judged(1, 'io_uring/x.c:13: g: c();\n', '4 are run', '1 are not\n',
                           'io_uring/x.c:13: no test runs it, and it is not listed in')

    def test_macro(self):
        """One that defines functions has its own name"""
        source = ['', 'TRACE_EVENT(x,', '\tTP_PROTO(int x),']
        self.assertEqual(coverage.named(source, 2), 'TRACE_EVENT: TRACE_EVENT(x,')
        self.assertEqual(coverage.named(source, 3), 'TRACE_EVENT: TP_PROTO(int x),')

    def test_reason(self):
        """A line in the list may be missed, and only there"""
        self.counted({4: 0, 7: 1, 13: 1, 14: 1})
        self.write('uncovered', '# why\nf: b();\tbecause\n')
        self.assert_judged(0, 'io_uring/x.c:4: f: b();\n\tbecause\n', '1 are not for a')
        self.write('uncovered', 'g: b();\tbecause\n')
        self.assert_judged(1, 'io_uring/x.c:4: no test', 'g: b();: the series adds no')

    def test_stale_reason(self):
        """A line in the list is run after all"""
        self.write('uncovered', 'g: c();\tbecause\n')
        self.assert_judged(1, 'uncovered: g: c();: a test runs it\n')
        self.write('uncovered', 'g: c();\trace: seldom\n')
        self.assert_judged(0)
        self.write('uncovered', 'g: z();\trace: seldom\n')
        self.assert_judged(1, 'uncovered: g: z();: the series adds no such line\n')

    def test_several_objects(self):
        """It is enough if a line is run in one of them"""
        self.counted({4: 0, 7: 1, 13: 0, 14: 1})
        self.counted({4: 1, 7: 0, 13: 1, 14: 0}, 'y')
        self.assert_judged(0, '5 are run')

    def test_nothing_counted(self):
        """Then nothing can be said"""
        self.counted({number: 0 for number in (3, 4, 5, 7, 13, 14)})
        self.explained('io_uring/x.c: no line of it was run')
        (self.folder / 'found/x.json').unlink()
        self.explained('io_uring/x.c: no line of it was run')

    def test_bad_files(self):
        """The one that is missing or broken is named"""
        for name, text in (('found/x.json', 'garbage'), ('found/x.json', '[]'),
                           ('uncovered', 'f: b();\n'), ('uncovered', 'b();\tbecause\n'),
                           ('uncovered', 'f: b();\tx\n' * 2)):
            with self.subTest(name=name, text=text):
                self.setUp()
                self.write(name, text)
                self.explained(self.folder / name)
        (self.folder / 'uncovered').unlink()
        self.explained(self.folder / 'uncovered')
        self.git('tag', '-d', 'base')
        self.explained(self.tree)

    def explained(self, part):
        """It fails with one line that has this"""
        status, out, err = self.run_judge()
        self.assertEqual((status, out, err.count('\n')), (3, '', 1))
        self.assertIn(f'coverage: {part}', err)

    def test_arguments(self):
        """Wrong ones are explained as well"""
        self.assertEqual(self.run_judge('one')[::2], (
            3, 'coverage: usage: coverage.py TREE SERIES UNCOVERED FOLDER\n'))
