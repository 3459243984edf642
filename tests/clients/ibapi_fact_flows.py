"""Flows for ibapi about what it reads: no sentinel where its users read a number."""

from flow import flow
from ibapi_flows import FAR_BELOW, Desk

from ibapi.const import UNSET_DOUBLE


@flow
def contract_facts(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        [details] = desk.details(desk.stock())
        for name in ("marketName", "minTick", "orderTypes", "validExchanges", "longName", "industry", "category", "subcategory", "timeZoneId", "tradingHours", "liquidHours", "marketRuleIds", "stockType"):
            checks.that(f"{name} is filled", bool(getattr(details, name)), getattr(details, name))
        ids = {(pair.tag, pair.value) for pair in details.secIdList or []}
        checks.that("the ISIN", ids == {("ISIN", "US0378331005")}, ids)
        wanted = desk.stock()
        wanted.symbol, wanted.secIdType, wanted.secId = "", "ISIN", "US0378331005"
        checks.that("found by it", [d.contract.symbol for d in desk.details(wanted)] == ["AAPL"])


@flow
def order_defaults(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        oid = desk.place(desk.stock(), desk.order("BUY", "MKT", 1))
        checks.that("filled", desk.until(lambda: desk.status(oid) == "Filled"), desk.app.errors)
        _, order, _ = desk.seen("open", oid)[-1]
        checks.that("no price is unset", (order.lmtPrice, order.auxPrice) == (0.0, 0.0), (order.lmtPrice, order.auxPrice))
        checks.that("defaults are the broker's", (order.ocaType, order.clearingIntent, order.deltaNeutralOrderType) == (3, "IB", "None"), vars(order))
        out = desk.place(desk.stock(), desk.order("SELL", "MKT", 1))
        checks.that("sold", desk.until(lambda: desk.status(out) == "Filled"), desk.app.errors)
        rest = desk.place(desk.stock(), desk.order("BUY", "LMT", 1, lmtPrice=FAR_BELOW))
        checks.that("rests", desk.until(lambda: desk.working(rest)), desk.app.errors)
        desk.tidy(rest)
        desk.app.reqCompletedOrders(False)
        checks.that("completed orders end", desk.answer("completed end"))
        done = [order for _, order, _ in desk.seen("completed")]
        checks.that("no price of a completed order is unset", done and all(UNSET_DOUBLE not in (o.lmtPrice, o.auxPrice) for o in done), len(done))


@flow
def figures(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        rid = desk.next_request()
        desk.app.reqPnL(rid, server.account, "")
        checks.that("profit and loss is numbers", desk.until(lambda: desk.seen("pnl", rid)) and abs(desk.seen("pnl", rid)[0]) < 1e15, desk.seen("pnl", rid))
        rid = desk.next_request()
        desk.app.reqAccountSummary(rid, "All", "$LEDGER:ALL")
        checks.that("the ledger ends", desk.answer(("summary end", rid), rid))
        tags = [tag for tag, _ in desk.seen("summary", rid)]
        # Pairs were traded: a currency more for each.
        checks.that("as many rows for each tag", tags and tags.count(tags[0]) >= 2 and len({tags.count(tag) for tag in tags}) == 1, tags)


@flow
def history_forms(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        for end, span, size, what in (("", "864000", "1 day", "Trades"), ("20260601-20:00:00", "5 D", "1 day", "BID_ASK"), ("", "60 S", "1 secs", "TRADES")):
            rid = desk.next_request()
            desk.app.reqHistoricalData(rid, desk.stock(), end, span, size, what, 1, 1, False, [])
            checks.that(f"{span} of {size} of {what}", desk.answer(("bars end", rid), rid) and desk.seen("bars", rid), desk.app.errors)
        rid = desk.next_request()
        desk.app.reqHistoricalData(rid, desk.stock(), "", "5 D", "1 day", "FEE_RATE", 1, 1, False, [])
        checks.that("a kind that is not there gets 162", desk.until(lambda: desk.texts(162, rid)), desk.app.errors)
        desk.app.reqTickByTickData(desk.next_request(), desk.stock(), "Trades", 0, False)
        checks.that("a wrong kind of single tick gets 10189", desk.until(lambda: desk.texts(10189)), desk.app.errors)
