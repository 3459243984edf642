// A demo that is open to the network: a phone loads the page on how to trust it, trusts what it found there, and is added
// under the address that the demo printed. Each flow builds on those before it.
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { look } from "./look.mjs";
import { must, Portal } from "./portal.mjs";
import { Server } from "./server.mjs";

/** This machine's address on its network; where it is on none, another of its own than the one of localhost. */
function address() {
  const all = Object.values(os.networkInterfaces()).flat();
  const found = all.find((one) => one.family === "IPv4" && !one.internal);
  return found?.address ?? "127.0.0.2";
}

/** Whether a client that trusts these authorities alone (none: the system's) would talk to a host. */
const accepts = (url, ca) => new Promise((resolve) => {
  const socket = tls.connect({ host: url.hostname, port: Number(url.port), ca, ALPNProtocols: ["http/1.1"] });
  socket.once("secureConnect", () => { resolve(socket.authorized); socket.destroy(); });
  socket.once("error", () => resolve(false));
});

/** How a browser comes to trust an authority: as its person does, in the browser's own store, where the program for that is
    installed (Debian: libnss3-tools); else it is told to take the server's key, which was verified against the authority before. */
function trusting(folder, authority, server) {
  const file = path.join(folder, "authority.crt"), store = path.join(folder, ".pki", "nssdb");
  fs.writeFileSync(file, authority);
  try {
    fs.mkdirSync(store, { recursive: true });
    execFileSync("certutil", ["-d", "sql:" + store, "-N", "--empty-password"]);
    execFileSync("certutil", ["-d", "sql:" + store, "-A", "-t", "C,,", "-n", "floorpass-demo", "-i", file]);
    return { env: { ...process.env, HOME: folder } };
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    console.log("        certutil is not installed: the browser is told which key to take");
    const pem = fs.readFileSync(path.join(server.data, "tls", "lan.pem"));
    const key = new crypto.X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
    return { flags: ["--ignore-certificate-errors-spki-list=" + crypto.createHash("sha256").update(key).digest("base64")] };
  }
}

export class Lan {
  static async start(options) {
    const lan = new Lan();
    lan.server = new Server(options.floorpass, ["--lan=" + address()]);
    await lan.server.start();
    lan.portal = new Portal(options, lan.server.ready);
    await lan.portal.start();
    lan.phones = new Portal(options, lan.server.ready);
    lan.phones.complaints = lan.portal.complaints;
    lan.phones.base = lan.server.ready.lan.portal;
    return lan;
  }

  async stop() {
    await this.portal.stop();
    await this.phones.stop();
    await this.server.stop();
    this.server.clean();
  }

  /** A new browser with the size of a phone; only the one that trusts nothing goes on past a warning. */
  async visitor(portal, past = false) {
    const context = await portal.browser.newContext({ viewport: { width: 390, height: 844 }, ignoreHTTPSErrors: past });
    return portal.watch(await context.newPage(), true);
  }

  flows() {
    const { portal, phones } = this, { lan } = portal.ready;
    return [
      ["lan_page_on_trust_gives_an_authority_that_vouches_for_the_server", async () => {
        const page = await this.visitor(portal);
        const answer = await page.goto(lan.trust);
        must(answer.ok(), "answered " + answer.status());
        for (const one of await page.locator("details").all()) await one.locator("summary").click();
        await look(portal, page, "lan-trust", "390-light");
        await page.emulateMedia({ colorScheme: "dark" });
        await page.setViewportSize({ width: 1280, height: 800 });
        await look(portal, page, "lan-trust", "1280-dark");
        const shown = (await page.locator(".once").textContent()).trim();
        const file = await page.getByRole("link", { name: /^Download Floorpass demo/ }).evaluate((one) => one.href);
        must(new URL(file).origin === new URL(lan.trust).origin, "the file is at " + file);
        const got = await fetch(file);
        must(got.headers.get("content-type") === "application/x-x509-ca-cert", "its type is " + got.headers.get("content-type"));
        this.authority = Buffer.from(await got.arrayBuffer());
        const read = new crypto.X509Certificate(this.authority);
        must(read.ca && read.fingerprint256 === shown, "the page shows " + shown + ", the file is " + read.fingerprint256);
        const url = new URL(lan.portal);
        must(await accepts(url, read.toString()), "the authority does not vouch for " + lan.portal);
        must(!(await accepts(url)), "the system trusts it already, so nothing is shown");
        // Nothing of the account goes over plain HTTP.
        for (const hidden of ["/sign-in", "/link/none", "/orders", "/healthz"]) {
          const answer = await fetch(new URL(hidden, lan.trust), { redirect: "manual" });
          must(answer.status === 404, hidden + " answered " + answer.status);
        }
        await portal.leave(page);
      }],
      ["lan_browser_that_does_not_trust_it_is_told_the_certificate_and_where_to_go", async () => {
        const page = await this.visitor(portal, true);
        const before = portal.complaints.length;
        await page.goto(lan.portal + "/sign-in");
        await portal.says(page, "does not trust this server's certificate");
        await look(portal, page, "lan-distrusted", "390-light");
        await portal.follow(page, "Trust it as described here");
        must(new URL(page.url()).pathname === "/trust", "at " + page.url());
        await portal.says(page, new crypto.X509Certificate(this.authority).fingerprint256);
        // The browser's own words about the worker that it did not load.
        const other = portal.complaints.splice(before).filter((text) => !text.includes("SSL certificate error"));
        portal.complaints.push(...other);
        await portal.leave(page);
      }],
      ["lan_phone_that_trusts_it_is_added_under_the_printed_address", async () => {
        const how = trusting(this.server.folder, this.authority, this.server);
        await phones.start(how.flags, how.env);
        this.owner = await portal.visitor();
        await portal.signInByLink(this.owner);
        await portal.open(this.owner, "/phone");
        await portal.press(this.owner, "Add a phone");
        await this.owner.getByText("First time on this phone?").click();
        await this.owner.locator(".once", { hasText: lan.trust }).waitFor();
        await look(portal, this.owner, "lan-phone-link", "1280-light");
        const link = (await this.owner.locator(".once", { hasText: "/link/" }).textContent()).trim();
        must(link.startsWith(lan.portal + "/link/"), "the link is " + link);
        this.phone = await this.visitor(phones);
        await this.phone.goto(link);
        await phones.press(this.phone, "Sign in and trust this browser");
        await phones.says(this.phone, "One step is left");
        const number = (await this.phone.locator(".match").textContent()).trim();
        await portal.open(this.owner, "/phone");
        await this.owner.getByLabel("The number that the phone shows").fill(number);
        await portal.press(this.owner, "It is my phone");
        await portal.says(this.owner, "now answers approvals");
        await phones.says(this.phone, "Nothing is waiting for you");
      }],
      ["lan_phone_answers_a_sign_in_at_this_computer", async () => {
        const person = portal.ready.people[0];
        const elsewhere = await portal.visitor();
        await portal.open(elsewhere, "/sign-in");
        await elsewhere.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
        await elsewhere.getByLabel("User name").fill(person.username);
        await elsewhere.getByLabel("Password").fill(person.password);
        await portal.press(elsewhere, "Continue");
        await portal.press(elsewhere, "Approve on my phone instead");
        const asked = (await elsewhere.locator(".match").textContent()).trim();
        await this.phone.getByLabel("The number on the page that asks").fill(asked);
        await phones.press(this.phone, "Yes, approve it");
        await portal.says(elsewhere, "You are signed in");
        await portal.leave(elsewhere);
      }],
      ["lan_session_under_an_address_is_bound_and_offers_no_passkey", async () => {
        const page = await this.visitor(phones);
        await phones.open(page, "/sign-in");
        await page.waitForFunction(() => navigator.serviceWorker.controller);
        must(!(await page.getByRole("button", { name: "Sign in with a passkey" }).isVisible()), "a passkey is offered for an address");
        await phones.open(this.phone, "/where");
        await phones.says(this.phone, "The session is bound to this browser by a key.");
        await phones.says(this.phone, lan.portal);
        await this.phone.locator("summary", { hasText: portal.ready.people[0].username }).click();
        await phones.press(this.phone, "Sign out");
        await phones.open(this.phone, "/where");
        await phones.says(this.phone, "not at this address");
        await this.phone.getByRole("link", { name: portal.base }).waitFor();
        for (const one of [page, this.phone]) await phones.leave(one);
        await portal.leave(this.owner);
      }],
    ];
  }
}
