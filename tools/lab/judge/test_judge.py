#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The judge as a whole. Runs all of the judge's tests, with the kunit_parser in the
folder KUNIT."""

import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
from samples import HERE, KUNIT, JudgeTest, selftests


class ProgramTest(JudgeTest):
    """The other commands, and the judge as a program"""

    def passed(self):
        """All is well on both kernels"""
        self.ran('stock', {'p': ['fail t']})
        self.ran('patched', {'p': ['pass t']})

    def test_summary(self):
        """The table of several bases"""
        self.passed()
        self.check()
        other = self.write('other', '7.3-long\t7.3\tP1 P2 P3 P4 P5 P6\t10\t0\t2\n')
        status, out, _ = self.run_judge('summary', self.folder / 'summary', other)
        self.assertEqual((status, out), (0, (
            'base      version   promises held      passed  failed  skipped\n'
            '6.12      6.12.1-1                          2       0        0\n'
            '7.3-long  7.3       P1 P2 P3 P4 P5 P6      10       0        2\n')))
        self.write('other', '7.3\t7.3\tP1\t10\t1\t2\n')
        self.assertEqual(self.run_judge('summary', self.folder / 'summary',
                                        other)[0], 1)
        for text in '', 'garbage\n', '7.3\t7.3\tP1\t10\t-1\t2\n', 'a\tb\tc\t1\t2\t3\n' * 2:
            self.write('other', text)
            self.assert_explained(self.run_judge('summary', other), other)
        self.assert_explained(self.run_judge('summary', self.folder / 'none'),
                              self.folder / 'none')

    def test_arguments(self):
        """Wrong ones are explained as well"""
        for arguments in [], ['judge'], ['results', 'one'], ['summary']:
            self.assert_explained(self.run_judge(*arguments), '--help')
        options = '--base', '--version', '--guards', '--promise'
        for option in options:
            self.assert_explained(self.run_judge(
                'check', *(f'{other}=x' for other in options if other != option),
                self.folder, 'patched'), option, '--help')

    def run_program(self, kunit):
        """Judge what p did, with that parser"""
        output = self.write('output', selftests({'p': ['pass t', 'fail u']}))
        # -E: as if the environment didn't say what Python has to do
        return subprocess.run([sys.executable, '-E', HERE / 'judge.py', 'results',
                               kunit, self.programs('p'), output],
                              capture_output=True, text=True, check=False)

    def test_program(self):
        """The parser prints nothing itself, and Python leaves no cache there"""
        kunit = self.folder / 'kunit'
        shutil.copytree(KUNIT, kunit, ignore=shutil.ignore_patterns('__pycache__'))
        done = self.run_program(kunit)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, 'pass p t\nfail p u\n', ''))
        self.assertEqual(list(kunit.glob('**/__pycache__')), [])

    def test_parser_that_is_none(self):
        """It is missing, broken, or has changed"""
        kunit = self.folder / 'kunit'
        for text in None, 'garbage(', 'import no_such_module', 'TestStatus = 1':
            shutil.rmtree(kunit, ignore_errors=True)
            if text:
                self.write('kunit/kunit_parser.py', text)
                self.write('kunit/kunit_printer.py', 'stdout = 1')
            done = self.run_program(kunit)
            self.assert_explained((done.returncode, done.stdout, done.stderr), kunit)

    def test_files_of_check(self):
        """The one that is missing or broken is named"""
        for name, text in (('steps', None), ('guards', None), ('promise', None),
                           ('guards', 'guard p t\n'), ('kselftest-list.txt', None),
                           ('kselftest-list.txt', ''),
                           ('kselftest-list.txt', 'io_uring p\n'),
                           ('kselftest-list.txt', 'io_uring:\n')):
            with self.subTest(name=name, text=text):
                self.setUp()
                self.passed()
                if text is None:
                    (self.folder / name).unlink()
                else:
                    self.write(name, text)
                self.assert_explained(self.check(), self.folder / name)
                self.assertFalse((self.folder / 'summary').exists())

    def test_disk_is_full(self):
        """Or a file can't be written for another reason"""
        self.passed()
        (self.folder / 'junit.xml').mkdir()
        status, _, err = self.check()
        self.assertEqual((status, err.count('\n')), (3, 1))
        self.assertIn(f'judge: {self.folder}/junit.xml: ', err)


if __name__ == '__main__':
    if not (KUNIT / 'kunit_parser.py').exists():
        sys.exit('test_judge: KUNIT: is not tools/testing/kunit of a kernel source, '
                 'set it')
    tests = unittest.defaultTestLoader.discover(str(HERE))
    sys.exit(not unittest.TextTestRunner().run(tests).wasSuccessful())
