"""Each product of products.json through ibapi: one flow, registered once for each product."""

from flow import FUND, each_product, flow
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi_desk import Desk


def contract_of(wanted):
    contract = Contract()
    for name, value in wanted.items():
        setattr(contract, name, value)
    return contract


def described(desk, product, checks):
    """The contract that is traded, and the one that gives a forecast up."""
    found = desk.details(contract_of(product.wanted))
    if not checks.that("it is found", bool(found), desk.app.errors):
        return None, None
    details = product.pick(found)
    one = details.contract
    checks.that("a number, a name and a tick", one.conId > 0 and details.longName and details.minTick > 0, details)
    checks.that("of this kind", (one.secType, one.currency) == (product.wanted["secType"], "USD"), one)
    rule = int(details.marketRuleIds.split(",")[0])
    desk.app.reqMarketRule(rule)
    checks.that("its ticks are those of its rule", desk.until(lambda: desk.seen("rule", rule)) and details.minTick == min(r.increment for r in desk.seen("rule", rule)[-1]), details)
    other = desk.details(contract_of(product.opposite(one)))[0].contract if product.is_paired else None
    return one, other


def data(desk, product, one, checks):
    """Quotes, greeks and bars; the ask."""
    rid = desk.next_request()
    desk.app.reqMktData(rid, one, "", False, False, [])
    price = lambda tick: desk.seen("price", rid, tick)
    if product.is_quoted:
        checks.that("it is quoted", desk.until(lambda: price(1) and price(2)) and 0 < price(1)[0] < price(2)[0], desk.app.errors)
        checks.that("and has trades, unless it is a pair", product.name == "forex" or desk.until(lambda: price(4)), desk.app.errors)
        changes = lambda: sum(len(desk.seen(kind, rid, tick)) for kind, tick in (("price", 1), ("price", 2), ("size", 0), ("size", 3)))
        first = changes()
        checks.that("the quotes stream", desk.until(lambda: changes() > first + 2), first)
    else:
        checks.that("its price of the day before", desk.until(lambda: price(4) and price(9)) and not price(1), desk.app.errors)
    if product.name == "option":
        greeks = lambda: desk.seen("greeks", rid, 13)
        checks.that("with greeks", desk.until(greeks) and None not in greeks()[0], desk.app.errors)
    desk.app.cancelMktData(rid)
    past = desk.next_request()
    desk.app.reqHistoricalData(past, one, "", "3600 S", "5 mins", product.show, 0, 1, False, [])
    desk.answer(("bars end", past), past)
    bars = desk.seen("bars", past)
    checks.that("it has bars", len(bars) > 5 and all(0 < b.low <= b.open <= b.high for b in bars), (bars, desk.app.errors))
    return price(2)[-1] if price(2) else None


def what_if(desk, product, one, checks):
    oid = desk.place(one, desk.order("BUY", "MKT", product.quantity, whatIf=True))
    if checks.that("a preview", desk.until(lambda: desk.seen("open", oid)), desk.app.errors):
        state = desk.seen("open", oid)[-1][2]
        checks.that("what it would bind and cost", 0 < float(state.initMarginChange) < 1e6 and 0 <= state.commissionAndFees < 100, state)


def rests_and_is_cancelled(desk, product, one, server, checks):
    """A limit order far below; of a fund, which takes none, the market order that waits for its price."""
    order = desk.order("BUY", "LMT", product.quantity, lmtPrice=product.far)
    if not product.is_quoted:
        refused = desk.place(one, order)
        checks.that("a limit order is refused", desk.until(lambda: desk.done(refused) and desk.texts(201, refused)) and "FORWARD_PRICED" in desk.texts(201, refused)[0], desk.app.errors)
        order = desk.order("BUY", "MKT", product.quantity)
    oid = desk.place(one, order)
    checks.that("it rests", desk.until(lambda: desk.working(oid)), (desk.seen("status", oid), desk.app.errors))
    contract, opened, _ = desk.seen("open", oid)[-1]
    checks.that("with its contract and size", (contract.conId, float(opened.totalQuantity)) == (one.conId, product.quantity), opened)
    checks.that("at the server too", server.state(opened.permId) == "working", server.about("orders", opened.permId))
    desk.cancel(oid)
    checks.that("it is cancelled", desk.until(lambda: desk.status(oid) == "Cancelled"), desk.seen("status", oid))
    checks.that("and at the server", server.state(opened.permId) == "cancelled", server.about("orders", opened.permId))


def is_filled(desk, product, one, action, server, checks):
    """Its executions."""
    oid = desk.place(one, desk.order(action, "MKT", product.quantity))
    checks.that(f"{action} fills", desk.until(lambda: desk.status(oid) == "Filled"), (desk.seen("status", oid), desk.app.errors))
    perm = desk.seen("open", oid)[-1][1].permId
    fills = lambda: desk.seen("traded", perm)
    checks.that("the whole of it", desk.until(lambda: float(sum(e.shares for _, e in fills())) == product.quantity), fills())
    checks.that("of this contract and side", all((c.conId, e.side) == (one.conId, "BOT" if action == "BUY" else "SLD") for c, e in fills()), fills())
    ids = {e.execId for _, e in fills()}
    reports = lambda: [report for report in desk.seen("fees") if report.execId in ids]
    checks.that("a fee for each execution", desk.until(lambda: len(reports()) == len(ids)), reports())
    paid = round(sum(report.commissionAndFees for report in reports()), 2)
    checks.that("the server has the same", server.traded(perm) == (product.quantity, paid), server.about("executions", perm))
    return [e for _, e in fills()]


@each_product
def is_traded(product, _, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        one, other = described(desk, product, checks)
        if one is None:
            return
        ask = data(desk, product, one, checks)
        what_if(desk, product, one, checks)
        rests_and_is_cancelled(desk, product, one, server, checks)
        if not product.is_quoted:
            return
        desk.app.reqPositions()
        desk.app.reqAccountUpdates(True, server.account)
        desk.answer("positions end")
        desk.answer("values end")
        # Of a pair, the currency that was bought is held.
        key = ("value", "CashBalance", one.symbol) if product.name == "forex" else ("held", one.conId)
        held = lambda: float(desk.seen(*key)[-1]) if desk.seen(*key) else 0.0
        before = held()
        bought = is_filled(desk, product, one, "BUY", server, checks)
        checks.that("near the quotes", all(abs(e.price / ask - 1) < 0.25 for e in bought), (bought, ask))
        checks.that("it is held", desk.until(lambda: held() == before + product.quantity), (before, held()))
        row = lambda: desk.seen("row", one.conId)
        checks.that("a row of the portfolio, with its price", product.name == "forex" or desk.until(lambda: row() and float(row()[-1][0]) == before + product.quantity and row()[-1][1] > 0), row())
        rid = desk.next_request()
        desk.app.reqExecutions(rid, ExecutionFilter())
        checks.that("executions repeat it", desk.answer(("fills end", rid), rid) and {e.execId for e in bought} <= {e.execId for e in desk.seen("fills", rid)}, desk.seen("fills", rid))
        is_filled(desk, product, other or one, "BUY" if other else "SELL", server, checks)
        checks.that("it is given up", desk.until(lambda: held() == before), (before, held()))


@flow
def fund_is_filled(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        one = desk.details(contract_of(FUND.wanted))[0].contract
        desk.app.reqPositions()
        desk.app.reqAccountUpdates(True, server.account)
        oid = desk.place(one, desk.order("BUY", "MKT", FUND.quantity))
        checks.that("it waits", desk.until(lambda: desk.working(oid)), desk.app.errors)
        server.ends_the_day()
        checks.that("it is filled as the day ends", desk.until(lambda: desk.status(oid) == "Filled", 30), (desk.seen("status", oid), desk.app.errors))
        perm = desk.seen("open", oid)[-1][1].permId
        fills = lambda: desk.seen("traded", perm)
        checks.that("in one execution", desk.until(lambda: [float(e.shares) for _, e in fills()] == [FUND.quantity]), fills())
        checks.that("with its fee", desk.until(lambda: any(0 < report.commissionAndFees < 15 for report in desk.seen("fees"))), desk.seen("fees"))
        checks.that("it is held", desk.until(lambda: desk.seen("held", one.conId) and float(desk.seen("held", one.conId)[-1]) == FUND.quantity), desk.seen("held", one.conId))
        row = lambda: desk.seen("row", one.conId)
        checks.that("at the price of its execution", desk.until(lambda: row() and row()[-1][1] == fills()[0][1].price), (row(), fills()))
        checks.that("so it is at the server", server.traded(perm)[0] == FUND.quantity, server.about("executions", perm))
