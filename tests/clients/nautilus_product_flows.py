"""Each product of products.json through nautilus_trader: one flow, registered once for each product."""

import asyncio
import datetime
from datetime import timedelta

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.common import IBContractDetails
from nautilus_trader.adapters.interactive_brokers.parsing.instruments import parse_instrument
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import OptionKind, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, Venue
from nautilus_trader.model.instruments import CurrencyPair, Equity, FuturesContract, OptionContract

from flow import each_product
from nautilus_desk import Desk

KINDS = {"STK": Equity, "OPT": OptionContract, "FUT": FuturesContract, "CASH": CurrencyPair}


def front_month():
    """The month of the next quarter's end but one, as futures name it: `H7`. The nearest may be in its last days."""
    today = datetime.date.today()
    quarter = (today.month - 1) // 3 + 1
    year, quarter = today.year + quarter // 4, quarter % 4
    return "HMUZ"[quarter] + str(year % 10)


async def described(desk, product, checks):
    """The instrument that is traded, and the one that gives a forecast up."""
    if isinstance(product.nautilus, str):
        wanted = InstrumentId.from_str(product.nautilus.format(month=front_month()))
        desk.program.request_instrument(wanted)
        await desk.until(lambda: desk.cache.instrument(wanted) is not None)
        one, other = desk.cache.instrument(wanted), None
    else:
        # A chain, as the adapter builds it from what it is written on.
        venue = product.nautilus.get("options_chain_exchange", "CBOE")
        desk.program.request_instruments(Venue(venue), params={"ib_contracts": [product.nautilus]})
        chain = lambda kind: sorted((i for i in desk.cache.instruments() if isinstance(i, OptionContract) and i.id.venue.value == venue and i.option_kind == kind), key=lambda i: (i.expiration_ns, i.strike_price))
        await desk.until(lambda: chain(OptionKind.CALL) and chain(OptionKind.PUT))
        await asyncio.sleep(0.5)
        calls, puts = chain(OptionKind.CALL), chain(OptionKind.PUT)
        one, other = calls[len(calls) // 2] if calls else None, puts[len(calls) // 2] if product.is_paired and puts else None
    if checks.that("it is found", one is not None, desk.cache.instruments()):
        checks.that("of this kind", isinstance(one, KINDS[product.wanted["secType"]]), one)
        checks.that("with a tick and a currency", one.price_increment.as_double() > 0 and str(one.quote_currency) == "USD", one)
    return one, other


async def data(desk, product, one, checks):
    """Quotes and bars; the ask."""
    program = desk.program
    program.subscribe_quote_ticks(one.id)
    quotes = lambda: [quote for quote in program.quotes if quote.instrument_id == one.id]
    checks.that("it is quoted, and the quotes stream", await desk.until(lambda: len(quotes()) > 2), len(quotes()))
    checks.that("bid below ask", all(0 < quote.bid_price < quote.ask_price for quote in quotes()), quotes()[:3])
    program.unsubscribe_quote_ticks(one.id)
    kind = BarType.from_str(f"{one.id}-5-MINUTE-{'MID' if product.show == 'MIDPOINT' else 'LAST'}-EXTERNAL")
    now = program.clock.utc_now()
    program.request_bars(kind, start=now - timedelta(hours=1), end=now)
    bars = lambda: [bar for bar in program.past if isinstance(bar, Bar) and bar.bar_type == kind]
    checks.that("it has bars", await desk.until(lambda: len(bars()) > 5) and all(0 < b.low <= b.open <= b.high for b in bars()), len(bars()))
    return quotes()[-1].ask_price.as_double() if quotes() else 0.0


async def rests_and_is_cancelled(desk, product, one, server, checks):
    order = desk.program.order_factory.limit(one.id, OrderSide.BUY, one.make_qty(product.quantity), one.make_price(product.far), time_in_force=TimeInForce.GTC)
    desk.program.submit_order(order)
    if not checks.that("it rests", await desk.until(lambda: order.is_open and not order.is_inflight), desk.program.story()):
        return
    ours = desk.permanent_id(order)
    checks.that("at the server too", server.state(ours) == "working", server.about("orders", ours))
    desk.program.cancel_order(order)
    checks.that("it is cancelled", await desk.until(lambda: order.is_closed) and order.status_string() == "CANCELED", desk.program.story())
    checks.that("and at the server", server.state(ours) == "cancelled", server.about("orders", ours))


async def is_filled(desk, product, one, side, server, checks):
    order = desk.program.order_factory.market(one.id, side, one.make_qty(product.quantity), time_in_force=TimeInForce.DAY)
    desk.program.submit_order(order)
    checks.that("it fills", await desk.until(lambda: order.is_closed) and order.status_string() == "FILLED", desk.program.story())
    fills = desk.program.events(order, "OrderFilled")
    checks.that("the whole of it", sum(fill.last_qty.as_double() for fill in fills) == product.quantity, fills)
    checks.that("of this contract and side", all((fill.instrument_id, fill.order_side) == (one.id, side) for fill in fills), fills)
    ours, paid = desk.permanent_id(order), round(sum(money.as_double() for money in order.commissions()), 2)
    checks.that("the server has the same", server.traded(ours) == (product.quantity, paid), (paid, server.about("executions", ours)))
    return [fill.last_px.as_double() for fill in fills]


async def is_no_instrument(desk, product, checks):
    """What the adapter makes of a product that it has no class for: it only logs the description of a bond
    (`client/wrapper.py`, line 431), and has no name for a fund (`_encode_contract_symbol` in `parsing/instruments.py`, line 1343)."""
    known = lambda: {one.id.value for one in desk.cache.instruments()}
    before = known()
    found = await desk.client.get_contract_details(IBContract(**product.wanted))
    desk.program.request_instruments(Venue(product.wanted["exchange"]), params={"ib_contracts": [product.wanted]})
    await asyncio.sleep(0.5)
    checks.that("there is no instrument", known() == before, known() - before)
    if product.name == "bond":
        return checks.that("its description is dropped", not found, found)
    checks.that("its description is read", bool(found) and bool(found[0].longName), found)
    try:
        checks.that("and has no name", False, parse_instrument(IBContractDetails.from_contract_details(found[0]), "SMART"))
    except ValueError as error:
        checks.that("and has no name", "Unknown contract" in str(error), error)


async def starts_only_without(server, checks, cid):
    """On an account that holds a bond, a node starts if it is told to leave bonds out."""
    order = lambda side: server.run("order", "place", side, "1", "UST-30Y", "--type", "market", "--credential", "trading", "--yes")
    order("buy")
    desk = Desk(server.address("trading"), server.account, cid, frozenset())
    checks.that("a node that is not told does not start", not await desk.starts(10))
    await desk.__aexit__()
    async with Desk(server.address("trading"), server.account, cid + 1) as desk:
        checks.that("one that is told does", desk.program.is_running)
    order("sell")


async def is_traded_at(desk, product, server, checks):
    """The contracts that it counts as held in the end."""
    one, other = await described(desk, product, checks)
    if one is None:
        return []
    ask = await data(desk, product, one, checks)
    await rests_and_is_cancelled(desk, product, one, server, checks)
    held = lambda: float(desk.node.portfolio.net_position(one.id))
    before = held()
    prices = await is_filled(desk, product, one, OrderSide.BUY, server, checks)
    checks.that("near the quotes", all(abs(price / ask - 1) < 0.25 for price in prices), (prices, ask))
    checks.that("it is held", held() == before + product.quantity, (before, held()))
    await is_filled(desk, product, other or one, OrderSide.BUY if other else OrderSide.SELL, server, checks)
    if other is None:
        checks.that("it is given up", await desk.until(lambda: held() == before), (before, held()))
        return []
    # The pairs are taken back by executions without an order of its own, which it does not count.
    checks.that("the server holds neither", not [i for i in (one, other) if server.held(i.raw_symbol.value.replace(" ", ""))], server.says("positions"))
    both = (held(), float(desk.node.portfolio.net_position(other.id)))
    checks.that("and it counts both as held", both == (before + product.quantity, product.quantity), both)
    return [one.id, other.id]


async def starts_flat(desk, ids, checks):
    seen = {id.value: float(desk.node.portfolio.net_position(id)) for id in ids}
    checks.that("a node that starts afterwards holds neither", not any(seen.values()), seen)


@each_product
def is_traded(product, library, server, checks, cid):
    async def work():
        counted = []
        async with Desk(server.address("trading"), server.account, cid) as desk:
            if product.nautilus is None:
                await is_no_instrument(desk, product, checks)
            else:
                counted = await is_traded_at(desk, product, server, checks)
        if product.name == "bond":
            await starts_only_without(server, checks, cid + 1)
        if counted:
            async with Desk(server.address("trading"), server.account, cid + 1) as desk:
                await starts_flat(desk, counted, checks)

    asyncio.new_event_loop().run_until_complete(work())
