// One connection of @stoqey/ib that keeps what it was sent, and checks that are counted.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

import stoqey from "@stoqey/ib";

export const { EventName, IBApi } = stoqey;

const PAUSE = 20;

export class Checks {
  made = 0;
  failed = [];

  that(what, holds, seen = "") {
    this.made += 1;
    if (!holds) this.failed.push(`${what} (seen: ${JSON.stringify(seen)})`);
    return Boolean(holds);
  }
}

// The server as its ready file describes it, and as its own command line does.
export class Server {
  constructor(ready, program) {
    this.account = ready.account;
    this.sockets = Object.fromEntries(ready.sockets.map((socket) => [socket.name, socket]));
    // Positions are of one account, and others may have been opened beside it.
    const on = (command) => (command === "positions" ? ["--account", ready.account] : []);
    this.says = (command) =>
      JSON.parse(execFileSync(program, ["--json", "--data", ready.data, command, ...on(command)], { encoding: "utf8" }));
  }

  // Moves its clock on, over the end of the trading day: two minutes ahead in the server of `evening` (run.py).
  endsTheDay() {
    const clock = process.env.FLOORPASS_CLOCK;
    writeFileSync(clock, `+${Number(readFileSync(clock, "utf8")) + 121}`);
  }

  // The rows about one order, by its permanent id.
  about(command, order) {
    return this.says(command).filter((row) => row.order === order);
  }

  state(order) {
    return this.about("orders", order)[0]?.state ?? "absent";
  }

  held(symbol) {
    return this.says("positions").positions.find((row) => row.symbol === symbol)?.quantity ?? 0;
  }
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export async function until(condition, seconds = 10) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (condition()) return true;
    await sleep(PAUSE);
  }
  return Boolean(condition());
}

export class Desk {
  kept = new Map();
  requests = 5000;

  constructor(socket, clientId) {
    this.api = new IBApi({ host: socket.host, port: socket.port, clientId });
    for (const name of Object.values(EventName)) {
      if (["all", "received", "sent", "result"].includes(name)) continue;
      this.api.on(name, (...values) => this.keep(name, values));
    }
  }

  keep(name, values) {
    if (!this.kept.has(name)) this.kept.set(name, []);
    this.kept.get(name).push(values);
  }

  seen(name) {
    return this.kept.get(name) ?? [];
  }

  of(name, id) {
    return this.seen(name).filter((values) => values[0] === id);
  }

  // Errors with their code and id: those of no request come as `info`.
  errors(id) {
    return this.seen("error")
      .map(([error, code, request]) => [request, code, error.message])
      .filter(([request]) => id === undefined || request === id);
  }

  async connect() {
    this.api.connect();
    await until(() => this.seen("nextValidId").length > 0);
    this.next = this.seen("nextValidId")[0]?.[0];
    return this;
  }

  close() {
    this.api.disconnect();
  }

  request() {
    this.requests += 1;
    return this.requests;
  }

  place(contract, order) {
    const id = this.next;
    this.next += 1;
    this.api.placeOrder(id, contract, { tif: "DAY", transmit: true, ...order, orderId: id });
    return id;
  }

  status(id) {
    return this.of("orderStatus", id).at(-1)?.[1];
  }

  // The id that the order keeps over connections: the server's own number.
  permanent(id) {
    return this.of("openOrder", id).at(-1)?.[2]?.permId;
  }

  isWorking(id) {
    return ["PreSubmitted", "Submitted"].includes(this.status(id));
  }

  async cancel(id) {
    this.api.cancelOrder(id, "");
    return until(() => this.status(id) === "Cancelled");
  }
}

export const stock = (symbol = "AAPL") => ({
  symbol,
  secType: "STK",
  exchange: "SMART",
  currency: "USD",
});

export async function at(server, name, cid, work) {
  const desk = await new Desk(server.sockets[name], cid).connect();
  try {
    await work(desk);
  } finally {
    desk.close();
  }
}

export const isNumber = (value) => typeof value === "number" && Math.abs(value) < 1e15;
