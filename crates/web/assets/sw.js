// Signs every request to this portal with a key of this browser that cannot be taken out of it.
"use strict";
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const done = (request) => new Promise((yes, no) => {
  request.onsuccess = () => yes(request.result);
  request.onerror = () => no(request.error);
});

const store = async (mode) => {
  const open = indexedDB.open("floorpass", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("keys");
  return (await done(open)).transaction("keys", mode).objectStore("keys");
};
let kept;
const key = () => (kept ||= (async () => {
  let pair = await done((await store("readonly")).get("device"));
  if (!pair) {
    const made = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    // Another worker may have been quicker: the first key stays.
    await done((await store("readwrite")).add(made, "device")).catch(() => {});
    pair = await done((await store("readonly")).get("device"));
  }
  return { private: pair.privateKey, public: text(await crypto.subtle.exportKey("raw", pair.publicKey)) };
})().catch(() => { kept = undefined; }));

let skew = 0;
const proof = async (pair, method, target, body) => {
  const time = Date.now() + skew, nonce = text(crypto.getRandomValues(new Uint8Array(16)));
  const hash = text(await crypto.subtle.digest("SHA-256", body));
  const signed = new TextEncoder().encode(["floorpass proof 1", method, target, time, nonce, hash].join("\n"));
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.private, signed);
  return `t=${time},n=${nonce},k=${pair.public},s=${text(signature)}`;
};

const send = async (request, url) => {
  const pair = await key(), body = request.method === "POST" ? await request.arrayBuffer() : new ArrayBuffer(0);
  const headers = new Headers(request.headers);
  if (request.mode === "navigate" && Date.now() - alone < 2000) headers.set("Floorpass-Unused", "1");
  const once = async () => {
    if (pair) headers.set("Floorpass-Proof", await proof(pair, request.method, url.pathname + url.search, body));
    return fetch(url, {
      method: request.method, headers, body: request.method === "POST" ? body : undefined, mode: "same-origin",
      credentials: "same-origin", cache: "no-store", signal: request.signal,
      redirect: request.mode === "navigate" ? "manual" : request.redirect,
    });
  };
  const answer = await once(), time = answer.headers.get("Floorpass-Time");
  if (!time) return answer;
  // This machine's clock is off: the server's time counts.
  skew = Number(time) - Date.now();
  return once();
};

// Kept for the page without network: files of this version and that page, never a page of the account.
const VERSION = "floorpass-%VERSION%", KEPT = ["%KEPT%"];
let filled;
const fill = () => (filled ||= (async () => {
  for (const name of await caches.keys()) if (name !== VERSION) await caches.delete(name);
  const cache = await caches.open(VERSION);
  if ((await cache.keys()).length < KEPT.length) await cache.addAll(KEPT);
})().catch(() => { filled = undefined; }));
const offline = async (request) => {
  // A form's answer is not this page: whoever loads it again would send nothing, or send it twice.
  if (request.method === "POST") return Response.redirect("/offline", 303);
  return (await caches.match("/offline", { cacheName: VERSION })) || Response.error();
};
const page = async (event, url) => {
  try {
    const answer = await send(event.request, url);
    event.waitUntil(fill());
    return answer;
  } catch { return offline(event.request); }
};
const file = async (request) => (await caches.match(request, { cacheName: VERSION })) || fetch(request);

// What a push says is shown; what it does not say is not: an approval is read on its page.
addEventListener("push", (event) => {
  let said = {};
  try { said = event.data.json(); } catch { /* an empty push still says that something waits */ }
  event.waitUntil(registration.showNotification(said.title || "Floorpass", {
    body: said.body || "An approval waits.", tag: "approval", renotify: true, requireInteraction: true,
    icon: "/assets/icon-192.png", badge: "/assets/icon-192.png",
  }));
});
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    const open = await clients.matchAll({ type: "window" });
    const there = open.find((one) => new URL(one.url).pathname === "/approvals");
    return there ? there.focus() : clients.openWindow("/approvals");
  })());
});

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
// A page that a script loads again is no use of the session.
let alone = 0;
addEventListener("message", (event) => {
  if (event.data === "claim") event.waitUntil(clients.claim());
  if (event.data === "reload") alone = Date.now();
});
addEventListener("fetch", (event) => {
  const request = event.request, url = new URL(request.url), plain = /^\/(sw\.js$|favicon|healthz|manifest)/;
  if (url.origin !== location.origin || plain.test(url.pathname)) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(file(request));
  else event.respondWith(request.mode === "navigate" ? page(event, url) : send(request, url));
});
