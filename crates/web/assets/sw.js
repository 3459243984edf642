// Signs every request to this portal with a key of this browser that cannot be taken out of it.
const { text, done, store, get, sign } = keys;
const make = () => crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
// Another worker may have been quicker: the first key stays.
const found = async (name) => {
  const pair = await get(name);
  if (pair) return pair;
  await done((await store("readwrite")).add(await make(), name)).catch(() => {});
  return get(name);
};
const half = async (pair) => ({ private: pair.privateKey, public: text(await crypto.subtle.exportKey("raw", pair.publicKey)) });
let kept;
const key = () => (kept ||= found("device").then(half).catch(() => { kept = undefined; }));

let skew = 0;
const ask = async (url, init, body, own) => {
  const { headers, method } = init;
  headers.set("Floorpass-Again", "1");
  const once = async () => {
    const pair = await key(), short = pair && !own ? await shared.held() : undefined;
    headers.delete("Floorpass-Derive");
    let offered = false;
    if (pair) {
      const time = Date.now() + skew, nonce = text(crypto.getRandomValues(new Uint8Array(16)));
      const hash = text(await crypto.subtle.digest("SHA-256", body));
      const lines = ["floorpass proof 1", method, url.pathname + url.search, time, nonce, hash];
      const by = short ? `h=${short.id},s=${await sign(short.key, lines)}` : `k=${pair.public},s=${await sign(pair.private, lines)}`;
      headers.set("Floorpass-Proof", `t=${time},n=${nonce},${by}`);
      offered = !short && !own && await shared.offer(headers, pair, time, nonce);
    }
    try {
      const answer = await fetch(url, { ...init, body: method === "POST" ? body : undefined, mode: "same-origin", credentials: "same-origin", cache: "no-store" });
      if (offered) await shared.derive(answer);
      return { answer, short };
    } finally { if (offered) shared.settle(); }
  };
  // An update at another address asks for all of it, one after the other.
  for (let told = 0; ;) {
    const { answer, short } = await once(), time = answer.headers.get("Floorpass-Time"), says = answer.headers.get("Floorpass-Key");
    if (short && says === "own") own = true;
    else if (short && says === "gone") await shared.drop(short);
    else {
      if (short) shared.works(short);
      if (answer.headers.get("Floorpass-Again") && headers.has("Floorpass-Again")) {
        // The hardware has to be proven from here: the browser does that on the way.
        headers.delete("Floorpass-Again");
      } else if (time && told < 2) {
        // This machine's clock is off, or the server has just started, or both: its time counts.
        skew = Number(time) - Date.now();
        told += 1;
      } else return answer;
    }
  }
};

// Before its trust ends, the browser takes a new key, for which the old one vouches. The new one lies beside the old until
// the server has said which counts, so that no request or answer that gets lost loses the browser.
let renewing, settled;
const renew = (anew) => (renewing ||= (async () => {
  const pair = anew ? await found("next") : await get("next");
  if (!pair) return;
  const old = await key(), next = await half(pair);
  const signature = await sign(next.private, ["floorpass key 1", old.public, next.public]);
  const body = new TextEncoder().encode(new URLSearchParams({ key: next.public, signature }));
  const headers = new Headers({ Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" });
  const answer = await ask(new URL("/session/renew", location), { method: "POST", headers, redirect: "error" }, body, true);
  if (answer.status !== 204 && answer.status !== 409) return;
  const place = await store("readwrite");
  if (answer.ok) place.put(pair, "device");
  await done(place.delete("next"));
  kept = undefined;
  await shared.clear();
})().catch(() => {}).finally(() => { renewing = undefined; }));

const send = async (request, url) => {
  await (settled ||= renew(false));
  const body = request.method === "POST" ? await request.arrayBuffer() : new ArrayBuffer(0), headers = new Headers(request.headers);
  if (request.mode === "navigate" && Date.now() - alone < 2000) headers.set("Floorpass-Unused", "1");
  const init = { method: request.method, headers, signal: request.signal, redirect: request.mode === "navigate" ? "manual" : request.redirect };
  const before = await key(), answer = await ask(url, init, body);
  if (!answer.headers.get("Floorpass-Key")) return answer;
  // Another key counts: perhaps the one that came meanwhile.
  kept = undefined;
  await renew(false);
  const now = await key();
  return now && before && now.public !== before.public ? ask(url, init, body) : answer;
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
  // A form's answer is not this page: loading it again would send nothing, or send it twice.
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
    body: said.body || "An approval is waiting.", tag: "approval", renotify: true, requireInteraction: true,
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
// What pages of ours say to the worker, and nothing else; it says nothing to them.
let alone = 0;
const words = new Map([
  ["claim", () => clients.claim()],
  // A page that a script loads again is not a use of the session.
  ["reload", () => { alone = Date.now(); }],
  ["renew", () => renew(true)],
  ["forget", async () => { await shared.clear(); (await store("readwrite")).clear(); kept = undefined; }],
]);
addEventListener("message", (event) => {
  const word = event.origin === location.origin && words.get(event.data);
  if (word) event.waitUntil(word());
});
addEventListener("fetch", (event) => {
  const request = event.request, url = new URL(request.url), plain = /^\/(sw\.js$|favicon|healthz|manifest)/;
  if (url.origin !== location.origin || plain.test(url.pathname)) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(file(request));
  else event.respondWith(request.mode === "navigate" ? page(event, url) : send(request, url));
});
