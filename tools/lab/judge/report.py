# SPDX-License-Identifier: GPL-2.0
"""What is printed and written about the verdicts"""

from collections import Counter
from xml.etree import ElementTree

from files import Explained, lines

HEADER = ('base', 'version', 'promises held', 'passed', 'failed', 'skipped')


def counts(records):
    """How many passed, failed and were skipped"""
    found = Counter(record.verdict for record in records)
    return found['pass'], found['fail'], found['skip']


def table(records):
    """A line for each record"""
    return [f'  {record.verdict} {record.program}:{record.test}: {record.why}'
            for record in records]


def promises_held(path, records):
    """The items of the promise that are shown to hold: in each of their programs,
    a test has passed and none has failed"""
    passed = {record.program for record in records if record.verdict == 'pass'}
    failed = {record.program for record in records if record.verdict == 'fail'}
    held = []
    for number, line in lines(path, 'check needs it'):
        item, *programs = line.split()
        if not programs:
            raise Explained(f'{path}:{number}: names no program, add those '
                            'whose tests show it')
        if passed - failed >= set(programs):
            held.append(item)
    return ' '.join(held)


def junit(suite, records):
    """The records as JUnit XML"""
    passed, failed, skipped = counts(records)
    root = ElementTree.Element('testsuite', name=suite,
                               tests=str(passed + failed + skipped),
                               failures=str(failed), skipped=str(skipped))
    for record in records:
        case = ElementTree.SubElement(root, 'testcase', name=record.test,
                                      classname=record.program)
        if record.verdict != 'pass':
            ElementTree.SubElement(
                case, {'fail': 'failure', 'skip': 'skipped'}[record.verdict],
                message=record.why)
    return ElementTree.tostring(root, encoding='unicode',
                                xml_declaration=True) + '\n'


def summary(*fields):
    """A base's line of the table that "summary" prints"""
    return '\t'.join(map(str, fields)) + '\n'


def read_summary(path):
    """The fields of such a line"""
    advice = 'remove it and run check again'
    fields = [line.split('\t') for _, line in lines(path, advice)]
    if len(fields) != 1 or len(fields[0]) != len(HEADER) or not all(
            field.isdecimal() for field in fields[0][3:]):
        raise Explained(f'{path}: is not a line that check wrote, {advice}')
    return fields[0]


def columns(rows, texts):
    """Rows of fields in columns, of which so many are texts and the others numbers"""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [f'{field:<{width}}' if number < texts else f'{field:>{width}}'
                 for number, (field, width) in enumerate(zip(row, widths))]
        yield '  '.join(cells)


def summary_table(rows):
    """Rows of fields with their header, in columns"""
    return columns([HEADER, *rows], 3)
