// A lock that is set or lifted elsewhere shows on a page that is open: in the banner, the button and the ticket.
"use strict";
(() => {
  const one = (query, from = document) => from.querySelector(query);
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const banner = one("#lock-banner");
  if (!banner || !window.EventSource) return;
  let stream, seen = banner.dataset.grade;

  const made = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);
  const link = (text) => made("a", text, { href: "/lock" });

  const tell = (lock) => {
    seen = banner.dataset.grade = lock.grade;
    for (const it of all("[data-lock-word]")) it.textContent = lock.word;
    for (const it of all("[data-lock-rest]")) it.textContent = lock.rest;
    banner.replaceChildren();
    if (lock.says) {
      const note = made("div", "", { className: "note locked" });
      note.append(made("b", "This account is locked: "), lock.says + ". ", link("Unlock, or see who locked it"));
      banner.append(note);
    } else {
      banner.append(made("div", "This account is no longer locked.", { className: "note good" }));
    }
    for (const it of all("[data-lock-says]")) it.textContent = lock.says ? "Locked: " + lock.says + "." : "Nothing is locked any more.";
    for (const it of all("[data-lock-from]")) it.hidden = it.dataset.lockFrom.split(" ").includes(lock.grade);
    const stops = one("#locked");
    if (stops) {
      stops.hidden = !lock.stops;
      stops.replaceChildren(...(lock.stops ? [lock.stops + " ", link("Unlock")] : []));
    }
    for (const it of all("[data-lock-stops]")) it.disabled = Boolean(lock.stops);
    // The page of the lock itself lists who set it, and may hold a password that is being typed.
    const page = one("[data-lock-page]");
    if (page && !all("input", page).some((it) => it.type !== "hidden" && it.value)) location.replace("/lock");
  };

  const listen = () => {
    stream = new EventSource("/lock/events?seen=" + encodeURIComponent(seen));
    stream.addEventListener("lock", (event) => tell(JSON.parse(event.data)));
    stream.addEventListener("ended", () => stream.close());
  };
  // A browser keeps few connections to one place, and a page in the background needs none.
  const turn = () => {
    if (stream) stream.close();
    if (!document.hidden) listen();
  };
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", () => { if (stream) stream.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) turn(); });
  turn();
})();
