# SPDX-License-Identifier: GPL-2.0
"""The command "check": the verdicts on runs on two kernels"""

import shutil
from xml.etree import ElementTree

from samples import JudgeTest, recorded


class CheckTest(JudgeTest):
    """The command "check" """

    def both(self, patched, stock):
        """The program p had these tests on the two kernels"""
        self.ran('patched', {'p': patched})
        self.ran('stock', {'p': stock})

    def last(self, *more):
        """The status, and the last line"""
        status, out, _ = self.check(*more)
        return status, out.splitlines()[-1]

    def test_recorded(self):
        """Runs of all bases that were recorded"""
        guards = ('guard concurrency * # why\n'
                  'guard kept_while_open *_while_* # why\n'
                  'guard ways_to_go exec.closes_it.workers_go # why\n')
        criu = guards + 'guard criu *no_ring # why\n'
        first_form = guards + ('guard kept_while_open *_after_workers_left # why\n'
                               'guard ways_to_go [egw]* # why\n')
        for base, text, more, counts in (
                ('6.1', criu, ['--criu'], '16 passed, 0 failed, 2 skipped'),
                ('6.12', criu, ['--criu'], '17 passed, 0 failed, 1 skipped'),
                ('7.3', first_form, [], '15 passed, 0 failed, 1 skipped')):
            with self.subTest(base=base):
                self.replay(base)
                self.write('guards', text)
                self.write('promise', 'P1 ways_to_go\nP2 tracepoints concurrency\n'
                           'P3 criu\n')
                status, out, _ = self.check(*more, 'patched')
                self.assertEqual(status, 0, out)
                lines = out.splitlines()
                self.assertEqual(lines[:2], [
                    'criu on stock: dump and restore 0 of 100',
                    'criu on patched: dump and restore 100 of 100'] if more else [
                    '  pass concurrency:global.each_request_that_blocks_gets_a_'
                    'worker: passes on both, a guard',
                    '  pass kept_while_open:global.surplus_workers_stay_while_a_'
                    'ring_is_open: passes on both, a guard'])
                self.assertIn('  skip ways_to_go:way.message_in_a_socket: skipped',
                              lines)
                self.assertEqual(lines[-3:], [
                    '', 'promises held: P1 P2' + ' P3' * bool(more), counts])

    def test_one_test_makes_the_difference(self):
        """A single different result is a failure"""
        for old, new, program in (
                ('ok 1 trace', 'not ok 1 trace', 'tracepoints'),
                ('ok 3 way.munmap_after_close\n', 'ok 3 way.other\n', 'ways_to_go'),
                ('# ok 9 exec.passes_it_on.workers_go\n', '# \n', 'ways_to_go'),
                ('ok 1 selftests', 'not ok 1 selftests', 'concurrency')):
            with self.subTest(old=old):
                self.replay('6.1')
                self.write('guards', 'guard concurrency * # why\n'
                           'guard kept_while_open *_while_* # why\n'
                           'guard ways_to_go exec.closes* # why\n')
                self.assertEqual(self.check()[0], 0)
                text = recorded('6.1/patched-selftests')
                self.assertEqual(text.count(old), 1)
                self.write('run/patched-selftests/output', text.replace(old, new))
                status, out, _ = self.check()
                self.assertEqual(status, 1)
                self.assertRegex(out, f'(?m)^  fail {program}:')

    def test_control(self):
        """A test that passes on stock needs a guard that matches it"""
        self.both(['pass t'], ['pass t'])
        self.assertEqual(self.last(), (1, '1 passed, 1 failed, 0 skipped'))
        self.write('guards', 'guard p t # why\n')
        self.assertEqual(self.last(), (0, '2 passed, 0 failed, 0 skipped'))
        self.both(['pass t'], ['fail t'])
        self.assertEqual(self.last(), (1, '1 passed, 1 failed, 0 skipped'))

    def test_same_name_twice(self):
        """If one of them failed, that counts, whatever the other one did"""
        for tests in ['fail t', 'pass t'], ['pass t', 'fail t']:
            self.both(tests, ['fail t', 'fail t'])
            self.assertEqual(self.last()[0], 1)

    def test_run_is_missing(self):
        """On either kernel, all of its programs are"""
        for kernel, why in (('stock', 'patched: pass, stock: missing'),
                            ('patched', 'patched: missing, stock: fail')):
            self.both(['pass t'], ['fail t'])
            self.assertEqual(self.last()[0], 0)
            shutil.rmtree(self.folder / f'run/{kernel}-selftests')
            status, out, _ = self.check()
            self.assertEqual(status, 1)
            self.assertIn('  fail p:reported-no-test: ', out)
            self.assertIn(f'  fail p:t: {why}\n', out)

    def test_program_is_missing(self):
        """A program that is on the list, but not in the output of either run"""
        self.both(['pass t'], ['fail t'])
        self.programs('p', 'q')
        status, out, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn('  fail q:reported-no-test: fails\n', out)

    def test_stale_guard(self):
        """It is a failure, but CRIU's guards may be stale if it doesn't run"""
        self.both(['pass t'], ['fail t'])
        self.write('guards', 'skip criu * # why\n')
        self.assertEqual(self.last()[0], 0)
        self.write('guards', 'guard p gone # why\n')
        status, out, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn('  fail guards:guard p gone: stale', out)

    def test_criu_is_missing(self):
        """On either kernel, if it had to run"""
        self.both(['pass t'], ['fail t'])
        self.assertEqual(self.last('patched'),
                         (0, '2 passed, 0 failed, 0 skipped'))
        status, out, _ = self.check('--criu', 'patched')
        self.assertEqual(status, 1)
        self.assertIn('  fail criu:reported-no-test: fails\n', out)
        for kernel in 'stock', 'patched':
            for other in 'stock', 'patched':
                self.write(f'run/{other}-criu/output',
                           recorded(f'6.1/{other}-criu'))
            self.write('guards', 'guard criu *_no_ring # why\n')
            self.assertEqual(self.last('--criu', 'patched'),
                             (0, '4 passed, 0 failed, 0 skipped'))
            for text in '', 'TAP version 13\n1..2\nok 1 processes_that_used_no_ring\n':
                self.write(f'run/{kernel}-criu/output', text)
                self.assertEqual(self.last('--criu', 'patched')[0], 1)

    def test_profile(self):
        """Several kernels are compared to stock, each by itself"""
        self.ran('stock', {'p': ['fail t']})
        self.ran('debug', {'p': ['pass t']})
        self.ran('kcsan', {'p': ['fail t']})
        status, out, _ = self.check('debug', 'kcsan')
        self.assertEqual(status, 1)
        self.assertIn('  pass p:t (debug): fails on stock', out)
        self.assertIn('  fail p:t (kcsan): fails\n', out)

    def test_promise(self):
        """An item holds if all of its programs have passed, and none has failed"""
        self.write('promise', '# why\nP1 a\nP2 b\nP3 a c\nP4 a b\nP5 d\nP6 e\n')
        programs = {'a': ['pass t', 'skip u'], 'b': ['pass t', 'fail u'],
                    'c': ['pass t'], 'd': ['skip t']}
        self.ran('stock', {program: ['fail t', 'fail u'][:len(tests)]
                           for program, tests in programs.items()})
        self.ran('patched', programs)
        self.assertIn('\npromises held: P1 P3\n', self.check()[1])
        self.both(['pass t'], ['fail t'])
        self.write('promise', 'P1 p\n')
        self.write('steps', 'skip\tone\tskipped\n')
        self.assertIn('\npromises held: P1\n', self.check()[1])
        self.both(['fail t'], ['fail t'])
        self.assertIn('\npromises held: none\n', self.check()[1])
        self.write('promise', 'P1 a\nP2\n')
        self.assert_explained(self.check(), self.folder / 'promise:2')

    def test_steps(self):
        """They count as well"""
        self.both(['pass t'], ['fail t'])
        self.write('steps', 'pass\tone\tpasses\nskip\ttwo\tskipped\n'
                   'fail\tlab: three\tsee log\n')
        self.assertEqual(self.last(), (1, '2 passed, 1 failed, 1 skipped'))
        for line in 'ok\ttitle\twhy', 'pass\ttitle', 'pass title why':
            self.write('steps', f'pass\tone\tpasses\n{line}\n')
            self.assert_explained(self.check(), self.folder / 'steps:2')

    def test_junit(self):
        """What other machines read"""
        self.ran('stock', {'p': ['fail a', 'pass b', 'skip c']})
        self.ran('patched', {'p': ['pass a', 'pass b', 'skip c']})
        self.write('steps', b'pass\tone, W=1\tpasses\nfail\troad: two\t<\x1b>&\n')
        self.check()
        text = (self.folder / 'junit.xml').read_text(encoding='utf-8')
        self.assertTrue(text.startswith("<?xml version='1.0' encoding='utf-8'?>\n"))
        root = ElementTree.fromstring(text)
        self.assertEqual((root.tag, root.attrib), (
            'testsuite', {'name': '6.12', 'tests': '5', 'failures': '2',
                          'skipped': '1'}))
        self.assertEqual(
            [(case.get('classname'), case.get('name'),
              *((child.tag, child.get('message')) for child in case))
             for case in root], [
                ('lab', 'one, W=1'), ('road', 'two', ('failure', '<?>&')),
                ('p', 'a'),
                ('p', 'b', ('failure', 'passes on stock, it proves nothing')),
                ('p', 'c', ('skipped', 'skipped'))])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), [
            'guards', 'junit.xml', 'kselftest-list.txt', 'promise', 'run', 'source',
            'steps', 'summary'])
