#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""coverage.py TREE SERIES UNCOVERED FOLDER: judge which lines of the series are run

TREE is the kernel that ran the tests, and SERIES the git tree with the series on top
of the tag base. FOLDER has gcov's JSON, a file for each object, and gets lines.info,
for genhtml.

UNCOVERED lists the lines that the series adds and no test has to run: function, colon,
space, source line, tab, reason. A reason that starts with "race: " is for a line that
a test may run by chance. Any other one has to be true, and each has to be needed.

The status is 0 if all other lines are run, 1 if not, and 3 if something to judge by is
missing or broken, with a line on stderr that says what.
"""

import glob
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
from files import Explained, lines, read, write

EXPLAINED = 3


def added_lines(series):
    """{file: the numbers of the lines that the series adds to it}"""
    added = {}
    diff = subprocess.run(
        ['git', '-C', series, 'diff', '--no-ext-diff', '--unified=0', 'base..main',
         '--', 'io_uring', 'include'],
        capture_output=True, text=True, check=False)
    if diff.returncode or not diff.stdout:
        raise Explained(f'{series}: git finds no series there, run coverage again')
    numbers = None
    for line in diff.stdout.splitlines():
        if line.startswith('+++ '):
            numbers = added.setdefault(line[4:].removeprefix('b/'), set())
        hunk = re.match(r'@@ -\S+ \+(\d+)(?:,(\d+))? @@', line)
        if hunk:
            start = int(hunk[1])
            numbers.update(range(start, start + int(hunk[2] or 1)))
    return added


def counts_of(folder, wanted):
    """{file: {line: how often it ran}} of the wanted files. A header's lines, or those
    of an inline function, may be in several objects, and more than once in each."""
    counts = {}
    for path in sorted(glob.glob(f'{folder}/*.json')):
        try:
            units = json.loads(read(path, 'run coverage again'))['files']
            for unit in units:
                name = os.path.normpath(unit['file'])
                if name in wanted:
                    ran = counts.setdefault(name, {})
                    for line in unit['lines']:
                        number = line['line_number']
                        ran[number] = ran.get(number, 0) + line['count']
        except (ValueError, KeyError, TypeError) as error:
            raise Explained(f'{path}: is not what gcov prints, '
                            'run coverage again') from error
    for name in wanted:
        if name.endswith('.c') and not any(counts.get(name, {}).values()):
            raise Explained(f'{name}: no line of it was run, so nothing was counted')
    return counts


def named(source, number):
    """What a line is called in the list: its function and its text. A function starts
    in the first column, and a label has no parenthesis."""
    for line in reversed(source[:number]):
        function = re.match(r'(?=\w).*?(\w+)\(', line)
        if function:
            return f'{function[1]}: {source[number - 1].strip()}'
    return source[number - 1].strip()


def reasons_of(path):
    """{line: reason} of the list"""
    reasons = {}
    for number, line in lines(path, 'list there what no test runs'):
        what, _, reason = line.partition('\t')
        if not reason.strip() or ': ' not in what:
            raise Explained(f'{path}:{number}: is not a function, a line and, after '
                            'a tab, a reason')
        if what in reasons:
            raise Explained(f'{path}:{number}: is there twice')
        reasons[what] = reason.strip()
    return reasons


def judge(tree, series, listed, folder):
    """Print the lines that were not run, and what is wrong with the list. Write
    lines.info. Returns whether all is well."""
    added = added_lines(series)
    counts = counts_of(folder, added)
    reasons = reasons_of(listed)
    info, wrong, ran, with_reason = [], [], set(), {}
    total = 0
    for name, numbers in sorted(counts.items()):
        source = read(f'{tree}/{name}', 'build the kernel again').split('\n')
        info += ['TN:', f'SF:{os.path.abspath(tree)}/{name}']
        info += [f'DA:{number},{count}' for number, count in sorted(numbers.items())]
        info.append('end_of_record')
        for number in sorted(added[name] & numbers.keys()):
            total += 1
            what = named(source, number)
            if numbers[number]:
                ran.add(what)
                continue
            print(f'{name}:{number}: {what}')
            if what in reasons:
                with_reason.setdefault(what, []).append(number)
                print(f'\t{reasons[what]}')
            else:
                wrong.append(f'{name}:{number}: no test runs it, and it is not listed '
                             f'in {listed}')
    write(f'{folder}/lines.info', '\n'.join(info) + '\n')
    for what, reason in reasons.items():
        if what not in with_reason and (what not in ran or
                                        not reason.startswith('race: ')):
            why = 'a test runs it' if what in ran else 'the series adds no such line'
            wrong.append(f'{listed}: {what}: {why}')
    missed = sum(len(numbers) for numbers in with_reason.values())
    unlisted = sum('is not listed' in line for line in wrong)
    print(*wrong, sep='\n')
    print(f'{total} of the added lines are counted: {total - missed - unlisted} are '
          f'run, {missed} are not for a reason, {unlisted} are not')
    return not wrong


def main(arguments):
    """Do it, and return the status"""
    try:
        if len(arguments) != 4:
            raise Explained('usage: coverage.py TREE SERIES UNCOVERED FOLDER')
        return int(not judge(*arguments))
    except Explained as error:
        print(f'coverage: {error}', file=sys.stderr)
        return EXPLAINED


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
