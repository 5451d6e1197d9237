#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# steps.py BASE FOLDER [--seen]: look up each line that a step of the model stands for in
# the patched source, which is in FOLDER/series. Each line has to be in its function, and
# those of a step in that order. Functions that the model has must not have changed
# since base/BASE/modelled was written, or somebody has to look whether the model is still
# right. That done, --seen writes it anew.
#
# Leaves the model's steps in FOLDER/prove/steps, numbered as in iowq.pml.

import glob
import hashlib
import os
import re
import subprocess
import sys

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILES = ["io_uring/io-wq.c", "io_uring/tctx.c", "io_uring/io_uring.c"]

STEP = re.compile(r'd_step \{')
SAYS = re.compile(r'printf\("@%d ", \w+\); printf\("((\w+)\(\): .*?)\\n"\);'
                  r'\s*c_code \{ step_taken\[(\d+)\]')
LINE = re.compile(r'@ (\w+): (.*?)(?: *\*/)?$', re.M)


def fail(message):
    sys.exit(f"steps: {message}")


def source(folder):
    """The functions of the patched source, without comments and white space."""
    functions = {}
    for path in FILES:
        text = subprocess.run(["git", "-C", f"{folder}/series", "show", f"main:{path}"],
                              check=True, capture_output=True, text=True).stdout
        text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
        for found in re.finditer(r'^[a-z][^;{}=]*?\b(\w+)\([^;{}]*?\)[^;{}]*\n\{\n(.*?)^\}',
                                 text, re.M | re.S):
            functions[found[1]] = squeeze(found[2])
    return functions


def squeeze(text):
    return re.sub(r'\s+', ' ', text).strip()


def in_words_of(base, text):
    """What this base calls it."""
    script = f"{LAB}/base/{base}/steps.sed"
    if not os.path.exists(script):
        return text
    return subprocess.run(["sed", "-E", "-f", script], input=text, check=True,
                          capture_output=True, text=True).stdout


def model(base):
    """The model for this base, in the base's own words."""
    define = "-DBASE=" + base.replace(".", "")
    text = subprocess.run(["gcc", "-E", "-C", "-P", "-x", "c", "-std=gnu99", define,
                           f"{LAB}/model/iowq.pml"],
                          check=True, capture_output=True, text=True).stdout
    return in_words_of(base, text)


def litmus_tests(base):
    """The lines that the litmus tests are about."""
    for path in sorted(glob.glob(f"{LAB}/model/litmus-tests/*.litmus")):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        yield os.path.basename(path), LINE.findall(in_words_of(base, text))


def steps(text):
    """Each step's number and words, and the lines that it stands for."""
    starts = [m.start() for m in STEP.finditer(text)] + [len(text)]
    for start, end in zip(starts, starts[1:]):
        says = SAYS.search(text, start, end)
        if not says:
            continue
        before = re.sub(r'\s*(::)?\s*$', '', text[:start])
        comment = before[before.rfind("/*"):] if before.endswith("*/") else ""
        named = LINE.findall(comment)
        if not named:
            fail(f"\"{says[1]}\": no line is named that it stands for")
        if says[2] not in [function for function, _ in named]:
            fail(f"\"{says[1]}\": no line of that function is named")
        yield int(says[3]), says[1], named


def look_up(base, what, named, functions):
    """Fail unless the lines are there. Returns their functions, with checksums."""
    place, found = {}, {}
    for function, line in named:
        if function not in functions:
            fail(f"{base}: \"{what}\": there is no function {function}() anymore")
        body = functions[function]
        at = body.find(squeeze(line), place.get(function, 0))
        if at < 0:
            fail(f"{base}: \"{what}\": {function}() has no line \"{line}\" anymore, "
                 "or not there")
        place[function] = at + len(squeeze(line))
        found[function] = hashlib.sha256(body.encode()).hexdigest()[:16]
    return found


def main():
    base, folder, *seen = sys.argv[1:]
    functions = source(folder)
    modelled = {}
    os.makedirs(f"{folder}/prove", exist_ok=True)
    with open(f"{folder}/prove/steps", "w", encoding="utf-8") as out:
        for number, words, named in steps(model(base)):
            modelled.update(look_up(base, words, named, functions))
            out.write(f"{number}\t{words}\n")
    for name, named in litmus_tests(base):
        modelled.update(look_up(base, name, named, functions))

    known = f"{LAB}/base/{base}/modelled"
    if seen:
        with open(known + ".tmp", "w", encoding="utf-8") as file:
            file.write("# The functions that the model was compared with, see steps.py\n")
            file.writelines(f"{f} {s}\n" for f, s in sorted(modelled.items()))
        os.rename(known + ".tmp", known)
        return
    with open(known, encoding="utf-8") as file:
        expected = dict(line.split() for line in file if not line.startswith("#"))
    changed = sorted(f for f in {*modelled, *expected} if modelled.get(f) != expected.get(f))
    if changed:
        fail(f"{base}: {', '.join(f + '()' for f in changed)} changed since it was modelled: "
             f"see whether tools/lab/model is still right, then run steps.py {base} "
             f"{folder} --seen")


if __name__ == "__main__":
    main()
