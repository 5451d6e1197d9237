# SPDX-License-Identifier: GPL-2.0
#
# The one front door. What happens is in tools/lab/.

# the kernel to work on: a folder in io_uring/, or all. If it is not given, it is
# 6.12, or with KDIR the one that fits
BASE ?=
# a kernel tree of your own, to work on instead
KDIR ?=
# the kernel that "make shell" boots: stock or patched
KERNEL ?= patched
# how to run the tests: empty, widened, debug or kcsan
PROFILE ?=
# how long "make stress" takes, and the number that all it does follows from
MINUTES ?= 1
SEED ?=
# the configuration for "make deb", the running kernel's if it is not given
CONFIG ?=
# the version of the series to send, and a file that tells what changed
V ?= 1
CHANGES ?=
# 1: "make send" really sends
SEND ?=
export BASE KDIR KERNEL PROFILE MINUTES SEED CONFIG V CHANGES SEND

.PHONY: help run check check-liburing mutants stress bench shell gdb tree refresh \
	apply deb series send clean

help:
	@echo "make run    build and boot the stock and the patched kernel, and show"
	@echo "            what becomes of io_uring's workers when a ring is closed"
	@echo "make check  run all tests. PROFILE=widened: with io-wq's races widened,"
	@echo "            PROFILE=debug: in a kernel that checks memory, locks, objects"
	@echo "            and leaks, PROFILE=kcsan: in one that looks for data races"
	@echo "make check-liburing  run liburing's own tests, and show what differs"
	@echo "make mutants  see whether the tests notice what breaks the series"
	@echo "make stress  use rings at random, for MINUTES=1, as SEED=number says."
	@echo "            PROFILE=debug or kcsan: in such a kernel"
	@echo "make bench  measure how soon workers are gone, and what it costs"
	@echo "make shell  a shell in the patched kernel, or KERNEL=stock"
	@echo "make gdb    a shell in the patched kernel, with gdb attached"
	@echo
	@echo "make tree   a git tree to work in, in build/BASE/tree"
	@echo "make refresh  bring the commits made in there back to the repository"
	@echo "make apply  put the series on your own kernel tree, KDIR=path"
	@echo "make deb    Debian packages of the patched kernel. CONFIG=file: with"
	@echo "            this configuration, not the one of the running kernel"
	@echo "make series  the series as it is to be sent, in build/series/BASE. For"
	@echo "            version 2: V=2, and CHANGES=file tells what changed"
	@echo "make send   show what would be sent to whom. SEND=1: send it"
	@echo "make clean  remove what was made, but keep downloads"
	@echo
	@echo "BASE=6.12   the kernel to do it with, or all of these in turn:" \
		$(patsubst io_uring/%/series,%,$(wildcard io_uring/*/series))
	@echo "KDIR=path   a kernel tree of your own to do it with. Only \"make apply\""
	@echo "            changes it"

mutants:
	@tools/lab/mutate

stress bench:
	@tools/lab/$@/run

apply:
	@tools/lab/onto

run check check-liburing shell gdb tree refresh deb series send clean:
	@tools/lab/$@
