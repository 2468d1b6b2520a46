// The live page: reads /dashboard/stream (server-sent events) and puts each section of HTML in its place. With fetch and
// not EventSource, which cannot send the header that a token belongs in; the token is a variable of this function only.
"use strict";
(function () {
  var root = document.documentElement;
  var link = document.getElementById("link");
  var ask = document.getElementById("ask");
  var field = document.getElementById("token");
  var pause = document.getElementById("pause");
  var token = "", last = "", held = {}, paused = false, over = false, pauseMs = 1000;
  var kSilenceMs = 35000;  // the server sends something every 10 s

  var say = function (state, text) {
    root.dataset.state = paused && state === "live" ? "paused" : state;
    if (link.textContent !== text) link.textContent = text;
  };
  var sayLive = function () { say("live", paused ? "Paused: updates wait" : "Live"); };

  // What the reader has done to a section outlives its next version: opened details, scrolled boxes, the focus.
  var put = function (id, html) {
    var place = document.querySelector("[data-section=\"" + id + "\"]");
    if (!place) return;
    if (id === "said" || id === "clock") {
      var box = document.createElement("template");
      box.innerHTML = html;
      place.textContent = box.content.textContent;
      return;
    }
    var all = function (what) { return Array.prototype.slice.call(place.querySelectorAll(what)); };
    var kFocus = "summary,a,button,[tabindex]";
    var open = all("details").map(function (d) { return d.open; });
    var scrolled = all(".wide").map(function (w) { return [w.scrollLeft, w.scrollTop]; });
    var focus = all(kFocus).indexOf(document.activeElement);
    place.innerHTML = html;
    all("details").forEach(function (d, i) { if (i < open.length) d.open = open[i]; });
    all(".wide").forEach(function (w, i) {
      if (i < scrolled.length) { w.scrollLeft = scrolled[i][0]; w.scrollTop = scrolled[i][1]; }
    });
    if (focus >= 0 && all(kFocus)[focus]) all(kFocus)[focus].focus({ preventScroll: true });
    if (id === "head" && place.querySelector("h1")) document.title = place.querySelector("h1").textContent + " - podramp";
  };
  var show = function () {
    if (paused) return;
    Object.keys(held).forEach(function (id) { put(id, held[id]); });
    held = {};
    document.getElementById("more").hidden = false;
    document.querySelector("nav").hidden = false;
  };

  var take = function (event) {
    var name = "message", data = "", id = null;
    event.split("\n").forEach(function (line) {
      if (line.indexOf("event: ") === 0) name = line.slice(7);
      if (line.indexOf("data: ") === 0) data += line.slice(6);
      if (line.indexOf("id: ") === 0) id = line.slice(4);
    });
    if (!data) return;  // a heartbeat
    if (name === "state") held = {};
    Object.assign(held, JSON.parse(data));
    if (id !== null) last = id;
    show();
    if (name !== "end") return sayLive();
    over = true;
    say("ended", "The run is over: this is its last state");
  };

  var read = async function (answer, alive) {
    var reader = answer.body.getReader(), decoder = new TextDecoder(), text = "";
    for (;;) {
      var piece = await reader.read();
      if (piece.done) return;
      alive();
      text += decoder.decode(piece.value, { stream: true });
      for (var end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  };

  var refused = function (status) {
    token = "";
    ask.hidden = false;
    field.value = "";
    field.focus();
    say("refused", status === 401 ? "The server wants a token" : "This token may not see the whole run");
  };

  // True: try again.
  var connect = async function () {
    var stop = new AbortController(), timer = 0;
    var alive = function () {
      clearTimeout(timer);
      timer = setTimeout(function () { stop.abort(); }, kSilenceMs);
    };
    var headers = { Accept: "text/event-stream" };
    if (last) headers["Last-Event-ID"] = last;
    if (token) headers.Authorization = "Bearer " + token;
    alive();
    try {
      var answer = await fetch("/dashboard/stream",
        { headers: headers, cache: "no-store", credentials: "same-origin", redirect: "error", signal: stop.signal });
      if (answer.status === 401 || answer.status === 403) { refused(answer.status); return false; }
      if (answer.status === 503) {
        say("lost", "Too many dashboards are open: trying again ...");
        return true;
      }
      if (!answer.ok) throw new Error("status " + answer.status);
      ask.hidden = true;
      pauseMs = 1000;
      await read(answer, alive);
    } catch (e) {
      // The connection is lost, or was never there.
    } finally {
      clearTimeout(timer);
    }
    if (over) return false;
    say("lost", "Not connected: trying again ...");
    return true;
  };
  var run = async function () {
    while (await connect()) {
      await new Promise(function (done) { setTimeout(done, pauseMs); });
      pauseMs = Math.min(2 * pauseMs, 10000);
    }
  };

  ask.addEventListener("submit", function (event) {
    event.preventDefault();
    token = field.value.trim();
    field.value = "";
    ask.hidden = true;
    say("connecting", "Connecting ...");
    run();
  });
  pause.addEventListener("click", function () {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    if (!over && root.dataset.state !== "lost") sayLive();
    show();
  });
  run();
  root.setAttribute("data-script", "ran");
})();
