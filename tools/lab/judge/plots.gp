# SPDX-License-Identifier: GPL-2.0
#
# Plot the share of rounds with no worker left over time, from raw.csv in the folder
# "out". "kernels" are those that were compared, and "machine" is where they ran.

# A kernel looks the same in all plots
colour(kernel) = kernel eq 'stock' ? 0x888888 : kernel eq 'first' ? 0xd55e00 : 0x0072b2
title(kernel) = kernel eq 'first' ? 'first form' : kernel
# The milliseconds of each round. "Never" is far to the right, and two points without
# weight make the line go from edge to edge.
rounds(kind, pattern, kernel) = sprintf("< awk -F, '/^%s,.*,%s,%s,/ { print $5 < 0 ? 1e6 : $5 / 1e3, 1 } END { print 1e-3, 0; print 1e6, 0 }' %s/raw.csv", \
	kernel, kind, pattern, out)

set border 3
set tics nomirror
set grid lt 1 lc rgb "#dddddd"
set logscale x
set xrange [0.05:100]
set xtics ("0.1" 0.1, "1" 1, "10" 10, "100" 100)
set yrange [-0.02:1.02]
set ytics 0.25

# The usual case: a process with one ring
set terminal pngcairo size 800,420 font "sans,12"
set output out.'/fresh.png'
set title "Processes without a worker, after they closed their only ring\n{/*0.85 ".machine."}"
set xlabel "ms from close()"
set ylabel "share of processes"
set key outside right center Left reverse
plot for [k in kernels] rounds('fresh', 'one', k) \
	smooth cnormal with steps lw 2 lc rgb colour(k) title title(k)

# All patterns, a panel for each. A row for each kind.
set terminal pngcairo size 1200,520 font "sans,12"
set output out.'/gone.png'
set multiplot layout 2,5 title "Workers gone after close()\n{/*0.85 ".machine."}" \
	margins 0.06,0.98,0.10,0.83 spacing 0.03,0.13
patterns = 'one mixed unreaped blocked tasks'
titles = '"one request, reaped" "32 mixed, reaped" "32 mixed, not reaped" "16 blocked splices" "64 processes at once"'
set xlabel offset 0,0.6
set ylabel offset 1.5,0
unset key
do for [kind in "fresh again"] {
	set xlabel (kind eq 'again' ? "ms from close()" : "")
	do for [i = 1:kind eq 'fresh' ? 5 : 4] {
		set title word(titles, i) offset 0,-0.7
		set ylabel (i > 1 ? "" : kind eq 'fresh' ? "a new process each" : "one task, again")
		plot for [k in kernels] rounds(kind, word(patterns, i), k) \
			smooth cnormal with steps lw 2 lc rgb colour(k)
	}
}
# The tenth panel is the legend.
set title " "
set xlabel ""
set ylabel ""
set key at graph 0.1,0.9 left top Left reverse
unset border
unset tics
unset grid
plot for [k in kernels] NaN with lines lw 2 lc rgb colour(k) title title(k)
unset multiplot
