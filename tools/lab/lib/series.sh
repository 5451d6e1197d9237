# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # for those who source it
#
# What scripts that handle the series share: its patches, and the parts that the
# repository holds as files. To be sourced after lab.sh.

# patched_files PATCH...: the paths that the patches name, without /dev/null
patched_files()
{
	sed -nE 's,^(---|\+\+\+) [ab]/([^\t]*).*,\2,p' "$@" | sort -u
}

# What is the same for all kernels is in the repository as files, at their place in
# the kernel. The files of a part become a commit: io_uring/added/ has a file for
# each part, with a "Files:" line and the commit message.
parts=("$top"/io_uring/added/*)

# part_files PART...: the paths of a part, files and folders
part_files()
{
	sed -s -n '1s/^Files: //p' "$@" | tr ' ' '\n'
}

# series_files: the repository's files of the series, each with its checksum, without
# programs that were built there
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

# For rsync, which can't read exceptions in a .gitignore: leave out what was built
sources=(--include={'*.[ch]','*.sh',Makefile,config,settings,.gitignore}
	--filter=':- .gitignore')

# is_stable: BASE is a stable kernel, and not the newest base, which is mainline's
is_stable()
{
	[ "$BASE" != "$(cd "$lab/base" && printf '%s\n' * | sort -V | tail -n 1)" ]
}

# asked_of_stable: the upstream commits that the maintainers of BASE could be asked for
asked_of_stable()
{
	awk -v base="$BASE" '
		/^[0-9.]+$/	{ inside = $0 == base; getline; next }
		inside' "$top/Documentation/stable.rst"
}

# checkpatch ARGUMENT...: run the kernel's own
checkpatch()
{
	cd "$base/source" &&
		perl scripts/checkpatch.pl --quiet --strict --show-types "$@"
}

# checkpatch_patch PATCH [OPTION]...: run it without false positives. checkpatch
# knows neither of the two ways to name the upstream commit in a patch for a stable
# kernel, nor Originally-by, and older ones want another form of Assisted-by. It can't
# look up a commit without a history, or know that another patch updates MAINTAINERS.
# And it dislikes the macros that all tracepoint headers consist of.
checkpatch_patch()
{
	local patch=$1 ignored=UNKNOWN_COMMIT_ID,FILE_PATH_CHANGES

	shift
	! grep -q '^+++ b/include/trace/' "$patch" ||
		ignored+=,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT
	sed -E -e '/^\[ Upstream commit [0-9a-f]{40} \]$/d' \
		-e '/^(Originally|Assisted)-by: /d' "$patch" |
		checkpatch --ignore "$ignored" "$@" -
}

# excerpt SOURCE DIR: copy to DIR the files in SOURCE that the series and the lab's
# patches touch. Commits come out the same as with all of SOURCE, in a second instead
# of a minute.
excerpt()
{
	local path patches

	mapfile -t patches < <(series_patches)
	mkdir -p "$2"
	# the attributes decide what git shows as the function of a hunk
	{ echo .gitattributes; part_files "${parts[@]}"
		patched_files "${patches[@]}" "$lab/base/$BASE"/*.patch; } |
	while read -r path; do
		[ ! -e "$1/$path" ] || (cd "$1" && cp -rp --parents "$path" "$2")
	done
}

# series_patches [repairs|feature]: the paths of the series' patches, or of those of
# one part, in order. The file has a line "# repairs" and "# feature" in front of them.
series_patches()
{
	awk -v part="${1:-}" -v folder="$series/" '
		/^# (repairs|feature)$/	{ now = $2 }
		/^#/ || !NF		{ next }
		!part || part == now	{ print folder $0 }' "$series/series"
}

# choose_part: check PART, the part of the series to work on, and set it if it isn't
choose_part()
{
	PART=${PART:-all}
	case $PART in
	all|feature)	;;
	repairs)	[ -n "$(series_patches repairs)" ] ||
				die "PART=$PART: $series/series has none" ;;
	*)		die "PART=$PART: no such part, there is: all feature repairs" ;;
	esac
}

# cover_letter: what there is to say about PART of the series on BASE. The first line
# is the subject.
cover_letter()
{
	local texts=("$top/io_uring/cover-letter" "$series/cover-letter") text

	case $PART in
	repairs)	texts=("${texts[@]/%/-repairs}") ;;
	all)		texts=("${texts[0]}" "${texts[1]}-repairs" "${texts[1]}") ;;
	esac
	for text in "${texts[@]}"; do
		[ -s "$text" ] || die "$text: is missing, what is to be told about $BASE"
	done
	cat "${texts[0]}"
	for text in "${texts[@]:1}"; do
		echo
		cat "$text"
	done
}

# mails_folder: where the mails of PART of the series go, version V, or those FOR
# another project
mails_folder()
{
	local name=$BASE

	[ "${FOR:-kernel}" = kernel ] || name=$FOR
	[ "$PART" = all ] || name+=-$PART
	[ "${V:-1}" = 1 ] || name+=-v$V
	echo "$build/series/$name"
}

# adds_the_feature: whether the series has mainline's commit that adds exit-on-idle.
# Otherwise, the source has the feature's first form already.
adds_the_feature()
{
	series_patches | xargs -d '\n' grep -q '^\[ Upstream commit 38aa434ab933'
}

# be_the_lab: ignore the user's git configuration from here on. It may have no name,
# and must not affect the result.
be_the_lab()
{
	export GIT_COMMITTER_NAME=lab GIT_COMMITTER_EMAIL=lab@invalid
	export GIT_AUTHOR_NAME=lab GIT_AUTHOR_EMAIL=lab@invalid
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
}

# where_it_fails OUTPUT: the first place where a patch doesn't apply, as git apply or
# am printed it
where_it_fails()
{
	sed -n -e 's/^error: patch failed: \(.*\):\([0-9]*\)$/\1 at line \2/p;t' \
		-e 's/^error: //p' "$1" | head -n 1
}

# git_is_ready TREE: fail unless everything in TREE is committed, and git isn't in
# the middle of something there
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
