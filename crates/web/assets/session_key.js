// A key of the session alone, which browser and server derive together: the server checks what it signs in a small part of the
// time that the browser's own key takes. It cannot be taken out either. Where there is none, the own key signs, and offers to
// derive one; a browser that cannot goes on like that.
const shared = (() => {
  const { text, done, store, get, sign } = keys;
  const LABEL = "floorpass session key 1", ECDH = { name: "ECDH", namedCurve: "P-256" };
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  let now, half, asking = false, doubts = 0;
  const held = () => (now ||= get("session").catch(() => {}));
  const offer = async (headers, own, time, nonce) => {
    // One at a time, and none once the server has refused three that never worked.
    if (asking || doubts > 2) return false;
    asking = true;
    try {
      half ||= await crypto.subtle.generateKey(ECDH, false, ["deriveKey"]);
      const mine = text(await crypto.subtle.exportKey("raw", half.publicKey));
      headers.set("Floorpass-Derive", `${mine},${await sign(own.private, [LABEL, time, nonce, mine])}`);
      return true;
    } catch {
      doubts = 3;
      return asking = false;
    }
  };
  const derive = async (answer) => {
    const said = answer.headers.get("Floorpass-Derive");
    if (!said) return;
    const { privateKey, publicKey } = half, [id, theirs] = said.split(",").map(bytes);
    half = undefined;
    try {
      const mine = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
      const other = await crypto.subtle.importKey("raw", theirs, ECDH, false, []);
      const base = await crypto.subtle.deriveKey({ name: "ECDH", public: other }, privateKey, "HKDF", false, ["deriveKey"]);
      const info = Uint8Array.of(...new TextEncoder().encode(LABEL), ...mine, ...theirs);
      // Without a length it would be 512 bits.
      const to = { name: "HMAC", hash: "SHA-256", length: 256 };
      const key = await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: id, info }, base, to, false, ["sign"]);
      const one = { id: text(id), key };
      now = Promise.resolve(one);
      await done((await store("readwrite")).put(one, "session"));
    } catch { doubts += 1; }
  };
  // What another worker has derived meanwhile stays.
  const drop = async (gone) => {
    if ((await held())?.id !== gone.id) return;
    if (!gone.works) doubts += 1;
    now = Promise.resolve();
    try {
      const place = await store("readwrite"), kept = await done(place.get("session"));
      if (kept?.id === gone.id) await done(place.delete("session"));
      else if (kept) now = Promise.resolve(kept);
    } catch { /* then it lies there and is found gone once more */ }
  };
  const clear = async () => {
    now = Promise.resolve();
    await done((await store("readwrite")).delete("session"));
  };
  return { held, offer, derive, drop, clear, settle: () => { asking = false; }, works: (one) => { one.works = true; doubts = 0; } };
})();
