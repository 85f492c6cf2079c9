/* What cannot be known when a page is written: the hour and the place at which it is read. All stays true without it. */
(function () {
  "use strict";
  var page = document.documentElement, status = new URL("../status.json", document.currentScript.src);
  var stands = Date.parse(page.getAttribute("data-clock")), here = page.lang || undefined;
  var MINUTE = 6e4, loaded = Date.now(), confirmed = loaded, stale = false, known;

  function now() { return stands || Date.now(); }
  function all(query) { return Array.prototype.slice.call(document.querySelectorAll(query)); }

  /* data-within="start/end" shows an element from one instant to another, data-without hides it; ".." is never. */
  function within(span) {
    var ends = span.split("/");
    return !(Date.parse(ends[0]) > now()) && !(Date.parse(ends[1]) <= now());
  }
  function phases() {
    all("[data-within]").forEach(function (part) { part.hidden = !within(part.getAttribute("data-within")); });
    all("[data-without]").forEach(function (part) { part.hidden = within(part.getAttribute("data-without")); });
  }

  function beside(part, kind, words) {
    var own = part.querySelector("." + kind) || part.appendChild(document.createElement("span"));
    own.className = "local " + kind;
    own.textContent = " (" + words + ")";
  }

  /* data-relative="instant" adds "in 3 hours" or "12 minutes ago" to an element. */
  function relative() {
    if (!window.Intl || !Intl.RelativeTimeFormat) { return; }
    var words = new Intl.RelativeTimeFormat(here, { numeric: "auto" });
    all("[data-relative]").forEach(function (part) {
      var minutes = (Date.parse(part.getAttribute("data-relative")) - now()) / MINUTE, size = Math.abs(minutes);
      var unit = size < 60 ? ["minute", 1] : size < 2880 ? ["hour", 60] : ["day", 1440];
      beside(part, "relative", words.format(Math.round(minutes / unit[1]), unit[0]));
    });
  }

  /* Behind each time of day, or stretch of it, stands the reader's own, in brackets, where it is another. */
  function local() {
    var zone = page.getAttribute("data-zone"), added = 0, from = "", mine, theirs, day;
    try {
      mine = new Intl.DateTimeFormat(here, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
      theirs = new Intl.DateTimeFormat(here, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
      day = [new Intl.DateTimeFormat(here, { weekday: "short" }), new Intl.DateTimeFormat(here, { weekday: "short", timeZone: zone })];
    } catch (unknown) { return; }
    all("main time").forEach(function (time) {
      var at = new Date(time.getAttribute("datetime")), said = time.textContent, own;
      if (!/\d[:.]\d\d/.test(said) || isNaN(at) || mine.format(at) === theirs.format(at)) { from = ""; return; }
      own = (day[0].format(at) === day[1].format(at) ? "" : day[0].format(at) + " ") + mine.format(at);
      if (time.nextSibling && /^\s*\u2013/.test(time.nextSibling.nodeValue || "")) { from = own + "\u2013"; return; }
      beside(time, "own", from + own);
      from = "";
      added += 1;
    });
    all(".yours").forEach(function (note) { note.hidden = !added; });
  }

  function copying() {
    all("button[data-copy]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        var text = document.getElementById(button.getAttribute("data-copy")), range = document.createRange();
        var said = button.parentNode.querySelector("[role=status]");
        function done() { said.textContent = button.getAttribute("data-done"); setTimeout(function () { said.textContent = ""; }, 4000); }
        function byHand() {
          range.selectNodeContents(text);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
          if (document.execCommand("copy")) { done(); }
        }
        if (navigator.clipboard) { navigator.clipboard.writeText(text.textContent).then(done, byHand); } else { byHand(); }
      });
    });
  }

  function filtering() {
    all(".filter").forEach(function (box) {
      var input = box.querySelector("input");
      box.hidden = false;
      input.addEventListener("input", function () {
        var wanted = input.value.trim().toLowerCase();
        all("#" + input.getAttribute("data-filter") + " li").forEach(function (line) {
          line.hidden = line.textContent.toLowerCase().indexOf(wanted) < 0;
        });
      });
    });
  }

  /* Whether this page still is what there is to read: asked each minute while it is looked at. */
  function news(which) { all(".fresh").forEach(function (note) { note.hidden = note.getAttribute("data-fresh") !== which; }); }
  function aged() {
    if (page.hasAttribute("data-open") && Date.now() - confirmed > 5 * MINUTE) {
      all(".fresh .when").forEach(function (when) {
        when.textContent = new Date(confirmed).toLocaleTimeString(here, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" });
      });
      news("stale");
    }
  }
  function isNew(answer, text) {
    var changed = Date.parse(answer.headers.get("Last-Modified")), skew = Date.now() - Date.parse(answer.headers.get("Date"));
    var last = known;
    known = text;
    return (last !== undefined && last !== text) || changed > loaded - (skew || 0);
  }
  function check() {
    if (document.hidden) { return; }
    if (!/^http/.test(status.protocol) || !window.fetch || !all("[data-fresh=new]").length) { aged(); return; }
    fetch(status, { cache: "no-cache", credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { throw answer.status; }
      return answer.text().then(function (text) {
        stale = isNew(answer, text) || stale;
        confirmed = Date.now();
        news(stale ? "new" : "");
      });
    }).catch(aged);
  }

  function tick() { phases(); relative(); }
  tick(); local(); copying(); filtering();
  setInterval(function () { tick(); check(); }, MINUTE);
  document.addEventListener("visibilitychange", function () {
    tick();
    if (Date.now() - confirmed > MINUTE) { check(); }
  });
}());
