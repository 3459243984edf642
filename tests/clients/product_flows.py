"""Each product of products.json through ib_async and ib_insync: one flow, registered once for each product."""

from flow import FUND, each_product, flow
from ib_flows import Desk


def market_order(desk, action, quantity):
    return desk.lib.MarketOrder(action, quantity)


def described(desk, product, checks):
    """The description of the contract that is traded, and of the one that gives a forecast up."""
    found = desk.ib.reqContractDetails(desk.lib.Contract(**product.wanted))
    if not checks.that("it is found", bool(found), desk.errors):
        return None, None
    details = product.pick(found)
    one = details.contract
    checks.that("a number, a name and a tick", one.conId > 0 and details.longName and details.minTick > 0, details)
    checks.that("of this kind", (one.secType, one.currency) == (product.wanted["secType"], "USD"), one)
    rule = int(details.marketRuleIds.split(",")[0])
    checks.that("its ticks are those of its rule", details.minTick == min(r.increment for r in desk.ib.reqMarketRule(rule)), details)
    other = next((d.contract for d in desk.ib.reqContractDetails(desk.lib.Contract(**product.opposite(one)))), None) if product.is_paired else None
    return details, other


def data(desk, product, one, checks):
    ticker = desk.ib.reqMktData(one)
    if product.is_quoted:
        checks.that("it is quoted", desk.until(lambda: 0 < ticker.bid < ticker.ask and ticker.bidSize > 0), (ticker, desk.errors))
        checks.that("and has trades, unless it is a pair", product.name == "forex" or desk.until(lambda: ticker.last > 0), ticker)
        times = set()
        checks.that("the quotes stream", desk.until(lambda: times.add(ticker.time) or len(times) > 2), ticker)
    else:
        checks.that("its price of the day before", desk.until(lambda: ticker.last > 0 and ticker.close > 0) and ticker.bid != ticker.bid, ticker)
    if product.name == "option":
        checks.that("with greeks", desk.until(lambda: bool(ticker.modelGreeks)) and 0 < ticker.modelGreeks.delta < 1, ticker)
    bars = desk.ib.reqHistoricalData(one, "", "3600 S", "5 mins", product.show, False, timeout=10)
    checks.that("it has bars", len(bars) > 5 and all(0 < b.low <= b.open <= b.high for b in bars), (bars, desk.errors))
    return ticker


def what_if(desk, product, one, checks):
    state = desk.await_for(desk.ib.whatIfOrderAsync(one, market_order(desk, "BUY", product.quantity)))
    checks.that("what it would bind and cost", 0 < float(state.initMarginChange) < 1e6 and 0 <= state.commission < 100, state)


def rests_and_is_cancelled(desk, product, one, server, checks):
    """A limit order far below; of a fund, which takes none, the market order that waits for its price."""
    order = desk.lib.LimitOrder("BUY", product.quantity, product.far)
    if not product.is_quoted:
        refused = desk.place(one, order)
        told = lambda: [entry.message for entry in refused.log] + desk.texts(201, order.orderId)
        checks.that("a limit order is refused", desk.until(lambda: desk.done(refused)) and any("FORWARD_PRICED" in text for text in told()), told())
        order = market_order(desk, "BUY", product.quantity)
    trade = desk.place(one, order)
    checks.that("it rests", desk.until(lambda: desk.working(trade)), (trade.log, desk.errors))
    checks.that("at the server too", server.state(trade.order.permId) == "working", server.about("orders", trade.order.permId))
    opened = {t.order.permId: t for t in desk.ib.reqAllOpenOrders()}.get(trade.order.permId)
    checks.that("with its contract and size", opened and (opened.contract.conId, float(opened.order.totalQuantity)) == (one.conId, product.quantity), opened)
    desk.ib.cancelOrder(trade.order)
    checks.that("it is cancelled", desk.until(lambda: trade.orderStatus.status == "Cancelled"), trade.log)
    checks.that("and at the server", server.state(trade.order.permId) == "cancelled", server.about("orders", trade.order.permId))


def held(desk, one):
    """What is held of a contract: of a pair, the currency that was bought."""
    if one.secType == "CASH":
        return sum(float(v.value) for v in desk.ib.accountValues() if (v.tag, v.currency) == ("CashBalance", one.symbol))
    return sum(p.position for p in desk.ib.positions() if p.contract.conId == one.conId)


def is_filled(desk, product, one, action, server, checks):
    trade = desk.place(one, market_order(desk, action, product.quantity))
    checks.that(f"{action} fills", desk.until(lambda: trade.orderStatus.status == "Filled"), (trade.log, desk.errors))
    checks.that("the whole of it", desk.until(lambda: sum(f.execution.shares for f in trade.fills) == product.quantity), trade.fills)
    checks.that("of this contract and side", all((f.contract.conId, f.execution.side) == (one.conId, "BOT" if action == "BUY" else "SLD") for f in trade.fills), trade.fills)
    checks.that("a fee for each execution", desk.until(lambda: all(f.commissionReport.execId for f in trade.fills)), trade.fills)
    paid = round(sum(f.commissionReport.commission for f in trade.fills), 2)
    checks.that("the server has the same", server.traded(trade.order.permId) == (product.quantity, paid), server.about("executions", trade.order.permId))
    return trade


@each_product
def is_traded(product, library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        details, other = described(desk, product, checks)
        if details is None:
            return
        one = details.contract
        ticker = data(desk, product, one, checks)
        what_if(desk, product, one, checks)
        rests_and_is_cancelled(desk, product, one, server, checks)
        if not product.is_quoted:
            return
        before = held(desk, one)
        bought = is_filled(desk, product, one, "BUY", server, checks)
        checks.that("near the quotes", all(abs(f.execution.price / ticker.ask - 1) < 0.25 for f in bought.fills), (bought.fills, ticker))
        checks.that("it is held", desk.until(lambda: held(desk, one) == before + product.quantity), (before, held(desk, one)))
        row = lambda: [i for i in desk.ib.portfolio() if i.contract.conId == one.conId]
        checks.that("a row of the portfolio, with its price", product.name == "forex" or desk.until(lambda: bool(row()) and row()[0].marketPrice > 0 and row()[0].position == before + product.quantity), desk.ib.portfolio())
        listed = {f.execution.execId: f.contract.conId for f in desk.ib.reqExecutions()}
        checks.that("executions repeat it", all(listed.get(f.execution.execId) == one.conId for f in bought.fills), listed)
        is_filled(desk, product, other or one, "BUY" if other else "SELL", server, checks)
        checks.that("it is given up", desk.until(lambda: held(desk, one) == before), (before, held(desk, one)))


@flow
def fund_is_filled(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        one = desk.ib.reqContractDetails(desk.lib.Contract(**FUND.wanted))[0].contract
        trade = desk.place(one, market_order(desk, "BUY", FUND.quantity))
        checks.that("it waits", desk.until(lambda: desk.working(trade)), trade.log)
        server.ends_the_day()
        checks.that("it is filled as the day ends", desk.until(lambda: trade.orderStatus.status == "Filled", 30), (trade.log, desk.errors))
        checks.that("in one execution, with its fee", desk.until(lambda: [f.execution.shares for f in trade.fills] == [FUND.quantity] and 0 < trade.fills[0].commissionReport.commission < 15), trade.fills)
        checks.that("it is held", desk.until(lambda: held(desk, one) == FUND.quantity), desk.ib.positions())
        row = lambda: [i for i in desk.ib.portfolio() if i.contract.conId == one.conId]
        checks.that("at the price of its execution", desk.until(lambda: bool(row()) and row()[0].marketPrice == trade.fills[0].execution.price), (row(), trade.fills))
        checks.that("so it is at the server", server.traded(trade.order.permId)[0] == FUND.quantity, server.about("executions", trade.order.permId))
