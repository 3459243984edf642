#!/bin/sh
# ib_async 2.1.0 turns a negative price of a tick-by-tick quote into -1.
#
# Oil futures have traded below zero, and spreads between two months often do. For the quotes of
# `reqTickByTickData`, ib_async treats every price that is not positive as missing and writes its value for "no
# price" instead, which is -1. A bid of -37.63 and an ask of -37.00 are then both -1, the sizes are right, and there
# is no midpoint. `reqMktData` keeps the same quote as it is (the control below), and so does the list `tickByTicks`
# of that ticker.
#
# Needs Python 3.10 or later. Exit code 0: it still behaves this way. 1: it no longer does. Anything else: it could
# not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ib_async==2.1.0' || exit 2
cat > "$folder/negative.py" <<'END_OF_PYTHON'
import asyncio, struct
from importlib.metadata import version

from ib_async import IB, Future, StartupFetchNONE

BID, ASK, BIDS, ASKS = -37.63, -37.00, 5, 7


async def serve(reader, writer):
    """A TWS with server version 176, as far as this needs one: the same quote in both kinds of stream."""

    def send(*fields):
        body = b"".join(str(field).encode() + b"\0" for field in fields)
        writer.write(struct.pack(">I", len(body)) + body)

    async def read():
        return (await reader.readexactly(struct.unpack(">I", await reader.readexactly(4))[0])).decode().split("\0")

    await reader.readexactly(4)  # "API" and a zero
    await read()  # the versions it speaks
    send(176, "20200420 14:30:00 US/Eastern")
    while True:
        try:
            fields = await read()
        except asyncio.IncompleteReadError:
            return
        if fields[0] == "71":  # startApi: accounts and the next order id
            send(15, 1, "DU0000000")
            send(9, 1, 1)
        elif fields[0] == "61":  # reqPositions: none
            send(62, 1)
        elif fields[0] == "1":  # reqMktData
            send(1, 6, fields[2], 1, BID, BIDS, 0)
            send(1, 6, fields[2], 2, ASK, ASKS, 0)
        elif fields[0] == "97":  # reqTickByTickData
            send(99, fields[1], 3, 1587407400, BID, ASK, BIDS, ASKS, 0)


async def quote(port, subscribe):
    """Bid, ask, sizes and midpoint of the ticker after one quote, on a connection of its own."""
    ib = IB()
    await ib.connectAsync("127.0.0.1", port, clientId=1, fetchFields=StartupFetchNONE)
    ticker = subscribe(ib, Future("CL", "202005", "NYMEX", conId=1))
    await ticker.updateEvent
    seen = ticker.bid, ticker.ask, ticker.bidSize, ticker.askSize, str(ticker.midpoint())
    raw = [(tick.bidPrice, tick.askPrice) for tick in ticker.tickByTicks]
    ib.disconnect()
    return seen, raw


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    by_quote, _ = await quote(port, lambda ib, contract: ib.reqMktData(contract))
    by_tick, raw = await quote(port, lambda ib, contract: ib.reqTickByTickData(contract, "BidAsk"))
    print(f"reqMktData:        bid, ask, sizes and midpoint {by_quote}")
    print(f"reqTickByTickData: bid, ask, sizes and midpoint {by_tick}; its tickByTicks {raw}")
    return by_quote, by_tick, raw


print("ib_async", version("ib_async"))
seen = asyncio.run(asyncio.wait_for(main(), 60))
expected = (BID, ASK, BIDS, ASKS, str((BID + ASK) / 2)), (-1, -1, BIDS, ASKS, "nan"), [(BID, ASK)]
raise SystemExit(0 if seen == expected else 10)
END_OF_PYTHON
status=0
"$folder/venv/bin/python" "$folder/negative.py" || status=$?
case $status in
0) echo "As described: a negative bid and ask become -1 when they come tick by tick." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) [ $status -ne 1 ] || status=2; echo "It could not be run (exit code $status)." ;;
esac
exit $status
