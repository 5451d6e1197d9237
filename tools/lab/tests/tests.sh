# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # lab.sh, and those who source it
#
# What the files of tests share. To be sourced behind lab.sh. A test is a
# function test_NAME, and fails if a command of it does.

here=$lab/tests
# a folder of the test's own. What it mounts at mnt in there goes with it
scratch=

# fails_with PATTERN COMMAND...: it has to fail, and its last line to match
fails_with()
{
	local pattern=$1 out status=0

	shift
	out=$("$@" </dev/null 2>&1) || status=$?
	[ "$status" -ne 0 ] || die "$*: it succeeded: $out"
	grep -qE -- "$pattern" <<<"$(tail -n 1 <<<"$out")" ||
		die "$*: its last line is not '$pattern' but: $(tail -n 1 <<<"$out")"
}

# choose_test ARGUMENT...: of the script. --list prints the names of its tests
# and ends it. Otherwise make ready for the one that is named.
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
