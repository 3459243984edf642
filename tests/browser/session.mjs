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

export function sessions(portal) {
  return [["worker_takes_words_of_its_own_pages_and_nothing_else", async () => {
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
