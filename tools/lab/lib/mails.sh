# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # from lab.sh, series.sh and "series"
#
# What goes into the mails of "series" beside the patches. To be sourced after
# series.sh.

# recipients PATCH: whom it goes to, as the fields of a mail. There is no history that
# get_maintainer.pl could use as well. Who wrote what a patch is based on gets a copy.
recipients()
{
	if [ "$FOR" = liburing ]; then
		printf '%s\n' "To: Jens Axboe <axboe@kernel.dk>" \
			"Cc: io-uring@vger.kernel.org"
		return
	fi
	(cd "$source" && perl scripts/get_maintainer.pl --no-git --no-git-fallback \
		--rolestats "$1") |
		sed -E -e '/list[:)]/!s/^(.*>) .*/To: \1/' -e '/list[:)]/s/^(.*) \(.*/Cc: \1/'
	sed -n 's/^Originally-by:/Cc:/p' "$1"
}

# changes_of SUBJECT: what CHANGES says about that patch or, with an empty subject,
# about the series
changes_of()
{
	awk -v subject="$1" '
		/^\[PATCH\] /	{ now = substr($0, 9); next }
		now == subject	{ print }' "$CHANGES" | git stripspace
}

# notes_of SUBJECT: what goes below the "---" of that patch
notes_of()
{
	local changes reproducer

	if [ -n "$CHANGES" ]; then
		changes=$(changes_of "$1")
		[ -z "$changes" ] ||
			printf 'Changes in v%d:\n%s\n\n' "$V" "$changes"
	fi
	reproducer=$(grep -lFx " *	$1" "$lab"/reproducers/*.c || :)
	if [ "$FOR" = kernel ] && [ -n "$reproducer" ]; then
		cat "$reproducer"
		echo
	fi
}
