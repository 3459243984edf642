// Signs a phone's answer with its key, over the terms of what the page shows; loads the page again when an approval changes.
(() => {
  const { text, get, sign } = keys;
  // Each part is preceded by its length in eight bytes.
  const digest = async (parts) => {
    const encoder = new TextEncoder(), bytes = [];
    for (const part of parts) {
      const own = typeof part === "string" ? encoder.encode(part) : part;
      const length = new DataView(new ArrayBuffer(8));
      length.setBigUint64(0, BigInt(own.length));
      bytes.push(...new Uint8Array(length.buffer), ...own);
    }
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
    return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  // The answer is on its way: loading the page again would lose what comes back.
  let sent = false;
  document.addEventListener("submit", () => { sent = true; });
  document.addEventListener("submit", async (event) => {
    const form = event.target, say = event.submitter && event.submitter.value;
    if (!form.dataset.approval || form.elements.signature.value) return;
    event.preventDefault();
    try {
      const id = new Uint8Array(form.dataset.approval.match(/../g).map((hex) => parseInt(hex, 16)));
      const of = (part) => [...form.parentElement.querySelectorAll(`[data-content=${part}] [data-terms]`)].flatMap((one) => JSON.parse(one.dataset.terms));
      const content = await digest(["floorpass approval 2", id, form.dataset.kind, ...of("terms"), "facts", ...of("facts")]);
      const number = form.elements.number.value.trim();
      form.elements.number.value = number;
      const { privateKey } = await get("device");
      form.elements.signature.value = await sign(privateKey, ["floorpass approval 2", form.dataset.id, say, content, number]);
      form.requestSubmit(event.submitter);
    } catch {
      sent = false;
      form.querySelector("[role=status]").textContent = "This browser has no key to sign with. Add this phone again.";
    }
  });

  // One address of this browser at its push service: made when the switch is turned on, given up when it is turned off.
  const on = document.querySelector("form[data-push]"), off = document.querySelector("form[data-push-off]");
  const worker = navigator.serviceWorker;
  if (on && worker && window.PushManager && window.Notification) {
    on.hidden = false;
    document.querySelector("[data-push-none]").hidden = true;
    on.addEventListener("submit", async (event) => {
      if (on.elements.endpoint.value) return;
      event.preventDefault();
      const said = on.querySelector("[role=status]");
      try {
        if ((await Notification.requestPermission()) !== "granted") throw new Error("This browser does not allow notifications from Floorpass. You can change that in its settings for this page.");
        const key = Uint8Array.from(atob(on.dataset.push.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
        const { pushManager } = await worker.ready, before = await pushManager.getSubscription();
        if (before) await before.unsubscribe();
        const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
        on.elements.endpoint.value = made.endpoint;
        on.elements.key.value = text(made.getKey("p256dh"));
        on.elements.auth.value = text(made.getKey("auth"));
        on.requestSubmit();
      } catch (error) {
        said.textContent = error.message || "This browser's push service did not answer.";
      }
    });
  }
  if (off && worker) {
    off.addEventListener("submit", () => {
      worker.ready.then((it) => it.pushManager && it.pushManager.getSubscription()).then((it) => it && it.unsubscribe()).catch(() => {});
    });
  }

  const place = document.querySelector("[data-approvals]");
  if (place && window.EventSource) {
    const stream = new EventSource(place.dataset.approvals);
    const reload = () => {
      if (navigator.serviceWorker.controller) navigator.serviceWorker.controller.postMessage("reload");
      location.reload();
    };
    const again = () => { if (!sent && ![...document.querySelectorAll("input.code")].some((one) => one.value)) reload(); };
    stream.addEventListener("changed", again);
    // Closed first: while the page loads anew it would come back, to a session that is no more.
    stream.addEventListener("ended", () => { stream.close(); reload(); });
    // One that was refused, say at a new address, does not come back by itself.
    stream.addEventListener("error", () => { if (stream.readyState === 2) setTimeout(reload, 3000); });
    addEventListener("pagehide", () => stream.close());
  }
})();
