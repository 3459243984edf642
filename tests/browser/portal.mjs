// The portal as a person uses it: a browser with a profile, and the pages of the flows.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = {
  viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true,
  userAgent: "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
};

export function must(condition, text) {
  if (!condition) throw new Error(text);
}

/** What `work` gives, or an error once `seconds` are over: a browser that hangs must not hang the test. */
export async function within(seconds, what, work) {
  let timer;
  const late = new Promise((_, no) => { timer = setTimeout(() => no(new Error(`${what} took more than ${seconds} s`)), seconds * 1000); });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class Portal {
  constructor(options, ready) {
    this.options = options;
    this.ready = ready;
    this.base = ready.portal.replace(/\/$/, "");
    /** What no page may say: errors in the console, and what the content policy stopped. */
    this.complaints = [];
    /** What a person did since the last look: presses of buttons and links, and fields that were typed. */
    this.done = { presses: 0, fields: 0 };
    this.profiles = [];
  }

  async start(flags = [], env = process.env) {
    this.how = { executablePath: this.options.chromium, args: [...FLAGS, ...flags], env };
    this.browser = await chromium.launch(this.how);
  }

  async stop() {
    for (const { context, folder } of this.profiles) {
      await within(20, "closing a browser", context.close());
      fs.rmSync(folder, { recursive: true, force: true });
    }
    await within(20, "closing the browser", this.browser?.close());
  }

  /** Closes the browser that the page is in. Chromium never ends the closing of one whose page is just loading anew, so the page goes away first. */
  async leave(page) {
    // Where its script began to load it anew at the same moment, this is broken off, and so was that.
    await page.goto("about:blank").catch(() => {});
    await within(20, "closing a browser", page.context().close());
  }

  /** The command line of the server under test, as JSON. */
  ask(...args) {
    const text = execFileSync(this.options.floorpass, [...args, "--json", "--data", this.ready.data], { encoding: "utf8", timeout: 60_000 });
    return JSON.parse(text);
  }

  /** The newest activation code in the outbox. */
  activationCode() {
    const found = this.ask("outbox").find((notice) => notice.code);
    must(found, "there is no code in the outbox");
    return found.code;
  }

  /** A new browser: it knows nothing yet. */
  async visitor({ script = true, width = 1280, height = 800, scheme = "light" } = {}) {
    const context = await this.browser.newContext({
      viewport: { width, height }, colorScheme: scheme, javaScriptEnabled: script, ignoreHTTPSErrors: true,
    });
    return this.watch(await context.newPage(), script);
  }

  /** A browser as on a machine of its own: another process, and a profile in a folder of its own, on a phone one of its size. */
  async profile({ phone = false, scheme = "light" } = {}) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "floorpass-profile-"));
    const look = { ...(phone ? PHONE : DESKTOP), colorScheme: scheme };
    const context = await chromium.launchPersistentContext(folder, { ...this.how, ...look, ignoreHTTPSErrors: true });
    this.profiles.push({ context, folder });
    return this.watch(context.pages()[0] ?? await context.newPage(), true);
  }

  /** Keeps what the page says that it must not. */
  async watch(page, script) {
    if (script) {
      await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) =>
        console.error("content policy: " + event.violatedDirective + " " + event.blockedURI)));
    }
    page.on("console", (message) => {
      // A page that answers 4xx on purpose is reported by the browser as an error too.
      if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) this.complaints.push(page.url() + ": " + message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(page.url() + ": " + error.message));
    page.setDefaultTimeout(20_000);
    return page;
  }

  /** Of every page that is open. */
  async picture(name) {
    if (!this.options.shots) return;
    const contexts = [...this.browser.contexts(), ...this.profiles.map((one) => one.context)];
    for (const [at, page] of contexts.flatMap((context) => context.pages()).entries()) {
      const file = path.join(this.options.shots, `${name}-${at}.png`);
      await page.screenshot({ path: file, fullPage: true, timeout: 5_000 }).catch((error) => console.log(`no picture ${file}: ${error.message}`));
    }
  }

  /** While this runs the server may be away; that nothing was reached is then no complaint. */
  async away(run) {
    const before = this.complaints.length;
    await run();
    const other = this.complaints.splice(before).filter((text) => !text.includes("net::ERR_"));
    this.complaints.push(...other);
  }

  async open(page, path) {
    const answer = await page.goto(this.base + path, { waitUntil: "load" });
    must(answer.ok(), path + " answered " + answer.status());
  }

  /** Presses what sends a form, and waits for the page that follows. */
  async press(page, name) {
    this.done.presses += 1;
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name, exact: true }).click()]);
  }

  /** Types into a field, and counts it. */
  async type(page, label, text) {
    this.done.fields += 1;
    await page.getByLabel(label).fill(text);
  }

  /** Presses something that opens no page, and counts it. */
  async click(place) {
    this.done.presses += 1;
    await place.click();
  }

  /** Follows a link, waits for its page, and counts the press. */
  async follow(page, name) {
    this.done.presses += 1;
    await Promise.all([page.waitForEvent("load"), page.getByRole("link", { name }).click()]);
  }

  /** What is no part of the flow that is counted. */
  async uncounted(run) {
    const before = { ...this.done };
    await run();
    this.done = before;
  }

  /** What a person did since the last call. */
  took() {
    const took = this.done;
    this.done = { presses: 0, fields: 0 };
    return took;
  }

  /** The same; a browser without script signs in for each act on the page that comes between, and types there once more what no page keeps. */
  async act(page, name, again = {}) {
    await this.press(page, name);
    if (!(await page.getByRole("heading", { name: "Sign in for this action" }).count())) return;
    for (const [label, text] of Object.entries(again)) await page.getByLabel(label, { exact: true }).fill(text);
    await page.getByLabel("Your password").fill(this.ready.people[0].password);
    await page.getByLabel("The six digits").fill(await this.app.code());
    await this.press(page, "Confirm and send");
  }

  /** Gives the browser that a typed code activated its role, from a confirmed one. */
  async confirm(page) {
    await this.open(page, "/devices");
    const row = page.locator("tr", { hasText: "until a passkey" });
    await row.locator("summary", { hasText: "Change" }).click();
    await row.getByLabel(/^What /).selectOption("administer");
    await Promise.all([page.waitForEvent("load"), row.getByRole("button", { name: "Set" }).click()]);
    await this.says(page, "Role changed");
  }

  async says(page, text) {
    await page.locator("main").getByText(text).first().waitFor();
  }

  async signInByLink(page) {
    await page.goto(this.ask("link", this.ready.people[0].username).url);
    await this.press(page, "Sign in and trust this browser");
    await this.says(page, "You are signed in");
  }

  /** As a new browser has to: password, code, activation code. */
  async signInByPassword(page, app) {
    const person = this.ready.people[0];
    await this.open(page, "/sign-in");
    await page.getByLabel("User name").fill(person.username);
    await page.getByLabel("Password").fill(person.password);
    await this.press(page, "Continue");
    await page.getByLabel("The six digits").fill(await app.code());
    await this.press(page, "Continue");
    await this.says(page, "Activate this browser");
    await page.getByLabel("Activation code").fill(this.activationCode());
    await this.press(page, "Activate and sign in");
    await this.says(page, "You are signed in");
  }

  /** Previews and confirms an order; returns the path of its page. */
  async order(page, { side, symbol, quantity, kind = "Market", price, lasts }) {
    await this.open(page, "/ticket");
    await page.getByLabel(side, { exact: true }).check();
    await page.getByLabel("Symbol").fill(symbol);
    await page.getByLabel("Quantity").fill(String(quantity));
    await page.getByLabel("Kind").selectOption({ label: kind });
    if (price) await page.getByLabel("Limit price").fill(price);
    if (lasts) await page.getByLabel("Good for").selectOption({ label: lasts });
    await this.press(page, "Preview");
    await this.says(page, "Confirm this order");
    await this.act(page, `Send the ${side.toLowerCase()} order`);
    await this.says(page, "Order accepted");
    return new URL(page.url()).pathname;
  }
}
