# SPDX-License-Identifier: GPL-2.0
"""Reads what run_kselftest.sh printed, with the kernel's own KTAP parser"""

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
    """Reads the KTAP of a program, with the kunit_parser in the folder kunit"""

    def __init__(self, kunit):
        sys.path.append(kunit)
        try:
            # On import, it decides where to print its view of the results: nowhere
            with contextlib.redirect_stdout(io.StringIO()):
                parser = importlib.import_module('kunit_parser')
                printer = importlib.import_module('kunit_printer').stdout
            self.verdicts = {parser.TestStatus.SUCCESS: 'pass',
                             parser.TestStatus.SKIPPED: 'skip'}
            self.parse = parser.parse_run_tests
            # In 6.1 and 6.12, it takes no printer
            takes = len(inspect.signature(self.parse).parameters)
            self.printer = [printer][:takes - 1]
        except Exception as error:
            raise Explained(f'{kunit}: has no kunit_parser that can be used '
                            f'({error}), unpack the kernel source again') from error

    def tests(self, ktap):
        """Verdict and name of each test that a program reported. If the program
        misbehaved, an additional test that failed says how."""
        # The parser ignores what comes after a plan is fulfilled. So hide the plan
        # from it, to notice excess tests as well as missing ones.
        plan = re.search(r'^1\.\.(\d+).*$', ktap, re.MULTILINE)
        if plan:
            ktap = ktap[:plan.start()] + ktap[plan.end() + 1:]
        try:
            main = self.parse(ktap.split('\n'), *self.printer)
            tests = [(self.verdicts.get(test.status, 'fail'), test.name)
                     if test.name else ('fail', 'a-test-has-no-name')
                     for test in main.subtests]
        # The parser wasn't made for garbage
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
        # verdict after them
        name = re.escape(f'selftests: {collection}: {program}')
        run = re.search(rf'^# {name}\n((?:#.*\n)*)(ok|not ok) \d+ {name}'
                        r'( # SKIP.*| #.*|)$', text, re.MULTILINE)
        if not run:
            return [('fail', 'reported-no-test')]
        ktap = re.sub('^# ?', '', run[1], flags=re.MULTILINE)
        # The harness of 6.1 doesn't name the tests that it skips
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
        """Yield verdict, program and test of a whole run. Each program is parsed
        on its own, or one that died would get the tests of the next one."""
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
    """{(program, test): verdict} of a run, the worst one if a name occurs twice"""
    found = {}
    for verdict, *test in results:
        known = found.get(tuple(test), 'pass')
        found[tuple(test)] = max(known, verdict, key=VERDICTS.index)
    return found
