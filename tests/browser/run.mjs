// The portal in a real browser, against a running demo.
//
//   node run.mjs --ready-file FILE --floorpass BIN [--chromium BIN] [--shots DIR] [--only TEXT]
//
// FILE is what `floorpass demo --ready-file FILE` wrote, at a start that made the folder. Flows stand on those before them; with
// --only those alone are run whose name holds TEXT. Prints one line a flow and ends
// with "N passed, N failed". With --shots there are pictures of the pages, and of whatever was open when a flow failed.
import fs from "node:fs";
import { parseArgs } from "node:util";
import { accounts } from "./account.mjs";
import { apps } from "./app.mjs";
import { flows } from "./flow.mjs";
import { Lan } from "./lan.mjs";
import { locks } from "./lock.mjs";
import { looks } from "./look.mjs";
import { markets } from "./market.mjs";
import { messages } from "./message.mjs";
import { Portal, within } from "./portal.mjs";
import { Server } from "./server.mjs";
import { sessions } from "./session.mjs";
import { tasks } from "./task.mjs";
import { App } from "./totp.mjs";
import { Whole } from "./whole.mjs";

const { values: options } = parseArgs({
  options: {
    "ready-file": { type: "string" }, floorpass: { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" }, shots: { type: "string" }, only: { type: "string", default: "" },
  },
});
if (!options["ready-file"] || !options.floorpass) {
  console.error("usage: node run.mjs --ready-file FILE --floorpass BIN [--chromium BIN] [--shots DIR] [--only TEXT]");
  process.exit(2);
}
const ready = JSON.parse(fs.readFileSync(options["ready-file"], "utf8"));
if (!ready.people?.length) {
  console.error("the ready file names nobody: start the demo on a new folder, for only then are its secrets told");
  process.exit(2);
}
if (options.shots) fs.mkdirSync(options.shots, { recursive: true });

/** The longest flow waits for three codes of an app. */
const LONGEST = 300;
let passed = 0, failed = 0;
const play = async (portal, all) => { for (const [name, flow] of all) {
  if (!name.includes(options.only)) continue;
  const before = portal.complaints.length, began = Date.now();
  try {
    await within(LONGEST, "the flow", flow());
    const complaints = portal.complaints.slice(before);
    if (complaints.length) throw new Error("the browser complained: " + complaints.join("; "));
    passed += 1;
    console.log(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log("FAILED  " + name + ": " + error.message.split("\n").slice(0, 6).join("\n        "));
    await portal.picture("failed-" + name);
  }
} };

async function plain() {
  const portal = new Portal(options, ready);
  await portal.start();
  try {
    await play(portal, [...flows(portal, new App(ready.people[0].totp_uri)), ...messages(portal), ...markets(portal), ...sessions(portal), ...apps(portal), ...looks(portal), ...locks(portal)]);
  } finally {
    await portal.stop();
  }
}

/** The flows whose names begin with `head`, on a server of their own that knows nobody's passkey, phone or mail address yet. */
async function alone(head, flowsOf) {
  if (options.only && !options.only.startsWith(head)) return;
  const server = new Server(options.floorpass, []);
  await server.start();
  const portal = new Portal(options, server.ready);
  portal.app = new App(server.ready.people[0].totp_uri);
  await portal.start();
  try {
    await play(portal, flowsOf(portal));
  } finally {
    await portal.stop();
    await server.stop();
    server.clean();
  }
}

/** What a new person comes to do. */
const fresh = () => alone("task", tasks);

/** A person with two accounts; these flows stand on each other. */
const twoAccounts = () => alone("two_accounts", accounts);

/** On https, with sessions bound to hardware, on a server of its own; these flows stand on each other. */
async function onHttps() {
  if (options.only && options.only !== "whole") return;
  const whole = await Whole.start(options);
  try {
    await play(whole.portal, whole.flows());
    whole.tell();
  } finally {
    await whole.stop();
  }
}

/** Open to the network, on a server of its own; these flows stand on each other. */
async function onLan() {
  if (options.only && !options.only.startsWith("lan")) return;
  const lan = await Lan.start(options);
  try {
    await play(lan.portal, lan.flows());
  } finally {
    await lan.stop();
  }
}

// The first waits for codes of an app most of the time, since each counts once in its 30 seconds; the other goes on meanwhile.
for (const ended of await Promise.allSettled([plain(), fresh(), twoAccounts(), onHttps(), onLan()])) {
  if (ended.status === "fulfilled") continue;
  failed += 1;
  console.log("FAILED  " + (ended.reason.stack ?? ended.reason));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
