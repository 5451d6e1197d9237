# SPDX-License-Identifier: GPL-2.0
"""What the outcome of a test on two kernels means

On the patched kernel a test has to pass. On stock it has to fail, or it proves
nothing about the series. The base's guards tell where that is different.
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
    """The guards of a base, a line each: guard|either|skip PROGRAM PATTERN # reason

    guard	passes on stock as well. It guards what the series must not break.
    either	may pass or fail on stock, a matter of load
    skip	may be skipped. It takes the pattern * to skip a whole program.
    """

    def __init__(self, path):
        self.guards = []
        self.used = set()
        for number, line in lines(path, 'the base needs one'):
            where = f'{path}:{number}'
            fields, _, reason = line.partition('#')
            fields = fields.split()
            if len(fields) != 3 or fields[0] not in ('guard', 'either', 'skip'):
                raise Explained(f'{where}: is not "guard|either|skip PROGRAM '
                                'PATTERN # reason", write it like that')
            if not reason.strip():
                raise Explained(f'{where}: has no reason, add it behind a #')
            self.guards.append(Guard(*fields, reason.strip(), where))

    def find(self, kinds, program, test):
        """The first one of these kinds that is about the test, or None"""
        for guard in self.guards:
            if (guard.kind in kinds and guard.program == program and
                    fnmatchcase(test, guard.pattern)):
                self.used.add(guard)
                return guard
        return None

    def may_skip(self, program):
        """Whether it may be that no test of the program is run"""
        return any((guard.kind, guard.program, guard.pattern) ==
                   ('skip', program, '*') for guard in self.guards)

    def stale(self, not_run):
        """Yield a failure for each line that was about no test, unless its
        program is one of those not run"""
        for guard in self.guards:
            if guard not in self.used and guard.program not in not_run:
                yield Record('fail', 'guards',
                             f'{guard.kind} {guard.program} {guard.pattern}',
                             f'stale, it matches no test, see {guard.where}')


def decide(kernel, tested, stock, guard, skip):
    """Verdict and reason for a test that came to this on the tested and on the
    stock kernel, where guard and skip are what the base's guards say about it"""
    match tested, stock, guard and guard.kind:
        case ('missing', _, _) | (_, 'missing', _):
            return 'fail', f'{kernel}: {tested}, stock: {stock}'
        case 'fail', _, _:
            return 'fail', 'fails'
        case 'skip', _, _:
            return 'skip', f'skipped: {skip.reason}' if skip else 'skipped'
        case 'pass', 'fail', None:
            return 'pass', 'fails on stock, as it has to'
        case 'pass', 'fail', 'guard':
            return 'fail', 'a guard that fails on stock'
        case 'pass', 'pass', None:
            return 'fail', 'passes on stock, it proves nothing'
        case 'pass', 'pass', 'guard':
            return 'pass', 'passes on both, a guard'
        # What it needs did not come about there, a matter of load
        case 'pass', 'skip', 'guard' | 'either':
            return 'skip', 'skipped on stock'
        case 'pass', 'pass' | 'fail', 'either':
            return 'pass', f'passes, and may {stock} on stock: {guard.reason}'
    return 'fail', f'{kernel}: {tested}, stock: {stock}'


def compare(kernel, tested, stock, guards):
    """Yield a record for each test that there was on the tested or the stock
    kernel, with {(program, test): verdict} of both"""
    where = '' if kernel == 'patched' else f' ({kernel})'
    for program, test in sorted({*tested, *stock}):
        # Only these two kernels have what it needs
        if program == 'criu' and kernel != 'patched':
            continue
        verdict, why = decide(kernel,
                              tested.get((program, test), 'missing'),
                              stock.get((program, test), 'missing'),
                              guards.find(('guard', 'either'), program, test),
                              guards.find(('skip',), program, test))
        yield Record(verdict, program, test + where, why)
    for program in sorted({program for program, _ in tested}):
        if not guards.may_skip(program) and all(
                verdict == 'skip' for (other, _), verdict in tested.items()
                if other == program):
            yield Record('fail', program, 'any-test' + where,
                         'all are skipped, and the guards don\'t say why')
