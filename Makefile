# SPDX-License-Identifier: GPL-2.0
#
# The only entry point. Each command is a script in tools/lab/.

# the kernel to work on: a folder in tools/lab/base/, several of them, or all. The
# default is 6.12 or KDIR's version
BASE ?=
# a kernel tree of your own, to work on instead
KDIR ?=
# the kernel that "make shell" boots: stock or patched
KERNEL ?= patched
# how to run the tests: empty, widened, debug or kcsan
PROFILE ?=
# how long "make stress" takes, and the seed of its random numbers
MINUTES ?= 1
SEED ?=
# the configuration for "make deb", by default the running kernel's
CONFIG ?=
# what to send or apply: repairs, feature or all
PART ?= all
# the version of the series to send, a file that says what changed, the folder with the
# mails of the last version, and the mail to answer
V ?= 1
CHANGES ?=
PREVIOUS ?=
IN_REPLY_TO ?=
# the tools that helped to write the series
ASSISTED_BY ?=
# the programs that "make check-clients" runs, by default all
CLIENTS ?=
# liburing: "make series" and "make send" take the patches for liburing
FOR ?=
# 1: "make send" really sends
SEND ?=
export BASE KDIR KERNEL PROFILE MINUTES SEED CONFIG CLIENTS
export PART V CHANGES PREVIOUS IN_REPLY_TO ASSISTED_BY FOR SEND

commands := run check check-liburing check-clients mutants prove coverage releases \
	stress bench shell gdb tree refresh apply deb series send clean

.PHONY: help $(commands)

help:
	@echo "See it and test it:"
	@echo "  make run       build and boot the stock and the patched kernel, and show"
	@echo "                 what happens to io_uring's workers when a ring is closed"
	@echo "  make check     run all tests, or only the selftests with PROFILE="
	@echo "                   widened  io-wq's race windows held open"
	@echo "                   debug    memory, locks, objects and leaks checked"
	@echo "                   kcsan    data races reported"
	@echo "  make check-liburing"
	@echo "                 run liburing's tests on both kernels, and show what differs"
	@echo "  make check-clients"
	@echo "                 run Samba, bfs, fio, qemu-img and MariaDB on both kernels, and"
	@echo "                 compare. CLIENTS=\"smbd bfs\" runs these only"
	@echo "  make mutants   break the series in many ways, and check that a test notices"
	@echo "  make prove     explore all interleavings of a model of the workers, and check"
	@echo "                 the barriers with the kernel's memory model"
	@echo "  make coverage  show the lines of the series that no test runs, and make pages"
	@echo "                 of all lines in build/BASE/coverage"
	@echo "  make releases  check which versions of Debian's package the series fits"
	@echo "  make stress    use rings at random for MINUTES=1. SEED=number repeats"
	@echo "                 a run, PROFILE=debug or kcsan uses that kernel"
	@echo "  make bench     measure how soon workers exit, and what that costs"
	@echo "  make shell     boot the patched kernel, or KERNEL=stock, to a shell"
	@echo "  make gdb       the same, with the kernel waiting for gdb"
	@echo
	@echo "Work on it and pass it on:"
	@echo "  make tree      make a git tree with the series, in build/BASE/tree"
	@echo "  make refresh   bring the commits made there back to this repository"
	@echo "  make apply     apply the series to your own tree, KDIR=path"
	@echo "                   PART=repairs or feature takes a part of it"
	@echo "  make deb       build Debian packages of the patched kernel, configured as"
	@echo "                 the running one or with CONFIG=file"
	@echo "  make series    write the mails into build/series/. PART=repairs or feature"
	@echo "                 for a part, FOR=liburing for its tests and page"
	@echo "                   V=2 CHANGES=file  the next version"
	@echo "                   ASSISTED_BY=name  the tool that helped, for its tag"
	@echo "  make send      show what would be sent to whom, SEND=1 sends it"
	@echo "                   IN_REPLY_TO=id    the first version's cover letter"
	@echo "  make clean     remove what was made, but keep downloads"
	@echo
	@echo "On which kernel:"
	@echo "  BASE=6.12      one of: $(notdir $(wildcard tools/lab/base/*)),"
	@echo "                 several in turn as in BASE=\"6.12 7.3\", or all"
	@echo "  KDIR=path      your own tree. Only \"make apply\" changes it"

$(commands):
	@tools/lab/lib/each-base $@
