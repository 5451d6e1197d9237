# SPDX-License-Identifier: GPL-2.0
"""How a guest's output is read"""

import random

from samples import KUNIT, PROGRAMS, JudgeTest, ktap, recorded, selftests


class ResultsTest(JudgeTest):
    """The command "results" """

    def results(self, text, *programs):
        """The lines for an output. Checks the status as well."""
        if programs:
            self.programs(*programs)
        status, out, err = self.run_judge(
            'results', KUNIT, self.folder / 'kselftest-list.txt',
            self.write('output', text))
        self.assertEqual(err, '')
        self.assertEqual(status, any(line.startswith('fail')
                                     for line in out.splitlines()))
        return out.splitlines()

    def one(self, text, verdict='ok'):
        """The same for the output of one program, and the runner's verdict"""
        text = ''.join(f'# {line}\n' for line in text.splitlines())
        return self.results(f'TAP version 13\n1..1\n# selftests: io_uring: p\n{text}'
                            f'{verdict.replace("ok", "ok 1 selftests: io_uring: p")}\n',
                            'p')

    def test_recorded(self):
        """Runs of old and new harnesses and runners"""
        self.programs(*PROGRAMS)
        for base in '6.1', '6.12', '7.3':
            for kernel in 'stock', 'patched':
                with self.subTest(base=base, kernel=kernel):
                    lines = self.results(recorded(f'{base}/{kernel}-selftests'))
                    self.assertEqual(len(lines), 15)
                    # the harness of 6.1 doesn't name it
                    self.assertIn('skip ways_to_go way.message_in_a_socket', lines)
                    self.assertIn(
                        {'stock': 'fail', 'patched': 'pass'}[kernel] +
                        ' tracepoints trace.tells_of_a_workers_life', lines)
                    self.assertIn('pass ways_to_go exec.closes_it.workers_go', lines)

    def test_planted(self):
        """Programs that go wrong in every way, as a kernel's runner reports them"""
        self.write('kselftest-list.txt', ''.join(
            f'planted:{program}\n' for program in (
                'passes', 'fails', 'dies', 'hangs', 'partial', 'skips', 'missing',
                'never-ran')))
        self.assertEqual(self.results(recorded('planted')), [
            'pass passes first', 'pass passes second',
            'pass fails first', 'fail fails second',
            'pass dies first', 'fail dies ran-1-of-2-tests',
            'pass hangs first', 'fail hangs ran-1-of-2-tests',
            'fail partial reported-no-test',
            'pass skips first', 'fail skips ran-1-of-2-tests',
            'fail missing reported-no-test',
            'fail never-ran reported-no-test'])

    def test_one_program(self):
        """One of several on the list. It is an error if that isn't there."""
        self.programs('a', 'b')
        output = self.write('output', selftests({'b': ['pass t']}))
        arguments = 'results', KUNIT, self.folder / 'kselftest-list.txt', output
        self.assertEqual(self.run_judge(*arguments, 'b'), (0, 'pass b t\n', ''))
        self.assertEqual(self.run_judge(*arguments)[0], 1)
        self.assert_explained(self.run_judge(*arguments, 'c'), 'no program c')

    def test_name_that_another_one_starts_with(self):
        """No program gets the tests of the next one"""
        text = selftests({'p': ['pass a'], 'p_q': ['pass b'], 'p.q': ['pass c']})
        self.assertEqual(self.results(text, 'p', 'p_q', 'p.q'),
                         ['pass p a', 'pass p_q b', 'pass p.q c'])
        cut = text.replace('ok 1 selftests: io_uring: p\n', '')
        self.assertEqual(self.results(cut, 'p', 'p_q')[0],
                         'fail p reported-no-test')
        self.assertEqual(self.results(text.replace('p.q', 'pxq'), 'p.q'),
                         ['fail p.q reported-no-test'])

    def test_plan(self):
        """All tests of the plan have to be there, and no others"""
        tests = ktap(['pass a', 'pass b'])
        self.assertEqual(self.one(tests), ['pass p a', 'pass p b'])
        for plan, line in (('1..3', 'fail p ran-2-of-3-tests'),
                           ('1..1', 'fail p ran-2-of-1-tests'),
                           ('1..9999999999', 'fail p ran-2-of-9999999999-tests'),
                           ('# none', 'fail p has-no-plan')):
            self.assertEqual(self.one(tests.replace('1..2', plan)),
                             ['pass p a', 'pass p b', line])

    def test_status_of_the_program(self):
        """It counts if no test says what was wrong"""
        self.assertEqual(self.one(ktap(['pass a']), 'not ok # exit=139'),
                         ['pass p a', 'fail p ended-badly'])
        self.assertEqual(self.one(ktap(['skip a']), 'not ok # exit=1'),
                         ['skip p a', 'fail p ended-badly'])
        self.assertEqual(self.one(ktap(['fail a']), 'not ok # exit=1'),
                         ['fail p a'])
        # and doesn't make up for a test that failed
        self.assertEqual(self.one(ktap(['fail a'])), ['fail p a'])

    def test_skipped_as_a_whole(self):
        """By the program, before it had a test"""
        self.assertEqual(self.one('TAP version 13\n1..0 # SKIP why', 'ok # SKIP'),
                         ['skip p all'])
        self.assertEqual(self.one('TAP version 13\n1..0 # SKIP why'),
                         ['fail p reported-no-test'])
        self.assertEqual(self.one(ktap(['skip a']), 'ok # SKIP'), ['skip p a'])

    def test_nothing_reported(self):
        """A program has to report something, in KTAP"""
        for text in '', 'hello', 'TAP version 13', 'TAP version 13\n1..3', \
                'ok 1 a', '\n\n':
            with self.subTest(text=text):
                self.assertEqual(self.one(text), ['fail p reported-no-test'])

    def test_test_without_a_name(self):
        """Nobody knows which test has passed"""
        self.assertEqual(self.one('TAP version 13\n1..1\nok 1  # why'),
                         ['fail p a-test-has-no-name'])

    def test_what_the_parser_trips_over(self):
        """The judge doesn't crash on it"""
        deep = 'TAP version 13\n' * 3000
        self.assertEqual(self.one(deep), ['fail p ktap-cannot-be-read'])

    def test_empty_and_cut_output(self):
        """Programs that are missing fail, and no others"""
        self.programs(*PROGRAMS)
        missing = [f'fail {program} reported-no-test' for program in PROGRAMS]
        self.assertEqual(self.results(''), missing)
        whole = recorded('6.1/patched-selftests')
        for part in range(1, 8):
            cut = self.results(whole[:len(whole) * part // 8])
            done = [line for line in self.results(whole)
                    if f'fail {line.split()[1]} reported-no-test' not in cut]
            self.assertEqual([line for line in cut if line not in missing], done)
            self.assertTrue(set(cut) & set(missing))

    def test_garbage(self):
        """There are no additional passes, and no traceback"""
        self.programs(*PROGRAMS)
        chance = random.Random(1)
        whole = recorded('6.1/patched-selftests').encode()
        passes = [line for line in self.results(whole) if line.startswith('pass')]
        for _ in range(30):
            garbage = bytearray(whole)
            for _ in range(chance.choice((1, 30, 1000))):
                garbage[chance.randrange(len(garbage))] = chance.randrange(256)
            lines = self.results(bytes(garbage))
            self.assertTrue(all(line.isprintable() for line in lines))
            self.assertLessEqual(sum(line.startswith('pass') for line in lines),
                                 len(passes))
        self.assertEqual(
            {line.split()[0] for line in self.results(chance.randbytes(50000))},
            {'fail'})
