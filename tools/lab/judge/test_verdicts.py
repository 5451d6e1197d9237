# SPDX-License-Identifier: GPL-2.0
"""Each row of the table of verdicts, and the guards"""

from files import Explained
from samples import HERE, JudgeTest
from verdicts import Guards, compare

# Outcome on the tested and on the stock kernel: the verdict without a line in the
# guards, and with a line "guard"
TABLE = {
    ('pass', 'pass'): ('fail', 'pass'),
    ('pass', 'fail'): ('pass', 'fail'),
    ('pass', 'skip'): ('fail', 'skip'),
    ('pass', None): ('fail', 'fail'),
    ('fail', 'pass'): ('fail', 'fail'),
    ('fail', 'fail'): ('fail', 'fail'),
    ('fail', 'skip'): ('fail', 'fail'),
    ('fail', None): ('fail', 'fail'),
    ('skip', 'pass'): ('skip', 'skip'),
    ('skip', 'fail'): ('skip', 'skip'),
    ('skip', 'skip'): ('skip', 'skip'),
    ('skip', None): ('fail', 'fail'),
    (None, 'pass'): ('fail', 'fail'),
    (None, 'fail'): ('fail', 'fail'),
    (None, 'skip'): ('fail', 'fail'),
}


class VerdictsTest(JudgeTest):
    """Verdicts on outcomes, not on what was printed"""

    def guards(self, *lines):
        """Guards with these lines"""
        return Guards(self.write('guards', '\n'.join(lines)))

    def compare(self, tested, stock, guards=None, kernel='patched'):
        """The records of two outcomes"""
        return list(compare(kernel, tested, stock, guards or self.guards()))

    def test_table(self):
        """All rows. Another test keeps the program from counting as skipped."""
        other = {('p', 'other'): 'pass'}, {('p', 'other'): 'fail'}
        for (tested, stock), verdicts in TABLE.items():
            for kind, verdict in zip((None, 'guard'), verdicts):
                with self.subTest(tested=tested, stock=stock, kind=kind):
                    outcomes = [rest | {('p', 't'): outcome} if outcome else rest
                                for outcome, rest in zip((tested, stock), other)]
                    guards = self.guards(f'{kind} p t # why' if kind else '')
                    records = self.compare(*outcomes, guards)
                    self.assertEqual([(record.test, record.verdict)
                                      for record in records],
                                     [('other', 'pass'), ('t', verdict)])

    def test_reasons(self):
        """The reasons given for some of them"""
        test = ('p', 't')
        for tested, stock, guards, why in (
                ('pass', 'fail', '', 'fails on stock, as it has to'),
                ('pass', 'pass', '', 'passes on stock, it proves nothing'),
                ('pass', 'pass', 'guard p t # x', 'passes on both, a guard'),
                ('pass', 'fail', 'guard p t # x', 'a guard that fails on stock'),
                ('pass', 'skip', 'guard p t # x', 'skipped on stock'),
                ('pass', 'skip', '', 'patched: pass, stock: skip'),
                ('fail', 'fail', '', 'fails'),
                ('skip', 'skip', 'skip p * # too slow, #1', 'skipped: too slow, #1')):
            with self.subTest(tested=tested, stock=stock, guards=guards):
                record, = self.compare({test: tested}, {test: stock},
                                       self.guards(guards))
                self.assertEqual(record.why, why)

    def test_other_kernel_is_named(self):
        """CRIU isn't compared, as only stock and patched run it"""
        stock = {('p', 't'): 'fail', ('criu', 't'): 'fail'}
        record, = self.compare({('p', 't'): 'pass'}, stock, kernel='debug')
        self.assertEqual(record.test, 't (debug)')
        self.assertEqual(record.verdict, 'pass')
        self.assertEqual(len(self.compare({('p', 't'): 'pass'}, stock)), 2)

    def test_skipped_program(self):
        """It is a failure, unless the guards have a line for the whole program"""
        tested = {('p', 'a'): 'skip', ('p', 'b'): 'skip', ('q', 'a'): 'pass'}
        stock = dict.fromkeys(tested, 'fail')
        for line, verdicts in (
                ('', ['skip', 'skip', 'pass', 'fail']),
                ('skip p a # why', ['skip', 'skip', 'pass', 'fail']),
                ('skip q * # why', ['skip', 'skip', 'pass', 'fail']),
                ('guard p * # why', ['skip', 'skip', 'pass', 'fail']),
                ('skip p * # why', ['skip', 'skip', 'pass'])):
            with self.subTest(line=line):
                records = self.compare(tested, stock, self.guards(line))
                self.assertEqual([record.verdict for record in records], verdicts)
                if verdicts[-1] == 'fail':
                    self.assertEqual(records[-1].program, 'p')
                    self.assertIn('all are skipped', records[-1].why)

    def test_one_test_that_ran_is_enough(self):
        """Then the program wasn't skipped, even if that test failed"""
        for verdict in 'pass', 'fail':
            tested = {('p', 'a'): 'skip', ('p', 'b'): verdict}
            records = self.compare(tested, dict.fromkeys(tested, 'fail'))
            self.assertEqual([record.verdict for record in records],
                             ['skip', verdict])

    def test_patterns(self):
        """They are about one program, and all of a test's name"""
        guards = self.guards('# a comment', '', ' ', 'guard p *.a # one',
                             'guard p x.* # two')
        for program, test, reason in (('p', 'x.a', 'one'), ('p', 'x.b', 'two'),
                                      ('p', 'x.ab', 'two'), ('p', 'y.ab', None),
                                      ('p', 'X.b', None), ('q', 'x.a', None)):
            found = guards.find('guard', program, test)
            self.assertEqual(found and found.reason, reason, test)
        self.assertIsNone(guards.find('skip', 'p', 'x.a'))

    def test_stale_lines(self):
        """Lines that match nothing, or only what an earlier line matches"""
        guards = self.guards('guard p a # why', 'guard p [a] # why',
                             'skip p * # why', 'guard gone a # why',
                             'skip criu * # why')
        self.compare({('p', 'a'): 'pass'}, {('p', 'a'): 'pass'}, guards)
        self.assertEqual([record.test for record in guards.stale(['criu'])],
                         ['guard p [a]', 'guard gone a'])
        self.assertEqual([record.test for record in guards.stale([])],
                         ['guard p [a]', 'guard gone a', 'skip criu *'])
        record = list(guards.stale([]))[0]
        self.assertEqual((record.verdict, record.program), ('fail', 'guards'))
        self.assertIn(f'{self.folder}/guards:2', record.why)

    def test_lines_that_are_wrong(self):
        """File and line are named"""
        for line in ('guard p t', 'guard p t #', 'guard p t #  ', 'guard p # why',
                     'guards p t # why', 'guard p t u # why', ' # why', 'p t # why'):
            with self.subTest(line=line), self.assertRaises(Explained) as raised:
                self.guards('# a comment', line)
            self.assertIn(f'{self.folder}/guards:2: ', str(raised.exception))

    def test_guards_of_the_bases(self):
        """They can be read"""
        paths = list((HERE.parent / 'base').glob('*/guards'))
        self.assertGreaterEqual(len(paths), 3)
        for path in paths:
            self.assertTrue(Guards(path).guards)
