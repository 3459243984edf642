"""Flows for nautilus_trader: a node with its data client and its execution client."""

import asyncio
import functools
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import OrderSide, OrderType, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId

from flow import flow
from nautilus_desk import APPLE, COKE, Desk

FAR_BELOW = 1.0


def at_a_desk(function):
    """The flow as a coroutine at a node of its own."""

    @functools.wraps(function)
    def run(library, server, checks, cid):
        async def work():
            async with Desk(server.address("trading"), server.account, cid) as desk:
                await function(desk, server, checks)

        asyncio.new_event_loop().run_until_complete(work())

    return flow(run)


def limit(desk, price, quantity=5, tif=TimeInForce.GTC, contract=APPLE):
    instrument = desk.cache.instrument(contract)
    return desk.program.order_factory.limit(contract, OrderSide.BUY, instrument.make_qty(quantity), instrument.make_price(price), time_in_force=tif)


async def rests(desk, order):
    desk.program.submit_order(order)
    return await desk.until(lambda: order.is_open and not order.is_inflight)


async def buy_or_sell(desk, side, quantity):
    order = desk.program.order_factory.market(APPLE, side, desk.instrument.make_qty(quantity), time_in_force=TimeInForce.DAY)
    desk.program.submit_order(order)
    await desk.until(lambda: order.is_closed)
    return order


@at_a_desk
async def connect(desk, server, checks):
    [account] = desk.cache.accounts()
    checks.that("the account", str(account.id).endswith(server.account), account.id)
    balance = account.balance_total(USD)
    checks.that("its balance is the server's", balance is not None and abs(balance.as_double() - float(server.says("positions")["net_liquidation"])) < 1000, account.balances())
    checks.that("the portfolio is ready", desk.node.portfolio.initialized)


@at_a_desk
async def instruments(desk, server, checks):
    apple = desk.instrument
    checks.that("a tick of a cent", apple.price_increment.as_double() == 0.01, apple)
    checks.that("in dollars", str(apple.quote_currency) == "USD", apple)
    checks.that("its ISIN", apple.isin == "US0378331005", apple.isin)
    pepsi = InstrumentId.from_str("PEP.NASDAQ")
    desk.program.request_instrument(pepsi)
    checks.that("another one is found while it runs", await desk.until(lambda: desk.cache.instrument(pepsi) is not None))
    desk.program.request_instrument(InstrumentId.from_str("NOSUCHNAME.NYSE"))
    await asyncio.sleep(0.5)
    checks.that("an unknown one is not", desk.cache.instrument(InstrumentId.from_str("NOSUCHNAME.NYSE")) is None)


@at_a_desk
async def quotes(desk, server, checks):
    program = desk.program
    program.subscribe_quote_ticks(APPLE)
    program.subscribe_trade_ticks(APPLE)
    checks.that("quotes stream", await desk.until(lambda: len(program.quotes) > 2), program.quotes)
    checks.that("bid below ask", all(0 < q.bid_price < q.ask_price and q.bid_size > 0 for q in program.quotes), program.quotes[:3])
    checks.that("trades", await desk.until(lambda: bool(program.trades)) and program.trades[0].size > 0, program.trades[:3])
    program.unsubscribe_trade_ticks(APPLE)
    program.subscribe_quote_ticks(COKE, params={"batch_quotes": False})
    checks.that("single quotes", await desk.until(lambda: any(q.instrument_id == COKE for q in program.quotes)))


@at_a_desk
async def bars(desk, server, checks):
    program = desk.program
    for text in (f"{APPLE}-5-SECOND-LAST-EXTERNAL", f"{APPLE}-1-MINUTE-LAST-EXTERNAL"):
        kind = BarType.from_str(text)
        program.subscribe_bars(kind)
        of_kind = lambda: [bar for bar in program.bars if bar.bar_type == kind]
        checks.that(f"bars of {text}", await desk.until(lambda: bool(of_kind()), 20), program.bars)
        checks.that("sound bars", all(b.low <= b.open <= b.high and b.low <= b.close <= b.high for b in of_kind()), of_kind())
        program.unsubscribe_bars(kind)


@at_a_desk
async def history(desk, server, checks):
    program = desk.program
    now = program.clock.utc_now()
    for text, span, least in (("1-DAY-LAST", timedelta(days=14), 5), ("1-MINUTE-LAST", timedelta(hours=2), 50), ("1-HOUR-MID", timedelta(days=5), 10), ("1-MINUTE-BID", timedelta(hours=1), 20)):
        kind = BarType.from_str(f"{APPLE}-{text}-EXTERNAL")
        program.past.clear()
        program.request_bars(kind, start=now - span, end=now)
        got = lambda: [bar for bar in program.past if isinstance(bar, Bar) and bar.bar_type == kind]
        checks.that(f"{text} over {span}", await desk.until(lambda: len(got()) >= least), len(got()))
        stamps = [bar.ts_event for bar in got()]
        checks.that("in order", stamps == sorted(set(stamps)), stamps)
        checks.that("in the span", all((now - span - timedelta(days=1)).value <= s <= (now + timedelta(days=1)).value for s in stamps), stamps)


@at_a_desk
async def limit_modify_cancel(desk, server, checks):
    order = limit(desk, FAR_BELOW)
    checks.that("rests", await rests(desk, order), desk.program.story())
    ours = desk.permanent_id(order)
    checks.that("and works at the server", server.state(ours) == "working", server.about("orders", ours))
    desk.program.modify_order(order, quantity=desk.instrument.make_qty(9), price=desk.instrument.make_price(2.5))
    checks.that("changed", await desk.until(lambda: order.price.as_double() == 2.5 and order.quantity.as_double() == 9), desk.program.story())
    row = server.about("orders", ours)
    checks.that("and at the server", [r["quantity"] for r in row] == [9] and "2.50" in str(row), row)
    desk.program.modify_order(order, quantity=desk.instrument.make_qty(10_000_000))
    await desk.until(lambda: order.status_string() == "PENDING_UPDATE")
    as_before = lambda: order.status_string() == "ACCEPTED" and order.quantity.as_double() == 9
    checks.that("a refused change ends nothing", await desk.until(as_before) and server.state(ours) == "working", desk.program.story())
    desk.program.cancel_order(order)
    checks.that("cancelled", await desk.until(lambda: order.is_closed) and order.status_string() == "CANCELED", desk.program.story())
    checks.that("and at the server", server.state(ours) == "cancelled", server.about("orders", ours))
    refused = limit(desk, FAR_BELOW, 10_000_000)
    desk.program.submit_order(refused)
    checks.that("a refusal says why", await desk.until(lambda: any("limit" in e.reason.lower() for e in desk.program.events(refused, "OrderRejected"))), desk.program.story())


@at_a_desk
async def market_order(desk, server, checks):
    for side in (OrderSide.BUY, OrderSide.SELL):
        order = await buy_or_sell(desk, side, 3)
        checks.that("filled", order.status_string() == "FILLED" and order.filled_qty.as_double() == 3, desk.program.story())
        paid = sum(money.as_double() for money in order.commissions())
        rows = server.about("executions", desk.permanent_id(order))
        checks.that("at least a dollar of commission", paid >= 1, order.commissions())
        checks.that("which is the server's", abs(paid - sum(float(r["commission"]) for r in rows)) < 0.005, (paid, rows))
        checks.that("and so are the shares", sum(r["quantity"] for r in rows) == 3 and server.state(desk.permanent_id(order)) == "filled", rows)
        held = sum(r["quantity"] for r in server.says("positions")["positions"] if r["symbol"] == "AAPL")
        checks.that("the position is the server's", desk.node.portfolio.net_position(APPLE) == held, (desk.node.portfolio.net_position(APPLE), held))


@at_a_desk
async def bracket(desk, server, checks):
    instrument = desk.instrument
    orders = desk.program.order_factory.bracket(APPLE, OrderSide.BUY, instrument.make_qty(5), entry_order_type=OrderType.LIMIT, entry_price=instrument.make_price(FAR_BELOW), tp_price=instrument.make_price(3.0), tp_post_only=False, sl_trigger_price=instrument.make_price(0.5), time_in_force=TimeInForce.GTC)
    desk.program.submit_order_list(orders)
    parent, *children = orders.orders
    checks.that("the parent rests", await desk.until(lambda: parent.is_open), desk.program.story())
    checks.that("the children are known", await desk.until(lambda: all(child.venue_order_id for child in children)), desk.program.story())
    ours = [desk.permanent_id(order) for order in orders.orders]
    checks.that("three at the server", not {server.state(id) for id in ours} & {"absent", "cancelled", "rejected"}, [server.state(id) for id in ours])
    desk.program.cancel_order(parent)
    checks.that("cancelled with the parent", await desk.until(lambda: all(order.is_closed for order in orders.orders)), desk.program.story())
    checks.that("and at the server", {server.state(id) for id in ours} == {"cancelled"}, [server.state(id) for id in ours])


def leave_something(server, cid):
    """One order that rests and one that was filled, left by a node that ends."""

    async def work():
        async with Desk(server.address("trading"), server.account, cid) as desk:
            # Of a contract without a position: where one was closed and opened again, and its average cost has
            # commissions in it, nautilus puts one order of its own in place of all orders of that contract.
            order = limit(desk, FAR_BELOW, contract=COKE)
            if not await rests(desk, order):
                raise TimeoutError(f"the order does not rest: {desk.program.story()}")
            await buy_or_sell(desk, OrderSide.BUY, 2)
            print(desk.permanent_id(order), flush=True)

    asyncio.new_event_loop().run_until_complete(work())


@flow
def reconciliation(library, server, checks, cid):
    # A program that was restarted: another process, the same client id.
    left = subprocess.run([sys.executable, str(Path(__file__)), server.ready_file, server.program, str(cid)], capture_output=True, text=True, timeout=60)
    checks.that("a first program left its order", left.returncode == 0, left.stdout + left.stderr[-500:])
    ours = int(left.stdout.split()[-1])
    checks.that("which works without it", server.state(ours) == "working", server.about("orders", ours))

    async def work():
        async with Desk(server.address("trading"), server.account, cid) as desk:
            found = [order for order in desk.cache.orders_open() if str(order.venue_order_id) == f"PERM-{ours}"]
            checks.that("the order is found", len(found) == 1 and found[0].price.as_double() == FAR_BELOW, desk.cache.orders())
            held = sum(r["quantity"] for r in server.says("positions")["positions"] if r["symbol"] == "AAPL")
            checks.that("so is the position", held >= 2 and desk.node.portfolio.net_position(APPLE) == held, (held, desk.cache.positions()))
            desk.program.cancel_order(found[0])
            checks.that("cancelled by the second program", await desk.until(lambda: found[0].is_closed), desk.program.story())
            checks.that("and at the server", server.state(ours) == "cancelled", server.about("orders", ours))
            sold = await buy_or_sell(desk, OrderSide.SELL, 2)
            checks.that("sold", sold.status_string() == "FILLED", desk.program.story())

    asyncio.new_event_loop().run_until_complete(work())


class Cable:
    """A connection in between that can be pulled."""

    def __init__(self, address):
        self.address, self.ends = address, []

    async def __aenter__(self):
        self.listener = await asyncio.start_server(self.join, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_):
        self.pull()
        self.listener.close()

    @property
    def port(self):
        return self.listener.sockets[0].getsockname()[1]

    async def join(self, reader, writer):
        other_reader, other_writer = await asyncio.open_connection(*self.address)
        self.ends += [writer, other_writer]
        await asyncio.gather(self.pump(reader, other_writer), self.pump(other_reader, writer), return_exceptions=True)

    async def pump(self, reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    def pull(self):
        for writer in self.ends:
            writer.transport.abort()
        self.ends.clear()


@flow
def reconnect(library, server, checks, cid):
    async def work():
        async with Cable(server.address("trading")) as cable, Desk(("127.0.0.1", cable.port), server.account, cid) as desk:
            program = desk.program
            program.subscribe_quote_ticks(APPLE)
            order = limit(desk, FAR_BELOW)
            checks.that("rests", await rests(desk, order) and await desk.until(lambda: bool(program.quotes)), program.story())
            ours = desk.permanent_id(order)
            cable.pull()
            await asyncio.sleep(0.5)
            program.quotes.clear()
            checks.that("quotes come back by themselves", await desk.until(lambda: bool(program.quotes), 40))
            checks.that("the order outlived the connection", order.is_open and server.state(ours) == "working", server.about("orders", ours))
            program.cancel_order(order)
            checks.that("and can be cancelled", await desk.until(lambda: order.is_closed) and server.state(ours) == "cancelled", program.story())

    asyncio.new_event_loop().run_until_complete(work())


if __name__ == "__main__":
    from flow import Server

    leave_something(Server(sys.argv[1], sys.argv[2]), int(sys.argv[3]))
