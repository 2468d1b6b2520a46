# Pods that wait, for batch sizes: warm and cold images.
set terminal svg size 900,480 dynamic font "sans-serif,13" background "#ffffff"
set grid lc rgb "#dddddd"
set key outside right top
set logscale xy
set xrange [4:1200]
set xtics (5, 10, 20, 50, 100, 250, 1000)
set xlabel "batch.size"
set ylabel "most pods pending at once"
set title "Pending pods: with cold images they pile up at any batch (batch.delay 1s, quick API server)"
plot for [i=1:4] word("100 500 2000 5000", i)."-warm-8ms-1s.dat" using 1:4 with linespoints lw 2 pt 7 ps 0.6 lc rgb word("#1b6ca8 #2a9d5c #d98200 #b3261e", i) title word("100 500 2000 5000", i)." warm", \
  for [i=1:4] word("100 500 2000 5000", i)."-cold-8ms-1s.dat" using 1:4 with linespoints lw 2 dt 2 pt 6 ps 0.6 lc rgb word("#1b6ca8 #2a9d5c #d98200 #b3261e", i) title word("100 500 2000 5000", i)." cold"
