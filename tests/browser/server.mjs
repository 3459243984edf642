// A demo of its own, and the way to it: a forwarder, by which browsers come from another address or lose their
// connections as in a sleep.
import { spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const pause = (span) => new Promise((resolve) => setTimeout(resolve, span));

/** Debian keeps the library in a folder named after the machine. */
function faketime() {
  const machines = fs.readdirSync("/usr/lib").map((machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`);
  const found = machines.find((file) => fs.existsSync(file));
  if (!found) throw new Error("this test needs libfaketime (Debian: faketime)");
  return found;
}

export class Server {
  /** `how` is what makes it more than a demo on loopback by plain HTTP. */
  constructor(floorpass, how = ["--https"]) {
    this.floorpass = floorpass;
    this.how = how;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "floorpass-whole-"));
    this.data = path.join(this.folder, "data");
  }

  /** Starts it; its clock is `ahead` seconds ahead of ours, and its market first lives through them. */
  async start(ahead = 0) {
    const file = path.join(this.folder, "ready.json");
    fs.rmSync(file, { force: true });
    const ports = this.port ? ["--portal-port", String(this.port), ...this.sockets] : ["--free-ports"];
    const env = { ...process.env };
    if (ahead) Object.assign(env, { LD_PRELOAD: faketime(), FAKETIME: `+${ahead}s`, FAKETIME_DONT_FAKE_MONOTONIC: "1" });
    const args = ["demo", ...this.how, ...ports, "--data", this.data, "--ready-file", file];
    const log = path.join(this.folder, "log");
    this.child = spawn(this.floorpass, args, { env, stdio: ["ignore", "ignore", fs.openSync(log, "w")] });
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
    for (let tries = 0; !fs.existsSync(file); tries += 1) {
      if (tries > 1800 || this.child.exitCode !== null) throw new Error("the demo did not start: " + fs.readFileSync(log, "utf8"));
      await pause(100);
    }
    const ready = JSON.parse(fs.readFileSync(file, "utf8"));
    this.ready = { ...ready, people: ready.people?.length ? ready.people : this.ready?.people };
    this.port = Number(new URL(ready.portal).port);
    const port = (name) => String(ready.sockets.find((socket) => socket.name === name).port);
    this.sockets = ["trading", "read-only", "narrow"].flatMap((name) => [`--${name}-port`, port(name)]);
  }

  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
  }

  /** The mails that it wrote, in order, each as one text without line breaks of its own. */
  mails() {
    const folder = path.join(this.data, "mail");
    const read = (file) => fs.readFileSync(path.join(folder, file), "utf8").replace(/=\r?\n/g, "");
    return fs.existsSync(folder) ? fs.readdirSync(folder).sort().map(read) : [];
  }

  /** Flags by which a browser takes this server's certificate, reaches it through a port, and binds to hardware in software. */
  flags(port) {
    const folder = path.join(this.data, "tls");
    const pem = fs.readFileSync(path.join(folder, "localhost.pem"));
    const key = new crypto.X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
    return [
      "--ignore-certificate-errors-spki-list=" + crypto.createHash("sha256").update(key).digest("base64"),
      "--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting",
      `--host-resolver-rules=MAP localhost:${this.port} 127.0.0.1:${port}`,
    ];
  }

  clean() {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Forwarder {
  constructor(to) {
    this.to = to;
    this.from = "127.0.0.1";
    this.open = new Set();
    this.server = net.createServer((client) => this.take(client));
  }

  take(client) {
    const server = net.connect({ host: "127.0.0.1", port: this.to, localAddress: this.from });
    for (const [one, other] of [[client, server], [server, client]]) {
      this.open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => { this.open.delete(one); other.destroy(); });
      one.pipe(other);
    }
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this.server.address().port;
  }

  /** All connections are gone, and the next ones come from this address. */
  move(from) {
    this.from = from;
    for (const one of this.open) one.destroy();
  }

  stop() {
    this.server.close();
    this.move(this.from);
  }
}
