#!/bin/sh
# The npm package @stoqey/ib 1.6.10 drops other positions together with the one that was closed.
#
# `IBApiNext.getPositions` and `IBApiNext.getAccountUpdates` keep a list of an account's positions and send all of
# it with every change. When a position goes to zero, it is taken out with `splice(index)`, which without a count
# removes the rest of the list as well. Of four positions, closing the second leaves the first; the third and the
# fourth are still held, and are missing until something trades in them. Nothing is logged, and `removed` names only
# the closed one. Closing the last of the list works, which is the control below.
#
# Needs Node.js 18 or later. Exit code 0: it still behaves this way. 1: it no longer does. Anything else: it could
# not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts '@stoqey/ib@1.6.10' || exit 2
cat > positions.mjs <<'END_OF_SCRIPT'
import { createRequire } from "node:module";
import net from "node:net";
import { IBApiNext } from "@stoqey/ib";

const ACCOUNT = "DU0000000";
const HELD = [["AAPL", 1, 100], ["MSFT", 2, 50], ["NVDA", 3, 20], ["TSLA", 4, 10]];
const version = createRequire(import.meta.url)("@stoqey/ib/package.json").version;

/** A TWS with server version 176, as far as this needs one: four positions, of which `closed` then goes to zero. */
function serve(closed) {
  return net.createServer((stream) => {
    let bytes = Buffer.alloc(0);
    let greeted = false;
    const send = (...fields) => {
      const body = Buffer.from(fields.map((field) => `${field}\0`).join(""));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(body.length);
      stream.write(Buffer.concat([length, body]));
    };
    const position = (symbol, id, held) =>
      send(61, 3, ACCOUNT, id, symbol, "STK", "", 0, "", "", "NASDAQ", "USD", symbol, "NMS", held, 10);
    const portfolio = (symbol, id, held) =>
      send(7, 8, id, symbol, "STK", "", 0, "", "", "NASDAQ", "USD", symbol, "NMS", held, 10, held * 10, 10, 0, 0,
        ACCOUNT);
    const report = (one, ...end) => {
      HELD.forEach((held) => one(...held));
      send(...end);
      HELD.filter(([symbol]) => symbol === closed).forEach(([symbol, id]) => one(symbol, id, 0));
    };
    stream.on("error", () => {});
    stream.on("data", (data) => {
      bytes = Buffer.concat([bytes, data]);
      if (!greeted && bytes.length >= 4) [greeted, bytes] = [true, bytes.subarray(4)]; // "API" and a zero
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
        const end = 4 + bytes.readUInt32BE(0);
        const fields = bytes.subarray(4, end).toString().split("\0");
        bytes = bytes.subarray(end);
        if (fields[0].startsWith("v")) send(176, "20261127 12:00:00 UTC");
        else if (fields[0] === "71") send(15, 1, ACCOUNT), send(9, 1, 1); // startApi
        else if (fields[0] === "61") report(position, 62, 1); // reqPositions
        else if (fields[0] === "6" && fields[2] === "1") report(portfolio, 54, 1, ACCOUNT); // reqAccountUpdates
      }
    });
  });
}

/** The symbols that are left, and those named as removed, after `closed` has gone to zero. */
async function after(closed, subscribe, listOf) {
  const server = serve(closed);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const api = new IBApiNext({ host: "127.0.0.1", port: server.address().port });
  api.connect(1);
  const seen = await new Promise((resolve, reject) => {
    subscribe(api).subscribe({
      next: ({ all, removed }) => {
        const symbols = (update) => listOf(update).get(ACCOUNT).map(({ contract }) => contract.symbol).join(" ");
        if (removed) resolve([symbols(all), symbols(removed)]);
      },
      error: reject,
    });
  });
  api.disconnect();
  server.close();
  return seen;
}

const kinds = {
  getPositions: [(api) => api.getPositions(), (update) => update],
  getAccountUpdates: [(api) => api.getAccountUpdates(ACCOUNT), (update) => update.portfolio],
};
const seen = [];
setTimeout(() => process.exit(2), 60_000).unref();
console.log(`@stoqey/ib ${version}, positions in ${HELD.map(([symbol]) => symbol).join(" ")}`);
for (const [name, kind] of Object.entries(kinds)) {
  for (const closed of ["TSLA", "MSFT"]) {
    const [left, removed] = await after(closed, ...kind);
    console.log(`${name}: ${closed} goes to zero; removed: ${removed}; left: ${left}`);
    seen.push(left, removed);
  }
}
const once = ["AAPL MSFT NVDA", "TSLA", "AAPL", "MSFT"]; // after TSLA, the control, and after MSFT
process.exit(JSON.stringify(seen) === JSON.stringify([...once, ...once]) ? 0 : 10);
END_OF_SCRIPT
status=0
node positions.mjs || status=$?
case $status in
0) echo "As described: closing one position drops those behind it in the list." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) [ $status -ne 1 ] || status=2; echo "It could not be run (exit code $status)." ;;
esac
exit $status
