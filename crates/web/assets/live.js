// Pages that change while they are looked at: the live stream, previews while typing, the ticket. Every page works without it.
"use strict";
(() => {
  const one = (query, from = document) => from.querySelector(query);
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const worker = navigator.serviceWorker;
  // A page is of one account, whichever another tab has switched to.
  const account = one("#main")?.dataset.account;
  const mine = (path) => account ? path + (path.includes("?") ? "&" : "?") + "account=" + account : path;
  const reload = () => {
    if (worker && worker.controller) worker.controller.postMessage("reload");
    const here = new URL(location.href);
    if (!account || here.searchParams.get("account") === account) return location.reload();
    here.searchParams.set("account", account);
    location.replace(here);
  };

  // A fragment of ours, cleaned by the browser; without setHTML the page is loaded again now and then.
  const called = (it) => it.id || it.getAttribute("aria-label") || it.getAttribute("href");
  const put = (place, html) => {
    if (!place.setHTML) return false;
    if (place.matches(":active")) return true; // a button under a finger stays until it is let go
    const held = place.contains(document.activeElement) && called(document.activeElement);
    const before = new Map(all("[data-k]", place).map((cell) => [cell.dataset.k, cell.textContent]));
    const unfolded = all("details", place).map((one) => one.open);
    place.setHTML(html, { sanitizer: { removeElements: ["script"] } });
    all("details", place).forEach((one, at) => { one.open = Boolean(unfolded[at]); });
    for (const cell of all("[data-k]", place)) {
      const was = before.get(cell.dataset.k);
      if (was !== undefined && was !== cell.textContent) cell.classList.add("tick");
    }
    if (held) all("a, button", place).find((it) => called(it) === held)?.focus({ preventScroll: true });
    return true;
  };

  // The stream of a page, and how old what it told is. A form that somebody fills in is never loaded anew.
  const mark = one("#live-mark"), filling = one("form[data-market]");
  let stream, heard = 0, slow = 0;
  const age = () => {
    const seconds = Math.round((Date.now() - heard) / 1000), stale = seconds > 5;
    mark.textContent = (stale ? "stale, " : "live, ") + seconds + " s old";
    mark.classList.toggle("stale", stale);
  };
  const listen = (place, path) => {
    if (stream) stream.close();
    stream = new EventSource(mine(path));
    const news = () => { heard = Date.now(); if (mark) age(); };
    stream.addEventListener("same", news);
    stream.addEventListener("fragment", (event) => {
      news();
      if (put(place, event.data)) return place.dataset.next && one("input.code", place)?.focus();
      // A page that a form made cannot be loaded again: it says where it goes on.
      if (place.dataset.next) location.assign(place.dataset.next);
      else if (!slow && !filling) slow = setTimeout(reload, 15000);
    });
    stream.addEventListener("curve", (event) => { news(); put(one("#curve"), event.data); });
    stream.addEventListener("ended", () => { stream.close(); if (!filling) reload(); });
    // A refused one does not come back by itself.
    stream.addEventListener("error", (event) => { if (event.target.readyState === 2 && !filling) setTimeout(reload, 3000); });
  };
  const live = one("[data-live]");
  if (window.EventSource) {
    if (live) listen(live, live.dataset.live);
    if (mark) setInterval(() => { if (heard) age(); }, 1000);
    addEventListener("pagehide", () => { if (stream) stream.close(); });
  }

  // The ticket shows the market of the symbol that is typed, and takes a price from it.
  if (filling) {
    const field = filling.elements, symbol = () => field.symbol.value.trim().toUpperCase();
    let shown = symbol();
    filling.addEventListener("input", () => {
      const now = symbol();
      if (now === shown || !all("#symbols option").some((known) => known.value === now)) return;
      shown = now;
      listen(one("#quote"), filling.dataset.market + now);
    });
    document.addEventListener("click", (event) => {
      const button = event.target.closest("button[name=take]");
      if (!button) return;
      event.preventDefault();
      if (field.type.value === "MKT") field.type.value = "LMT";
      (field.type.value === "STP" ? field.trigger : field.price).value = button.value;
      filling.dispatchEvent(new Event("input"));
    });
  }

  // The same preview that the form's first button gives, while typing.
  for (const form of all("form[data-preview]")) {
    const place = one("#preview");
    let wait = 0, turn = 0;
    form.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(async () => {
        const mine = ++turn;
        try {
          const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/vnd.floorpass.fragment" } });
          const html = await answer.text();
          if (mine === turn && answer.headers.get("Content-Type").includes("fragment")) put(place, html);
        } catch { /* the button still works */ }
      }, 250);
    });
  }
})();
