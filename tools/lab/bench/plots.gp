# SPDX-License-Identifier: GPL-2.0
#
# Plot what judge left in the folder "out". "kernels" are those that were
# compared, "with_workers" those of them where workers go, and "format" is svg
# or png.

if (format eq 'svg') {
	set terminal svg size 1000,700 font "sans,14" background "white"
} else {
	set terminal pngcairo size 1000,700 font "sans,12"
}
file(name) = sprintf("%s/%s", out, name)
image(name) = file(sprintf("%s.%s", name, format))
# The same look for a kernel everywhere
colour(kernel) = kernel eq 'stock' ? 0x888888 : kernel eq 'first' ? 0xd55e00 : 0x0072b2
title(kernel) = kernel eq 'first' ? 'first form' : kernel

set border 3
set tics nomirror
set grid lt 1 lc rgb "#dddddd"

# Shares of the rounds that had no worker left, a panel for each pattern
set output image('gone')
set multiplot layout 3,3 title "Workers gone after close()" \
	margins 0.07,0.98,0.09,0.90 spacing 0.06,0.10
set logscale x
set xrange [0.1:1000]
set yrange [0:1.02]
set ytics 0.25
unset key
patterns = 'one mixed unreaped pipe blocked shared rings tasks'
titles = '"one request, reaped" "32 mixed, reaped" "32 mixed, not reaped" "16 pipe reads" "16 blocked splices" "a ring of 4 threads" "8 rings, the last one" "64 processes at once"'
do for [i = 1:words(patterns)] {
	set title word(titles, i) offset 0,-0.7
	set xlabel (i > 5 ? "ms from close()" : "") offset 0,0.6
	set ylabel (i % 3 == 1 ? "share of rounds" : "") offset 1.5,0
	plot for [k in with_workers] \
		file(sprintf('cdf-%s-%s.dat', word(patterns, i), k)) \
		using 1:2 with steps lw 2 lc rgb colour(k) title title(k)
}
# The ninth panel is the legend.
set title " "
set xlabel ""
set ylabel ""
set key at graph 0.1,0.9 left top Left reverse
unset border
unset tics
unset grid
plot for [k in with_workers] NaN with lines lw 2 lc rgb colour(k) title title(k), \
	NaN with lines lw 0 lc rgb "white" title \
	(words(kernels) > words(with_workers) ? 'stock: never' : ' ')
unset multiplot
unset output

reset
set border 3
set tics nomirror
set grid lt 1 lc rgb "#dddddd"

set output image('cycle')
set multiplot layout 2,1 title "Open a ring, one async nop, close: 1 instruction is 1 ns" \
	margins 0.09,0.98,0.10,0.91 spacing 0.06,0.08
set logscale x
set xrange [0.04:50]
set xtics ("none" 0.05, "0.1" 0.1, "0.3" 0.3, "1" 1, "2" 2, "3" 3, "5" 5, "10" 10, "30" 30)
set yrange [0:*]
set ylabel "{/Symbol m}s a cycle"
set key at screen 0.98,0.95 right horizontal
x(ms) = ms == 0 ? 0.05 : ms
plot for [k in kernels] file(sprintf('cycle-%s.dat', k)) \
	using (x($1)):2:3:4 with yerrorlines lw 2 pt 7 ps 0.6 \
	lc rgb colour(k) title title(k)
set xlabel "pause between the cycles, ms"
set ylabel "workers created in 1000 cycles"
unset key
plot for [k in kernels] file(sprintf('cycle-%s.dat', k)) \
	using (x($1)):5 with linespoints lw 2 pt 7 ps 0.6 \
	lc rgb colour(k) title title(k)
unset multiplot
unset output

reset
set border 3
set tics nomirror
set grid lt 1 lc rgb "#dddddd"

set output image('sweeps')
set multiplot layout 1,3 title "From close() to the last worker gone: median, least and most" \
	margins 0.07,0.97,0.12,0.91 spacing 0.07,0.08
set logscale xy
set yrange [0.1:*]
set ylabel "ms"
set xtics (1, 8, 64, 512, 4096)
set key top left Left reverse opaque
do for [measure in "workers tasks rings"] {
	set xrange [1:(measure eq "workers" ? 512 : measure eq "tasks" ? 4096 : 1024)]
	set xlabel measure eq "workers" ? "blocked workers of a task" : \
		measure eq "tasks" ? "tasks that close at once" : \
		"rings of a task, after the last one"
	plot for [k in with_workers] \
		file(sprintf('sweep-%s-%s.dat', measure, k)) \
		using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.6 \
		lc rgb colour(k) title title(k)
	set ylabel ""
	unset key
}
unset multiplot
unset output

reset
set border 3
set tics nomirror
set grid y lt 1 lc rgb "#dddddd"

set output image('memory')
set title "Held by 4096 processes that used io_uring once and closed it" noenhanced
set style data histograms
set style histogram clustered gap 1
set style fill solid
set boxwidth 0.9
set ylabel "MiB"
set xtics ("kernel stacks" 0, "slab" 1, "free memory, less by" 2)
set xrange [-0.6:2.6]
set yrange [0:*]
set key top left Left reverse
plot for [k in kernels] \
	file(sprintf('memory-%s.dat', k)) using 1 lc rgb colour(k) title title(k)
