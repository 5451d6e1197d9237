# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How the lab calls the kernel's make. To be sourced after lab.sh.

# kernel_make ARGUMENT...: run make in the kernel tree that is the current folder. The
# compiler's command line is the same each time, or make would rebuild everything.
# What ccache has doesn't depend on where the tree is. Its depend mode would be faster,
# but doesn't notice .incbin: one compressed kernel would be taken for another of the
# same size. What that mode left behind is in no namespace.
kernel_make()
{
	local cc=gcc

	if command -v ccache >/dev/null; then
		cc="ccache gcc"
	fi
	CCACHE_BASEDIR=$PWD CCACHE_NAMESPACE=io-wq-lab \
		make -j"$(nproc)" CC="$cc" HOSTCC="$cc" "$@"
}

# unit_file: the file with the seconds that it took to build the default base's stock
# kernel when it was last built without a cache. As machines differ, all times are
# given in this unit. The file is kept with the cache, so the unit is known for as
# long as the cache saves time.
unit_file()
{
	local folder

	folder=$(ccache --get-config cache_dir 2>/dev/null) || folder=$build
	echo "$folder/io-wq-lab-unit"
}

# changed_files: the C files in io_uring/ that BASE's series changes
changed_files()
{
	git -C "$base/series" diff --name-only base..main -- 'io_uring/*.c'
}

# only_warnings: of make's output on stdin, print the warnings and errors without line
# numbers
only_warnings()
{
	sed -nE 's/^([^ :]+):[0-9]+(:[0-9]+)?: (.*(warning|error): )/\1: \3/p' | sort -u
}
