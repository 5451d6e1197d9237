# SPDX-License-Identifier: GPL-2.0
"""The command "check_clients": the verdicts on programs of others"""

import re
import shutil
from xml.etree import ElementTree

from samples import JudgeTest

SAID = 'version 1.2\nsame 3 files\nleft {left}\nleft {left}\nqueued 7\n'


class ClientsTest(JudgeTest):
    """The command "check_clients" """

    def setUp(self):
        super().setUp()
        for kernel, left, spent in ('stock', 1, 1000), ('patched', 0, 1025):
            self.ran_client(kernel, SAID.format(left=left))
            self.ran_client(kernel, f'version 1.2\nspent {spent}\n', 'p-counted')

    def ran_client(self, kernel, said, name='p', status=0):
        """This is what the program p did on that kernel"""
        self.write(f'{kernel}-{name}/output', said)
        self.write(f'{kernel}-{name}/status', f'{status}\n')

    def judge(self, *names, keeps=True):
        """Status and output of the judge"""
        status, out, err = self.run_judge(
            'check_clients', '--base', '6.12', '--version', '6.12.1-1',
            *['--stock-keeps'] * keeps, self.folder, *(names or ['p']))
        self.assertEqual(err, '')
        return status, out

    def assert_judged(self, verdict, why, **more):
        """The verdict on p is this, and the reason has that in it"""
        status, out = self.judge(**more)
        line = next(line for line in out.splitlines() if 'clients:p: ' in line)
        self.assertEqual((line.split()[0], status), (verdict, verdict != 'pass'), out)
        self.assertIn(why, line)

    def test_the_same(self):
        """A program that does the same on both kernels passes"""
        status, out = self.judge()
        self.assertEqual(status, 0, out)
        lines = out.splitlines()
        self.assertEqual(re.split('  +', lines[2]), [
            'p', '1.2', 'yes', '7', '1.025', '1 (2 times)', '0 (2 times)', 'pass'])
        self.assertEqual(lines[-1], '1 passed, 0 failed, 0 skipped')
        suite = ElementTree.parse(self.folder / 'junit.xml').getroot()
        self.assertEqual((suite.get('tests'), suite.get('failures'), len(suite[0])),
                         ('1', '0', 0))

    def test_another_result(self):
        """Or another number of results, or none"""
        for said, why in (
                (SAID.replace('3', '2'), '"2 files", and on stock "3 files"'),
                (SAID + 'same again\n', '2 results instead of 1')):
            with self.subTest(why=why):
                self.ran_client('patched', said.format(left=0))
                self.assert_judged('fail', why)
                suite = ElementTree.parse(self.folder / 'junit.xml').getroot()
                self.assertIn(why, suite[0].find('failure').get('message'))
        for kernel in 'stock', 'patched':
            self.ran_client(kernel, 'queued 7\n')
        self.assert_judged('fail', 'there is no result')

    def test_fails(self):
        """A program that also fails on stock says nothing about the series"""
        self.ran_client('patched', 'failed it broke\n', status=1)
        self.assert_judged('fail', ': it broke')
        self.ran_client('stock', 'failed it broke too\n', status=1)
        self.assert_judged('skip', 'on stock as well: it broke too')
        self.ran_client('patched', SAID.format(left=0))
        self.assert_judged('skip', 'but not on patched: it broke too')

    def test_guest_died(self):
        """Then the job has no status"""
        (self.folder / 'patched-p/status').unlink()
        self.assert_judged('fail', 'did not run')
        self.write('patched-p.why', 'patched p: the guest hung\n')
        self.assert_judged('fail', 'the guest hung')

    def test_counting_fails(self):
        """A ratio that can't be had is a failure"""
        self.ran_client('stock', 'failed it broke\n', 'p-counted', status=1)
        self.assert_judged('fail', 'counting instructions: it broke')

    def test_not_counted(self):
        """Of some programs, instructions are not counted"""
        for kernel in 'stock', 'patched':
            shutil.rmtree(self.folder / f'{kernel}-p-counted')
        status, out = self.judge()
        self.assertEqual(status, 0, out)
        self.assertEqual(re.split('  +', out.splitlines()[2])[4], '-')

    def test_no_worker_took_part(self):
        """On both kernels, a request has to go to a worker"""
        for kernel, left in ('stock', 1), ('patched', 0):
            with self.subTest(kernel=kernel):
                self.setUp()
                self.ran_client(kernel, SAID.format(left=left).replace('7', '0'))
                self.assert_judged('fail', f'{kernel}: no request went to a worker')

    def test_workers_left(self):
        """None may be left on the patched kernel, and stock has to keep one"""
        self.ran_client('patched', SAID.format(left=0) + 'left 2\n')
        self.assert_judged('fail', 'workers are left in 1 of 3 looks')
        self.ran_client('patched', SAID.format(left=0) + 'left 0\n')
        self.assert_judged('fail', '3 times, on stock 2 times')
        self.ran_client('stock', SAID.format(left=1) + 'left 0\n')
        self.assert_judged('fail', 'in 2 of 3 looks only')
        self.assert_judged('pass', '', keeps=False)

    def test_missing(self):
        """A program that can't be had is skipped, and the others are judged. If all
        are skipped, that is a failure."""
        self.write('q.missing', 'q: cannot be fetched\n')
        status, out = self.judge('q', 'p')
        self.assertEqual(status, 0, out)
        self.assertIn('skip clients:q: q: cannot be fetched\n', out)
        self.assertIn('\n1 passed, 0 failed, 1 skipped\n', out)
        status, out = self.judge('q')
        self.assertEqual(status, 1, out)
