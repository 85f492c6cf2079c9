/* Shows a line at the top of a page while something is open on the status page that this file comes from.
   <script src="https://status.example.com/embed.js" async></script>
   Words are set as text, never as markup; nothing is stored and no cookie is sent. */
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script || !window.fetch) { return; }
  var MORE = "and {number} more";
  var summary = new URL("api/v2/summary.json", script.src);

  function underWay(work) { return work.status !== "scheduled"; }

  function link(words, address) {
    var found = new URL(address, summary);
    var element = document.createElement("a");
    element.textContent = words;
    element.style.color = "inherit";
    if (found.protocol === "https:" || found.protocol === "http:") { element.href = found.href; }
    return element;
  }

  function show(site) {
    var open = site.incidents.concat(site.scheduled_maintenances.filter(underWay));
    if (open.length === 0) { return; }
    var banner = document.createElement("aside");
    banner.setAttribute("aria-label", site.page.name);
    banner.style.cssText = "padding:0.6em 1em;background:#fff4ce;color:#1f1f1f;border-bottom:1px solid #8a5a00";
    banner.appendChild(link(open[0].name, open[0].shortlink));
    if (open.length > 1) {
      banner.appendChild(document.createTextNode(" \u00b7 "));
      banner.appendChild(link(MORE.replace("{number}", open.length - 1), site.page.url));
    }
    document.body.insertBefore(banner, document.body.firstChild);
  }

  function ready(site) {
    if (document.body) { show(site); } else { document.addEventListener("DOMContentLoaded", function () { show(site); }); }
  }

  fetch(summary, { credentials: "omit" })
    .then(function (answer) { return answer.ok ? answer.json() : null; })
    .then(function (site) { if (site) { ready(site); } })
    .catch(function () { /* no status page, no banner */ });
}());
