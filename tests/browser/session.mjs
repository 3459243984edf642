// A session in more than one tab, and what its worker listens to.
import { must } from "./portal.mjs";

/** Whether the browser still has its key. */
async function held(page) {
  return page.evaluate(() => new Promise((yes, no) => {
    const open = indexedDB.open("floorpass", 1);
    open.onerror = () => no(open.error);
    open.onsuccess = () => {
      const get = open.result.transaction("keys").objectStore("keys").get("device");
      get.onsuccess = () => { open.result.close(); yes(Boolean(get.result)); };
      get.onerror = () => no(get.error);
    };
  }));
}

async function cookie(page) {
  return (await page.context().cookies()).find((one) => one.name.startsWith("floorpass-session"))?.value;
}

/** Has the worker note from now on what signs its requests: `k=` its own key, `h=` one of its session. */
async function noted(page) {
  for (let tries = 0; ; tries += 1) {
    const worker = page.context().serviceWorkers()[0];
    try {
      await worker.evaluate(() => {
        if (self.noted) { noted.length = 0; return; }
        self.noted = [];
        const send = self.fetch.bind(self);
        self.fetch = (url, init) => {
          const proof = init?.headers?.get("Floorpass-Proof");
          if (proof) noted.push(proof.split(",")[2]);
          return send(url, init);
        };
      });
      return worker;
    } catch (error) {
      // One that was stopped is there for a moment more.
      if (tries > 100) throw error;
      await page.waitForTimeout(50);
    }
  }
}

/** What signed the requests since then. */
const signers = (worker) => worker.evaluate(() => noted.splice(0));

async function stop(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("ServiceWorker.enable");
  await session.send("ServiceWorker.stopAllWorkers");
  await session.detach();
}

/** Signs in and waits for a key of the session. */
async function derived(portal) {
  const page = await portal.visitor();
  await portal.signInByLink(page);
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  await portal.open(page, "/session");
  return [page, await noted(page)];
}

/** Opens a page, and gives what signed its requests. */
async function opened(portal, page, worker, path) {
  await signers(worker);
  await portal.open(page, path);
  const all = await signers(worker);
  must(all.length > 0, path + " went past the worker");
  return all;
}

export function sessions(portal) {
  return [["requests_are_signed_by_a_key_of_the_session_that_cannot_be_taken_out", async () => {
    const [page, worker] = await derived(portal);
    const all = await opened(portal, page, worker, "/orders");
    must(all.every((one) => one.startsWith("h=")), "signed by " + all);
    const key = await worker.evaluate(async () => {
      const { key } = await shared.held();
      return { length: key.algorithm.length, extractable: key.extractable, usages: key.usages.join() };
    });
    must(key.length === 256 && !key.extractable && key.usages === "sign", JSON.stringify(key));
    // A page outside a session takes the browser's own key, and the session's goes on.
    const outside = await opened(portal, page, worker, "/where");
    must(outside.some((one) => one.startsWith("k=")), "signed by " + outside);
    // Two tabs at once, with a form in one.
    const two = await page.context().newPage();
    await signers(worker);
    await Promise.all([portal.open(page, "/activity"), portal.open(two, "/policies")]);
    await portal.press(two, "Switch it on");
    await portal.press(two, "Switch it off");
    const both = new Set(await signers(worker));
    must(both.size === 1 && [...both][0] === all[0], "signed by " + [...both]);
    await portal.leave(page);
  }], ["worker_that_was_stopped_goes_on_with_its_key_and_one_whose_key_is_gone_derives_another", async () => {
    const [page, first] = await derived(portal);
    const [before] = await opened(portal, page, first, "/orders");
    await stop(page);
    await portal.open(page, "/session");
    let worker = await noted(page);
    const [after] = await opened(portal, page, worker, "/orders");
    must(after === before, `${before} became ${after}`);
    // As after a restart of the server, or at another node.
    await page.evaluate(() => new Promise((yes, no) => {
      crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]).then((key) => {
        const open = indexedDB.open("floorpass", 1);
        open.onerror = () => no(open.error);
        open.onsuccess = () => {
          const put = open.result.transaction("keys", "readwrite").objectStore("keys").put({ id: "A".repeat(32), key }, "session");
          put.onsuccess = () => { open.result.close(); yes(); };
          put.onerror = () => no(put.error);
        };
      }, no);
    }));
    await stop(page);
    await portal.open(page, "/");
    worker = await noted(page);
    const anew = await opened(portal, page, worker, "/orders");
    must(anew.every((one) => one.startsWith("h=") && one !== before && !one.startsWith("h=AAAA")), "signed by " + anew);
    await portal.leave(page);
  }], ["browser_that_derives_no_key_or_a_wrong_one_goes_on_with_its_own", async () => {
    for (const wrong of [false, true]) {
      const [page, worker] = await derived(portal);
      await worker.evaluate((wrong) => {
        const derive = crypto.subtle.deriveKey.bind(crypto.subtle);
        // Twice the length is what Web Crypto takes by itself.
        crypto.subtle.deriveKey = (from, key, to, ...rest) =>
          wrong ? derive(from, key, to.length ? { ...to, length: 512 } : to, ...rest) : Promise.reject(new Error("no"));
        return shared.clear();
      }, wrong);
      for (const path of ["/orders", "/session", "/activity", "/policies", "/orders"]) await portal.open(page, path);
      const all = await opened(portal, page, worker, "/session");
      must(all.every((one) => one.startsWith("k=")), "signed by " + all);
      await portal.leave(page);
    }
  }], ["worker_takes_words_of_its_own_pages_and_nothing_else", async () => {
    const page = await portal.visitor();
    await portal.signInByLink(page);
    await page.waitForFunction(() => navigator.serviceWorker.controller);
    must(await held(page), "there is no key");
    const worker = page.context().serviceWorkers()[0];
    const before = portal.complaints.length;
    // `alone` is when a page said "reload": messages come in order, so what was sent before was looked at before.
    const sent = async (message) => {
      await worker.evaluate(() => { alone = 0; });
      await page.evaluate((message) => {
        navigator.serviceWorker.controller.postMessage(message);
        navigator.serviceWorker.controller.postMessage("reload");
      }, message);
      for (let tries = 0; !(await worker.evaluate(() => alone)); tries += 1) must(tries < 1000, "no word came");
    };
    for (const wrong of ["Forget", "forget ", "constructor", "__proto__", ["forget"], { word: "forget" }, null, 7]) {
      await sent(wrong);
      must(await held(page), JSON.stringify(wrong) + " took the key away");
    }
    const said = (data, origin) => worker.evaluate(({ data, origin }) => {
      alone = 0;
      dispatchEvent(new ExtendableMessageEvent("message", { data, origin: origin === "ours" ? location.origin : origin }));
      return alone !== 0;
    }, { data, origin });
    for (const origin of ["https://evil.example", "null", "", portal.base + "1"]) {
      must(!(await said("reload", origin)), "a word from " + origin + " was taken");
    }
    must(await said("reload", "ours"), "a word of our own was not taken");
    portal.complaints.length = before;
    await portal.open(page, "/orders");
    await sent("forget");
    for (let tries = 0; await held(page); tries += 1) must(tries < 1000, "the right word does nothing");
    await portal.leave(page);
  }], ["person_proven_in_one_tab_goes_on_in_the_other_with_a_new_cookie", async () => {
    const one = await portal.visitor();
    await portal.signInByLink(one);
    await portal.open(one, "/policies");
    const two = await one.context().newPage();
    await portal.open(two, "/");
    await two.locator("#live-mark", { hasText: "live" }).waitFor();
    await two.evaluate(() => { window.kept = true; });
    const three = await one.context().newPage();
    await portal.open(three, "/step-up");
    const before = await cookie(one);
    await three.getByLabel("Your password").fill(portal.ready.people[0].password);
    await three.getByLabel("The six digits").fill(await portal.app.code());
    await portal.press(three, "Confirm");
    const after = await cookie(one);
    must(before && after && before !== after, "the cookie is the old one");
    // A form that was on its page before.
    await portal.press(one, "Switch it on");
    await portal.says(one, "On: one of your sessions can trade at a time");
    await portal.press(one, "Switch it off");
    // The stream was neither ended nor begun again.
    await portal.order(three, { side: "Buy", symbol: "AAPL", quantity: 1 });
    await two.locator("#live-mark", { hasText: "live" }).waitFor();
    must(await two.evaluate(() => window.kept), "the other tab was loaded again, at " + two.url());
    // The old cookie is over once what was on its way has arrived.
    const thief = await portal.visitor({ script: false });
    await thief.context().addCookies([{ ...(await one.context().cookies()).find((one) => one.value === after), value: before }]);
    const answer = await thief.goto(portal.base + "/");
    must(answer.status() === 403 || new URL(thief.url()).pathname === "/sign-in", "the old cookie opens " + thief.url());
    for (const page of [thief, one]) await portal.leave(page);
  }], ["operator_moves_a_phone_and_says_that_a_browser_is_an_older_one_again", async () => {
    const person = portal.ready.people[0].username;
    const small = { width: 390, height: 844 };
    const number = async (phone) => {
      await portal.says(phone, "One step is left");
      return (await phone.locator(".match").textContent()).trim();
    };
    const owner = await portal.visitor();
    await portal.signInByLink(owner);
    const offer = async () => {
      const known = new Set(portal.ask("device", "list").map((one) => one.device));
      const phone = await portal.visitor(small);
      await phone.goto(portal.ask("link", person, "--phone").url);
      await portal.press(phone, "Sign in and trust this browser");
      return [phone, portal.ask("device", "list").find((one) => !known.has(one.device)).device];
    };
    const [first, old] = await offer();
    const typed = await number(first);
    await portal.open(owner, "/phone");
    await owner.getByLabel("The number that the phone shows").fill(typed);
    await portal.press(owner, "It is my phone");
    const [second, fresh] = await offer();
    portal.ask("device", "move-phone", old, "--to", fresh, "--number", await number(second));
    const devices = portal.ask("device", "list");
    must(!devices.some((one) => one.device === old) && devices.find((one) => one.device === fresh).approver, "the phone was not moved");
    // Both pages hear of it by themselves.
    await portal.says(second, "Nothing is waiting for you");
    await first.waitForURL((url) => url.pathname === "/sign-in");
    // Both phones were of one kind; the moved one was used last, so a browser that comes now may be it again.
    const [third, anew] = await offer();
    portal.ask("device", "again", anew, "--was", fresh);
    must(portal.ask("device", "list").find((one) => one.device === anew).succeeds === fresh, "it is not the older one");
    const told = portal.ask("notice", "list", person).map((one) => one.text).join(" ");
    must(told.includes("in place of") && told.includes("it has that name again"), "its person was not told");
    portal.ask("device", "remove", anew);
    // The browser is the older one, which was on two pages: both leave.
    for (const page of [second, third]) await page.waitForURL((url) => url.pathname === "/sign-in");
    for (const page of [owner, first, second, third]) await portal.leave(page);
  }]];
}
