# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # from lab.sh
#
# How the lab gets a kernel's source from Debian's package of BASE. To be sourced
# after choose_base.

package=linux-source-$BASE

# kept_deb VERSION: where downloads are kept, as apt names them: with an epoch's colon
# escaped
kept_deb()
{
	echo "$build/downloads/${package}_${1//:/%3a}_all.deb"
}

# download SUITES VERSION FOLDER: download the package to FOLDER. apt verifies it. What
# apt says is left there, too.
download()
{
	(cd "$3" && "$lab/lib/apt" "$1" apt-get download "$package=$2" 2>&1) |
		tee "$3/apt.log" ||
		die "$package $2: $(sed -n 's/^E: //p' "$3/apt.log" | sed -n 1p)"
}

# room_for_source FOLDER: fail unless there is. The source takes 2 GiB, and each tree
# shares it and adds up to 0.5 GiB.
room_for_source()
{
	local free_kib

	free_kib=$(df --output=avail "$1" | tail -n 1)
	[ "$free_kib" -ge $((4 << 20)) ] ||
		die "$1: $((free_kib >> 10)) MiB free, 4096 MiB needed"
}

# unpack_source DEB FOLDER [OPTION]...: unpack the source to FOLDER, which must not
# exist, with these options of tar, or remove DEB if it is damaged
unpack_source()
{
	mkdir "$2"
	dpkg-deb --fsys-tarfile "$1" |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$2" --strip-components=1 --checkpoint=4000 \
			--checkpoint-action=echo=%T "${@:3}" || {
		rm -rf "$2"
		[ "$(df --output=avail "${2%/*}" | tail -n 1)" -ge $((1 << 20)) ] ||
			die "${2%/*}: the disk is full"
		rm -f "$1"
		die "$1: damaged, removed it, run again"
	}
}
