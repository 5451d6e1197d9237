# SPDX-License-Identifier: GPL-2.0
"""Files, and what is wrong with them"""

import os


class Explained(Exception):
    """Says in one line what is wrong with which file, and what to do"""


def read(path, advice):
    """The text of a file. A guest can print anything, so what isn't printable
    becomes a question mark: terminals and XML may not take it."""
    try:
        with open(path, encoding='utf-8', errors='replace', newline='\n') as file:
            text = file.read()
    except OSError as error:
        raise Explained(f'{path}: {error.strerror}, {advice}') from error
    return ''.join(char if char.isprintable() or char in '\n\t' else '?'
                   for char in text)


def lines(path, advice):
    """Yield number and text of each line that is not empty or a comment"""
    for number, line in enumerate(read(path, advice).split('\n'), 1):
        if line.strip() and not line.startswith('#'):
            yield number, line


def write(path, text):
    """Write all of the text to a file, or nothing"""
    try:
        with open(f'{path}.tmp', 'w', encoding='utf-8') as file:
            file.write(text)
        os.replace(f'{path}.tmp', path)
    except OSError as error:
        raise Explained(f'{path}: {error.strerror}, make room for it and run '
                        'check again') from error
