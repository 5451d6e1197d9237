#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""bench.py OUT: say what OUT/raw.csv means

Prints tables. The status is 0 if all targets are met, 1 if not, 2 if data is missing.
"""

import csv
import math
import os
import statistics
import sys
from collections import defaultdict

HORIZON = 5                     # ms, WORKER_LINGER_NS in io-wq.c
# {pattern: (title, p50 and p99 in ms with a new process each)}
PATTERNS = {
    'one': ('one request, reaped', (0.5, 2)),
    'mixed': ('32 mixed, reaped', (0.7, 3)),
    'unreaped': ('32 mixed, not reaped', (1.5, 4)),
    'blocked': ('16 blocked splices', (1.5, 4)),
    'tasks': ('64 processes at once', (6, 14)),
}
AGAIN = (HORIZON + 1, HORIZON + 3)
ROUNDS = 200
TASKS = 64
# us between cycles. Between rings it is some more, so 5 ms would be beyond HORIZON.
PAUSES = (0, 100, 300, 1000, 2000, 3000, 4000, 10000)
BATCHES = 100                   # of 10 cycles
CYCLE_RATIO = 1.05
CREATED = 8                     # workers in all these cycles
# us between cycles, and between signals
SIGNALS = [(pause, period) for pause in (1000, 3000, 10000) for period in (1000, 300, 100)]
SIGNAL_CYCLES = 400
SIGNAL_RATIO = 2                # of p99
NOPS = 10
NOP_RATIO = 1.01
NEVER = math.inf

kernels = {'stock': 'stock', 'first': 'first form', 'patched': 'patched'}
data = defaultdict(list)
verdicts = []
incomplete = []


def read(name):
    with open(name, encoding='utf-8', newline='') as file:
        for line in csv.DictReader(file):
            measure, case = line['measure'], line['case']
            kernel, value = line['kernel'], line['value']
            if measure in ('fresh', 'again', 'signals'):
                value = NEVER if float(value) < 0 else float(value) / 1e3
            data[measure, case, kernel].append(
                value if measure == 'guest' else float(value))


def get(measure, case, kernel, wanted):
    """The values of a case. Fewer than wanted are reported, unless workers never
    exit: seeing that once is enough."""
    values = data[measure, str(case), kernel]
    if len(values) < wanted and NEVER not in values:
        incomplete.append(f'{kernel}: {len(values)} of {wanted} '
                          f'values of "{measure} {case}"')
    return values or [math.nan]


def verdict(met):
    verdicts.append(met)
    return 'met' if met else 'missed'


def percentile(values, percent):
    """The nearest rank, but a single "never" counts as one in a hundred"""
    if NEVER in values and percent == 99:
        return NEVER
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def show(ms):
    return ('never' if ms == NEVER else f'{ms:.2f}' if ms < 10 else
            f'{ms:.1f}' if ms < 100 else f'{ms:.0f}')


def row(title, width, cells, more=''):
    print(f'{title:22}', *(f'{cells[kernel]:>{width}}' for kernel in kernels), more)


def gone():
    print('From close() to no worker of the task, in ms, p50 / p99 of at least '
          f'{ROUNDS} rounds')
    for measure, label in (('fresh', 'a new process each'),
                           ('again', 'one task, again')):
        row(label, 14, kernels, f'{"target":>11}')
        for pattern, (title, target) in PATTERNS.items():
            if measure == 'again':
                if pattern == 'tasks':
                    continue
                target = AGAIN
            both, cells = {}, {}
            for kernel in kernels:
                ms = get(measure, pattern, kernel,
                         ROUNDS * (TASKS if pattern == 'tasks' else 1))
                both[kernel] = [percentile(ms, percent) for percent in (50, 99)]
                cells[kernel] = ' / '.join(dict.fromkeys(map(show, both[kernel])))
            back = len(data['back', f'{measure} {pattern}', 'patched'])
            met = not back and all(
                ms <= most for ms, most in zip(both['patched'], target))
            row(title, 14, cells, f'{f"{target[0]:g} / {target[1]:g}":>11}  ' +
                verdict(met) + (f', {back} came after that' if back else ''))
        print()


def cycles():
    print('Open a ring, one async nop, close, with a pause before the next: us a '
          'cycle without\nthe pause, an instruction is 1 ns. In brackets the '
          'workers created in 1,000 cycles.')
    row('pause', 14, kernels, f'{"ratio":>7}  {"target":>8}')
    for pause in PAUSES:
        us, created, cells = {}, {}, {}
        for kernel in kernels:
            us[kernel] = statistics.median(get('cycle', pause, kernel, BATCHES))
            created[kernel] = get('created', pause, kernel, 1)[0]
            cells[kernel] = f'{us[kernel]:.1f} [{created[kernel]:.0f}]'
        ratio = us['patched'] / us['stock']
        # Beyond it a worker is created each time. That is the price.
        target = f'{"none":>8}'
        if pause < HORIZON * 1e3:
            target = f'{CYCLE_RATIO} [{CREATED}]  ' + verdict(
                ratio <= CYCLE_RATIO and created['patched'] <= CREATED)
        row(f'{pause / 1e3:g} ms', 14, cells, f'{ratio:>7.3f}  {target}')
    print()


def signals():
    print('The same while signals come in: ms of the nop by the real clock, '
          'p50 / p99 / slowest,\nwhere "never" is more than 2 s. In brackets how many '
          f'of {SIGNAL_CYCLES} or more were cancelled,\nand the workers created. The '
          'ratio is that of p99.')
    row('pause, signals', 28, kernels, f'{"ratio":>7} {"target":>6}')
    for pause, period in SIGNALS:
        p99, lost, cells = {}, {}, {}
        case = f'{pause}/{period}'
        for kernel in kernels:
            ms = get('signals', case, kernel, SIGNAL_CYCLES)
            lost[kernel] = len(data['cancelled', case, kernel])
            created = sum(get('created', case, kernel, 1))
            p99[kernel] = percentile(ms, 99)
            cells[kernel] = (f'{show(percentile(ms, 50))} / {show(p99[kernel])} / '
                             f'{show(max(ms))} [{lost[kernel]}, {created:.0f}]')
        ratio = p99['patched'] / p99['stock']
        row(f'{pause / 1e3:g} ms, {1e3 / period:.2g} kHz', 28, cells,
            f'{ratio:>7.2f}  {SIGNAL_RATIO} [0]  ' +
            verdict(ratio <= SIGNAL_RATIO and not lost['patched']))
    print()


def instructions():
    print('A ring that stays open: instructions per async nop, user space '
          'included, and the\nspread from the lowest to the highest.')
    row('', 16, kernels, f'{"ratio":>8} {"target":>6}')
    medians, cells = {}, {}
    for kernel in kernels:
        values = get('nop', '', kernel, NOPS)
        medians[kernel] = statistics.median(values)
        spread = (max(values) - min(values)) / medians[kernel] * 100
        cells[kernel] = f'{medians[kernel]:.1f} ({spread:.2f}%)'
    ratio = medians['patched'] / medians['stock']
    row('', 16, cells, f'{ratio:>8.4f} {NOP_RATIO:>6}  {verdict(ratio <= NOP_RATIO)}')
    print()


def memory():
    print('Held by 4,096 processes that used io_uring once and closed it, in MiB')
    row('', 14, kernels)
    for case, title in (('KernelStack', 'kernel stacks'), ('Slab', 'slab')):
        row(title, 14, {kernel: f'{get("memory", case, kernel, 1)[0] / 1024:.1f}'
                        for kernel in kernels})
    print()


def main(out):
    read(os.path.join(out, 'raw.csv'))
    if ('guest', 'release', 'first') not in data:
        del kernels['first']
    with open(os.path.join(out, 'machine'), encoding='utf-8') as file:
        print(file.read())
    for part in (gone, cycles, signals, instructions, memory):
        part()
    print(f'{sum(verdicts)} targets met, {verdicts.count(False)} missed')
    if incomplete:
        print('Incomplete:', *incomplete, sep='\n\t')
        return 2
    return 0 if all(verdicts) else 1


try:
    sys.exit(main(sys.argv[1]))
except (ArithmeticError, LookupError, OSError, ValueError) as error:
    print(f'bench.py: {error!r}', file=sys.stderr)
    sys.exit(2)
