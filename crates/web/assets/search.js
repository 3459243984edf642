// Keys: Ctrl-K and / lead to the search, ? to the list of keys, and a letter presses what carries it as data-key, or trades the symbol of the row that has the focus. Keys of one
// character can be turned off, for those who speak to their computer.
"use strict";
(() => {
  const off = () => { try { return localStorage.getItem("keys") === "off"; } catch { return false; } };
  // A page is of one account, whichever another tab has switched to.
  const account = document.querySelector("#main")?.dataset.account;
  const go = (path) => {
    const to = new URL(path, location);
    if (account) to.searchParams.set("account", account);
    location.assign(to);
  };
  const typing = (place) => place.closest("input, select, textarea, dialog, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    const { key } = event;
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    if (event.ctrlKey || event.metaKey) {
      if (key.toLowerCase() !== "k" || event.shiftKey) return;
      event.preventDefault();
      go("/search");
      return;
    }
    if (event.repeat || typing(event.target) || off()) return;
    if (key === "/" || key === "?") {
      event.preventDefault();
      go(key === "/" ? "/search" : "/search#keys");
      return;
    }
    if (!/^[bsc]$/.test(key)) return;
    // In a list the row that has the focus is meant; its form is the one that closes its position.
    const row = event.target.closest("tr[data-symbol]");
    const meant = row ? key === "c" && row.querySelector("form button") : document.querySelector(`[data-key="${key}"]`);
    if (row && key !== "c") go(`/ticket?side=${key === "b" ? "buy" : "sell"}&symbol=${row.dataset.symbol}`);
    else if (meant) { event.preventDefault(); meant.click(); }
  });

  const choice = document.querySelector("#single-keys");
  if (choice) {
    const box = choice.querySelector("input");
    choice.hidden = false;
    box.checked = !off();
    box.addEventListener("change", () => { try { localStorage.setItem("keys", box.checked ? "on" : "off"); } catch { /* for this page only */ } });
  }

  // Results while typing; the form's button gives the same.
  const form = document.querySelector("form[data-find]"), found = document.querySelector("#found");
  if (!form || !found.setHTML) return;
  let wait = 0, turn = 0;
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(async () => {
      const mine = ++turn, query = new URLSearchParams(new FormData(form));
      try {
        const answer = await fetch(`${form.dataset.find}?${query}`, { headers: { Accept: "text/vnd.floorpass.fragment" } });
        const html = await answer.text();
        if (mine === turn && answer.headers.get("Content-Type").includes("fragment")) found.setHTML(html, { sanitizer: { removeElements: ["script"] } });
      } catch { /* the button still works */ }
    }, 150);
  });
})();
