// Runs the flows of @stoqey/ib, or the one that is named: 0 when every check holds.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { Checks, Server } from "./desk.mjs";
import { flows as others } from "./flows.mjs";
import { productFlows } from "./products.mjs";

const { values } = parseArgs({
  options: {
    list: { type: "boolean" },
    "ready-file": { type: "string" },
    one: { type: "string" },
    floorpass: { type: "string", default: "floorpass" },
    products: { type: "string", default: new URL("../products.json", import.meta.url).pathname },
    "client-id": { type: "string", default: "700" },
  },
});

const flows = { ...others, ...productFlows(JSON.parse(readFileSync(values.products, "utf8"))) };

if (values.list) {
  console.log(Object.keys(flows).join("\n"));
  process.exit(0);
}

const ready = JSON.parse(readFileSync(values["ready-file"], "utf8"));
const server = new Server(ready, values.floorpass);

let failed = 0;
for (const [at, name] of Object.keys(flows).entries()) {
  if (values.one && values.one !== name) continue;
  const checks = new Checks();
  try {
    await flows[name](server, checks, Number(values["client-id"]) + at);
    checks.that("the flow makes checks", checks.made > 0);
  } catch (error) {
    checks.failed.push(`exception: ${error.stack}`);
  }
  for (const text of checks.failed) console.log(`  not so: ${text}`);
  if (!values.one) console.log(`${checks.failed.length ? "FAILED" : "ok"} ${name}`);
  failed += checks.failed.length ? 1 : 0;
}
process.exit(failed ? 1 : 0);
