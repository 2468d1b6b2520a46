# Time to 95 % against the driver's busiest second: a curve for each number of executors, a point for each batch size.
set terminal svg size 900,480 dynamic font "sans-serif,13" background "#ffffff"
set grid lc rgb "#dddddd"
set key outside right top
set logscale xy
set xrange [5:200]
set yrange [4:1500]
set xlabel "most requests of the driver within one second"
set ylabel "seconds to 95 % of the executors"
set title "Warm images, quick API server, batch.delay 1s: what a larger batch buys and costs"
plot for [i=1:4] word("100 500 2000 5000", i)."-warm-8ms-1s.dat" using 3:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb word("#1b6ca8 #2a9d5c #d98200 #b3261e", i) title word("100 500 2000 5000", i)." executors", \
  for [i=1:4] word("100 500 2000 5000", i)."-warm-8ms-1s.dat" using 3:2:5 with labels offset 0,0.9 font "sans-serif,10" notitle
