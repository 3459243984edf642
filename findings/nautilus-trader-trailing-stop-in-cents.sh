#!/bin/sh
# The Interactive Brokers adapter of nautilus_trader 1.231.0 places a trailing stop a hundred times too close, for
# contracts that TWS prices in cents.
#
# Grain and soybean futures have a price magnifier of 100: TWS reads and writes their prices in cents, and the
# adapter keeps them in dollars. It multiplies the limit, stop and trigger prices of an order, but not its trailing
# offset. In the same message the stop price is then in cents and the distance in dollars: 12.5 cents, a
# hundred ticks, arrive as an eighth of a cent, which is one tick. The limit offset of a trailing stop limit order is
# sent as it is, too.
#
# The contract below has the tick, magnifier and multiplier of the mini soybean future.
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
cat > "$folder/trailing.py" <<'END_OF_PYTHON'
import asyncio, queue, socket, struct, threading
from decimal import Decimal
from importlib.metadata import version

from nautilus_trader.adapters.interactive_brokers.common import IBContract, IBContractDetails
from nautilus_trader.adapters.interactive_brokers.config import InteractiveBrokersExecClientConfig
from nautilus_trader.adapters.interactive_brokers.execution import InteractiveBrokersExecutionClient
from nautilus_trader.adapters.interactive_brokers.historical import HistoricInteractiveBrokersClient
from nautilus_trader.adapters.interactive_brokers.parsing.instruments import parse_instrument
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import SubmitOrder
from nautilus_trader.model.enums import OrderSide, TrailingOffsetType
from nautilus_trader.model.identifiers import AccountId, StrategyId, TraderId

TRADER, STRATEGY = TraderId("TRADER-001"), StrategyId("STRATEGY-001")
placed = queue.Queue()


def serve(listener):
    """A TWS with server version 176, as far as this needs one: it keeps the orders that arrive."""
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
        elif fields[0] == "3":  # placeOrder: type, auxPrice, trailStopPrice
            placed.put((fields[18], fields[20], fields[69]))


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    historical = HistoricInteractiveBrokersClient(port=listener.getsockname()[1], log_level="OFF")
    client, data, clock = historical._client, historical._data_client, historical._clock
    await client.wait_until_ready(60)
    contract = IBContract(
        secType="FUT", conId=1, symbol="YK", localSymbol="XKQ7", tradingClass="XK", exchange="CBOT", currency="USD",
        lastTradeDateOrContractMonth="20270813", multiplier="1000")
    details = IBContractDetails(
        contract=contract, minTick=0.00125, priceMagnifier=100, underSymbol="YK", underSecType="IND",
        contractMonth="202708", timeZoneId="US/Central", lastTradeTime="12:01:00")
    beans, provider = parse_instrument(details, "CBOT"), data.instrument_provider
    provider.add(beans)
    provider.contract_details[beans.id] = details
    execution = InteractiveBrokersExecutionClient(
        loop=asyncio.get_running_loop(), client=client, account_id=AccountId("IB-DU0000000"), msgbus=data._msgbus,
        cache=data._cache, clock=clock, instrument_provider=provider, config=InteractiveBrokersExecClientConfig())
    data._msgbus.register("ExecEngine.process", lambda event: None)
    orders, sell, one, stop = OrderFactory(TRADER, STRATEGY, clock), OrderSide.SELL, beans.make_qty(1), 10.74
    for order in (
        orders.stop_market(beans.id, sell, one, beans.make_price(stop)),
        orders.trailing_stop_market(
            beans.id, sell, one, trailing_offset=Decimal("0.12500"), trailing_offset_type=TrailingOffsetType.PRICE,
            trigger_price=beans.make_price(stop)),
    ):
        await execution._submit_order(SubmitOrder(TRADER, STRATEGY, order, UUID4(), 0))
    return [await asyncio.to_thread(placed.get, timeout=20) for _ in range(2)]


print("nautilus_trader", version("nautilus_trader"))
stop, trailing = asyncio.run(main())
print(f"a stop at $10.74 goes out as {stop[0]} at {stop[1]} (cents)")
print(f"a trailing stop at $10.74, $0.125 away, goes out as {trailing[0]} at {trailing[2]} (cents), {trailing[1]} away")
raise SystemExit(0 if (stop, trailing) == (("STP", "1074.0", ""), ("TRAIL", "0.125", "1074.0")) else 10)
END_OF_PYTHON
status=0
timeout 170 "$folder/venv/bin/python" "$folder/trailing.py" 2> "$folder/errors" || status=$?
case $status in
0) echo "As described: the stop price is multiplied by 100, the distance is not." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) cat "$folder/errors"; [ $status -ne 1 ] || status=2; echo "It could not be run (exit code $status)." ;;
esac
exit $status
