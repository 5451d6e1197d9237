# SPDX-License-Identifier: GPL-2.0
"""What run_kselftest.sh printed, read with the parser of KTAP that the kernel has"""

import contextlib
import importlib
import inspect
import io
import re
import sys

from files import Explained, lines

# The worst one last
VERDICTS = ('pass', 'skip', 'fail')


class Reader:
    """Reads the KTAP of a program, with the kunit_parser of the folder kunit"""

    def __init__(self, kunit):
        sys.path.append(kunit)
        try:
            # It is settled here where it prints what it thinks of the results
            with contextlib.redirect_stdout(io.StringIO()):
                parser = importlib.import_module('kunit_parser')
                printer = importlib.import_module('kunit_printer').stdout
            self.verdicts = {parser.TestStatus.SUCCESS: 'pass',
                             parser.TestStatus.SKIPPED: 'skip'}
            self.parse = parser.parse_run_tests
            # That of 6.1 and 6.12 is not told where to print
            takes = len(inspect.signature(self.parse).parameters)
            self.printer = [printer][:takes - 1]
        except Exception as error:
            raise Explained(f'{kunit}: has no kunit_parser that can be used '
                            f'({error}), unpack the kernel source again') from error

    def tests(self, ktap):
        """Verdict and name of each test that a program reported. What it didn't
        do as it had to comes as a further test, which failed."""
        # The parser ignores what comes after a plan is fulfilled. It doesn't see
        # the plan, so that a test too many is seen here, like one too few.
        plan = re.search(r'^1\.\.(\d+).*$', ktap, re.MULTILINE)
        if plan:
            ktap = ktap[:plan.start()] + ktap[plan.end() + 1:]
        try:
            main = self.parse(ktap.split('\n'), *self.printer)
            tests = [(self.verdicts.get(test.status, 'fail'), test.name)
                     if test.name else ('fail', 'a-test-has-no-name')
                     for test in main.subtests]
        # It was not made for garbage
        except Exception:
            return [('fail', 'ktap-cannot-be-read')]
        if not plan and tests:
            tests.append(('fail', 'has-no-plan'))
        elif tests and plan[1] != str(len(tests)):
            tests.append(('fail', f'ran-{len(tests)}-of-{plan[1]}-tests'))
        return tests

    def program(self, collection, program, text):
        """The same for one of the programs that the runner ran"""
        # The runner puts '# ' before the lines of the program, and its own
        # verdict behind them
        name = re.escape(f'selftests: {collection}: {program}')
        run = re.search(rf'^# {name}\n((?:#.*\n)*)(ok|not ok) \d+ {name}'
                        r'( # SKIP.*| #.*|)$', text, re.MULTILINE)
        if not run:
            return [('fail', 'reported-no-test')]
        ktap = re.sub('^# ?', '', run[1], flags=re.MULTILINE)
        # The harness of 6.1 doesn't tell the name of what it skips
        ktap = re.sub(r'^(#  RUN +(\S+) \.\.\.\n(?:#.*\n)*)(ok \d+) # SKIP',
                      r'\1\3 \2 # SKIP', ktap, flags=re.MULTILINE)
        tests = self.tests(ktap)
        if not tests and run[3].startswith(' # SKIP'):
            return [('skip', 'all')]
        if not tests:
            return [('fail', 'reported-no-test')]
        if run[2] == 'not ok' and all(verdict != 'fail' for verdict, _ in tests):
            tests.append(('fail', 'ended-badly'))
        return tests

    def run(self, programs, text):
        """Yield verdict, program and test of a whole run. Each program is read
        on its own: one that died would take the tests of the next one."""
        for collection, program in programs:
            for verdict, test in self.program(collection, program, text):
                yield verdict, program, test


def programs_of(path):
    """The programs in the kernel's list of selftests, each with its collection"""
    advice = 'build the guest image again'
    programs = [(number, line.split(':')) for number, line in lines(path, advice)]
    if not programs:
        raise Explained(f'{path}: names no program, {advice}')
    for number, program in programs:
        if len(program) != 2 or not all(program):
            raise Explained(f'{path}:{number}: is not "collection:program", {advice}')
    return [program for _, program in programs]


def outcome(results):
    """{(program, test): verdict} of a run, the worst of those with one name"""
    found = {}
    for verdict, *test in results:
        known = found.get(tuple(test), 'pass')
        found[tuple(test)] = max(known, verdict, key=VERDICTS.index)
    return found
