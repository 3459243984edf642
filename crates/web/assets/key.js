// Where this browser's key lies: the first lines of the worker and of the page that signs a phone's answers, put before each
// of them when the portal is built, so that neither loads a script of its own.
"use strict";
const keys = (() => {
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
  const get = async (name) => done((await store("readonly")).get(name));
  const sign = async (key, lines) =>
    text(await crypto.subtle.sign({ name: key.algorithm.name, hash: "SHA-256" }, key, new TextEncoder().encode(lines.join("\n"))));
  return { text, done, store, get, sign };
})();
