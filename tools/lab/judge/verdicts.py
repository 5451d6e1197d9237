# SPDX-License-Identifier: GPL-2.0
"""What the outcome of a test on two kernels means

On the patched kernel a test has to pass. On stock it has to fail, or it proves
nothing about the series. The base's guards list the exceptions.
"""

from fnmatch import fnmatchcase
from typing import NamedTuple

from files import Explained, lines


class Record(NamedTuple):
    """A verdict that counts"""
    verdict: str
    program: str
    test: str
    why: str


class Guard(NamedTuple):
    """A line of the base's guards"""
    kind: str
    program: str
    pattern: str
    reason: str
    where: str


class Guards:
    """The guards of a base, a line each: guard|skip PROGRAM PATTERN # reason

    guard	passes on stock as well. It guards what the series must not break.
    skip	may be skipped. It takes the pattern * to skip a whole program.
    """

    def __init__(self, path):
        self.guards = []
        self.used = set()
        for number, line in lines(path, 'the base needs one'):
            where = f'{path}:{number}'
            fields, _, reason = line.partition('#')
            fields = fields.split()
            if len(fields) != 3 or fields[0] not in ('guard', 'skip'):
                raise Explained(f'{where}: is not "guard|skip PROGRAM PATTERN '
                                '# reason", write it like that')
            if not reason.strip():
                raise Explained(f'{where}: has no reason, add it behind a #')
            self.guards.append(Guard(*fields, reason.strip(), where))

    def find(self, kind, program, test):
        """The first line of that kind that matches the test, or None"""
        for guard in self.guards:
            if (guard.kind == kind and guard.program == program and
                    fnmatchcase(test, guard.pattern)):
                self.used.add(guard)
                return guard
        return None

    def may_skip(self, program):
        """Whether all tests of the program may be skipped"""
        return any((guard.kind, guard.program, guard.pattern) ==
                   ('skip', program, '*') for guard in self.guards)

    def stale(self, not_run):
        """Yield a failure for each line that matched no test, unless its program
        is one of those not run"""
        for guard in self.guards:
            if guard not in self.used and guard.program not in not_run:
                yield Record('fail', 'guards',
                             f'{guard.kind} {guard.program} {guard.pattern}',
                             f'stale, it matches no test, see {guard.where}')


def decide(kernel, tested, stock, guard, skip):
    """Verdict and reason for a test with these outcomes on the tested and the stock
    kernel. guard and skip are the lines of the base's guards that match it."""
    match tested, stock, bool(guard):
        case ('missing', _, _) | (_, 'missing', _) | ('pass', 'skip', False):
            return 'fail', f'{kernel}: {tested}, stock: {stock}'
        case 'fail', _, _:
            return 'fail', 'fails'
        case 'skip', _, _:
            return 'skip', f'skipped: {skip.reason}' if skip else 'skipped'
        # What it needs did not come about there, a matter of load
        case 'pass', 'skip', _:
            return 'skip', 'skipped on stock'
        case 'pass', 'fail', False:
            return 'pass', 'fails on stock, as it has to'
        case 'pass', 'pass', False:
            return 'fail', 'passes on stock, it proves nothing'
        case 'pass', 'fail', True:
            return 'fail', 'a guard that fails on stock'
        case 'pass', 'pass', True:
            return 'pass', 'passes on both, a guard'


def compare(kernel, tested, stock, guards):
    """Yield a record for each test of the tested or the stock kernel, given
    {(program, test): verdict} of both"""
    where = '' if kernel == 'patched' else f' ({kernel})'
    for program, test in sorted({*tested, *stock}):
        # Only patched and stock are built for CRIU
        if program == 'criu' and kernel != 'patched':
            continue
        verdict, why = decide(kernel,
                              tested.get((program, test), 'missing'),
                              stock.get((program, test), 'missing'),
                              guards.find('guard', program, test),
                              guards.find('skip', program, test))
        yield Record(verdict, program, test + where, why)
    for program in sorted({program for program, _ in tested}):
        if not guards.may_skip(program) and all(
                verdict == 'skip' for (other, _), verdict in tested.items()
                if other == program):
            yield Record('fail', program, 'any-test' + where,
                         'all are skipped, and the guards don\'t say why')
