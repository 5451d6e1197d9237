# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # for those who source it
#
# What the lab's scripts share: where things are, how they run and how they
# fail. To be sourced.
#
# From the environment:
#   BASE		the kernel to work on, a folder in io_uring/	[6.12]
#		or with KDIR the one of its version
#   KDIR		a kernel tree of the user's, instead of a package's
#   LAB_BUILD	where all that is made goes			[build/]
#   QEMU		the emulator				[qemu-system-x86_64]

set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$lab/../.." && pwd)
build=${LAB_BUILD:-$top/build}
QEMU=${QEMU:-qemu-system-x86_64}
export QEMU
# The kernel's make is not a part of the one that may have called us
unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES MFLAGS

# After Ctrl-C, bash goes on if what it waits for ends as if nothing had happened
trap 'exit 130' INT

# A failure that has been explained. Everything else shows the log's end.
EXPLAINED=3
# A test that can't be run here, as kselftest has it
SKIPPED=4

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

# debian_release: the name of the Debian that runs here, if it is one
debian_release()
{
	# shellcheck source=/dev/null
	(. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# kernel_version TREE: what its Makefile says that it is
kernel_version()
{
	sed -nE 's/^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *//p' \
		"$1/Makefile" | head -n 4 |
		{ mapfile -t v; printf '%s.%s.%s%s\n' "${v[@]}"; }
}

# source_version: the version of the kernel source in use, as its package says
source_version()
{
	local link

	link=$(readlink "$base/source") || die "no kernel source in $base"
	printf '%s\n' "${link#source-}"
}

# patched_files PATCH...: the paths that patches name, without /dev/null
patched_files()
{
	sed -nE 's,^(---|\+\+\+) [ab]/([^\t]*).*,\2,p' "$@" | sort -u
}

# The repository holds what is the same for all kernels as files, at their place
# in the kernel. Those of a part become a commit: io_uring/added/ has a file for
# each part, with a line "Files:" and the commit's message.
parts=("$top"/io_uring/added/*)

# part_files PART...: the paths of a part, files and folders
part_files()
{
	sed -s -n '1s/^Files: //p' "$@" | tr ' ' '\n'
}

# series_files: what the repository has of the series, each file with its sum. A
# program that was built there is none.
series_files()
{
	local path

	cd "$top"
	for path in "io_uring/$BASE"/*.patch io_uring/added include \
		$(part_files "${parts[@]}"); do
		[ ! -e "$path" ] ||
			find "$path" -type f ! -perm -u+x -exec sha256sum {} +
	done | sort -k 2
}

# For rsync, which knows no exception in a .gitignore: without what is built there
sources=(--include={'*.[ch]','*.sh',Makefile,config,settings,.gitignore}
	--filter=':- .gitignore')

# stable_list SOURCE: the list that gets patches for a stable kernel, or nothing
# if BASE is none. See the kernel's Documentation/process/stable-kernel-rules.rst.
stable_list()
{
	! grep -q '^\[ Upstream commit [0-9a-f]\{40\} \]$' "$series"/*.patch ||
		sed -n '/^STABLE BRANCH$/,/^$/s/^L:\t//p' "$1/MAINTAINERS"
}

# checkpatch ARGUMENT...: the kernel's own
checkpatch()
{
	cd "$base/source" &&
		perl scripts/checkpatch.pl --quiet --strict --show-types "$@"
}

# checkpatch_patch PATCH [OPTION]...: of the two forms in which a patch for a
# stable kernel names the upstream commit, checkpatch knows neither. It can't
# look up a commit where there is no history, or know that the section in
# MAINTAINERS comes with another patch. And it has its own opinion on the macros
# that all headers with tracepoints consist of.
checkpatch_patch()
{
	local patch=$1 ignored=UNKNOWN_COMMIT_ID,FILE_PATH_CHANGES

	shift
	! grep -q '^+++ b/include/trace/' "$patch" ||
		ignored+=,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT
	sed '/^\[ Upstream commit [0-9a-f]\{40\} \]$/d' "$patch" |
		checkpatch --ignore "$ignored" "$@" -
}

# excerpt SOURCE DIR: copy to DIR what the series touches in SOURCE. The series
# makes the same commits of it, in a second instead of a minute.
excerpt()
{
	local path patches

	mapfile -t patches < <(series_patches)
	mkdir -p "$2"
	# the attributes have a say in what git takes for a function
	{ echo .gitattributes; patched_files "${patches[@]}"
		part_files "${parts[@]}"; } |
	while read -r path; do
		[ ! -e "$1/$path" ] || (cd "$1" && cp -rp --parents "$path" "$2")
	done
}

# git_is_ready TREE: all of TREE is committed, and git not in the middle of
# something there
git_is_ready()
{
	local doing

	for doing in rebase-merge rebase-apply MERGE_HEAD CHERRY_PICK_HEAD \
		REVERT_HEAD; do
		doing=$(git -C "$1" rev-parse --path-format=absolute \
			--git-path "$doing") || die "$1: git can't read it"
		[ ! -e "$doing" ] || die "$1: git is in the middle of something," \
			"there is a ${doing##*/}. Finish or abort that first"
	done
	[ -z "$(git -C "$1" status --porcelain --untracked-files=no)" ] ||
		die "$1: has changes that are not committed"
}

# series_patches: the paths of the series' patches, in their order
series_patches()
{
	sed -e '/^#/d' -e '/^[[:space:]]*$/d' -e "s,^,$series/," "$series/series"
}

# upstream_patches: those of them that come from upstream, the feature's first
# form. There are none where the source has it already.
upstream_patches()
{
	series_patches | xargs -d '\n' grep -l '^\[ Upstream commit ' || :
}

# kernel_make ARGUMENT...: make, in the kernel tree that is the current folder. All
# of it is compiled the same way each time, or make would take another way for a
# reason to compile it anew. What ccache has doesn't depend on where the tree is.
# In its depend mode it takes the list of headers from the compiler, and doesn't
# preprocess each file on its own.
kernel_make()
{
	local cc=gcc

	if command -v ccache >/dev/null; then
		cc="ccache gcc"
	fi
	CCACHE_BASEDIR=$PWD CCACHE_DEPEND=1 \
		make -j"$(nproc)" CC="$cc" HOSTCC="$cc" "$@"
}

# archive FOLDER FILE: make FILE the initramfs that has what is in FOLDER
archive()
{
	(cd "$1" && find . -print0 | sort -z |
		cpio --null --create --format=newc --owner=0:0 --quiet) |
		gzip -1 >"$2.new"
	mv "$2.new" "$2"
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

# step TITLE COMMAND...: run it, show progress and the seconds it took, and leave
# its status in step_status. Its output goes to the log step_log, of which the
# part that tells why is shown if it fails.
#
# Not to be called where bash looks at a status, as in "step ... ||". There a
# function goes on after a command that failed.
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
	"$SKIPPED")	outcome="  skipped" ;;
	*)		outcome="  failed" ;;
	esac
	printf '  %-34s %4d s%s\n' "$title" $((SECONDS - start)) "$outcome"
	if [ "$outcome" != "  failed" ]; then
		return
	fi
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

case $build in
*[[:space:]:]*)
	die "$build: a kernel can't be built where the path has a space or colon" ;;
esac
if [ -n "${KDIR:-}" ]; then
	# shellcheck source=kdir.sh
	. "$lab/kdir.sh"
fi

# has_criu: CRIU can dump and restore on BASE, or its guards say why not
has_criu()
{
	! grep -q '^skip criu ' "$lab/guards/$BASE"
}

# unit_file: where the seconds are that a stock kernel of the default base took
# when it was last built without a cache. That is the unit for how long anything
# takes, as machines differ. It lies with the cache, so it is known as long as that
# saves time.
unit_file()
{
	local folder

	folder=$(ccache --get-config cache_dir 2>/dev/null) || folder=$build
	echo "$folder/io-wq-lab-unit"
}

# took START: how long that is ago, an EPOCHSECONDS, in minutes and units
took()
{
	local seconds=$((EPOCHSECONDS - $1)) file unit known="last time"

	file=$(unit_file)
	unit=$(cat "$file" 2>/dev/null || :)
	if [ -z "$unit" ]; then
		echo "$(tenths $((seconds * 10 / 60))) minutes"
		return
	fi
	[ "$(stat -c %Y "$file")" -lt "$1" ] || known="this time"
	echo "$(tenths $((seconds * 10 / 60))) minutes," \
		"$(tenths $((seconds * 10 / unit))) times the $unit s that a stock" \
		"$default_base kernel took without a cache, $known"
}

# tenths NUMBER: of that many tenths, the decimal
tenths()
{
	echo "$(($1 / 10)).$(($1 % 10))"
}

# BASE=all: the same for each base in turn. A line that is left in a base's
# "summary" becomes one of the table in the end.
default_base=6.12
if [ "${BASE:-}" = all ]; then
	status=0
	start=$EPOCHSECONDS
	rm -f "$build"/*/summary
	for folder in $(cd "$top/io_uring" && dirname -- */series | sort -V); do
		printf '%s:\n' "$folder"
		BASE=$folder "$0" "$@" || status=1
	done
	if compgen -G "$build/*/summary" >/dev/null; then
		echo
		"$lab/judge/judge.py" summary "$build"/*/summary || status=1
		echo
		took "$start"
	fi
	exit "$status"
fi

# Where this base's things are. The folders of old versions are never reused.
BASE=${BASE:-$default_base}
export BASE
base=$build/${kdir_name:-$BASE}
series=$top/io_uring/$BASE
if [ ! -f "$series/series" ]; then
	known=$(cd "$top/io_uring" && printf '%s ' */series)
	die "BASE=$BASE: no such base, there is: ${known//\/series/}"
fi
