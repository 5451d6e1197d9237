# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # for those who source it
#
# What the lab's scripts share: where things are, how they run and how they
# fail. To be sourced.
#
# From the environment:
#   BASE		the kernel to work on, a folder in io_uring/	[6.12]
#   LAB_BUILD	where all that is made goes			[build/]
#   QEMU		the emulator				[qemu-system-x86_64]

set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$lab/../.." && pwd)
build=${LAB_BUILD:-$top/build}
BASE=${BASE:-6.12}
QEMU=${QEMU:-qemu-system-x86_64}
export BASE QEMU
# The kernel's make is not a part of the one that may have called us
unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES MFLAGS

# Where this base's things are. The folders of old versions are never reused.
base=$build/$BASE
series=$top/io_uring/$BASE

# A failure that has been explained. Everything else shows the log's end.
EXPLAINED=3

# die MESSAGE: say in one line what is wrong and what to do, and give up
die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit "$EXPLAINED"
}

# As root, which installing packages needs
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root, and there is no sudo: run as root: $*"
	fi
}

# source_version: the version of the kernel source in use, as its package says
source_version()
{
	local link

	link=$(readlink "$base/source") || die "no kernel source in $base"
	printf '%s\n' "${link#source-}"
}

# series_patches: the paths of the series' patches, in their order
series_patches()
{
	sed -e '/^#/d' -e '/^[[:space:]]*$/d' -e "s,^,$series/," "$series/series"
}

# Only one at a time in one build folder. The lock goes with the last process
# that has it open, so a killed run leaves nothing to clean up.
one_at_a_time()
{
	if [ "${LAB_LOCKED:-}" = "$build" ]; then
		return
	fi
	mkdir -p "$build" || die "$build: cannot be created"
	exec 9>"$build/.lock"
	if ! flock -n 9; then
		echo "${0##*/}: another one is at work in $build, waiting for it" >&2
		flock 9
	fi
	export LAB_LOCKED=$build
}

# Copy stdin to the log $1 and show that something moves: the last line on a
# terminal, a line each half a minute elsewhere.
progress()
{
	local line shown=$SECONDS

	while IFS= read -r line; do
		printf '%s\n' "$line" >&8
		if [ -t 1 ] && [ "$SECONDS" -gt "$shown" ]; then
			printf '\r  %-34s %4d s  %.36s\033[K' "$2" \
				$((SECONDS - $3)) "$line"
			shown=$SECONDS
		elif [ "$SECONDS" -ge $((shown + 30)) ]; then
			printf '  %-34s %4d s so far\n' "$2" $((SECONDS - $3))
			shown=$SECONDS
		fi
	done 8>"$1"
}

# step TITLE COMMAND...: run it, show progress and the seconds it took. Its
# output goes to a log, of which the part that tells why is shown if it fails.
step()
{
	local title=$1 start=$SECONDS log status=0

	shift
	log=$build/log/${title//[ :]/-}.log
	mkdir -p "$build/log"
	"$@" </dev/null 2>&1 | progress "$log" "$title" "$start" || status=$?
	[ ! -t 1 ] || printf '\r\033[K'
	if [ "$status" -eq 0 ]; then
		printf '  %-34s %4d s\n' "$title" $((SECONDS - start))
		return
	fi
	printf '  %-34s %4d s  failed\n' "$title" $((SECONDS - start))
	if [ "$status" -eq "$EXPLAINED" ]; then
		tail -n 1 "$log" >&2
	else
		tail -n 20 "$log" >&2
		[ "$(df --output=avail "$build" | tail -n 1)" -ge 65536 ] ||
			echo "${0##*/}: the disk of $build is full" >&2
		echo "${0##*/}: $title failed, the whole log is $log" >&2
	fi
	return "$status"
}

# phase TITLE COMMAND...: a step that the rest depends on
phase()
{
	step "$@" || exit
}

case $build in
*[[:space:]:]*)
	die "$build: a kernel can't be built where the path has a space or colon" ;;
esac
if [ ! -f "$series/series" ]; then
	known=$(cd "$top/io_uring" && printf '%s ' */series)
	die "BASE=$BASE: no such base, there is: ${known//\/series/}"
fi
