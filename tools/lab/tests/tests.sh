# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # lab.sh, and those who source it
#
# What the files with tests share. To be sourced after series.sh. A test is a
# function test_NAME, and fails if one of its commands does.

here=$lab/tests
# a folder of the test's own
scratch=

# fails_with PATTERN COMMAND...: COMMAND has to fail with a last line that matches
fails_with()
{
	local pattern=$1 out status=0

	shift
	out=$("$@" </dev/null 2>&1) || status=$?
	[ "$status" -ne 0 ] || die "$*: it succeeded: $out"
	grep -qE -- "$pattern" <<<"$(tail -n 1 <<<"$out")" ||
		die "$*: its last line is not '$pattern' but: $(tail -n 1 <<<"$out")"
}

# skip REASON: end a test that can't be run here
skip()
{
	printf '%s\n' "$*"
	exit "$SKIPPED"
}

# choose_test ARGUMENT...: handle the script's arguments. For --list, print the names
# of its tests and exit. Otherwise, prepare for the named test.
choose_test()
{
	local tests

	tests=$(declare -F | sed -n 's/^declare -f test_//p')
	if [ "${1:-}" = --list ]; then
		echo "$tests"
		exit
	fi
	grep -qFx -- "${1:-}" <<<"$tests" ||
		die "usage: ${0##*/} --list, ${0##*/} TEST"

	mkdir -p "$build"
	scratch=$(mktemp -d "$build/test.XXXXXX")
	trap 'umount "$scratch/mnt" 2>/dev/null || :; rm -rf "$scratch"' EXIT
}

# mount_tmpfs SIZE: mount a tmpfs on mnt in the test's own folder. It goes when the test
# ends. Root needs a privilege for this that most containers lack.
mount_tmpfs()
{
	mkdir "$scratch/mnt"
	mount -t tmpfs -o "size=$1" tmpfs "$scratch/mnt" || skip "no tmpfs can be mounted here"
}

# copy_repository: give the test its own copy of the repository, build folder and git
# configuration
copy_repository()
{
	local name

	# Without the user's git configuration, so that no test mails real people.
	export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$scratch/gitconfig
	export GIT_CEILING_DIRECTORIES=$scratch
	unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS KDIR PART V CHANGES PREVIOUS \
		IN_REPLY_TO ASSISTED_BY FOR SEND
	git config --global user.name "The Sender"
	git config --global user.email sender@example.org

	copy=$scratch/top
	mkdir "$copy"
	for name in MAINTAINERS Kconfig Documentation include io_uring liburing tools .gitignore; do
		cp -r "$top/$name" "$copy/"
	done
	git -C "$copy" init -q
	git -C "$copy" add -A
	git -C "$copy" commit -q -m copy

	mkdir -p "$scratch/build/$BASE"
	ln -s "$(readlink -f "$base/source")" "$scratch/build/$BASE/"
	cp -P "$base/source" "$scratch/build/$BASE/"
	export LAB_BUILD=$scratch/build
}

# lab_copy SCRIPT: run that script of the copy
lab_copy()
{
	"$copy/tools/lab/$1"
}

# one_selftest: leave only one of them in the copy. get_maintainer.pl takes long to read
# them all.
one_selftest()
{
	find "$copy/tools/testing/selftests" -name '*.c' ! -name reopen.c -delete
	git -C "$copy" commit -q -a -m "one selftest"
}

# small_source: use an excerpt of the source, with which git is quick
small_source()
{
	local source

	source=$scratch/build/$BASE/source-$(source_version)
	rm "$source"
	small_tree "$source"
}

# small_tree TREE: make the smallest excerpt of a kernel tree that will do
small_tree()
{
	excerpt "$base/source" "$1"
	cp "$base/source/Makefile" "$1/"
}

# small_git TREE: the same as a git tree
small_git()
{
	small_tree "$1"
	git -C "$1" init -q
	git -C "$1" add -A -f
	git -C "$1" commit -q -m source
}

# state TREE: print everything that must not change
state()
{
	(cd "$1" && find . -type f ! -path './.git/*' -exec sha256sum {} + | sort)
	[ ! -e "$1/.git" ] || {
		git -C "$1" for-each-ref
		git -C "$1" symbolic-ref -q HEAD || git -C "$1" rev-parse HEAD
		git -C "$1" worktree list | wc -l
	}
}

# refuses PATTERN TREE SCRIPT: SCRIPT has to fail with PATTERN, and not change TREE
refuses()
{
	local before

	before=$(state "$2")
	fails_with "$1" lab_copy "$3"
	diff <(printf '%s\n' "$before") <(state "$2") || die "$2 has changed"
}
