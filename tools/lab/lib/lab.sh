# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # for those who source it
#
# What all of the lab's scripts share: where things are, which base they work
# on, how they report progress and how they fail. To be sourced.
#
# From the environment:
#   BASE		the kernel to work on, a folder in base/	[6.12]
#		With KDIR, the default is its version
#   KDIR		the user's own kernel tree, instead of a package's
#   LAB_BUILD	where everything that is made goes		[build/]
#   QEMU		the emulator				[qemu-system-x86_64]

set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
top=$(cd "$lab/../.." && pwd)
build=${LAB_BUILD:-$top/build}
QEMU=${QEMU:-qemu-system-x86_64}
export QEMU
# The kernel's make must not be a sub-make of the one that may have called us
unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES MFLAGS

# After Ctrl-C, bash would go on if the command that it waits for exits normally
trap 'exit 130' INT

# A failure that has been explained. For others, the end of the log is shown.
EXPLAINED=3
# A test that can't be run here, as in kselftest
SKIPPED=4

# die MESSAGE: say in one line what is wrong and what to do, and give up
die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit "$EXPLAINED"
}

# debian_release: the codename of this machine's Debian release, if it has one
debian_release()
{
	# shellcheck source=/dev/null
	(. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# kernel_version TREE: the version in its Makefile
kernel_version()
{
	sed -nE 's/^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *//p' \
		"$1/Makefile" | head -n 4 |
		{ mapfile -t v; printf '%s.%s.%s%s\n' "${v[@]}"; }
}

# source_version: the version of the kernel source in use, from its package or KDIR
source_version()
{
	local link

	link=$(readlink "$base/source") || die "no kernel source in $base"
	printf '%s\n' "${link#source-}"
}

# Allow only one run at a time in a build folder. The lock goes with the last process
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

# progress LOG TITLE START: copy stdin to LOG and show progress: the last line on a
# terminal, a line every half minute elsewhere
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

# step TITLE COMMAND...: run it, show progress and the seconds it took, and leave
# its status in step_status. Its output goes to the log step_log. If it fails, the
# last lines of that are shown, and if it is skipped, the last one, which says why.
#
# Not to be called where bash tests the status, as in "step ... ||": set -e has no
# effect there, and a function goes on after a command that failed.
step()
{
	local title=$1 start=$SECONDS outcome=

	shift
	step_log=$base/log/${title//[ :]/-}.log
	mkdir -p "$base/log"
	set +e
	(set -e; "$@" </dev/null 2>&1) | progress "$step_log" "$title" "$start"
	step_status=$?
	set -e
	[ ! -t 1 ] || printf '\r\033[K'
	case $step_status in
	0)		;;
	"$SKIPPED")	outcome="  skipped: $(tail -n 1 "$step_log")" ;;
	*)		outcome="  failed" ;;
	esac
	printf '  %-34s %4d s%s\n' "$title" $((SECONDS - start)) "$outcome"
	[ "$outcome" = "  failed" ] || return 0
	if [ "$step_status" -eq "$EXPLAINED" ]; then
		tail -n 1 "$step_log" >&2
	else
		tail -n 20 "$step_log" >&2
		[ "$(df --output=avail "$build" | tail -n 1)" -ge 65536 ] ||
			echo "${0##*/}: the disk of $build is full" >&2
		echo "${0##*/}: $title failed, the whole log is $step_log" >&2
	fi
}

# phase TITLE COMMAND...: a step that the rest depends on
phase()
{
	step "$@"
	[ "$step_status" -eq 0 ] || exit "$step_status"
}

default_base=6.12

# choose_base: resolve BASE and KDIR, and set base to the folder for what is made for
# that base, and series to the folder of its patches
choose_base()
{
	case $build in
	*[[:space:]:]*)	die "$build: a kernel can't be built where the path has" \
				"a space or colon" ;;
	esac
	base=
	[ -z "${KDIR:-}" ] || choose_kdir
	export BASE=${BASE:-$default_base}
	[ -d "$lab/base/$BASE" ] || die "BASE=$BASE: no such base, there is:" \
		"$(cd "$lab/base" && echo *)"
	base=${base:-$build/$BASE}
	series=$top/io_uring/$BASE
}

# choose_kdir: use the user's own kernel tree instead of a package's source. BASE is
# the tree's version unless it is given. Nothing here changes the tree.
choose_kdir()
{
	local version folder fitting=

	# not every shell expands ~ in "make KDIR=~/linux"
	KDIR=${KDIR/#'~/'/"$HOME/"}
	[ -d "$KDIR" ] || die "KDIR=$KDIR: there is no such folder"
	KDIR=$(cd "$KDIR" && pwd)
	export KDIR
	base=$build/kdir-$(cksum <<<"$KDIR" | cut -d ' ' -f 1)

	{ [ -f "$KDIR/Makefile" ] && [ -f "$KDIR/io_uring/io-wq.c" ]; } ||
		die "KDIR=$KDIR: not a kernel's source with an io_uring/io-wq.c"
	[ -z "${BASE:-}" ] || return 0
	version=$(kernel_version "$KDIR")
	BASE=$(grep -oE '^[0-9]+\.[0-9]+' <<<"$version") ||
		die "KDIR=$KDIR: its Makefile tells no version"
	[ ! -d "$lab/base/$BASE" ] || return 0
	for folder in "$lab"/base/*; do
		! BASE=${folder##*/} "$lab/kernel/fits" "$KDIR" >/dev/null 2>&1 ||
			fitting="$fitting BASE=${folder##*/}"
	done
	die "KDIR=$KDIR: Linux $version has no folder in io_uring/." \
		"${fitting:+It takes the patches of}${fitting:-None fits}"
}

# runs_criu: whether CRIU can dump and restore on BASE
runs_criu()
{
	! grep -q '^skip criu ' "$lab/base/$BASE/guards"
}

# results_of OUTPUT [PROGRAM]: what a run's tests did, or PROGRAM's, a line for each
results_of()
{
	# its status is 1 if a test failed
	"$lab/judge/judge.py" results "$base/source/tools/testing/kunit" \
		"$base/kselftest-list.txt" "$@" ||
		[ $? -eq 1 ]
}
