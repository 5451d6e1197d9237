# SPDX-License-Identifier: GPL-2.0
"""What programs of others did on both kernels: verdicts and a table

A job prints lines that start with a word, see guest/client.
"""

import os
from collections import defaultdict
from glob import glob
from typing import NamedTuple

from files import read
from verdicts import Record

ADVICE = 'run check-clients again'
HEADER = ('program', 'version', 'same result', 'to workers', 'instructions',
          'left: stock', 'patched', 'verdict')


class Run(NamedTuple):
    """What a job did on a kernel"""
    # why it failed, or nothing
    why: str
    # {word: the texts behind it}
    said: dict

    def number(self, word):
        """The number behind that word, or 0"""
        texts = self.said[word]
        return int(texts[-1]) if texts and texts[-1].isdecimal() else 0

    def left(self):
        """How many workers were left, each time that it was looked at"""
        return [int(text) for text in self.said['left']]


def read_run(path):
    """The run in that folder"""
    said = defaultdict(list)
    if not os.path.exists(f'{path}/status'):
        why = f'{path}.why'
        why = read(why, ADVICE).strip() if os.path.exists(why) else 'did not run'
        return Run(why or 'did not run', said)
    for line in read(f'{path}/output', ADVICE).split('\n'):
        word, _, text = line.partition(' ')
        said[word].append(text)
    why = ''
    if read(f'{path}/status', ADVICE).strip() != '0':
        why = (said['failed'] or ['ended badly'])[-1]
    return Run(why, said)


def difference(stock, patched):
    """The first results that are not the same, or nothing"""
    if len(stock) != len(patched):
        return f'{len(patched)} results instead of {len(stock)}'
    for one, other in zip(stock, patched):
        if one != other:
            return f'"{other}", and on stock "{one}"'
    return '' if stock else 'there is no result'


def judge_workers(stock, patched, stock_keeps):
    """Why the workers that are left are not as they have to be, or nothing"""
    left = patched.left()
    if any(left):
        return f'workers are left in {sum(map(bool, left))} of {len(left)} looks'
    kept = stock.left()
    if len(left) != len(kept):
        return f'looked for workers {len(left)} times, on stock {len(kept)} times'
    if stock_keeps and not all(kept):
        return (f'stock keeps a worker in {sum(map(bool, kept))} of {len(kept)} '
                'looks only, it proves nothing')
    return ''


def judge(stock, patched, stock_keeps):
    """Verdict and reason, given what the program did on both kernels"""
    if stock.why and patched.why:
        return 'skip', f'fails on stock as well: {stock.why}'
    if stock.why:
        return 'skip', f'fails on stock, but not on patched: {stock.why}'
    if patched.why:
        return 'fail', patched.why
    differs = difference(stock.said['same'], patched.said['same'])
    if differs:
        return 'fail', f'another result: {differs}'
    for kernel, run in ('stock', stock), ('patched', patched):
        if not run.number('queued'):
            return 'fail', f'{kernel}: no request went to a worker, it proves nothing'
    why = judge_workers(stock, patched, stock_keeps)
    return ('fail', why) if why else ('pass', 'as on stock')


def looks(numbers):
    """What is left each time, in short"""
    if not numbers:
        return '-'
    least, most = min(numbers), max(numbers)
    return (f'{most}' if least == most else f'{least} to {most}') + \
        f' ({len(numbers)} times)'


def row(name, stock, patched, counted, record):
    """The row of a program in the table, given its runs"""
    version = (patched.said['version'] or stock.said['version'] or ['-'])[0]
    same = '-'
    if not stock.why and not patched.why:
        same = 'no' if difference(stock.said['same'], patched.said['same']) else 'yes'
    ratio = '-'
    if len(counted) == 2 and all(run.number('spent') for run in counted):
        ratio = f'{counted[1].number("spent") / counted[0].number("spent"):.3f}'
    return (name, version, same, str(patched.number('queued')), ratio,
            looks(stock.left()), looks(patched.left()), record.verdict)


def judge_program(folder, name, stock_keeps):
    """The record of a program, and its row in the table"""
    missing = f'{folder}/{name}.missing'
    if os.path.exists(missing):
        record = Record('skip', 'clients', name, read(missing, ADVICE).strip())
        return record, (name, *'-' * (len(HEADER) - 2), 'skip')
    runs = [read_run(f'{folder}/{kernel}-{name}') for kernel in ('stock', 'patched')]
    # check-clients leaves one of these, unless there is nothing to count
    counted = [read_run(f'{folder}/{kernel}-{name}-counted')
               for kernel in ('stock', 'patched')
               if glob(f'{folder}/{kernel}-{name}-counted*')]
    verdict, why = judge(*runs, stock_keeps)
    for run in counted:
        if verdict == 'pass' and run.why:
            verdict, why = 'fail', f'counting instructions: {run.why}'
    record = Record(verdict, 'clients', name, why)
    return record, row(name, *runs, counted, record)
