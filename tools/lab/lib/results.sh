# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # from lab.sh and "check"
#
# How "check" has tests run as steps, and records what they did for the judge. To be
# sourced after lab.sh.

# record pass|fail|skip TITLE WHY: a result, for the judge to count
record()
{
	printf '%s\t%s\t%s\n' "$@" >>"$base/steps"
}

# test_step TITLE COMMAND...: a step that counts
test_step()
{
	step "$@"
	case $step_status in
	0)		record pass "$1" passes ;;
	"$SKIPPED")	record skip "$1" "$(tail -n 1 "$step_log" | tr '\t' ' ')" ;;
	*)		record fail "$1" "see $base/log" ;;
	esac
}

# tests_of RUN FILE...: have RUN do each of the tests in these files in tests/, named
# FILE/TEST, as a step
tests_of()
{
	local run=$1 file test

	for file in "${@:2}"; do
		for test in $("$lab/tests/$file" --list); do
			test_step "$file: $test" "$run" "$file/$test"
		done
	done
}

# run_test FILE/TEST: run it now
run_test()
{
	"$lab/tests/${1%/*}" "${1#*/}"
}

# wait_for FILE/TEST: wait for one of those that run beside the others, print its
# output and return its status
wait_for()
{
	local done=$base/beside/$1

	while [ ! -f "$done" ] && kill -0 "$tests" 2>/dev/null; do
		sleep 0.1
	done
	cat "$done.log"
	return "$(cat "$done")"
}
