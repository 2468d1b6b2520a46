// Adds a button to each chart whose values are in the page: dygraphs in its place, to zoom and to hover. Everything is
// readable without it. With #zoom in the address all of them are opened.
"use strict";
(function () {
  var css = function (name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); };
  var two = function (n) { return (n < 10 ? "0" : "") + n; };
  var clock = function (ms) {
    var s = Math.floor(ms / 1000), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    var rest = ms % 1000 ? (s % 60) + "." + String(1000 + ms % 1000).slice(1) : String(s % 60);
    return (h ? h + "h" : "") + (h || m ? m + "m" : "") + rest + "s";
  };
  var color = function (name) {
    var value = css(name);
    return value.indexOf("var(") === 0 ? css(value.slice(4, -1)) : value;
  };
  var open = function (figure, button) {
    var plot = figure.querySelector(".plot");
    var box = document.createElement("div");
    box.className = "zoom";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", "The same chart, to zoom; its values are in the table below");
    plot.after(box);
    plot.hidden = true;
    var data = JSON.parse(figure.querySelector("script.values").textContent);
    var lines = data.names.length - data.areas;
    var series = {};
    // dygraphs stacks all series or none: stack the areas here. It paints the first one last, so each covers what is
    // below the one above it.
    var rows = data.rows.map(function (row) {
      var sum = 0, stacked = [];
      for (var i = 0; i < data.areas; i++) { sum += row[1 + lines + i]; stacked.push(sum); }
      return [row[0]].concat(stacked, row.slice(1, 1 + lines));
    });
    var names = data.names.slice(lines).concat(data.names.slice(0, lines));
    var colors = data.colors.slice(lines).concat(data.colors.slice(0, lines)).map(color);
    var dashed = data.dashed.slice(lines).concat(data.dashed.slice(0, lines));
    names.forEach(function (name, i) {
      series[name] = { fillGraph: i < data.areas, stepPlot: true, strokeWidth: i < data.areas ? 1 : 2,
        strokePattern: dashed[i] ? Dygraph.DASHED_LINE : null };
    });
    var shown = function (value, opts, name, graph, row) {
      var i = names.indexOf(name);
      if (i < 0 || i >= data.areas) return String(+value.toPrecision(6));
      return String(+data.rows[row][1 + lines + i].toPrecision(6));
    };
    var graph = new Dygraph(box, rows, {
      labels: ["time"].concat(names), colors: colors, series: series, stepPlot: true, fillAlpha: 1,
      legend: "follow", labelsSeparateLines: true, ylabel: data.unit, animatedZooms: false, includeZero: true,
      gridLineColor: css("--rule"), axisLineColor: css("--soft"),
      axes: {
        x: { valueFormatter: clock, axisLabelFormatter: clock, ticker: Dygraph.numericLinearTicks },
        y: { valueFormatter: shown }
      }
    });
    button.textContent = "Back to the picture";
    button.setAttribute("aria-expanded", "true");
    return function () {
      graph.destroy();
      box.remove();
      plot.hidden = false;
      button.textContent = "Zoom and hover";
      button.setAttribute("aria-expanded", "false");
    };
  };
  document.querySelectorAll("figure").forEach(function (figure) {
    if (!figure.querySelector("script.values")) return;
    var button = document.createElement("button");
    var close = null;
    button.type = "button";
    button.textContent = "Zoom and hover";
    button.setAttribute("aria-expanded", "false");
    button.onclick = function () {
      if (close) { close(); close = null; } else { close = open(figure, button); }
    };
    figure.querySelector(".legend").after(button);
    if (location.hash === "#zoom") button.click();
  });
  document.documentElement.setAttribute("data-script", "ran");
})();
