# SPDX-License-Identifier: GPL-2.0
"""What the judge's tests share: recorded and made-up runs"""

import contextlib
import io
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import judge

HERE = Path(__file__).resolve().parent
KUNIT = Path(os.environ.get('KUNIT', '')).resolve()
PROGRAMS = ('concurrency', 'kept_while_open', 'tracepoints', 'ways_to_go')


def recorded(name):
    """What a guest once printed, for a few programs of the selftests."""
    return (HERE / 'recorded' / name).read_text(encoding='utf-8')


def ktap(tests):
    """What a program with these tests prints, each given as "pass NAME" or so"""
    lines = ['TAP version 13', f'1..{len(tests)}']
    for number, test in enumerate(tests, 1):
        verdict, name = test.split()
        lines.append(('not ok' if verdict == 'fail' else 'ok') +
                     f' {number} {name}' + ' # SKIP' * (verdict == 'skip'))
    return '\n'.join(lines) + '\n'


def selftests(programs):
    """What run_kselftest.sh prints for {program: its tests}"""
    text = f'TAP version 13\n1..{len(programs)}\n'
    for number, (program, tests) in enumerate(programs.items(), 1):
        failed = any(test.startswith('fail') for test in tests)
        text += f'# selftests: io_uring: {program}\n'
        text += ''.join(f'# {line}\n' for line in ktap(tests).splitlines())
        text += (f'{"not ok" if failed else "ok"} {number} '
                 f'selftests: io_uring: {program}{" # exit=1" * failed}\n')
    return text


class JudgeTest(unittest.TestCase):
    """A test with a folder like that of check"""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        kunit = self.folder / 'source/tools/testing/kunit'
        kunit.parent.mkdir(parents=True)
        kunit.symlink_to(KUNIT)
        self.write('steps', 'pass\tlab: boots\tpasses\n')
        self.write('guards', '')
        self.write('promise', '')

    def write(self, name, text):
        """Write this to a file in the folder, and return its path"""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            text = text.encode()
        path.write_bytes(text)
        return str(path)

    def programs(self, *programs):
        """Put these on the kernel's list of selftests, and return its path"""
        return self.write('kselftest-list.txt',
                          ''.join(f'io_uring:{program}\n' for program in programs))

    def ran(self, kernel, programs):
        """Make this the output of the kernel's selftests"""
        self.programs(*programs)
        self.write(f'run/{kernel}-selftests/output', selftests(programs))

    def replay(self, base):
        """Use the runs that were recorded on this base"""
        self.programs(*PROGRAMS)
        for path in (HERE / 'recorded' / base).iterdir():
            self.write(f'run/{path.name}/output', path.read_bytes())

    def run_judge(self, *arguments):
        """Status, stdout and stderr of the judge"""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = judge.main([str(argument) for argument in arguments])
        return status, out.getvalue(), err.getvalue()

    def check(self, *more):
        """The same for the command "check", of the patched kernel unless more has
        another one"""
        return self.run_judge('check', '--base', '6.12', '--version', '6.12.1-1',
                              '--guards', self.folder / 'guards', '--promise',
                              self.folder / 'promise', self.folder,
                              *(more or ['patched']))

    def assert_explained(self, result, *parts):
        """The judge printed one line that has these parts, and nothing else"""
        status, out, err = result
        self.assertEqual((status, out), (3, ''), err)
        self.assertRegex(err, r'\Ajudge: .*\n\Z')
        for part in parts:
            self.assertIn(str(part), err)
