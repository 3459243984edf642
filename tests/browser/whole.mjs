// Signing in, whole: two browsers and a phone on https, each with a profile of its own, with sessions that are bound to
// hardware. Each flow builds on those before it, and says how often a person pressed and typed.
import { chromium } from "playwright-core";
import { reinstalls, replaces, sleeps, travels } from "./device.mjs";
import { authenticator } from "./flow.mjs";
import { look } from "./look.mjs";
import { must, Portal } from "./portal.mjs";
import { held, names, stops, vouched, waits } from "./recovery.mjs";
import { Forwarder, Server } from "./server.mjs";
import { App } from "./totp.mjs";

const DAY = 24 * 3600;
const PASSWORD = "quiet river under nine bridges";

/** The keys that a page's browser holds, as texts, and what puts them elsewhere. */
const keys = (page, change) => page.evaluate(async (change) => {
  const done = (request) => new Promise((yes, no) => { request.onsuccess = () => yes(request.result); request.onerror = () => no(request.error); });
  const open = () => {
    const asked = indexedDB.open("floorpass", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("keys");
    return done(asked);
  };
  const store = (await open()).transaction("keys", "readwrite").objectStore("keys");
  const device = await done(store.get("device")), next = await done(store.get("next"));
  if (change === "keep") await done(store.put(device, "before"));
  // As if the browser had ended between the server's yes and its own: the new key lies beside the old one.
  if (change === "crash") {
    await done(store.put(device, "next"));
    await done(store.put(await done(store.get("before")), "device"));
  }
  // As if it had ended before it asked: a key lies there that the server never saw.
  const made = change === "unasked" && await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  if (made) await done((await open()).transaction("keys", "readwrite").objectStore("keys").put(made, "next"));
  const text = async (pair) => pair && String(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  return { device: await text(device), next: await text(next) };
}, change);

export class Whole {
  static async start(options) {
    const whole = new Whole();
    whole.server = new Server(options.floorpass);
    await whole.server.start();
    whole.way = new Forwarder(whole.server.port);
    const port = await whole.way.listen();
    whole.portal = new Portal(options, whole.server.ready);
    await whole.portal.start(whole.server.flags(port));
    whole.app = new App(whole.server.ready.people[0].totp_uri);
    whole.password = whole.server.ready.people[0].password;
    whole.table = [];
    return whole;
  }

  /** The program ends and is started anew, with its clock so much further on; the person's app lives in the server's time. */
  async restart(seconds) {
    await this.server.stop();
    await this.server.start(seconds);
    this.app.ahead = seconds;
  }

  /** Looks each tenth of a second, ten seconds long, until something is so. */
  async until(otherwise, is) {
    for (let tries = 0; !(await is()); tries += 1) {
      must(tries < 100, otherwise);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** A page of a flow, at both sizes and themes where pictures are asked for: accessible, and no wider than the screen. */
  async look(page, name) {
    const own = page.viewportSize();
    const all = [[own.width, "light"], [own.width === 390 ? 1280 : 390, "dark"]];
    if (this.portal.options.shots) all.push(...all.map(([width, scheme]) => [width, scheme === "dark" ? "light" : "dark"]));
    for (const [width, scheme] of all) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      await page.emulateMedia({ colorScheme: scheme });
      await look(this.portal, page, name, `${width}-${scheme}`);
    }
    await page.setViewportSize(own);
    await page.emulateMedia({ colorScheme: null });
  }

  async stop() {
    await this.portal.stop();
    this.way.stop();
    await this.server.stop();
    this.server.clean();
  }

  /** The same for a page that others of the same kind were looked at, where pictures are asked for. */
  async picture(page, name) {
    if (this.portal.options.shots) await this.look(page, name);
  }

  /** The table of what each flow took, for docs/flows.md. */
  tell() {
    console.log("\n| flow | presses | fields |\n|---|---|---|");
    for (const [flow, took] of this.table) console.log(`| ${flow} | ${took.presses} | ${took.fields} |`);
    console.log("");
  }

  note(flow) {
    this.table.push([flow, this.portal.took()]);
  }

  get person() {
    return this.portal.ready.people[0].username;
  }

  async hardware(page) {
    return (await page.context().cookies()).find((cookie) => cookie.name.startsWith("__Host-floorpass-hardware"));
  }

  /** Waits until the browser has proven its hardware. */
  async bound(page) {
    for (let tries = 0; tries < 100; tries += 1) {
      const cookie = await this.hardware(page);
      if (cookie) return cookie;
      await page.waitForTimeout(100);
    }
    throw new Error("the session was not bound to hardware");
  }

  /** User name and password, with what else the first page asks. */
  async begin(page, stay) {
    await this.portal.open(page, "/sign-in");
    await this.portal.type(page, "User name", this.person);
    await this.portal.type(page, "Password", this.password);
    if (stay) {
      await this.portal.click(page.getByText("Stay signed in, or not your computer?"));
      this.portal.done.presses += 1;
      await page.getByLabel("This is").selectOption({ label: stay });
    }
    await this.portal.press(page, "Continue");
  }

  /** Asks the phone from the page of the second step; gives the number that the page shows. */
  async ask(page) {
    await this.portal.press(page, "Approve on my phone instead");
    await page.getByText("type this number there").waitFor();
    return (await page.locator("p.match").innerText()).trim();
  }

  /** Answers on the phone's open page. */
  async answer(number, say = "Yes, approve it") {
    const phone = this.phone;
    await phone.getByRole("button", { name: say }).first().waitFor();
    if (number) await this.portal.type(phone, "The number on the page that asks", number);
    await this.portal.press(phone, say);
  }

  /** The page that asked is told no. */
  async refused(page) {
    await page.getByText(/said no|has expired/).first().waitFor().catch(async () => {
      throw new Error("the page that asked says: " + await page.locator("main").innerText());
    });
  }

  async menu(page, name) {
    await this.portal.click(page.locator("summary", { hasText: this.person }));
    await this.portal.press(page, name);
  }

  flows() {
    const flow = (name, text, run) => [name, async () => {
      this.portal.took();
      await run();
      if (text) this.note(text);
    }];
    return [
      flow("whole_certificate_that_is_not_trusted_is_named", null, () => this.distrusts()),
      flow("whole_first_sign_in_and_enrolment", "first sign-in: link, password, app", () => this.enrols()),
      flow("whole_session_is_bound_to_hardware_and_proves_it_again", null, () => this.proves()),
      flow("whole_phone_is_added_by_link_and_number", "add a phone", () => this.addsPhone()),
      flow("whole_new_browser_is_approved_on_the_phone_by_its_number", "sign in on a new browser, by the phone", () => this.approves()),
      flow("whole_one_tap_is_refused_for_a_new_browser_and_enough_on_a_known_one", "sign in on a known browser, by one tap", () => this.taps()),
      flow("whole_large_order_is_approved_on_the_phone_and_a_changed_one_is_refused", null, () => this.trades()),
      flow("whole_both_cookies_copied_open_nothing_and_the_owner_is_told", null, () => this.steals()),
      flow("whole_computer_not_mine_leaves_no_trust", "sign in on a computer that is not mine, and out", () => this.lends()),
      flow("whole_mail_is_changed_and_the_old_address_is_told", "change the mail address", () => this.mails()),
      flow("whole_travel_is_planned_told_and_ended", "plan travel", () => travels(this)),
      flow("whole_not_me_from_a_prompt_stops_it", "'this was not me' on the phone", () => this.disowns()),
      flow("whole_new_phone_takes_the_place_of_the_old_one", "move to a new phone", () => replaces(this)),
      flow("whole_browser_installed_anew_has_its_name_again", "reinstalled browser: its name and history back", () => reinstalls(this)),
      flow("whole_lost_phone_is_replaced_by_another_means", "lost phone: remove it, sign in with the app on a new browser", () => this.loses()),
      flow("whole_sign_out_and_forget_leaves_nothing", "sign out and forget this device", () => this.forgets()),
      flow("whole_sleep_update_and_a_new_address_keep_a_half_filled_ticket", null, () => sleeps(this)),
      flow("whole_contacts_are_named_and_agree", "name three recovery contacts, who agree; two are needed", () => names(this)),
      flow("whole_two_of_three_contacts_let_a_person_in", "only the password left: two contacts let you in, their presses included", () => vouched(this)),
      flow("whole_recovery_is_stopped_by_the_link_of_its_mail", "stop a recovery that is not mine, from its mail", () => stops(this)),
      flow("whole_recovery_waits_is_told_three_times_and_holds", "only the password left: start a recovery, wait three days, sign in", () => waits(this)),
      flow("whole_what_a_recovered_session_adds_is_held_too", "add a passkey in place of what was lost", () => held(this, authenticator)),
      flow("whole_key_renews_itself_before_the_trust_ends", "a browser's key is renewed", () => this.renews()),
      flow("whole_key_survives_a_crash_in_either_order", null, () => this.crashes()),
    ];
  }

  async enrols() {
    this.portal.ask("person", "reset-password", this.person);
    const link = this.portal.ask("person", "reset-totp", this.person).url;
    this.one = await this.portal.profile();
    await this.one.goto(link);
    await this.portal.press(this.one, "Sign in and trust this browser");
    this.password = PASSWORD;
    this.portal.done.fields += 1;
    await this.one.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await this.portal.type(this.one, "Repeat it", PASSWORD);
    await this.portal.press(this.one, "Continue");
    await this.one.getByText("Type the secret instead").click();
    const secret = (await this.one.locator("p.once").innerText()).replace(/\s/g, "");
    this.app = new App("otpauth://totp/x?secret=" + secret);
    await this.portal.type(this.one, "The six digits", await this.app.code());
    await this.portal.press(this.one, "Confirm");
    await this.portal.says(this.one, "You are signed in");
    await this.portal.open(this.one, "/session");
    await this.portal.says(this.one, "place orders");
  }

  async proves() {
    const first = await this.bound(this.one);
    await this.portal.open(this.one, "/session");
    await this.portal.says(this.one, "its device's hardware");
    // The cookie that stands for the proof is gone: the browser proves its hardware again by itself.
    await this.one.context().clearCookies({ name: first.name });
    await this.portal.open(this.one, "/orders");
    const second = await this.bound(this.one);
    must(second.value !== first.value, "the proof is the old one");
    // A proof of the person changes the session's token and nothing of what binds it.
    const token = async () => (await this.one.context().cookies()).find((one) => one.name.startsWith("__Host-floorpass-session")).value;
    const before = await token();
    await this.portal.open(this.one, "/step-up");
    await this.one.getByLabel("Your password").fill(this.password);
    await this.one.getByLabel("The six digits").fill(await this.app.code());
    await this.portal.press(this.one, "Confirm");
    must((await token()) !== before, "the token is the old one");
    must((await this.hardware(this.one)).value === second.value, "the hardware was proven anew");
    await this.portal.says(this.one, "its device's hardware");
    await this.one.context().clearCookies({ name: first.name });
    await this.portal.open(this.one, "/orders");
    must((await this.bound(this.one)).value !== second.value, "the hardware proves nothing under the new token");
  }

  async addsPhone() {
    this.phone = await this.portal.profile({ phone: true });
    await this.portal.open(this.one, "/phone");
    await this.portal.press(this.one, "Add a phone");
    const link = (await this.one.locator("p.once").innerText()).trim();
    await this.phone.goto(link);
    await this.portal.press(this.phone, "Sign in and trust this browser");
    await this.portal.open(this.phone, "/approvals");
    const number = (await this.phone.locator("p.match").innerText()).trim();
    this.portal.done.presses += 1;
    await this.one.getByRole("link", { name: "The phone shows a number" }).click();
    await this.portal.type(this.one, "The number that the phone shows", number);
    await this.portal.press(this.one, "It is my phone");
    await this.portal.says(this.one, "Your phone now answers approvals");
    // The phone's page says so by itself.
    await this.portal.says(this.phone, "Nothing is waiting for you");
  }

  async approves() {
    this.two = await this.portal.profile();
    await this.begin(this.two);
    const number = await this.ask(this.two);
    await this.phone.getByText("new here").waitFor();
    await this.answer(number);
    await this.portal.says(this.two, "You are signed in");
    await this.portal.open(this.two, "/session");
    await this.portal.says(this.two, "can place orders");
  }

  async taps() {
    const stranger = await this.portal.visitor();
    await this.begin(stranger);
    const number = await this.ask(stranger);
    const yes = this.phone.getByRole("button", { name: "Yes, approve it" });
    await yes.waitFor();
    // Without the number nothing is sent, and a wrong one is no yes.
    await this.portal.click(yes);
    must(await this.phone.locator("input.code:invalid").count() === 1, "a yes goes out without the number");
    must(number.length === 2, "the number has two digits");
    await this.portal.type(this.phone, "The number on the page that asks", number === "10" ? "11" : "10");
    await this.portal.press(this.phone, "Yes, approve it");
    await this.portal.says(this.phone, "That is not the number");
    await this.portal.press(this.phone, "No");
    await this.refused(stranger);
    await this.portal.leave(stranger);

    await this.menu(this.two, "Sign out");
    this.portal.took();
    await this.begin(this.two);
    await this.portal.press(this.two, "Approve on my phone instead");
    await this.two.getByText("Open Floorpass on your phone and answer").waitFor();
    await this.answer(null);
    await this.portal.says(this.two, "You are signed in");
  }

  /** The page that confirms a market order of so many shares. */
  async confirms(page, shares) {
    await this.portal.open(page, "/ticket");
    await page.getByLabel("Buy", { exact: true }).check();
    await this.portal.type(page, "Symbol", "AAPL");
    await this.portal.type(page, "Quantity", String(shares));
    this.portal.done.fields += 1;
    await page.getByLabel("Kind").selectOption({ label: "Market" });
    await this.portal.press(page, "Preview");
    await this.portal.says(page, "Confirm this order");
  }

  /** Asks the phone for the order on the page; gives the number that the page shows. */
  async asks(page) {
    await this.portal.says(page, "A large order");
    await this.portal.press(page, "Ask my phone");
    await page.getByText("type this number there").waitFor();
    return (await page.locator("p.match").innerText()).trim();
  }

  async trades() {
    const page = this.one, phone = this.phone;
    await this.portal.open(phone, "/approvals");
    this.portal.took();
    await this.confirms(page, 2000);
    const number = await this.asks(page);
    await phone.getByText("wants to place a large order").waitFor();
    for (const text of ["AAPL, Apple Inc.", "2,000", "Not sent above", "Commission", "Total cost now"]) {
      must(await phone.getByText(text, { exact: true }).count() === 1, "the phone does not show " + text);
    }
    await this.answer(number);
    await this.portal.says(page, "Order accepted");
    await this.portal.says(page, "BUY 2,000 AAPL");
    this.note("a large order, by the phone");

    // Approved as one order, sent as another, by a page that was tampered with.
    await this.confirms(page, 3000);
    const key = await page.locator("input[name=key]").first().inputValue();
    await this.confirms(page, 2000);
    const next = await this.asks(page);
    const other = new URL(page.url());
    other.searchParams.set("quantity", "3000");
    other.searchParams.set("key", key);
    await page.goto(other.href);
    await this.answer(next);
    await this.portal.says(page, "This is not the order that was approved");
    const orders = this.portal.ask("orders").filter((order) => order.quantity === 3000);
    must(orders.length === 0, "the changed order was placed");
  }

  async steals() {
    const cookies = await this.two.context().cookies();
    must(cookies.some((cookie) => cookie.name.includes("session")), "there is no session to copy");
    must(await this.bound(this.two), "there is no proof to copy");
    const thief = await this.portal.profile();
    await thief.context().addCookies(await this.two.context().cookies());
    const answer = await thief.goto(this.portal.base + "/");
    must(answer.status() === 403, "the copy is answered " + answer.status());
    await thief.getByText("it was made with another key").waitFor();
    await this.portal.leave(thief);
    await this.portal.open(this.two, "/orders");
    // The server looks once a second.
    for (let tries = 0; ; tries += 1) {
      await this.portal.open(this.one, "/messages");
      if (await this.one.getByText("A copied session was refused").count()) break;
      must(tries < 30, "nobody is told of the copy");
    }
  }

  async lends() {
    const guest = await this.portal.profile();
    await this.begin(guest, "Not my computer");
    const number = await this.ask(guest);
    await this.answer(number);
    await this.portal.says(guest, "You are signed in");
    await this.portal.open(guest, "/session");
    await this.portal.says(guest, "can place orders");
    const kept = (await guest.context().cookies()).filter((cookie) => cookie.name.includes("-device-") || cookie.expires > Date.now() / 1000 + 3600);
    must(kept.length === 0, "it keeps " + kept.map((cookie) => cookie.name).join());
    const before = this.portal.ask("device", "list");
    must(before.filter((device) => device.lent).length === 1, "the device is not marked");
    await this.menu(guest, "Sign out");
    must(!this.portal.ask("device", "list").some((device) => device.lent), "the device is still there");
    await this.portal.leave(guest);
  }

  async mails() {
    const change = async (label, address) => {
      await this.portal.open(this.one, "/contact");
      this.portal.took();
      this.portal.done.fields += 1;
      await this.one.getByRole("textbox", { name: label, exact: true }).fill(address);
      await this.portal.press(this.one, "Send a code");
      await this.portal.type(this.one, "Code sent to " + address, this.code(address));
      await this.portal.press(this.one, "Verify");
      await this.portal.says(this.one, "The address is verified");
    };
    await change("Address", "old@example.org");
    await change("New address", "new@example.org");
    const told = () => this.server.mails().some((mail) => /^To: .*old@example\.org/m.test(mail) && mail.includes("new@example.org"));
    await this.until("the old address was not told", told);
  }

  /** The code that went to an address: in a mail, or while none is verified in the outbox. */
  code(address) {
    const found = this.portal.ask("outbox").find((notice) => notice.code);
    must(found, "there is no code for " + address);
    return found.code;
  }

  async disowns() {
    const thief = await this.portal.visitor();
    await this.begin(thief);
    await this.ask(thief);
    this.portal.took();
    await this.answer(null, "This was not me");
    await this.portal.says(this.phone, "Declined and recorded");
    must(await this.phone.getByRole("button", { name: "Lock everything" }).count() > 0, "no lock is offered");
    await this.refused(thief);
    await this.portal.leave(thief);
  }

  async loses() {
    await this.portal.open(this.one, "/devices");
    const id = this.portal.ask("device", "list").find((device) => device.approver).device;
    this.portal.done.presses += 1;
    await Promise.all([this.one.waitForEvent("load"), this.one.locator(`form[action$="${id}/remove"] button`).click()]);
    await this.portal.says(this.one, "Removed");
    // Its open page leaves by itself, maybe at this very moment.
    await this.phone.goto(this.portal.base + "/approvals").catch(() => null);
    await this.phone.waitForURL(/\/sign-in/).catch(() => {});
    must(this.phone.url().includes("/sign-in"), "the lost phone still sees " + this.phone.url());
    this.fresh = await this.portal.profile();
    await this.begin(this.fresh);
    must(await this.fresh.getByText("Approve on my phone instead").count() === 0, "the lost phone is still asked");
    await this.portal.type(this.fresh, "The six digits", await this.app.code());
    await this.portal.press(this.fresh, "Continue");
    await this.portal.type(this.fresh, "Activation code", this.portal.activationCode());
    await this.portal.press(this.fresh, "Activate and sign in");
    await this.portal.says(this.fresh, "You are signed in");
    await this.portal.open(this.fresh, "/session");
    await this.portal.says(this.fresh, "cannot place orders");
  }

  async forgets() {
    const before = this.portal.ask("device", "list").length;
    const old = await keys(this.fresh);
    await this.menu(this.fresh, "Sign out and forget this device");
    await this.portal.says(this.fresh, "this browser is no longer trusted");
    must(this.portal.ask("device", "list").length === before - 1, "the device is still known");
    const left = (await this.fresh.context().cookies()).filter((cookie) => cookie.name.includes("floorpass"));
    must(left.length === 0, "it keeps " + left.map((cookie) => cookie.name).join());
    await this.portal.open(this.fresh, "/sign-in");
    await this.fresh.waitForFunction(() => navigator.serviceWorker.controller);
    await this.portal.open(this.fresh, "/sign-in");
    must((await keys(this.fresh)).device !== old.device, "the key is still there");
    await this.portal.leave(this.fresh);
  }

  /** 65 of the 90 days of trust later: signing in goes on with the same browser, which then renews its key. */
  async renews() {
    const old = await keys(this.one, "keep");
    await this.portal.away(() => this.restart(65 * DAY));
    await this.portal.away(() => this.portal.signInByLink(this.one));
    this.portal.took();
    // The page's script tells the worker, and nobody is asked.
    for (let tries = 0; (await keys(this.one)).device === old.device; tries += 1) {
      must(tries < 100, "the key is still the old one");
      await this.one.waitForTimeout(100);
    }
    must(!(await keys(this.one)).next, "a key is left over");
    await this.portal.open(this.one, "/devices");
    must(await this.one.locator("[data-renew]").count() === 0, "it is to renew again");
    await this.portal.open(this.one, "/orders");
  }

  /** A browser that was told to go on past its warning about the certificate says why its sessions are view-only. */
  async distrusts() {
    const browser = await chromium.launch({ executablePath: this.portal.how.executablePath, args: ["--no-sandbox"] });
    try {
      const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
      await page.goto(`https://localhost:${this.server.port}/sign-in`);
      await page.getByText("does not trust this server's certificate").waitFor({ timeout: 10_000 });
    } finally {
      await browser.close();
    }
  }

  async crashes() {
    const stopWorker = async () => {
      const session = await this.one.context().newCDPSession(this.one);
      await session.send("ServiceWorker.enable");
      await session.send("ServiceWorker.stopAllWorkers");
      await session.detach();
    };
    const now = (await keys(this.one)).device;
    for (const order of ["crash", "unasked"]) {
      await keys(this.one, order);
      await stopWorker();
      await this.portal.open(this.one, "/orders");
      const after = await keys(this.one);
      must(after.device === now && !after.next, order + ": another key is held than the server's");
      await this.portal.open(this.one, "/session");
    }
  }
}
