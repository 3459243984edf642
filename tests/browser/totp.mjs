// Codes of an authenticator app (RFC 6238), from the otpauth address that the server gave. Each step is used once, as the
// server demands.
import { createHmac } from "node:crypto";

const STEP = 30;

function bytes(base32) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of base32.toUpperCase().replace(/[=\s]/g, "")) bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

function codeOf(key, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const sum = createHmac("sha1", key).update(counter).digest();
  const at = sum[19] & 15;
  return String((sum.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, "0");
}

export class App {
  constructor(uri) {
    this.key = bytes(new URL(uri).searchParams.get("secret"));
    this.used = 0;
    /** How far the server's clock is ahead of this one, in seconds: the app's owner lives in its time. */
    this.ahead = 0;
  }

  step() {
    return Math.floor((Date.now() / 1000 + this.ahead) / STEP);
  }

  /** A code that was not used yet; waits for the next step where the last one went. */
  async code() {
    let now = this.step();
    const step = Math.max(this.used + 1, now);
    while (step > now + 1) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      now = this.step();
    }
    this.used = step;
    return codeOf(this.key, step);
  }
}
