"""Runs a stream of quotes and messages through nautilus_trader's backtest venue.

Usage: python nautilus_engine.py STREAM

Prints the nanoseconds of the run, and a line for each fill: the number of the message that placed the order, and the price
in hundredths of a cent.
"""

import decimal
import sys
import time

from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.engine import BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.config import RiskEngineConfig
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType
from nautilus_trader.model.enums import OmsType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.identifiers import Symbol
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money
from nautilus_trader.model.objects import Price
from nautilus_trader.model.objects import Quantity
from nautilus_trader.trading.strategy import Strategy

STOCKS = 10
TICKS = decimal.Decimal(10_000)
VENUE = Venue("XNAS")


def price(ticks):
    """Prices are whole cents; ticks are hundredths of them."""
    return Price.from_str(f"{decimal.Decimal(ticks) / TICKS:.4f}")


def stock(at):
    return Equity(
        instrument_id=InstrumentId(Symbol(f"S{at}"), VENUE),
        raw_symbol=Symbol(f"S{at}"),
        currency=USD,
        price_precision=4,
        price_increment=Price.from_str("0.0001"),
        lot_size=Quantity.from_int(1),
        margin_init=decimal.Decimal("0.5"),
        margin_maint=decimal.Decimal("0.25"),
        ts_event=0,
        ts_init=0,
    )


class Program(Strategy):
    """Sends a second's messages when the last quote of that second is there."""

    def __init__(self, stocks, seconds):
        super().__init__(StrategyConfig(strategy_id="STREAM-001"))
        self.stocks, self.seconds, self.second = stocks, seconds, 0
        self.orders, self.numbers, self.fills, self.failed = {}, {}, [], []

    def on_start(self):
        for one in self.stocks:
            self.subscribe_quote_ticks(one.id)

    def on_quote_tick(self, tick):
        if tick.instrument_id != self.stocks[-1].id:
            return
        for message in self.seconds[self.second]:
            if message[0] == "C":
                self.cancel_order(self.orders[message[2]])
            else:
                self.place(*message[1:])
        self.second += 1

    def place(self, number, at, side, quantity, limit):
        one = self.stocks[at]
        if limit is None:
            order = self.order_factory.market(one.id, side, quantity)
        else:
            order = self.order_factory.limit(one.id, side, quantity, limit)
        self.orders[number] = order
        self.numbers[order.client_order_id] = number
        self.submit_order(order)

    def on_order_filled(self, event):
        self.fills.append((self.numbers[event.client_order_id], event.last_px))

    def on_order_rejected(self, event):
        self.failed.append(event)

    def on_order_denied(self, event):
        self.failed.append(event)

    def on_order_cancel_rejected(self, event):
        self.failed.append(event)


def read(path, stocks):
    quotes, seconds = [], []
    for line in open(path):
        kind, *rest = line.rstrip("\n").split(",")
        if kind == "Q":
            at, bid, bids, ask, asks = map(int, rest)
            if at == 0:
                seconds.append([])
            stamp = len(seconds) * 1_000_000_000
            sizes = Quantity.from_int(bids), Quantity.from_int(asks)
            quotes.append(QuoteTick(stocks[at].id, price(bid), price(ask), *sizes, stamp, stamp))
        elif kind == "C":
            seconds[-1].append((kind, int(rest[0]), int(rest[1])))
        else:
            number, at, side, quantity, limit = rest
            side = OrderSide.BUY if side == "B" else OrderSide.SELL
            limit = price(limit) if limit else None
            seconds[-1].append((kind, int(number), int(at), side, Quantity.from_int(int(quantity)), limit))
    return quotes, seconds


def main(path):
    config = BacktestEngineConfig(
        trader_id="BENCH-001",
        logging=LoggingConfig(bypass_logging=True),
        risk_engine=RiskEngineConfig(max_order_submit_rate="1000000/00:00:01", max_order_modify_rate="1000000/00:00:01"),
        run_analysis=False,
    )
    engine = BacktestEngine(config)
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(1_000_000_000, USD)],
    )
    stocks = [stock(at) for at in range(STOCKS)]
    for one in stocks:
        engine.add_instrument(one)
    quotes, seconds = read(path, stocks)
    engine.add_data(quotes)
    program = Program(stocks, seconds)
    engine.add_strategy(program)
    begin = time.perf_counter_ns()
    engine.run()
    nanos = time.perf_counter_ns() - begin
    if program.failed:
        sys.exit(f"{len(program.failed)} refused: {program.failed[0]}")
    print(nanos)
    for number, at in program.fills:
        print(f"{number},{int(at.as_decimal() * TICKS)}")


main(sys.argv[1])
