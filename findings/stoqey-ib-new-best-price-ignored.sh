#!/bin/sh
# The npm package @stoqey/ib 1.6.10 leaves a new best price out of its order book.
#
# TWS describes a book by rows: an insert pushes the row at its position and all below it down by one, a delete pulls
# the rows below up. `IBApiNext.getMarketDepth` keeps the rows in a Map under their positions. Its insert puts the new
# row in front of the old one, both under the same key, and the old one, written last, wins: the new price never
# appears, and no row moves. A delete leaves a hole instead of pulling the rest up. So a better bid is not seen at
# all, and when it is taken away again, the bid below it goes with it. The event that carries `added` has the right
# row; only the book `all` is wrong. Inserts at the end of the book, as in its first picture, are the control below.
#
# Needs Node.js 18 or later. Exit code 0: it still behaves this way. 1: it no longer does. Anything else: it could
# not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts '@stoqey/ib@1.6.10' || exit 2
cat > book.mjs <<'END_OF_SCRIPT'
import { createRequire } from "node:module";
import net from "node:net";
import { IBApiNext, SecType } from "@stoqey/ib";

const [INSERT, DELETE, BID] = [0, 2, 1];
const UPDATES = [ // operation, position, price, size; and the bids as they are after it
  [INSERT, 0, 100, 5, "100"],
  [INSERT, 1, 99, 5, "100 99"], // up to here the control
  [INSERT, 0, 101, 7, "101 100 99"],
  [DELETE, 0, 0, 0, "100 99"],
];
const version = createRequire(import.meta.url)("@stoqey/ib/package.json").version;

/** A TWS with server version 176, as far as this needs one. */
const server = net.createServer((stream) => {
  let bytes = Buffer.alloc(0);
  let greeted = false;
  const send = (...fields) => {
    const body = Buffer.from(fields.map((field) => `${field}\0`).join(""));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    stream.write(Buffer.concat([length, body]));
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
      else if (fields[0] === "71") send(15, 1, "DU0000000"), send(9, 1, 1); // startApi
      else if (fields[0] === "10") { // reqMktDepth
        for (const [operation, position, price, size] of UPDATES) {
          send(12, 1, fields[2], position, operation, BID, price, size);
        }
      }
    }
  });
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const api = new IBApiNext({ host: "127.0.0.1", port: server.address().port });
api.connect(1);
setTimeout(() => process.exit(2), 60_000).unref();
const stock = { conId: 1, symbol: "AAPL", secType: SecType.STK, exchange: "NASDAQ", currency: "USD" };
const books = [];
await new Promise((resolve, reject) => {
  api.getMarketDepth(stock, 5, false).subscribe({
    next: ({ all }) => {
      books.push([...all.bids.values()].map(({ price }) => price).join(" "));
      if (books.length === UPDATES.length) resolve();
    },
    error: reject,
  });
});
console.log(`@stoqey/ib ${version}, bids from the best down`);
UPDATES.forEach(([operation, position, price, size, right], at) => {
  const what = operation === INSERT ? `insert ${size} at ${price} as row ${position}` : `delete row ${position}`;
  console.log(`${what}: the book has ${books[at]} (right: ${right})`);
});
process.exit(JSON.stringify(books) === JSON.stringify(["100", "100 99", "100 99", "99"]) ? 0 : 10);
END_OF_SCRIPT
status=0
node book.mjs || status=$?
case $status in
0) echo "As described: the better bid is not in the book, and its removal takes the next one away." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) [ $status -ne 1 ] || status=2; echo "It could not be run (exit code $status)." ;;
esac
exit $status
