// What `serve` adds to each page while it is written: the switcher, the problems, and the reload after a save.
(() => {
  "use strict";
  const { tree, version } = document.currentScript.dataset;
  const run = version.split("-")[0];
  const PREVIEWS = "previews";
  const FOLDED = "heliograph-bench-folded";

  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  const host = make("heliograph-bench");
  const root = host.attachShadow({ mode: "open" });
  const style = make("link", { rel: "stylesheet", href: `/.bench/bench.css?${run}` });
  const status = make("p", { className: "status" });
  status.setAttribute("role", "status");
  const list = make("ul");
  const readers = make("nav", {}, list);
  readers.setAttribute("aria-label", "Readers of this site");
  const fold = make("button", { type: "button", className: "fold" });
  const panel = make("details", { hidden: true });
  const bar = make("div", { className: "bar" }, readers, status, fold);
  const bench = make("section", { hidden: true }, panel, bar);
  bench.setAttribute("aria-label", "Heliograph serve");
  style.addEventListener("load", () => { bench.hidden = false; });
  root.append(style, bench);
  document.body.append(host);

  const remembered = () => { try { return localStorage.getItem(FOLDED) === "yes"; } catch { return false; } };
  const setFolded = (folded) => {
    readers.hidden = folded;
    fold.textContent = folded ? "Readers" : "Fold";
    fold.setAttribute("aria-expanded", String(!folded));
    fold.setAttribute("aria-label", folded ? "Show the readers" : "Fold the readers away");
    try { localStorage.setItem(FOLDED, folded ? "yes" : "no"); } catch { /* folding is forgotten, no more */ }
  };
  fold.addEventListener("click", () => setFolded(!readers.hidden));
  setFolded(remembered());

  const addressFor = (reader) => {
    const path = tree === PREVIEWS || reader.tree === PREVIEWS ? "/" : `${location.pathname}?switched`;
    return `${location.protocol}//${location.hostname}:${reader.port}${path}`;
  };

  let named = "";
  const showReaders = (all) => {
    const now = JSON.stringify(all);
    if (now === named) return; // whoever is on a link stays there
    named = now;
    list.replaceChildren(...all.filter((one) => !one.is_gone || one.tree === tree).map((one) => {
      const link = make("a", { href: addressFor(one), textContent: one.words });
      if (one.tree === tree) link.setAttribute("aria-current", "page");
      return make("li", {}, link);
    }));
    list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const counted = (number, one, many) => (number ? `${number} ${number === 1 ? one : many}` : "");

  const summary = (news) => {
    const errors = news.problems.filter((one) => one.level === "error").length;
    const told = [
      counted(errors, "error", "errors"),
      counted(news.problems.length - errors, "warning", "warnings"),
    ].filter(Boolean).join(", ");
    if (news.is_current) return told;
    return `${told}; ${news.is_shown ? "this is the last good page" : "nothing can be shown yet"}`;
  };

  const problem = (one) => make(
    "li", { className: one.level },
    make("code", { textContent: `${one.file}:${one.line}:${one.column}` }), " ",
    make("b", { textContent: one.code }), " ",
    one.message,
    ...(one.hint ? [make("span", { className: "hint", textContent: ` (${one.hint})` })] : []),
  );

  let told = "";
  const showProblems = (news) => {
    const now = JSON.stringify([news.problems, news.is_current]);
    if (now === told) return;
    told = now;
    panel.hidden = news.problems.length === 0;
    panel.open = !news.is_current;
    panel.replaceChildren(
      make("summary", { textContent: summary(news) }),
      make("ol", {}, ...news.problems.map(problem)),
    );
  };

  const showStatus = (words) => { if (status.textContent !== words) status.textContent = words; };

  const take = (news) => {
    if (news.version !== version) {
      close();
      location.reload();
      return;
    }
    host.dataset.checked = String(news.is_checked);
    showReaders(news.readers);
    showProblems(news);
    status.className = panel.hidden ? "status" : "status spoken"; // the panel shows the same
    if (!news.is_current) showStatus(summary(news));
    else showStatus(news.is_checked ? "" : "Checking the other pages …");
  };

  let stream = null;
  const open = () => {
    if (stream || document.hidden) return;
    stream = new EventSource(`/.bench/events?page=${encodeURIComponent(location.pathname)}`);
    stream.onmessage = (event) => take(JSON.parse(event.data));
    stream.onerror = () => showStatus("heliograph serve does not answer");
  };
  const close = () => {
    if (stream) stream.close();
    stream = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
