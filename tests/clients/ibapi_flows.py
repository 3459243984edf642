"""Flows for ibapi, the broker's own client."""

import time

from flow import flow
from ibapi.execution import ExecutionFilter
from ibapi.order_cancel import OrderCancel
from ibapi_desk import Desk

FAR_BELOW = 1.0


@flow
def connect(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        checks.that("the account is the ready file's", desk.seen("accounts") == [server.account], desk.seen("accounts"))
        checks.that("a version of text messages", 157 <= desk.app.serverVersion() <= 178, desk.app.serverVersion())
        checks.that("the time comes back", desk.alive())
        checks.that("it is now", abs(desk.seen("time")[-1] - time.time()) < 60, desk.seen("time"))
        desk.app.reqAccountUpdates(True, server.account)
        checks.that("account values end", desk.answer("values end"))
        values = dict(desk.seen("values"))
        checks.that("net liquidation is a number", float(values.get("NetLiquidation", 0)) > 0, values.get("NetLiquidation"))
        checks.that("only notices", all(2100 <= code < 2200 for _, code, _ in desk.app.errors), desk.app.errors)


@flow
def qualify(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        found = desk.details(desk.stock("MSFT"))
        checks.that("one description", len(found) == 1, len(found))
        checks.that("an id, a name, a tick", found[0].contract.conId > 0 and "icrosoft" in found[0].longName and found[0].minTick == 0.01, found[0])
        checks.that("a time zone and hours", bool(found[0].timeZoneId and found[0].liquidHours), found[0].timeZoneId)
        rule = int(found[0].marketRuleIds.split(",")[0])
        desk.app.reqMarketRule(rule)
        checks.that("its market rule", desk.until(lambda: desk.seen("rule", rule)), desk.app.errors)
        checks.that("an unknown symbol has none", desk.details(desk.stock("NOSUCHNAME")) == [])
        checks.that("and error 200", bool(desk.texts(200, desk.request)), desk.app.errors)
        rid = desk.next_request()
        desk.app.reqMatchingSymbols(rid, "AAP")
        checks.that("a pattern finds AAPL", desk.until(lambda: desk.seen("samples", rid)) and any(d.contract.symbol == "AAPL" for d in desk.seen("samples", rid)[0]))


@flow
def market_order(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        for action, side in (("BUY", "BOT"), ("SELL", "SLD")):
            desk.forget("fills", -1)
            oid = desk.place(desk.stock(), desk.order(action, "MKT", 6))
            checks.that(f"{action} filled", desk.until(lambda: desk.status(oid) == "Filled"), (desk.seen("status", oid), desk.app.errors))
            last = desk.seen("status", oid)[-1]
            checks.that("all of it", (last[1], last[2]) == (6, 0), last)
            checks.that("open order came too", bool(desk.seen("open", oid)))
            checks.that("fills add up", desk.until(lambda: sum(e.shares for e in desk.seen("fills", -1)) == 6), desk.seen("fills", -1))
            checks.that("their side", {e.side for e in desk.seen("fills", -1)} == {side})
            ids = {e.execId for e in desk.seen("fills", -1)}
            checks.that("a fee for each", desk.until(lambda: ids <= {f.execId for f in desk.seen("fees")}), desk.seen("fees"))
        rid = desk.next_request()
        desk.app.reqExecutions(rid, ExecutionFilter())
        checks.that("executions repeat", desk.answer(("fills end", rid), rid) and ids <= {e.execId for e in desk.seen("fills", rid)})
        narrow = ExecutionFilter()
        narrow.symbol, rid = "MSFT", desk.next_request()
        desk.app.reqExecutions(rid, narrow)
        checks.that("a filter leaves them out", desk.answer(("fills end", rid), rid) and not ids & {e.execId for e in desk.seen("fills", rid)})
        desk.app.reqCompletedOrders(True)
        checks.that("completed orders", desk.answer("completed end") and any(s.status == "Filled" for _, _, s in desk.seen("completed")))


@flow
def limit_modify_cancel(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        order = desk.order("BUY", "LMT", 4, lmtPrice=FAR_BELOW, orderRef="resting one")
        oid = desk.place(desk.stock(), order)
        checks.that("rests", desk.until(lambda: desk.working(oid)), (desk.seen("status", oid), desk.app.errors))
        perm = desk.seen("open", oid)[-1][1].permId
        checks.that("at the server too", server.state(perm) == "working", server.about("orders", perm))
        order.lmtPrice, order.totalQuantity = 2.5, 8
        desk.place(desk.stock(), order, oid)
        # A set: the modification's own echo may come in between.
        echoed = lambda: {(o.lmtPrice, int(o.totalQuantity), o.permId, o.orderRef) for _, i, o in desk.open_orders() if i == oid}
        checks.that("one order, new numbers, same permanent id", echoed() == {(2.5, 8, perm, "resting one")}, echoed())
        row = server.about("orders", perm)
        checks.that("the server has it so", [r["quantity"] for r in row] == [8] and "2.50" in str(row), row)
        desk.cancel(oid)
        checks.that("cancelled", desk.until(lambda: desk.status(oid) == "Cancelled"), desk.seen("status", oid))
        checks.that("notice 202", desk.until(lambda: desk.texts(202, oid)), desk.app.errors)
        checks.that("gone", not echoed() and server.state(perm) == "cancelled", echoed())
        desk.place(desk.stock(), order, oid)
        checks.that("its id cannot be used again", desk.until(lambda: desk.texts(103, oid)), desk.app.errors)
        desk.cancel(oid)
        checks.that("a second cancel says that it is over", desk.until(lambda: desk.texts(10148, oid)), desk.app.errors)
        desk.cancel(987_654)
        checks.that("an unknown one is not found", desk.until(lambda: desk.texts(10147, 987_654)), desk.app.errors)


@flow
def order_kinds(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        stock = desk.stock()
        for tif in ("FOK", "IOC"):
            oid = desk.place(stock, desk.order("BUY", "LMT", 5, lmtPrice=FAR_BELOW, tif=tif))
            checks.that(f"a far {tif} ends", desk.until(lambda: desk.done(oid)), desk.seen("status", oid))
        stop = desk.place(stock, desk.order("SELL", "STP", 5, auxPrice=FAR_BELOW, tif="GTC"))
        both = desk.place(stock, desk.order("SELL", "STP LMT", 5, auxPrice=2.0, lmtPrice=1.9))
        checks.that("stops wait", desk.until(lambda: desk.status(stop) == desk.status(both) == "PreSubmitted"), (desk.seen("status", stop), desk.seen("status", both)))
        order = desk.seen("open", both)[-1][1]
        checks.that("trigger and limit are echoed", (order.auxPrice, order.lmtPrice) == (2.0, 1.9), order)
        desk.tidy(stop, both)
        fields = [("orderType", "TRAIL"), ("orderType", "MIDPRICE"), ("hidden", True), ("tif", "OPG"), ("displaySize", 2), ("trailingPercent", 3.0), ("goodTillDate", "20301231 23:59:59 UTC"), ("cashQty", 500.0), ("allOrNone", True), ("algoStrategy", "Twap"), ("faGroup", "everyone"), ("modelCode", "m")]
        for name, value in fields:
            order = desk.order("BUY", "LMT", 5, lmtPrice=FAR_BELOW)
            setattr(order, name, value)
            oid = desk.place(stock, order)
            checks.that(f"{name} {value} is refused", desk.until(lambda: desk.done(oid) and desk.texts(201, oid)), (desk.seen("status", oid), desk.app.errors[-1:]))
            checks.that(f"{name} is named", any(name in text for text in desk.texts(201, oid)), desk.texts(201, oid))


@flow
def bracket(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        stock = desk.stock()
        parent = desk.place(stock, desk.order("BUY", "LMT", 5, lmtPrice=FAR_BELOW, transmit=False))
        profit = desk.place(stock, desk.order("SELL", "LMT", 5, lmtPrice=3.0, parentId=parent, transmit=False))
        time.sleep(0.3)
        checks.that("nothing is open before the last is transmitted", not [i for _, i, _ in desk.open_orders() if i in (parent, profit)])
        loss = desk.place(stock, desk.order("SELL", "STP", 5, auxPrice=0.5, parentId=parent, transmit=True))
        family = (parent, profit, loss)
        checks.that("all three work", desk.until(lambda: all(desk.working(i) for i in family)), [(desk.seen("status", i)) for i in family] + desk.app.errors)
        checks.that("children name the parent", [o.parentId for _, i, o in desk.open_orders() if i in (profit, loss)] == [parent, parent])
        desk.cancel(parent)
        checks.that("children go with the parent", desk.until(lambda: all(desk.status(i) == "Cancelled" for i in family)), [desk.seen("status", i) for i in family])
        perms = [desk.seen("open", i)[-1][1].permId for i in family]
        checks.that("all three are over at the server", {server.state(perm) for perm in perms} == {"cancelled"}, server.says("orders")[-3:])


@flow
def reconciliation(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        oid = desk.place(desk.stock(), desk.order("BUY", "LMT", 5, lmtPrice=FAR_BELOW, tif="GTC"))
        bought = desk.place(desk.stock(), desk.order("BUY", "MKT", 2))
        checks.that("one rests, one is filled", desk.until(lambda: desk.working(oid) and desk.status(bought) == "Filled"), desk.app.errors)
        perm = desk.seen("open", oid)[-1][1].permId
    checks.that("the order outlives its connection", server.state(perm) == "working", server.about("orders", perm))
    with Desk.again(server.address("trading"), cid) as desk:
        checks.that("the next id is above both", desk.seen("next id")[0] > max(oid, bought), desk.seen("next id"))
        checks.that("it is there after the next connection", [(o.permId, o.lmtPrice) for _, i, o in desk.open_orders() if i == oid] == [(perm, FAR_BELOW)], desk.app.errors)
        rid = desk.next_request()
        desk.app.reqExecutions(rid, ExecutionFilter())
        checks.that("so are the fills", desk.answer(("fills end", rid), rid) and sum(e.shares for e in desk.seen("fills", rid) if (e.clientId, e.orderId) == (cid, bought)) == 2, desk.seen("fills", rid))
        checks.that("and their fees", {e.execId for e in desk.seen("fills", rid)} <= {report.execId for report in desk.seen("fees")}, desk.seen("fees"))
        desk.app.reqPositions()
        desk.answer("positions end")
        held = [position for _, symbol, position, _ in desk.seen("positions") if symbol == "AAPL"]
        checks.that("so is the position", held[-1:] == [server.held("AAPL")] and held[-1] >= 2, (held, server.says("positions")))
        desk.tidy(oid)
        checks.that("cancelled by the next connection", server.state(perm) == "cancelled", server.about("orders", perm))
        out = desk.place(desk.stock(), desk.order("SELL", "MKT", 2))
        checks.that("sold", desk.until(lambda: desk.status(out) == "Filled"), desk.app.errors)


@flow
def what_if(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        oid = desk.place(desk.stock(), desk.order("BUY", "MKT", 10, whatIf=True))
        checks.that("an answer", desk.until(lambda: desk.seen("open", oid)), desk.app.errors)
        state = desk.seen("open", oid)[-1][2]
        checks.that("a margin change and a fee", 0 < float(state.initMarginChange) < 1e12 and 1 <= state.commissionAndFees < 100, state)
        checks.that("no status", not desk.seen("status", oid))
        checks.that("nothing stays", not [i for _, i, _ in desk.open_orders() if i == oid])
        huge = desk.place(desk.stock(), desk.order("BUY", "MKT", 50_000_000, whatIf=True))
        checks.that("too large gets 201", desk.until(lambda: desk.texts(201, huge)), desk.app.errors)


@flow
def positions_summary(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        oid = desk.place(desk.stock("MSFT"), desk.order("BUY", "MKT", 3))
        checks.that("bought", desk.until(lambda: desk.status(oid) == "Filled"), desk.app.errors)
        desk.app.reqPositions()
        checks.that("positions end", desk.answer("positions end"))
        checks.that("with MSFT", any(symbol == "MSFT" and cost > 1 for _, symbol, _, cost in desk.seen("positions")), desk.seen("positions"))
        rid = desk.next_request()
        desk.app.reqAccountSummary(rid, "All", "NetLiquidation,BuyingPower,TotalCashValue")
        checks.that("a summary of just these", desk.answer(("summary end", rid), rid) and {t for t, _ in desk.seen("summary", rid)} == {"NetLiquidation", "BuyingPower", "TotalCashValue"}, desk.seen("summary", rid))
        desk.app.cancelAccountSummary(rid)
        desk.app.reqAccountUpdates(True, "")
        checks.that("a portfolio row", desk.until(lambda: any(row[0] == "MSFT" and row[2] > 1 for row in desk.seen("portfolio"))), desk.seen("portfolio"))
        rid = desk.next_request()
        desk.app.reqPnL(rid, server.account, "")
        checks.that("profit and loss", desk.until(lambda: desk.seen("pnl", rid)), desk.app.errors)
        desk.app.cancelPnL(rid)
        desk.forget("positions")
        out = desk.place(desk.stock("MSFT"), desk.order("SELL", "MKT", 3))
        checks.that("sold", desk.until(lambda: desk.status(out) == "Filled"), desk.app.errors)
        checks.that("the position is streamed", desk.until(lambda: any(row[1] == "MSFT" for row in desk.seen("positions"))), desk.seen("positions"))


@flow
def historical(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        def ask(end, span, size, what="TRADES", keep=False, form=1):
            rid = desk.next_request()
            desk.app.reqHistoricalData(rid, desk.stock(), end, span, size, what, 1, form, keep, [])
            checks.that(f"{span} of {size} ends", desk.answer(("bars end", rid), rid), desk.app.errors)
            return rid, desk.seen("bars", rid)

        _, days = ask("", "10 D", "1 day")
        checks.that("ten days in order", [b.date for b in days] == sorted({b.date for b in days}) and len(days) == 10, days)
        checks.that("sound bars", all(b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high for b in days), days)
        _, old = ask("20250601 00:00:00 US/Eastern", "1 M", "1 day")
        checks.that("an end in the past", bool(old) and old[-1].date < "20250601", old[-1:])
        _, epoch = ask("", "1 D", "1 min", form=2)
        checks.that("epoch seconds", all(b.date.isdigit() for b in epoch), epoch[:1])
        rid, _ = ask("", "1 D", "1 min", keep=True)
        checks.that("updates", desk.until(lambda: desk.seen("bar updates", rid)), desk.app.errors)
        desk.app.cancelHistoricalData(rid)
        rid = desk.next_request()
        desk.app.reqHeadTimeStamp(rid, desk.stock(), "TRADES", 1, 1)
        checks.that("a head time stamp", desk.until(lambda: desk.seen("head", rid)), desk.app.errors)
        rid, none = ask("", "5 parsecs", "1 day")
        checks.that("a wrong duration gets 162", none == [] and bool(desk.texts(162, rid)), desk.app.errors)
        rid, none = ask("", "5 D", "7 mins")
        checks.that("a wrong bar size gets 162", none == [] and bool(desk.texts(162, rid)), desk.app.errors)


@flow
def market_data(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        rid = desk.next_request()
        desk.app.reqMktData(rid, desk.stock(), "", False, False, [])
        checks.that("bid and ask", desk.until(lambda: desk.seen("price", rid, 1) and desk.seen("price", rid, 2)), desk.app.errors)
        checks.that("bid below ask", 0 < desk.seen("price", rid, 1)[0] < desk.seen("price", rid, 2)[0])
        checks.that("a tick size", desk.seen("params", rid) == [0.01], desk.seen("params", rid))
        checks.that("it streams", desk.until(lambda: len(desk.seen("price", rid, 1)) > 1 or len(desk.seen("price", rid, 4)) > 1))
        desk.app.reqMktData(rid, desk.stock(), "", False, False, [])
        checks.that("the same id twice gets 322 or 102", desk.until(lambda: desk.texts(102, rid) or desk.texts(322, rid)), desk.app.errors)
        desk.app.cancelMktData(rid)
        once = desk.next_request()
        desk.app.reqMktData(once, desk.stock("MSFT"), "", True, False, [])
        checks.that("a snapshot ends", desk.until(lambda: ("snapshot end", once) in desk.app.ended), desk.app.errors)
        desk.app.reqMarketDataType(3)
        late = desk.next_request()
        desk.app.reqMktData(late, desk.stock("KO"), "", False, False, [])
        checks.that("delayed ticks", desk.until(lambda: desk.seen("price", late, 66)), desk.app.errors)
        checks.that("and their type", desk.seen("type", late) == [3], desk.seen("type", late))
        desk.app.cancelMktData(777_777)
        checks.that("cancel of an unknown id gets 300", desk.until(lambda: desk.texts(300, 777_777)), desk.app.errors)


@flow
def two_clients(_, server, checks, cid):
    address = server.address("trading")
    with Desk(address, cid) as one, Desk(address, cid + 1) as two:
        oid = one.place(one.stock(), one.order("BUY", "LMT", 5, lmtPrice=FAR_BELOW))
        checks.that("rests", one.until(lambda: one.working(oid)), one.app.errors)
        perm = one.seen("open", oid)[-1][1].permId
        checks.that("not among the other's", all(o.permId != perm for _, _, o in two.open_orders()))
        checks.that("among all, with its owner", [c for c, _, o in two.open_orders(everyone=True) if o.permId == perm] == [cid])
        two.cancel(oid)
        checks.that("the other cannot cancel it", two.until(lambda: two.texts(10147, oid)), two.app.errors)
        two.app.reqGlobalCancel(OrderCancel())
        checks.that("a global cancel ends all orders of the credential", one.until(lambda: one.done(oid)), one.seen("status", oid))


@flow
def duplicate_id(_, server, checks, cid):
    address = server.address("trading")
    with Desk(address, cid) as first, Desk(address, cid, wait=False) as second:
        checks.that("the second gets 326", second.until(lambda: second.texts(326)), second.app.errors)
        checks.that("and is closed", second.until(lambda: second.app.closed))
        checks.that("the first lives on", first.alive())


def refused(desk, checks, what, contract, order, code):
    oid = desk.place(contract, order)
    checks.that(f"{what}: ends with 201", desk.until(lambda: desk.done(oid) and desk.texts(201, oid)), (desk.seen("status", oid), desk.app.errors[-1:]))
    checks.that(f"{what}: says {code}", any(code in text for text in desk.texts(201, oid)), desk.texts(201, oid))


@flow
def refused_on_trading(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        limit = lambda quantity, price, **more: desk.order("BUY", "LMT", quantity, lmtPrice=price, **more)
        refused(desk, checks, "ten million shares", desk.stock(), limit(10_000_000, FAR_BELOW), "10000000")
        refused(desk, checks, "a negative price", desk.stock(), limit(1, -5.0), "")
        refused(desk, checks, "a price that is no number", desk.stock(), limit(1, float("nan")), "")
        refused(desk, checks, "no shares", desk.stock(), limit(0, FAR_BELOW), "")
        refused(desk, checks, "an absurd number of shares", desk.stock(), limit(10**25, FAR_BELOW), "")
        refused(desk, checks, "another account", desk.stock(), limit(1, FAR_BELOW, account="U1234567"), "U1234567")
        refused(desk, checks, "a parent that is not there", desk.stock(), limit(1, FAR_BELOW, parentId=999_999), "999999")
        refused(desk, checks, "a very long reference", desk.stock(), limit(1, FAR_BELOW, orderRef="x" * 100_000), "orderRef")
        checks.that("still alive", desk.alive())


@flow
def refused_on_read_only(_, server, checks, cid):
    with Desk(server.address("read-only"), cid) as desk:
        refused(desk, checks, "an order", desk.stock(), desk.order("BUY", "LMT", 1, lmtPrice=FAR_BELOW), "READ_ONLY")
        oid = desk.place(desk.stock(), desk.order("BUY", "MKT", 1, whatIf=True))
        checks.that("a what-if gets 201", desk.until(lambda: desk.texts(201, oid)), desk.app.errors)
        checks.that("open orders can be read", isinstance(desk.open_orders(everyone=True), list))
        checks.that("contracts can be read", len(desk.details(desk.stock())) == 1)
        checks.that("still alive", desk.alive())


@flow
def refused_on_narrow(_, server, checks, cid):
    with Desk(server.address("narrow"), cid) as desk:
        limit = lambda quantity: desk.order("BUY", "LMT", quantity, lmtPrice=FAR_BELOW)
        refused(desk, checks, "another symbol", desk.stock("MSFT"), limit(1), "SYMBOL")
        refused(desk, checks, "101 shares", desk.stock(), limit(101), "101")
        good = desk.place(desk.stock(), limit(100))
        checks.that("100 shares rest", desk.until(lambda: desk.working(good)), desk.app.errors)
        many = [desk.place(desk.stock(), limit(1)) for _ in range(12)]
        checks.that("each gets an answer", desk.until(lambda: all(desk.working(i) or desk.done(i) for i in many)))
        checks.that("some are too many a second", any("RATE" in text for text in desk.texts(201)), desk.app.errors)
        desk.tidy(good, *many)
        checks.that("cancels are not counted", all(desk.done(i) for i in (good, *many)))


@flow
def absent(_, server, checks, cid):
    with Desk(server.address("trading"), cid) as desk:
        app, stock = desk.app, desk.details(desk.stock())[0].contract

        def gets_error(what, call):
            rid = desk.next_request()
            call(rid)
            checks.that(f"{what} gets an error with its id", desk.until(lambda: any(e[0] == rid for e in app.errors), 5), app.errors[-2:])

        gets_error("fundamental-like news", lambda rid: app.reqHistoricalNews(rid, stock.conId, "X", "", "", 5, []))
        gets_error("a news article", lambda rid: app.reqNewsArticle(rid, "X", "Y", []))
        gets_error("a histogram", lambda rid: app.reqHistogramData(rid, stock, True, "3 days"))
        gets_error("implied volatility", lambda rid: app.calculateImpliedVolatility(rid, stock, 1.0, 2.0, []))
        gets_error("event calendar", lambda rid: app.reqWshMetaData(rid))
        for what, call, key in [
            ("family codes", app.reqFamilyCodes, "families"),
            ("news providers", app.reqNewsProviders, "news providers"),
            ("depth exchanges", app.reqMktDepthExchanges, "depth exchanges"),
            ("scanner parameters", app.reqScannerParameters, "scanner"),
            ("adviser groups", lambda: app.requestFA(1), "fa"),
        ]:
            call()
            checks.that(f"{what} get an answer", desk.until(lambda: desk.seen(key), 5), app.errors[-2:])
        app.reqSoftDollarTiers(8_001)
        app.reqUserInfo(8_002)
        checks.that("tiers and user info", desk.until(lambda: desk.seen("tiers", 8_001) and desk.seen("user", 8_002), 5), app.errors[-2:])
        checks.that("still alive", desk.alive())
