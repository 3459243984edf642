#!/bin/sh
# nautilus_trader 1.231.0 leaves a resting order out of its reconciliation, and changes the price of a fill, when
# a contract was closed and opened again within the fills that it reads and the venue's average cost is not the
# price of those fills.
#
# The average cost that Interactive Brokers reports includes commissions, so the two always differ by a little.
# `adjust_fills_for_partial_window` then treats the contract as one whose start it has not seen: it keeps the
# order that opened the position, gives its fill the average cost as its price, and returns no other order of that
# contract. So an order that rests at the venue, accepted and unfilled, is dropped. With an equal price, or without
# the earlier closed trade, it is kept: two controls below show that.
#
# Needs Python 3.12 to 3.14 (in the PATH, from pyenv, or named in FLOORPASS_PYTHON_312) and about 1 GB of temporary space.
# Exit code 0: it still behaves this way. 1: it no longer does. Anything else: the script could not be run.
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
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'nautilus_trader==1.231.0' || exit 2
cat > "$folder/resting.py" <<'END'
from decimal import Decimal
from importlib.metadata import version

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.reports import (
    ExecutionMassStatus, FillReport, OrderStatusReport, PositionStatusReport,
)
from nautilus_trader.live.reconciliation import adjust_fills_for_partial_window_single
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.enums import (
    LiquiditySide, OrderSide, OrderStatus, OrderType, PositionSide, TimeInForce,
)
from nautilus_trader.model.identifiers import (
    AccountId, ClientId, ClientOrderId, TradeId, Venue, VenueOrderId,
)
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider

STOCK = TestInstrumentProvider.equity("AAPL", "NASDAQ")
ACCOUNT = AccountId("IB-DU0000000")
MINUTE = 60_000_000_000


def order(number, side, quantity, price, minute, filled):
    return OrderStatusReport(
        account_id=ACCOUNT, instrument_id=STOCK.id, venue_order_id=VenueOrderId(number),
        client_order_id=ClientOrderId(f"C-{number}"), order_side=side, order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.DAY, order_status=OrderStatus.FILLED if filled else OrderStatus.ACCEPTED,
        price=Price.from_str(price), quantity=Quantity.from_int(quantity),
        filled_qty=Quantity.from_int(quantity if filled else 0), avg_px=Decimal(price) if filled else None,
        report_id=UUID4(), ts_accepted=minute * MINUTE, ts_last=minute * MINUTE, ts_init=minute * MINUTE,
    )


def fill(number, side, quantity, price, minute):
    return FillReport(
        account_id=ACCOUNT, instrument_id=STOCK.id, venue_order_id=VenueOrderId(number),
        trade_id=TradeId(f"T-{number}"), order_side=side, last_qty=Quantity.from_int(quantity),
        last_px=Price.from_str(price), commission=Money("1.00", USD),
        liquidity_side=LiquiditySide.NO_LIQUIDITY_SIDE, report_id=UUID4(),
        ts_event=minute * MINUTE, ts_init=minute * MINUTE,
    )


def reconciled(average_cost, closed_before):
    """What is left of: [a round trip], a filled order to buy 2 at 126.49, and one to buy 1 at 100.00 that rests."""
    traded = [("1", OrderSide.BUY, 2, "126.00", 1), ("2", OrderSide.SELL, 2, "126.20", 2)] if closed_before else []
    traded.append(("3", OrderSide.BUY, 2, "126.49", 3))
    status = ExecutionMassStatus(
        client_id=ClientId("IB"), account_id=ACCOUNT, venue=Venue("NASDAQ"), report_id=UUID4(), ts_init=10 * MINUTE,
    )
    resting = order("4", OrderSide.BUY, 1, "100.00", 4, filled=False)
    status.add_order_reports([order(*each, filled=True) for each in traded] + [resting])
    status.add_fill_reports([fill(*each) for each in traded])
    status.add_position_reports([PositionStatusReport(
        account_id=ACCOUNT, instrument_id=STOCK.id, position_side=PositionSide.LONG, quantity=Quantity.from_int(2),
        report_id=UUID4(), ts_last=5 * MINUTE, ts_init=5 * MINUTE, avg_px_open=Decimal(average_cost),
    )])
    orders, fills = adjust_fills_for_partial_window_single(status, STOCK)
    price = fills[VenueOrderId("3")][0].last_px
    return sorted(str(number) for number in orders), str(price)


print("nautilus_trader", version("nautilus_trader"))
expected = {
    ("126.49", True): (["3", "4"], "126.49"),   # control: the average cost is the price of the fill
    ("126.99", False): (["3", "4"], "126.49"),  # control: no round trip before it
    ("126.99", True): (["3"], "126.99"),        # order 4 rests at the venue and is gone; the fill is dearer
}
seen = {case: reconciled(*case) for case in expected}
for (cost, closed), (orders, price) in seen.items():
    before = "after a round trip" if closed else "first position    "
    print(f"average cost {cost}, {before}: orders {orders}, fill at {price}")
raise SystemExit(0 if seen == expected else 10)
END
status=0
timeout 120 "$folder/venv/bin/python" "$folder/resting.py" || status=$?
case $status in
0) echo "As described: the resting order is left out when average cost and fill differ after a round trip." ;;
10) status=1; echo "It no longer behaves this way: read the output above." ;;
*) echo "It could not be run (exit code $status)." ;;
esac
exit $status
