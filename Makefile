# SPDX-License-Identifier: GPL-2.0
#
# The one front door. What happens is in tools/lab/.

# the kernel to work on: a folder in io_uring/
BASE ?= 6.12
# the kernel that "make shell" boots: stock or patched
KERNEL ?= patched
# how to run the tests: empty, or widened
PROFILE ?=
export BASE KERNEL PROFILE

.PHONY: help run check mutants shell tree clean

help:
	@echo "make run    build and boot the stock and the patched kernel, and show"
	@echo "            what becomes of io_uring's workers when a ring is closed"
	@echo "make check  run all tests. PROFILE=widened: with io-wq's races widened"
	@echo "make mutants  see whether the tests notice each line that is missing"
	@echo "make shell  a shell in the patched kernel, or KERNEL=stock"
	@echo "make tree   a git tree to work in, in build/BASE/tree"
	@echo "make clean  remove what was made, but keep downloads"
	@echo
	@echo "BASE=6.12   the kernel to do it with, one of:" $(notdir $(wildcard io_uring/*))

mutants:
	@tools/lab/mutate

run check shell tree clean:
	@tools/lab/$@
