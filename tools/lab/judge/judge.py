#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""judge.py COMMAND ...: turn what the tests printed into verdicts

The status is 0 if all is well, 1 if something failed, and 3 if something to judge by
is missing or broken, with a line on stderr that says what.
"""

import argparse
import os
import re
import sys

# The parser is in the kernel's source, where Python must not leave its cache
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import clients
import ktap
import report
from files import Explained, lines, read, write
from verdicts import Guards, Record, compare

EXPLAINED = 3


def results(args):
    """Print a line for each test of a run of the selftests: pass, fail or skip,
    the program and the test. If a program misbehaved, an additional test that
    fails says so."""
    programs = ktap.programs_of(args.list)
    if args.program:
        programs = [pair for pair in programs if pair[1] == args.program]
        if not programs:
            raise Explained(f'{args.list}: has no program {args.program}, '
                            'see what it has')
    found = list(ktap.Reader(args.kunit).run(
        programs, read(args.output, 'run the selftests first')))
    for result in found:
        print(*result)
    return any(verdict == 'fail' for verdict, *_ in found)


def read_steps(path):
    """The records of check's other steps"""
    for number, line in lines(path, 'run check again'):
        verdict, *title_and_why = line.split('\t')
        if verdict not in ktap.VERDICTS or len(title_and_why) != 2:
            raise Explained(f'{path}:{number}: is not a verdict, a title and why, '
                            'run check again')
        program, _, test = title_and_why[0].rpartition(': ')
        yield Record(verdict, program or 'lab', test, title_and_why[1])


def read_run(path):
    """What a run printed, or nothing if it didn't get that far"""
    return read(path, 'run check again') if os.path.exists(path) else ''


def check(args):
    """Judge what check left in the folder of a base. Print the verdicts, and
    write junit.xml and summary there."""
    guards = Guards(args.guards)
    records = list(read_steps(f'{args.folder}/steps'))
    programs = ktap.programs_of(f'{args.folder}/kselftest-list.txt')
    reader = ktap.Reader(f'{args.folder}/source/tools/testing/kunit')
    outcomes = {}
    for kernel in 'stock', *args.kernels:
        run = f'{args.folder}/run/{kernel}'
        found = list(reader.run(programs, read_run(f'{run}-selftests/output')))
        if args.criu:
            said = read_run(f'{run}-criu/output')
            tests = reader.tests(said) or [('fail', 'reported-no-test')]
            found += [(verdict, 'criu', test) for verdict, test in tests]
            counted = re.findall('^# (dump and restore .*)', said, re.MULTILINE)
            if counted:
                print(f'criu on {kernel}: {counted[-1]}')
        outcomes[kernel] = ktap.outcome(found)

    judged = []
    for kernel in args.kernels:
        judged += compare(kernel, outcomes[kernel], outcomes['stock'], guards)
    judged += guards.stale(not_run=[] if args.criu else ['criu'])
    records += judged

    held = report.promises_held(args.promise, records)
    passed, failed, skipped = report.counts(records)
    print(*report.table(judged), sep='\n')
    write(f'{args.folder}/junit.xml', report.junit(args.base, records))
    write(f'{args.folder}/summary', report.summary(
        args.base, args.version, held, passed, failed, skipped))
    print(f'\npromises held: {held or "none"}')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return failed > 0


def check_clients(args):
    """Judge what check-clients left in its folder. Print a table and the verdicts,
    and write junit.xml there."""
    judged = [clients.judge_program(args.folder, name, args.stock_keeps)
              for name in args.names]
    records = [record for record, _ in judged]
    passed, failed, skipped = report.counts(records)
    print(f'Linux {args.version}, left: workers after the last ring was closed')
    print(*report.columns([clients.HEADER, *(row for _, row in judged)], 3), '',
          sep='\n')
    print(*report.table(records), sep='\n')
    write(f'{args.folder}/junit.xml', report.junit(args.base, records))
    print(f'\n{passed} passed, {failed} failed, {skipped} skipped')
    # if all are skipped, nothing is known
    return failed > 0 or not passed


def summary(args):
    """Print the results of check on several bases as a table"""
    rows = [report.read_summary(path) for path in args.files]
    print(*report.summary_table(rows), sep='\n')
    return any(int(row[4]) > 0 for row in rows)


class Parser(argparse.ArgumentParser):
    """A parser for which wrong arguments are an error like any other"""

    def error(self, message):
        raise Explained(f'{message}, see {self.prog} --help')


def parse(arguments):
    """The arguments, with the command that they are for"""
    parser = Parser(prog='judge.py', description=__doc__.partition('\n\n')[2])
    commands = parser.add_subparsers(required=True, metavar='COMMAND')

    def add(command):
        added = commands.add_parser(command.__name__, description=command.__doc__)
        added.set_defaults(command=command)
        return added

    command = add(results)
    command.add_argument('kunit', help='tools/testing/kunit of a kernel source')
    command.add_argument('list', help="the kernel's kselftest-list.txt")
    command.add_argument('output', help='what run_kselftest.sh printed')
    command.add_argument('program', nargs='?', help='the only one that had to run')

    command = add(check)
    command.add_argument('--base', required=True)
    command.add_argument('--version', required=True, help='of its source')
    command.add_argument('--guards', required=True, help='see base/*/guards')
    command.add_argument('--promise', required=True, help='see judge/promise')
    command.add_argument('--criu', action='store_true', help='CRIU had to run')
    command.add_argument('folder', help='build/BASE')
    command.add_argument('kernels', nargs='+', metavar='kernel',
                         help='those that are compared to stock')

    command = add(check_clients)
    command.add_argument('--base', required=True)
    command.add_argument('--version', required=True, help='of its source')
    command.add_argument('--stock-keeps', action='store_true',
                         help='stock has to keep a worker where it is looked for')
    command.add_argument('folder', help='build/BASE/clients')
    command.add_argument('names', nargs='+', metavar='name', help='a program that ran')

    command = add(summary)
    command.add_argument('files', nargs='+', metavar='file', help='build/BASE/summary')
    return parser.parse_args(arguments)


def main(arguments):
    """Do what the arguments ask for, and return the status"""
    try:
        args = parse(arguments)
        return int(args.command(args))
    except Explained as error:
        print(f'judge: {error}', file=sys.stderr)
        return EXPLAINED


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
