"""Measures what a long past costs at a connection: ib_async's sync with an account that has many executions of
earlier days, against one that has none, turn by turn, with the client id that placed the orders and with new ones. Not a
test: it prints the medians, their ratio, and the ratio of two empty accounts.

    python long_past.py --floorpass ../../target/release/floorpass --faketime /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import ib_async

AT_ONCE = 40


class Demo:
    """A running demo in a folder of its own; `past` is how long ago its clock says it is."""

    def __init__(self, program, folder, faketime=None, past=None):
        self.ready = folder / "ready.json"
        self.ready.unlink(missing_ok=True)
        more = {"LD_PRELOAD": faketime, "FAKETIME": past} if past else {}
        command = [program, "demo", "--free-ports", "--data", str(folder / "data"), "--ready-file", str(self.ready)]
        self.process = subprocess.Popen(command, env=os.environ | more, stdout=subprocess.DEVNULL)
        while not self.ready.is_file():
            if self.process.poll() is not None:
                raise SystemExit("the demo ended before it was ready")
            time.sleep(0.1)
        facts = json.loads(self.ready.read_text())
        self.address = next((s["host"], s["port"]) for s in facts["sockets"] if s["name"] == "trading")
        self.portal = facts["portal"]

    def catch_up(self):
        """Waits until the markets have passed the time that it was off: meanwhile every answer takes longer."""
        while True:
            try:
                return urllib.request.urlopen(self.portal.rstrip("/") + "/healthz").close()
            except urllib.error.HTTPError:
                time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def trade(demo, executions):
    """Buys and sells one share in turn; returns how many orders were filled."""
    ib = ib_async.IB()
    ib.client.MaxRequests = 0
    ib.connect(*demo.address, clientId=1, timeout=20)
    stock = ib_async.Stock("KO", "SMART", "USD")
    ib.qualifyContracts(stock)
    open_orders, filled, sent = [], 0, 0
    while filled < executions:
        while len(open_orders) < AT_ONCE and sent < executions:
            open_orders.append(ib.placeOrder(stock, ib_async.MarketOrder(("BUY", "SELL")[sent % 2], 1)))
            sent += 1
        ib.sleep(0.01)
        done = [order for order in open_orders if order.isDone()]
        filled += len(done)
        if any(order.orderStatus.status != "Filled" for order in done):
            raise SystemExit(f"an order was not filled: {done[0].log}")
        open_orders = [order for order in open_orders if not order.isDone()]
    ib.disconnect()
    return filled


def seconds(demo, client_id):
    ib = ib_async.IB()
    started = time.monotonic()
    ib.connect(*demo.address, clientId=client_id, timeout=30)
    took = time.monotonic() - started
    ib.disconnect()
    return took, len(ib.fills())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--floorpass", required=True)
    parser.add_argument("--faketime", required=True, help="libfaketimeMT.so.1: the executions are made two days ago")
    parser.add_argument("--executions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="floorpass-past-") as name:
        folders = {kind: Path(name) / kind for kind in ("long past", "empty", "empty again")}
        for folder in folders.values():
            folder.mkdir()
        started = time.monotonic()
        past = Demo(args.floorpass, folders["long past"], args.faketime, "-2d")
        print(f"{trade(past, args.executions)} orders filled two days ago, in {time.monotonic() - started:.0f} s", flush=True)
        past.stop()
        demos = {kind: Demo(args.floorpass, folder) for kind, folder in folders.items()}
        took = {(ids, kind): [] for ids in ("own id", "new id") for kind in demos}
        try:
            for demo in demos.values():
                demo.catch_up()
            for turn in range(args.rounds):
                for (ids, kind), times in took.items():
                    time_taken, fills = seconds(demos[kind], 1 if ids == "own id" else 100 + turn)
                    time.sleep(0.3)  # until the place of this connection is free again
                    times.append(time_taken)
                    if fills:
                        raise SystemExit(f"{kind}: {fills} executions came, of earlier days")
        finally:
            for demo in demos.values():
                demo.stop()
    median = {which: statistics.median(times) for which, times in took.items()}
    for (ids, kind), value in median.items():
        longest = max(took[ids, kind]) * 1000
        print(f"{ids}, {kind}: median {value * 1000:.1f} ms, longest {longest:.1f} ms of {args.rounds}")
    for ids in ("own id", "new id"):
        empty = median[ids, "empty"]
        ratio, null = median[ids, "long past"] / empty, median[ids, "empty again"] / empty
        print(f"{ids}: long past / empty {ratio:.2f}, empty again / empty {null:.2f}")


if __name__ == "__main__":
    main()
