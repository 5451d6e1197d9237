#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# prove.py BASE FOLDER quick|full|deep: have "explore" do what plan and mutants list, and
# print the tables. FOLDER is build/BASE, where "steps" has left the steps of the model.
# Exits with 0 if all is as it has to be.

import concurrent.futures
import os
import re
import subprocess
import sys

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PARAMETERS = ["LIMIT", "WORKERS", "RINGS", "REQUESTS", "FAILURES", "IDLE"]
# the bits of PROVE, and what a counterexample ends with
PROPERTIES = {
    "lost": ["a request waits, though a worker could run it"],
    "waits": ["a request waits, though another worker is allowed"],
    "stays": ["there is no ring, but a worker sleeps",
              "a worker that exits waits for the task"],
    "left": ["the last worker leaves, though there is a ring"],
    "counts": ["a count is wrong"],
}
SETS = ["quick", "full", "deep"]


class Job:
    """Something to explore, and what came out."""

    def __init__(self, name, way, values, properties, extra=()):
        self.name, self.way, self.properties = name, way, properties
        self.values = dict(zip(PARAMETERS, map(int, values)))
        mask = sum(1 << i for i, p in enumerate(PROPERTIES) if p in properties)
        self.arguments = [f"{k}={v}" for k, v in self.values.items()]
        self.arguments += [f"PROVE={mask}", *extra]
        self.error = None

    def run(self, folder):
        self.folder = os.path.join(folder, "prove", self.name)
        done = subprocess.run([os.path.join(LAB, "model", "explore"), self.way, self.name,
                               *self.arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        self.failed = done.returncode == 1
        if done.returncode not in (0, 1):
            lines = (done.stderr + done.stdout).strip().splitlines()
            self.error = lines[-1] if lines else f"{self.name}: ended without a word"

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def wrong_example(self):
        """What is wrong with this counterexample, which is one for the first property."""
        if self.error:
            return self.error
        if not self.failed:
            return f"{self.name}: there is no counterexample"
        found = self.read("interleaving").splitlines()[-1].removeprefix("=> ")
        if found not in PROPERTIES[self.properties[0]]:
            return f"{self.name}: another property fails: {found}"
        return None

    def cost(self):
        """What takes longest goes first."""
        v = self.values
        return v["LIMIT"] * 3 + v["RINGS"] * 2 + v["REQUESTS"] * 2 + v["FAILURES"]


def lines(path):
    """The lines of a table, split at tabs, without comments."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                yield [f for f in line.rstrip("\n").split("\t") if f]


def plan(wanted):
    """Make the jobs."""
    proofs, mutants = [], []
    for number, (chosen, way, values) in enumerate(lines(os.path.join(LAB, "model", "plan"))):
        if SETS.index(chosen) > SETS.index(wanted):
            continue
        proofs.append(Job(f"{number + 1}-{way}", way, values.split(),
                          PROPERTIES if way == "all" else []))
    for name, values, prop, _ in lines(os.path.join(LAB, "model", "mutants")):
        mutants.append(Job(f"mutant-{name.lower().replace('_', '-')}", "shortest",
                           values.split(), [prop], [f"M_{name}"]))
    return proofs, mutants


def table(jobs):
    """Print a line for each exploration. Returns what went wrong."""
    columns = list(PROPERTIES) + ["deadlock", "livelock"]
    wrong = []
    print("\n" + " ".join(f"{p.lower():>8}" for p in PARAMETERS) + "  " +
          " ".join(f"{c:>8}" for c in columns) + f"{'states':>12}{'s':>5}")
    for job in jobs:
        cells = dict.fromkeys(columns, "-")
        cells.update(dict.fromkeys(job.properties, "never"))
        cells["livelock" if job.way == "cycles" else "deadlock"] = "never"
        if job.error or job.failed:
            cells = {c: "?" if v == "never" else v for c, v in cells.items()}
            wrong.append(job)
        print(" ".join(f"{v:>8}" for v in job.values.values()) + "  " +
              " ".join(f"{cells[c]:>8}" for c in columns) +
              (f"{int(job.read('states')):>12,}{job.read('seconds').strip():>5}"
               if not job.error else ""))
    return wrong


def show(job, title):
    print(f"\n{title}\n")
    print("    " + job.read("interleaving").rstrip("\n").replace("\n", "\n    "))


def never_taken(folder, jobs):
    """A model that can't do anything has no errors either."""
    taken = {int(s) for j in jobs for s in j.read("steps").split()}
    said, told = set(), set()
    with open(os.path.join(folder, "prove", "steps"), encoding="utf-8") as file:
        for line in file:
            number, text = line.rstrip("\n").split("\t")
            # what one worker or ring does, the others can do as well
            text = re.sub(r" \d\b", "", text)
            said.add(text)
            if int(number) in taken:
                told.add(text)
    return [f"the model never does this: {text}" for text in sorted(said - told)]


def main():
    base, folder, wanted = sys.argv[1:]
    proofs, mutants = plan(wanted)
    jobs = sorted(proofs + mutants, key=Job.cost, reverse=True)
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count())) as pool:
        list(pool.map(lambda job: job.run(folder), jobs))
    problems = [j.error for j in proofs if j.error]

    print(f"\n{base}: what can happen, in all interleavings")
    bad = table(proofs)
    print("\n" + "\n".join(f"{p:>8}  {', or '.join(w)}" for p, w in PROPERTIES.items()))
    for job in bad:
        if not job.error:
            show(job, f"{job.name} fails:")
            problems.append(f"{job.name}: a property fails, see {job.folder}/interleaving")

    told = [f[3] for f in lines(os.path.join(LAB, "model", "mutants"))]
    print("\nmutants of the model")
    for job, what in zip(mutants, told):
        if job.wrong_example():
            problems.append(job.wrong_example())
        else:
            show(job, f"{job.name}: {what}")
    if wanted != "quick" and not problems:
        problems += never_taken(folder, proofs)
    print()
    for problem in problems:
        print(f"prove: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
