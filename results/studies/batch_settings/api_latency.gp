# 5,000 executors: batch size against time, for three API servers. Creates go one after the other.
set terminal svg size 900,480 dynamic font "sans-serif,13" background "#ffffff"
set grid lc rgb "#dddddd"
set key outside right top
set logscale xy
set xrange [4:1200]
set xtics (5, 10, 20, 50, 100, 250, 1000)
set xlabel "batch.size"
set ylabel "seconds to 95 % of 5,000 executors"
set title "A slow API server sets the pace, whatever the batch (batch.delay 1s, warm images)"
plot for [i=1:3] "5000-warm-".word("8ms 40ms 200ms", i)."-1s.dat" using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb word("#1b6ca8 #d98200 #b3261e", i) title "a write takes ".word("8ms 40ms 200ms", i)
