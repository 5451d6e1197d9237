# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # lab.sh has and uses them
#
# The user's own kernel tree, KDIR, instead of a package's source. To be sourced
# by lab.sh. BASE is the folder of the tree's version, if it is not given, and
# kdir_name the tree's folder in build/. Nothing here changes the tree.

# not each shell does it behind "make KDIR="
KDIR=${KDIR/#'~/'/"$HOME/"}
[ -d "$KDIR" ] || die "KDIR=$KDIR: there is no such folder"
KDIR=$(cd "$KDIR" && pwd)
export KDIR
kdir_name=kdir-$(cksum <<<"$KDIR" | cut -d ' ' -f 1)

{ [ -f "$KDIR/Makefile" ] && [ -f "$KDIR/io_uring/io-wq.c" ]; } ||
	die "KDIR=$KDIR: not a kernel's source with an io_uring/io-wq.c"
kdir_version=$(kernel_version "$KDIR")
if [ -z "${BASE:-}" ]; then
	BASE=$(grep -oE '^[0-9]+\.[0-9]+' <<<"$kdir_version") ||
		die "KDIR=$KDIR: its Makefile tells no version"
	if [ ! -f "$top/io_uring/$BASE/series" ]; then
		fitting=
		for folder in "$top"/io_uring/*/series; do
			folder=$(basename "$(dirname "$folder")")
			! BASE=$folder "$lab/fits" "$KDIR" >/dev/null 2>&1 ||
				fitting="$fitting BASE=$folder"
		done
		die "KDIR=$KDIR: Linux $kdir_version has no folder in io_uring/." \
			"${fitting:+It takes the patches of}${fitting:-None fits}"
	fi
fi
