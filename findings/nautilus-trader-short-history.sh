#!/bin/sh
# The Interactive Brokers adapter of nautilus_trader 1.231.0 asks for fewer bars than a strategy requests, and says
# nothing: 500 days become one year, 40 days one month, 10 days one week.
#
# A strategy's request carries a start and an end. The live data client turns their distance into one duration of
# TWS, in the largest unit that fits, rounded to the nearest whole number (`timedelta_to_duration_str`). When it
# rounds down, the oldest part is never asked for. The response still names the start that was requested, so
# indicators warm up on a history that lacks its beginning. The historical client of the same adapter splits the
# distance into years, days and seconds, and gets it all: it is the control below.
#
# Needs Python 3.12 to 3.14 (in the PATH, from pyenv, or named in FLOORPASS_PYTHON_312) and about 1 GB of temporary space.
# Exit code 0: it still behaves this way. 1: it no longer does. Anything else: it could not be run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=
for candidate in "${FLOORPASS_PYTHON_312:-}" python3.13 python3.12 python3.14 python3 \
    "$HOME"/.pyenv/versions/3.1[2-4]*/bin/python3; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info < (3, 15))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "No Python from 3.12 to 3.14 was found."; exit 2; }
"$python" -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'nautilus_trader[ib]==1.231.0' \
    'nautilus_ibapi==10.45.1' || exit 2
cat > "$folder/history.py" <<'END_OF_PYTHON'
import asyncio, datetime, socket, struct, threading
from importlib.metadata import version

import pandas as pd
from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.historical import HistoricInteractiveBrokersClient
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.data.messages import RequestBars
from nautilus_trader.model.data import BarType
from nautilus_trader.test_kit.providers import TestInstrumentProvider

DAYS = {"D": 1, "W": 7, "M": 30, "Y": 365}
asked = []


def serve(listener):
    """A TWS with server version 176, as far as this needs one: a daily bar for each day of the duration."""
    stream = listener.accept()[0].makefile("rwb")

    def send(*fields):
        body = b"".join(str(field).encode() + b"\0" for field in fields)
        stream.write(struct.pack(">I", len(body)) + body)
        stream.flush()

    def read():
        return stream.read(struct.unpack(">I", stream.read(4))[0]).decode().split("\0")

    stream.read(4)  # "API" and a zero
    read()  # the versions it speaks
    send(176, "20261127 12:00:00 UTC")
    while True:
        fields = read()
        if fields[0] == "71":  # startApi: accounts and the next order id
            send(15, 1, "DU0000000")
            send(9, 1, 1)
        elif fields[0] == "20":  # reqHistoricalData
            asked.append(fields[17])
            count, unit = fields[17].split()
            last = datetime.datetime.strptime(fields[15][:8], "%Y%m%d")
            days = [last - datetime.timedelta(back) for back in range(int(count) * DAYS[unit], 0, -1)]
            send(17, fields[1], "", "", len(days), *(v for d in days for v in (f"{d:%Y%m%d}", 10, 11, 9, 10, 5, 10, 1)))


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    historical = HistoricInteractiveBrokersClient(port=listener.getsockname()[1], log_level="OFF")
    await historical._client.wait_until_ready(60)
    stock, live, responses = TestInstrumentProvider.equity("AAPL", "NASDAQ"), historical._data_client, []
    contract = IBContract(secType="STK", conId=265598, symbol="AAPL", exchange="NASDAQ", currency="USD")
    historical._client._cache.add_instrument(stock)
    live.instrument_provider.contract[stock.id] = contract
    live._msgbus.register("DataEngine.response", responses.append)  # what the strategy gets
    bars, end, seen = BarType.from_str("AAPL.NASDAQ-1-DAY-LAST-EXTERNAL"), pd.Timestamp("2026-11-27", tz="UTC"), []
    for days in (30, 10, 40, 500):
        start = end - pd.Timedelta(days=days)
        asked.clear()
        await live._request_bars(RequestBars(bars, start, end, 0, None, stock.venue, print, UUID4(), 0, None))
        by_live, got = asked.copy(), responses[-1]
        asked.clear()
        whole = await historical.request_bars(["1-DAY-LAST"], end.tz_localize(None), "UTC", start.tz_localize(None),
                                              contracts=[contract])
        print(f"{days} days: a strategy's request asks for {by_live} and gets {len(got.data)} bars from "
              f"{pd.Timestamp(got.data[0].ts_event, tz='UTC'):%Y-%m-%d}, named as from {got.start:%Y-%m-%d}; "
              f"the historical client asks for {asked} and gets {len(whole)}")
        seen.append((days, by_live, len(got.data), got.start == start, len(whole)))
    return seen


print("nautilus_trader", version("nautilus_trader"))
expected = [
    (30, ["1 M"], 30, True, 30),     # control: nothing to round
    (10, ["1 W"], 7, True, 10),
    (40, ["1 M"], 30, True, 40),
    (500, ["1 Y"], 365, True, 500),  # the first 135 days are not asked for
]
raise SystemExit(0 if asyncio.run(main()) == expected else 10)
END_OF_PYTHON
status=0
timeout 170 "$folder/venv/bin/python" "$folder/history.py" 2> "$folder/errors" || status=$?
case $status in
0) echo "As described: a strategy's request is rounded to whole weeks, months or years, and may be cut short." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) cat "$folder/errors"; [ $status -ne 1 ] || status=2; echo "It could not be run (exit code $status)." ;;
esac
exit $status
