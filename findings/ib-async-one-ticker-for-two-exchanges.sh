#!/bin/sh
# ib_async 2.1.0 writes the quotes of two exchanges into the same ticker.
#
# A contract of TWS keeps its number on every exchange, so a program that compares SMART with a single exchange asks
# for two contracts that differ only in `exchange`. ib_async finds a ticker by that number: the second `reqMktData`
# returns the ticker of the first, and the two streams overwrite each other's bid and ask in it. Its `contract` still
# names the first exchange. Cancelling the first contract then cancels the stream of the second, and the stream of
# the first can no longer be cancelled: it continues, and holds a market data line.
#
# Needs Python 3.10 or later. Exit code 0: it still behaves this way. 1: it no longer does. Anything else: it could
# not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ib_async==2.1.0' || exit 2
cat > "$folder/ticker.py" <<'END_OF_PYTHON'
import asyncio, logging, struct
from importlib.metadata import version

from ib_async import IB, StartupFetchNONE, Stock

QUOTES = {"SMART": (150.00, 150.01), "IEX": (149.50, 150.50)}
cancelled = []


async def serve(reader, writer):
    """A TWS with server version 176, as far as this needs one: one quote for each subscription."""

    def send(*fields):
        body = b"".join(str(field).encode() + b"\0" for field in fields)
        writer.write(struct.pack(">I", len(body)) + body)

    async def read():
        return (await reader.readexactly(struct.unpack(">I", await reader.readexactly(4))[0])).decode().split("\0")

    await reader.readexactly(4)  # "API" and a zero
    await read()  # the versions it speaks
    send(176, "20261127 12:00:00 UTC")
    streams = {}
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
        elif fields[0] == "1":  # reqMktData: a bid and an ask, 100 shares each
            streams[fields[2]] = fields[10]
            for kind, price in zip((1, 2), QUOTES[fields[10]]):
                send(1, 6, fields[2], kind, price, 100, 0)
        elif fields[0] == "2":  # cancelMktData
            cancelled.append(streams[fields[2]])


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    ib, port = IB(), server.sockets[0].getsockname()[1]
    await ib.connectAsync("127.0.0.1", port, clientId=1, fetchFields=StartupFetchNONE)
    smart, iex = (Stock("AAPL", exchange, "USD", conId=265598) for exchange in QUOTES)
    of_smart = ib.reqMktData(smart)
    await of_smart.updateEvent
    alone = of_smart.bid, of_smart.ask
    of_iex = ib.reqMktData(iex)
    await of_iex.updateEvent
    both = of_smart.bid, of_smart.ask
    results = [ib.cancelMktData(smart), ib.cancelMktData(iex)]
    while not cancelled:
        await asyncio.sleep(0.05)
    print(f"SMART alone: {alone}")
    print(f"after IEX was asked for as well: SMART {both}, IEX {(of_iex.bid, of_iex.ask)}")
    print(f"one ticker: {of_smart is of_iex}, for {of_iex.contract.exchange}")
    print(f"cancelMktData for SMART and for IEX return {results}; the server saw these cancelled: {cancelled}")
    same, named = of_smart is of_iex, of_iex.contract.exchange
    ib.disconnect()
    return alone, both, same, named, results, cancelled


logging.disable()
print("ib_async", version("ib_async"))
seen = asyncio.run(asyncio.wait_for(main(), 60))
expected = (QUOTES["SMART"], QUOTES["IEX"], True, "SMART", [True, False], ["IEX"])
raise SystemExit(0 if seen == expected else 10)
END_OF_PYTHON
status=0
"$folder/venv/bin/python" "$folder/ticker.py" || status=$?
case $status in
0) echo "As described: the two exchanges share a ticker, and cancelling one cancels the other." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) [ $status -ne 1 ] || status=2; echo "It could not be run (exit code $status)." ;;
esac
exit $status
