// What a browser has no other way to do: passkeys, keys, menus that close. Every page works without it.
"use strict";
(() => {
  const one = (query, from = document) => from.querySelector(query);
  const all = (query, from = document) => [...from.querySelectorAll(query)];

  // Base64url, for browsers without the JSON forms of WebAuthn.
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const post = async (path, fields) => {
    const answer = await fetch(path, {
      method: "POST", body: new URLSearchParams(fields), headers: { Accept: "application/json" }, redirect: "error",
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error || "The server answered " + answer.status + ".");
    return body;
  };

  const options = (key) => {
    key.challenge = bytes(key.challenge);
    if (key.user) key.user.id = bytes(key.user.id);
    for (const list of [key.excludeCredentials, key.allowCredentials]) for (const item of list || []) item.id = bytes(item.id);
    return key;
  };
  const credential = (made) => {
    const r = made.response;
    const response = { clientDataJSON: text(r.clientDataJSON) };
    if (r.attestationObject) {
      response.attestationObject = text(r.attestationObject);
      response.transports = r.getTransports ? r.getTransports() : [];
    } else {
      response.authenticatorData = text(r.authenticatorData);
      response.signature = text(r.signature);
      response.userHandle = text(r.userHandle);
    }
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response, extensions: made.getClientExtensionResults() });
  };
  const reason = (error) =>
    error.name === "NotAllowedError" ? "Nothing was done: the passkey was not confirmed in time, or was declined."
    : error.name === "InvalidStateError" ? "This device already holds a passkey for you here."
    : error.name === "SecurityError" ? "Passkeys work only under the host name of this portal, and here it is open under another."
    : error.message;

  // Browsers load no worker over a certificate that they do not trust, even where the person went on past the warning.
  const distrusted = (error) => {
    if (location.protocol !== "https:" || error.name !== "SecurityError") return;
    const note = document.createElement("div");
    note.className = "note warm";
    note.setAttribute("role", "status");
    const how = document.createElement("a");
    how.href = "/trust";
    how.textContent = "Trust it as described here";
    note.append("This browser does not trust this server's certificate, so it cannot keep a key here and its sessions are view-only. ", how, ", then reload this page.");
    one("main").prepend(note);
  };

  // A worker signs each request with this browser's key; a form waits until it does.
  const worker = navigator.serviceWorker;
  // Under a name that is not this portal's there is none.
  if (worker && !one("[data-misdirected]")) {
    const policy = window.trustedTypes && trustedTypes.createPolicy("floorpass", { createScriptURL: () => "/sw.js" });
    worker.register(policy ? policy.createScriptURL("") : "/sw.js").catch(distrusted);
    if (worker.controller) {
      if (one("[data-renew]")) worker.controller.postMessage("renew");
      if (one("[data-forget]")) worker.controller.postMessage("forget");
    } else {
      let waits = true, held = () => one("[data-prove]") && location.reload();
      const go = () => { if (waits) { waits = false; held(); } };
      worker.addEventListener("controllerchange", go);
      worker.ready.then((on) => on.active.postMessage("claim"));
      addEventListener("submit", (event) => {
        if (!waits) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        held = () => event.target.requestSubmit(event.submitter);
        setTimeout(go, 3000);
      }, true);
    }
  }

  // No browser makes a passkey for an address.
  const named = /[a-z]/i.test(location.hostname) && !location.hostname.startsWith("[");
  for (const form of all("form[data-passkey]")) {
    if (!window.PublicKeyCredential || !named) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = one("[role=status]", form), button = one("button", form), path = form.getAttribute("action");
      said.textContent = "";
      button.disabled = true;
      try {
        const typed = Object.fromEntries(new FormData(form)), stay = one("[name=stay]");
        if (stay) typed.stay = stay.value;
        const begun = await post(path + "/start", typed);
        const publicKey = options(begun.options.publicKey);
        const made = await (form.dataset.passkey === "register" ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
        const done = await post(path + "/finish", { ...typed, ceremony: begun.ceremony, credential: credential(made) });
        const then = one("#again");
        if (then) then.requestSubmit(); else location.assign(done.go);
      } catch (error) {
        said.textContent = reason(error);
        button.disabled = false;
      }
    });
  }

  // What only waited for an answer goes on by itself.
  const auto = one("form[data-auto]");
  if (auto) auto.requestSubmit();

  for (const box of all("[data-show]")) {
    box.hidden = false;
    box.onchange = (event) => { one("#" + box.dataset.show).type = event.target.checked ? "text" : "password"; };
  }
  for (const button of all("[data-print]")) { button.hidden = false; button.onclick = () => print(); }

  // Menus close as people expect.
  document.addEventListener("click", (event) => { for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of all("details.menu[open]")) { menu.open = false; one("summary", menu).focus(); }
  });

  // The end of a session is announced before it comes.
  const ends = one("#ends");
  if (ends) setTimeout(() => { ends.hidden = false; }, Math.max(0, (Number(ends.dataset.seconds) - 120) * 1000));
})();
