"""Flows for ib_async and ib_insync, which share one interface."""

import asyncio
import importlib
import logging
import time

from flow import flow, wait_until

FAR_BELOW = 1.0
DONE = ("Cancelled", "ApiCancelled", "Inactive", "Filled")


class Desk:
    """One connected IB object; keeps the errors it was sent."""

    def __init__(self, library, address, client_id, timeout=10, wait=True):
        logging.getLogger().setLevel(logging.CRITICAL)
        self.lib = importlib.import_module(library)
        self.ib = self.lib.IB()
        self.errors = []
        self.ib.errorEvent += lambda rid, code, text, *_: self.errors.append((rid, code, text))
        if wait:
            self.ib.connect(*address, clientId=client_id, timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ib.disconnect()

    def until(self, condition, seconds=10):
        return wait_until(condition, seconds, self.ib.sleep)

    def stock(self, symbol="AAPL"):
        contract = self.lib.Stock(symbol, "SMART", "USD")
        self.ib.qualifyContracts(contract)
        return contract

    def await_for(self, coroutine, seconds=10):
        return self.ib._run(asyncio.wait_for(coroutine, seconds))

    def texts(self, code, rid=None):
        return [text for r, c, text in self.errors if c == code and rid in (None, r)]

    def working(self, trade):
        return trade.orderStatus.status in ("PreSubmitted", "Submitted")

    def done(self, trade):
        return trade.orderStatus.status in DONE

    def place(self, contract, order):
        return self.ib.placeOrder(contract, order)

    def tidy(self, *trades):
        for trade in trades:
            if not self.done(trade):
                self.ib.cancelOrder(trade.order)
        self.until(lambda: all(self.done(trade) for trade in trades), 5)


@flow
def connect(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        checks.that("the account is the ready file's", desk.ib.managedAccounts() == [server.account], desk.ib.managedAccounts())
        best = {"ib_async": 178, "ib_insync": 176}[library]
        checks.that("the version is the client's best", desk.ib.client.serverVersion() == best, desk.ib.client.serverVersion())
        checks.that("the time comes back", desk.ib.reqCurrentTime() is not None)
        values = {v.tag: v.value for v in desk.ib.accountValues()}
        checks.that("net liquidation is known after the sync", float(values.get("NetLiquidation", 0)) > 0, values.get("NetLiquidation"))
        checks.that("only notices", all(2100 <= code < 2200 for _, code, _ in desk.errors), desk.errors)


@flow
def connect_as_client_zero(library, server, checks, cid):
    with Desk(library, server.address("read-only"), 0) as desk:
        desk.ib.reqAutoOpenOrders(True)
        checks.that("client 0 connects and syncs", desk.ib.isConnected() and desk.ib.reqCurrentTime() is not None)
        checks.that("only notices", all(2100 <= code < 2200 for _, code, _ in desk.errors), desk.errors)


@flow
def qualify(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock("MSFT")
        checks.that("a contract id", contract.conId > 0, contract.conId)
        details = desk.ib.reqContractDetails(contract)
        checks.that("one description", len(details) == 1, len(details))
        checks.that("a long name", "icrosoft" in details[0].longName, details[0].longName)
        checks.that("a tick of a cent", details[0].minTick == 0.01, details[0].minTick)
        checks.that("order types are listed", {"MKT", "LMT", "STP"} <= set(details[0].orderTypes.split(",")), details[0].orderTypes)
        checks.that("hours are listed", bool(details[0].liquidHours), details[0].liquidHours)
        by_id = desk.ib.reqContractDetails(desk.lib.Contract(conId=contract.conId))
        checks.that("the id alone finds it", [d.contract.symbol for d in by_id] == ["MSFT"], by_id)
        rules = desk.ib.reqMarketRule(int(details[0].marketRuleIds.split(",")[0]))
        checks.that("its market rule has the tick", [r.increment for r in rules or []] == [0.01], rules)
        checks.that("an unknown symbol has no description", desk.ib.reqContractDetails(desk.lib.Stock("NOSUCHNAME", "SMART", "USD")) == [])
        checks.that("and error 200", bool(desk.texts(200)), desk.errors)
        found = desk.ib.reqMatchingSymbols("AAP") or []
        checks.that("a pattern finds AAPL", any(f.contract.symbol == "AAPL" for f in found), found)


@flow
def market_order(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        before = sum(p.position for p in desk.ib.positions() if p.contract.symbol == "AAPL")
        trade = desk.place(contract, desk.lib.MarketOrder("BUY", 7))
        checks.that("filled", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)
        checks.that("all of it", (trade.orderStatus.filled, trade.orderStatus.remaining) == (7, 0), trade.orderStatus)
        checks.that("fills add up", desk.until(lambda: sum(f.execution.shares for f in trade.fills) == 7), trade.fills)
        checks.that("fees were reported", desk.until(lambda: all(f.commissionReport.execId for f in trade.fills)), trade.fills)
        checks.that("at least a dollar", sum(f.commissionReport.commission for f in trade.fills) >= 1, trade.fills)
        checks.that("a permanent id", trade.order.permId > 0, trade.order.permId)
        now = lambda: sum(p.position for p in desk.ib.positions() if p.contract.symbol == "AAPL")
        checks.that("the position moved by itself", desk.until(lambda: now() == before + 7), (before, now()))
        paid = round(sum(f.commissionReport.commission for f in trade.fills), 2)
        checks.that("the server has the same fills and fees", server.traded(trade.order.permId) == (7, paid), server.about("executions", trade.order.permId))
        checks.that("and the same position", server.held("AAPL") == now() and server.state(trade.order.permId) == "filled", server.says("positions"))
        listed = {f.execution.execId for f in desk.ib.reqExecutions()}
        checks.that("executions repeat it", {f.execution.execId for f in trade.fills} <= listed, listed)
        sale = desk.place(contract, desk.lib.MarketOrder("SELL", 7))
        checks.that("sold", desk.until(lambda: sale.orderStatus.status == "Filled"), sale.log)
        checks.that("a side", desk.until(lambda: all(f.execution.side == "SLD" for f in sale.fills)), sale.fills)
        completed = desk.ib.reqCompletedOrders(True)
        checks.that("completed orders hold both", {trade.order.permId, sale.order.permId} <= {t.order.permId for t in completed}, len(completed))


@flow
def limit_modify_cancel(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        order = desk.lib.LimitOrder("BUY", 5, FAR_BELOW, orderRef="resting one")
        trade = desk.place(contract, order)
        checks.that("rests", desk.until(lambda: desk.working(trade)), trade.log)
        perm = trade.order.permId
        order.lmtPrice, order.totalQuantity = 2.5, 9
        desk.place(contract, order)
        same = lambda: [t for t in desk.ib.reqAllOpenOrders() if t.order.permId == perm]
        checks.that("one order with the new numbers", desk.until(lambda: [(float(t.order.lmtPrice), float(t.order.totalQuantity)) for t in same()] == [(2.5, 9)], 3), same())
        checks.that("its reference is kept", [t.order.orderRef for t in same()] == ["resting one"], same())
        row = server.about("orders", perm)
        checks.that("the server has it so", [r["quantity"] for r in row] == [9] and "2.50" in str(row) and server.state(perm) == "working", row)
        desk.ib.cancelOrder(order)
        checks.that("cancelled", desk.until(lambda: trade.orderStatus.status == "Cancelled"), trade.log)
        checks.that("notice 202", desk.until(lambda: bool(desk.texts(202, order.orderId))), desk.errors)
        checks.that("gone", same() == [] and server.state(perm) == "cancelled", same())
        desk.errors.clear()
        desk.ib.client.cancelOrder(order.orderId, "")
        checks.that("a second cancel says that it is over", desk.until(lambda: bool(desk.texts(10148, order.orderId))), desk.errors)
        desk.ib.client.cancelOrder(987_654, "")
        checks.that("an unknown one is not found", desk.until(lambda: bool(desk.texts(10147, 987_654))), desk.errors)


@flow
def order_kinds(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        fok = desk.place(contract, desk.lib.LimitOrder("BUY", 5, FAR_BELOW, tif="FOK"))
        ioc = desk.place(contract, desk.lib.LimitOrder("BUY", 5, FAR_BELOW, tif="IOC"))
        checks.that("a far FOK ends", desk.until(lambda: desk.done(fok)), fok.log)
        checks.that("a far IOC ends", desk.until(lambda: desk.done(ioc)), ioc.log)
        stop = desk.place(contract, desk.lib.StopOrder("SELL", 5, FAR_BELOW, tif="GTC"))
        checks.that("a stop waits", desk.until(lambda: stop.orderStatus.status == "PreSubmitted"), stop.log)
        both = desk.place(contract, desk.lib.StopLimitOrder("SELL", 5, 1.45, 1.5))
        checks.that("a stop limit waits", desk.until(lambda: both.orderStatus.status == "PreSubmitted"), both.log)
        listed = {t.order.permId: t.order for t in desk.ib.reqOpenOrders()}
        checks.that("trigger and limit are echoed", (listed[both.order.permId].auxPrice, listed[both.order.permId].lmtPrice) == (1.5, 1.45), listed)
        desk.tidy(stop, both)
        for name, value in [("orderType", "TRAIL"), ("hidden", True), ("goodAfterTime", "20301231 23:59:59 UTC"), ("tif", "GTD"), ("algoStrategy", "Adaptive"), ("displaySize", 2), ("allOrNone", True), ("minQty", 3)]:
            order = desk.lib.LimitOrder("BUY", 5, FAR_BELOW)
            setattr(order, name, value)
            trade = desk.place(contract, order)
            checks.that(f"{name} is refused", desk.until(lambda: desk.done(trade)), trade.log)
            said = desk.texts(201, order.orderId)
            checks.that(f"{name} is named", any(name in text for text in said), said)


@flow
def bracket(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        orders = desk.ib.bracketOrder("BUY", 5, FAR_BELOW, FAR_BELOW * 3, FAR_BELOW / 2)
        trades = [desk.place(contract, order) for order in orders]
        checks.that("all three work", desk.until(lambda: all(desk.working(t) for t in trades)), [t.log for t in trades])
        listed = {t.order.orderId: t.order for t in desk.ib.reqOpenOrders()}
        checks.that("children name the parent", all(listed[o.orderId].parentId == orders[0].orderId for o in orders[1:]), listed)
        desk.ib.cancelOrder(orders[0])
        checks.that("children go with the parent", desk.until(lambda: all(t.orderStatus.status == "Cancelled" for t in trades)), [t.log for t in trades])
        checks.that("all three are over at the server", {server.state(t.order.permId) for t in trades} == {"cancelled"}, server.says("orders")[-3:])

        entry = desk.ib.bracketOrder("BUY", 5, 100_000, 200_000, FAR_BELOW)
        entry.parent.orderType, entry.parent.lmtPrice = "MKT", 0
        trades = [desk.place(contract, order) for order in entry]
        checks.that("the parent fills", desk.until(lambda: trades[0].orderStatus.status == "Filled"), trades[0].log)
        checks.that("the children live", desk.until(lambda: all(desk.working(t) for t in trades[1:])), [t.log for t in trades])
        [quote] = desk.ib.reqTickers(contract)
        entry.takeProfit.lmtPrice = round(quote.bid * 0.99, 2)
        desk.place(contract, entry.takeProfit)
        checks.that("a change that is not transmitted waits, and that is said", desk.until(lambda: bool(desk.texts(399, entry.takeProfit.orderId))) and not desk.done(trades[1]), trades[1].log)
        entry.takeProfit.transmit = True
        desk.place(contract, entry.takeProfit)
        checks.that("a child fills once its price is reached", desk.until(lambda: trades[1].orderStatus.status == "Filled"), trades[1].log)
        checks.that("and cancels the other", desk.until(lambda: trades[2].orderStatus.status == "Cancelled"), trades[2].log)
        checks.that("so it is at the server", [server.state(t.order.permId) for t in trades] == ["filled", "filled", "cancelled"], server.says("orders")[-3:])

        held = desk.place(contract, desk.lib.LimitOrder("BUY", 5, FAR_BELOW, transmit=False))
        desk.ib.sleep(0.3)
        checks.that("an order that is not transmitted is not open", all(t.order.orderId != held.order.orderId or t is held for t in desk.ib.reqAllOpenOrders()))
        held.order.transmit = True
        desk.place(contract, held.order)
        checks.that("transmitted later it works", desk.until(lambda: desk.working(held)), held.log)
        desk.tidy(held)


@flow
def reconciliation(library, server, checks, cid):
    address = server.address("trading")
    with Desk(library, address, cid) as desk:
        resting = desk.place(desk.stock(), desk.lib.LimitOrder("BUY", 5, FAR_BELOW, tif="GTC"))
        bought = desk.place(desk.stock(), desk.lib.MarketOrder("BUY", 2))
        checks.that("one rests, one is filled", desk.until(lambda: desk.working(resting) and bought.orderStatus.status == "Filled"), (resting.log, bought.log))
        perm, filled = resting.order.permId, bought.order.permId
    checks.that("the order outlives its connection", server.state(perm) == "working", server.about("orders", perm))
    # The server needs a moment to notice the end of the first, whose client id is used again.
    time.sleep(0.5)
    with Desk(library, address, cid) as desk:
        found = [t for t in desk.ib.openTrades() if t.order.permId == perm]
        checks.that("it is there after the next connection", [(t.order.lmtPrice, t.order.totalQuantity, t.orderStatus.status) for t in found] == [(FAR_BELOW, 5, "Submitted")], desk.ib.trades())
        checks.that("with its contract", all(t.contract.symbol == "AAPL" and t.contract.conId for t in found), found)
        fills = [f for f in desk.ib.fills() if f.execution.permId == filled]
        checks.that("so are the fills and their fees", sum(f.execution.shares for f in fills) == 2 and all(f.commissionReport.commission for f in fills), fills)
        held = sum(p.position for p in desk.ib.positions() if p.contract.symbol == "AAPL")
        checks.that("so is the position", held == server.held("AAPL") and held >= 2, (held, server.says("positions")))
        desk.tidy(*found)
        checks.that("cancelled by the next connection", server.state(perm) == "cancelled", server.about("orders", perm))
        sale = desk.place(desk.stock(), desk.lib.MarketOrder("SELL", 2))
        checks.that("sold", desk.until(lambda: sale.orderStatus.status == "Filled"), sale.log)


@flow
def what_if(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        state = desk.await_for(desk.ib.whatIfOrderAsync(contract, desk.lib.MarketOrder("BUY", 10)))
        checks.that("a margin change", float(state.initMarginChange) < 1e300, state)
        checks.that("a fee", 1 <= state.commission < 100, state)
        checks.that("nothing stays", not [t for t in desk.ib.reqOpenOrders() if t.order.whatIf])
        try:
            answer = desk.await_for(desk.ib.whatIfOrderAsync(contract, desk.lib.MarketOrder("BUY", 50_000_000)))
        except Exception as error:
            answer = error
        checks.that("too large ends", not hasattr(answer, "initMarginChange") or not desk.texts(321), answer)
        checks.that("with 201", bool(desk.texts(201)), desk.errors)


@flow
def positions_summary(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        buy = desk.place(desk.stock(), desk.lib.MarketOrder("BUY", 3))
        checks.that("bought", desk.until(lambda: desk.done(buy)), buy.log)
        summary = {v.tag: v.value for v in desk.ib.accountSummary()}
        checks.that("summary", {"NetLiquidation", "BuyingPower", "TotalCashValue"} <= set(summary), sorted(summary))
        rows = [p for p in desk.ib.reqPositions() if p.contract.symbol == "AAPL"]
        checks.that("a position with its cost", len(rows) == 1 and rows[0].avgCost > 1, rows)
        shown = lambda: [i for i in desk.ib.portfolio() if i.contract.symbol == "AAPL"]
        checks.that("a portfolio row with a price", desk.until(lambda: bool(shown()) and shown()[0].marketPrice > 1), shown())
        pnl = desk.ib.reqPnL(server.account)
        checks.that("profit and loss", desk.until(lambda: pnl.dailyPnL == pnl.dailyPnL), pnl)
        single = desk.ib.reqPnLSingle(server.account, "", rows[0].contract.conId)
        checks.that("profit and loss of one position", desk.until(lambda: single.value == single.value and single.position != 0), single)
        desk.ib.cancelPnL(server.account)
        desk.ib.cancelPnLSingle(server.account, "", rows[0].contract.conId)
        sale = desk.place(desk.stock(), desk.lib.MarketOrder("SELL", 3))
        checks.that("sold", desk.until(lambda: desk.done(sale)), sale.log)


@flow
def historical(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        ask = lambda span, size, what="TRADES", keep=False: desk.ib.reqHistoricalData(contract, "", span, size, what, True, 1, keep, [], 10)
        days = ask("10 D", "1 day")
        checks.that("ten days", len(days) == 10, len(days))
        checks.that("in order", [b.date for b in days] == sorted({b.date for b in days}), days)
        checks.that("sound bars", all(b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high for b in days), days)
        checks.that("months", 10 <= len(ask("1 Y", "1 month")) <= 13)
        checks.that("weeks", 3 <= len(ask("1 M", "1 week")) <= 6)
        checks.that("midpoints", bool(ask("5 D", "1 day", "MIDPOINT")))
        head = desk.ib.reqHeadTimeStamp(contract, "TRADES", True, 1)
        checks.that("a head time stamp before the bars", bool(head) and str(head)[:4] < str(days[0].date)[:5], head)
        ticking = ask("1 D", "1 min", keep=True)
        first = (len(ticking), ticking[-1].close if ticking else None, ticking[-1].volume if ticking else None)
        checks.that("bars that keep up to date move", desk.until(lambda: bool(ticking) and (len(ticking), ticking[-1].close, ticking[-1].volume) != first), first)
        desk.ib.cancelHistoricalData(ticking)
        desk.errors.clear()
        checks.that("a wrong duration gives no bars", not ask("5 parsecs", "1 day"))
        checks.that("and an error", bool(desk.texts(162)), desk.errors)


@flow
def market_data(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        ticker = desk.ib.reqMktData(contract, "", False, False)
        checks.that("bid below ask", desk.until(lambda: 0 < ticker.bid < ticker.ask), ticker)
        checks.that("sizes", ticker.bidSize > 0 and ticker.askSize > 0, ticker)
        checks.that("a last price and the day's range", desk.until(lambda: ticker.low <= ticker.last <= ticker.high), ticker)
        seen = []
        ticker.updateEvent += lambda t: seen.append((t.bid, t.ask, t.last, t.bidSize))
        checks.that("it moves", desk.until(lambda: len(set(seen)) > 1), seen)
        desk.ib.cancelMktData(contract)
        once = desk.ib.reqMktData(desk.stock("MSFT"), "", True, False)
        checks.that("a snapshot", desk.until(lambda: 0 < once.bid < once.ask), once)
        [now] = desk.ib.reqTickers(desk.stock("JPM"))
        checks.that("reqTickers ends", 0 < now.bid < now.ask, now)
        desk.ib.reqMarketDataType(3)
        late = desk.ib.reqMktData(desk.stock("KO"), "", False, False)
        checks.that("asked for delayed, got delayed", desk.until(lambda: late.marketDataType == 3 and late.bid > 0), late)
        desk.errors.clear()
        desk.ib.reqMktData(desk.lib.Stock("NOSUCHNAME", "SMART", "USD", conId=1), "", False, False)
        checks.that("an unknown name gets 200", desk.until(lambda: bool(desk.texts(200))), desk.errors)


@flow
def two_clients(library, server, checks, cid):
    address = server.address("trading")
    with Desk(library, address, cid) as one, Desk(library, address, cid + 1) as two:
        trade = one.place(one.stock(), one.lib.LimitOrder("BUY", 5, FAR_BELOW))
        checks.that("rests", one.until(lambda: one.working(trade)), trade.log)
        perm = trade.order.permId
        checks.that("not among the other's", all(t.order.permId != perm for t in two.ib.reqOpenOrders()))
        seen = [t for t in two.ib.reqAllOpenOrders() if t.order.permId == perm]
        checks.that("among all, with its owner", [t.order.clientId for t in seen] == [cid], seen)
        two.ib.client.cancelOrder(trade.order.orderId, "")
        checks.that("the other cannot cancel it", two.until(lambda: bool(two.texts(10147))), two.errors)
        second = two.place(two.stock(), two.lib.LimitOrder("BUY", 5, FAR_BELOW))
        checks.that("rests too", two.until(lambda: two.working(second)), second.log)
        two.ib.reqGlobalCancel()
        checks.that("a global cancel ends all orders of the credential", two.until(lambda: two.done(second)) and one.until(lambda: one.done(trade)), (second.log, trade.log))


@flow
def duplicate_id(library, server, checks, cid):
    address = server.address("trading")
    with Desk(library, address, cid) as first, Desk(library, address, cid, wait=False) as second:
        try:
            second.ib.connect(*address, clientId=cid, timeout=3)
            checks.that("the second is refused", False)
        except Exception:
            checks.that("the second is refused", True)
        checks.that("with 326", bool(second.texts(326)), second.errors)
        checks.that("the first lives on", first.ib.isConnected() and first.ib.reqCurrentTime() is not None)


def refused(desk, checks, what, contract, order, code):
    trade = desk.place(contract, order)
    checks.that(f"{what}: ends", desk.until(lambda: desk.done(trade)), trade.log)
    said = desk.texts(201, order.orderId)
    checks.that(f"{what}: 201 with {code}", any(code in text for text in said), said)
    desk.ib.sleep(0.1)
    checks.that(f"{what}: final", trade.orderStatus.status in DONE, trade.log)


@flow
def refused_on_trading(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        refused(desk, checks, "ten million shares", contract, desk.lib.LimitOrder("BUY", 10_000_000, FAR_BELOW), "10000000")
        refused(desk, checks, "a negative price", contract, desk.lib.LimitOrder("BUY", 1, -5), "")
        refused(desk, checks, "a price between ticks", contract, desk.lib.LimitOrder("BUY", 1, 1.005), "")
        refused(desk, checks, "no shares", contract, desk.lib.LimitOrder("BUY", 0, FAR_BELOW), "")
        refused(desk, checks, "half a share", contract, desk.lib.LimitOrder("BUY", 0.5, FAR_BELOW), "")
        refused(desk, checks, "another account", contract, desk.lib.LimitOrder("BUY", 1, FAR_BELOW, account="DU9999999"), "DU9999999")
        refused(desk, checks, "an unknown symbol", desk.lib.Stock("NOSUCHNAME", "SMART", "USD"), desk.lib.LimitOrder("BUY", 1, FAR_BELOW), "")
        checks.that("still alive", desk.ib.reqCurrentTime() is not None)


@flow
def refused_on_read_only(library, server, checks, cid):
    with Desk(library, server.address("read-only"), cid) as desk:
        contract = desk.stock()
        refused(desk, checks, "an order", contract, desk.lib.LimitOrder("BUY", 1, FAR_BELOW), "READ_ONLY")
        try:
            desk.await_for(desk.ib.whatIfOrderAsync(contract, desk.lib.MarketOrder("BUY", 1)), 5)
        except Exception as error:
            checks.that("a what-if ends", not isinstance(error, (TimeoutError, asyncio.TimeoutError)), error)
        checks.that("with 201", len(desk.texts(201)) >= 2, desk.errors)
        checks.that("open orders can be read", isinstance(desk.ib.reqAllOpenOrders(), list))
        checks.that("positions can be read", isinstance(desk.ib.reqPositions(), list))
        checks.that("bars can be read", bool(desk.ib.reqHistoricalData(contract, "", "5 D", "1 day", "TRADES", True, 1, False, [], 10)))
        desk.ib.reqGlobalCancel()
        checks.that("still alive", desk.ib.reqCurrentTime() is not None)


@flow
def refused_on_narrow(library, server, checks, cid):
    with Desk(library, server.address("narrow"), cid) as desk:
        apple = desk.stock()
        refused(desk, checks, "another symbol", desk.stock("MSFT"), desk.lib.LimitOrder("BUY", 1, FAR_BELOW), "SYMBOL")
        refused(desk, checks, "101 shares", apple, desk.lib.LimitOrder("BUY", 101, FAR_BELOW), "101")
        good = desk.place(apple, desk.lib.LimitOrder("BUY", 100, FAR_BELOW))
        checks.that("100 shares rest", desk.until(lambda: desk.working(good)), good.log)
        many = [desk.place(apple, desk.lib.LimitOrder("BUY", 1, FAR_BELOW)) for _ in range(12)]
        checks.that("each gets an answer", desk.until(lambda: all(desk.working(t) or desk.done(t) for t in many)), [t.log for t in many])
        checks.that("some are too many a second", any("RATE" in text for text in desk.texts(201)), desk.errors)
        checks.that("some passed", any(desk.working(t) for t in many), [t.log for t in many])
        desk.tidy(good, *many)
        checks.that("cancels are not counted", all(desk.done(t) for t in [good, *many]), [t.log for t in many])


@flow
def refused_change_ends_nothing(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        order = desk.lib.LimitOrder("BUY", 10, FAR_BELOW, tif="GTC")
        trade = desk.place(contract, order)
        checks.that("rests", desk.until(lambda: desk.working(trade)), trade.log)
        ended, perm = [], trade.order.permId
        trade.cancelledEvent += lambda t: ended.append(t.log[-1])
        for field, value, code in [
            ("lmtPrice", 1.005, 110), ("lmtPrice", -5, 399), ("lmtPrice", 100_000, 399), ("lmtPrice", float("nan"), 399),
            ("totalQuantity", 10_000_000, 399), ("totalQuantity", 0.5, 399), ("totalQuantity", 0, 399),
            ("hidden", True, 399), ("tif", "GTD", 399), ("tif", "FOK", 399), ("orderType", "TRAIL", 399),
            ("action", "SELL", 399), ("account", "DU9999999", 399), ("ocaGroup", "another", 399), ("parentId", 77, 399),
        ]:
            before = getattr(order, field)
            desk.errors.clear()
            setattr(order, field, value)
            desk.place(contract, order)
            checks.that(f"{field} {value}: told with {code}", desk.until(lambda: bool(desk.texts(code, order.orderId))), desk.errors)
            checks.that(f"{field} {value}: lives on", desk.until(lambda: desk.working(trade)) and not ended, (trade.log, ended))
            setattr(order, field, before)
        order.lmtPrice = 2.0
        desk.place(contract, order)
        same = lambda: [t.order.lmtPrice for t in desk.ib.reqAllOpenOrders() if t.order.permId == perm]
        checks.that("one order, and a good change is taken", desk.until(lambda: same() == [2.0], 3), same())
        desk.ib.cancelOrder(order)
        checks.that("cancelled once", desk.until(lambda: trade.orderStatus.status == "Cancelled") and len(ended) <= 1, trade.log)
    with Desk(library, server.address("narrow"), cid + 1) as desk:
        apple = desk.stock()
        order = desk.lib.LimitOrder("BUY", 1, FAR_BELOW)
        trade = desk.place(apple, order)
        checks.that("rests at the narrow one", desk.until(lambda: desk.working(trade)), trade.log)
        ended = []
        trade.cancelledEvent += lambda t: ended.append(t.log[-1])
        for _ in range(12):
            desk.place(apple, order)
        checks.that("too many a second is said", desk.until(lambda: any("RATE" in text for text in desk.texts(399, order.orderId))), desk.errors)
        checks.that("and ends nothing", desk.until(lambda: desk.working(trade)) and not ended, (trade.log, ended))
        desk.tidy(trade)


@flow
def change_that_is_held(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        order = desk.lib.LimitOrder("BUY", 10, FAR_BELOW)
        trade = desk.place(contract, order)
        checks.that("rests", desk.until(lambda: desk.working(trade)), trade.log)
        price = lambda: [t.order.lmtPrice for t in desk.ib.reqAllOpenOrders() if t.order.permId == trade.order.permId]
        order.lmtPrice, order.transmit = 2.0, False
        desk.place(contract, order)
        checks.that("it is said that it waits", desk.until(lambda: bool(desk.texts(399, order.orderId))), desk.errors)
        checks.that("the order is as it was", price() == [FAR_BELOW], price())
        order.lmtPrice, order.transmit = 2.5, True
        desk.place(contract, order)
        checks.that("it is changed once it is transmitted", desk.until(lambda: price() == [2.5], 3), price())
        desk.tidy(trade)


@flow
def group_trades_once(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        for kind in (1, 2, 3):
            name = f"one of {cid} {kind}"
            member = lambda **more: desk.lib.MarketOrder("BUY", 3, ocaGroup=name, ocaType=kind, **more)
            one, two = desk.stock(), desk.stock("MSFT")
            both = [desk.place(one, member()), desk.place(two, member())]
            checks.that(f"type {kind}: both are done", desk.until(lambda: all(desk.done(t) for t in both)), [t.log for t in both])
            checks.that(f"type {kind}: one trades", [t.orderStatus.filled for t in both] == [3, 0], [t.log for t in both])
            late = desk.place(one, member())
            checks.that(f"type {kind}: a late one is cancelled", desk.until(lambda: late.orderStatus.status == "Cancelled"), late.log)
            checks.that(f"type {kind}: with the reason", any("OCA_GROUP_TRADED" in text for text in desk.texts(202, late.order.orderId)), desk.errors)
        held = desk.place(one, desk.lib.MarketOrder("BUY", 3, ocaGroup="h" + name, ocaType=1, transmit=False))
        first = desk.place(two, desk.lib.MarketOrder("BUY", 3, ocaGroup="h" + name, ocaType=1))
        checks.that("one trades while another is held", desk.until(lambda: first.orderStatus.status == "Filled"), first.log)
        held.order.transmit = True
        desk.place(one, held.order)
        checks.that("the held one does not", desk.until(lambda: desk.done(held)) and held.orderStatus.filled == 0, held.log)


@flow
def order_ids_are_named_once(library, server, checks, cid):
    address = server.address("trading")
    with Desk(library, address, cid) as desk:
        contract = desk.stock()
        refused = desk.place(contract, desk.lib.LimitOrder("BUY", 10_000_000, FAR_BELOW))
        checks.that("refused", desk.until(lambda: desk.done(refused)), refused.log)
        held = desk.place(contract, desk.lib.LimitOrder("BUY", 1, FAR_BELOW, transmit=False))
        desk.await_for(desk.ib.whatIfOrderAsync(contract, desk.lib.MarketOrder("BUY", 1)))
        last = desk.ib.client.getReqId() - 1
        checks.that("ids grow", last > held.order.orderId > refused.order.orderId, last)
    with Desk(library, address, cid) as desk:
        checks.that("none of them is handed out again", desk.ib.client.getReqId() > last, last)


@flow
def fields_that_say_nothing_new(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        contract = desk.stock()
        for name, value in [("clearingAccount", server.account), ("usePriceMgmtAlgo", True), ("settlingFirm", "IB"), ("clearingIntent", "IB"), ("displaySize", 5), ("minQty", 1), ("triggerMethod", 2), ("action", "buy"), ("orderType", "lmt"), ("tif", "gtc")]:
            order = desk.lib.LimitOrder("BUY", 5, FAR_BELOW)
            setattr(order, name, value)
            trade = desk.place(contract, order)
            checks.that(f"{name} {value} rests", desk.until(lambda: desk.working(trade)), trade.log)
            desk.tidy(trade)


@flow
def absent(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        ib, stock = desk.ib, desk.stock()
        within = lambda call: desk.await_for(call, 5)
        checks.that("option parameters end", within(ib.reqSecDefOptParamsAsync("AAPL", "", "STK", stock.conId)) is not None)
        checks.that("an option has no description", within(ib.reqContractDetailsAsync(desk.lib.Option("AAPL", "20301220", 100, "C", "SMART"))) == [])
        checks.that("scanner parameters come", within(ib.reqScannerParametersAsync()) is not None)
        checks.that("news providers come", within(ib.reqNewsProvidersAsync()) == [])
        checks.that("depth exchanges come", within(ib.reqMktDepthExchangesAsync()) is not None)
        within(ib.reqScannerDataAsync(desk.lib.ScannerSubscription(instrument="STK", locationCode="STK.US", scanCode="TOP_PERC_GAIN")))
        within(ib.reqHistogramDataAsync(stock, True, "3 days"))
        within(ib.reqHistoricalTicksAsync(stock, "", "20260101 00:00:00", 10, "TRADES", True))
        within(ib.reqSmartComponentsAsync("9c0001"))
        within(ib.reqFundamentalDataAsync(stock, "ReportSnapshot"))
        checks.that("still alive", ib.reqCurrentTime() is not None)
        quotes = ib.reqMktDepth(stock)
        checks.that("depth comes or is refused", desk.until(lambda: bool(quotes.domBids) or len(desk.errors) > 0), desk.errors)


def front(desk, contract, index=0):
    """One of the contracts that a description has, as a program finds it."""
    details = desk.ib.reqContractDetails(contract)
    return details[index].contract if details else None


@flow
def option_is_found_and_traded(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        stock = desk.stock("MSFT")
        chains = desk.ib.reqSecDefOptParams("MSFT", "", "STK", stock.conId)
        checks.that("a chain", bool(chains) and bool(chains[0].expirations) and bool(chains[0].strikes), chains)
        day, strikes = sorted(chains[0].expirations)[1], sorted(chains[0].strikes)
        found = desk.ib.reqContractDetails(desk.lib.Option("MSFT", day, 0, "", "SMART"))
        checks.that("calls and puts of that day", {d.contract.right for d in found} == {"C", "P"}, len(found))
        strike = found[len(found) // 2].contract.strike
        option = desk.lib.Option("MSFT", day, strike, "C", "SMART")
        desk.ib.qualifyContracts(option)
        checks.that("its local symbol has 21 characters", len(option.localSymbol) == 21 and strike in strikes, option)
        checks.that("a hundred shares", option.multiplier == "100", option.multiplier)
        trade = desk.place(option, desk.lib.MarketOrder("BUY", 2))
        checks.that("filled", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)
        held = lambda: [p.position for p in desk.ib.positions() if p.contract.conId == option.conId]
        checks.that("held", desk.until(lambda: held() == [2.0]), desk.ib.positions())
        ticker = desk.ib.reqMktData(option)
        checks.that("quoted", desk.until(lambda: ticker.ask > 0 and ticker.bid >= 0, 5), ticker)
        bars = desk.ib.reqHistoricalData(option, "", "3600 S", "5 mins", "TRADES", False)
        checks.that("bars", len(bars) > 5, bars)
        trade = desk.place(option, desk.lib.MarketOrder("SELL", 2))
        checks.that("sold", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)


@flow
def future_is_found_and_traded(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        months = desk.ib.reqContractDetails(desk.lib.Future("ES", exchange="CME"))
        checks.that("several months", len(months) > 2, len(months))
        future = months[0].contract
        checks.that("one digit for the year", future.localSymbol[-1].isdigit() and len(future.localSymbol) == 4, future)
        checks.that("its underlying", months[0].underSymbol == "SPX", months[0].underSymbol)
        state = desk.ib.whatIfOrder(future, desk.lib.MarketOrder("BUY", 2))
        checks.that("margin by the contract", float(state.initMarginChange) == 13200.0, state)
        cash = lambda: {v.currency: float(v.value) for v in desk.ib.accountValues() if v.tag == "CashBalance"}
        trade = desk.place(future, desk.lib.MarketOrder("BUY", 1))
        checks.that("filled", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)
        checks.that("nothing but its commission is paid", cash().get("USD", 0) > 500_000, cash())
        trade = desk.place(future, desk.lib.MarketOrder("SELL", 1))
        checks.that("closed", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)
        checks.that("what it gained or lost is told", desk.until(lambda: bool(trade.fills) and trade.fills[0].commissionReport.realizedPNL != 0), trade.fills)


@flow
def forecast_is_found_bought_and_given_up(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        index = front(desk, desk.lib.Index("SPX", "CBOE"))
        chains = [c for c in desk.ib.reqSecDefOptParams("SPX", "", "IND", index.conId) if c.exchange == "FORECASTX"]
        checks.that("a chain of forecasts", len(chains) == 1 and chains[0].tradingClass == "SPXYN", chains)
        day = sorted(chains[0].expirations)[-1]
        found = desk.ib.reqContractDetails(desk.lib.Option("SPXYN", day, 0, "", "FORECASTX"))
        checks.that("yes and no of that day", {d.contract.right for d in found} == {"C", "P"}, len(found))
        ask = lambda right: next(d.contract for d in found if d.contract.right == right and d.contract.strike == middle)
        strikes = sorted({d.contract.strike for d in found})
        middle = strikes[len(strikes) // 2]
        yes, no = ask("C"), ask("P")
        by_chain = desk.lib.Option("SPX", day, middle, "C", "FORECASTX", tradingClass=chains[0].tradingClass)
        desk.ib.qualifyContracts(by_chain)
        checks.that("found by its chain, with its multiplier", (by_chain.conId, by_chain.multiplier) == (yes.conId, "1"), by_chain)
        checks.that("its question", "above" in found[0].longName and found[0].minTick == 0.01, found[0])
        trade = desk.place(yes, desk.lib.MarketOrder("BUY", 10))
        checks.that("bought", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)
        held = lambda: {p.contract.conId: p.position for p in desk.ib.positions() if p.contract.conId in (yes.conId, no.conId) and p.position}
        checks.that("held", desk.until(lambda: held() == {yes.conId: 10.0}), desk.ib.positions())
        ticker = desk.ib.reqMktData(yes)
        checks.that("quoted", desk.until(lambda: 0 < ticker.bid < ticker.ask < 1, 5), ticker)
        bars = desk.ib.reqHistoricalData(yes, "", "3600 S", "5 mins", "TRADES", False)
        checks.that("bars", len(bars) > 5, bars)
        refused = desk.place(yes, desk.lib.MarketOrder("SELL", 10))
        checks.that("no sale is taken", desk.until(lambda: desk.done(refused)), refused.log)
        told = [entry.message for entry in refused.log] + desk.texts(201)
        checks.that("with the way", any("BOUGHT_ONLY" in text and no.localSymbol in text for text in told), told)
        trade = desk.place(no, desk.lib.MarketOrder("BUY", 10))
        checks.that("the other side is bought", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)
        checks.that("and the pairs are gone", desk.until(lambda: not held()), desk.ib.positions())
        netted = [f.execution for f in desk.ib.reqExecutions() if f.contract.conId in (yes.conId, no.conId) and f.execution.orderRef == "netted"][-2:]
        checks.that("as two executions that bring 1.00", len(netted) == 2 and abs(sum(e.avgPrice for e in netted) - 1) < 1e-9, netted)


@flow
def bond_is_found_and_traded(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        bond = desk.lib.Bond(symbol="912810UM8", exchange="SMART", currency="USD")
        found = desk.ib.reqContractDetails(bond)
        checks.that("found by its CUSIP", len(found) == 1 and found[0].contract.symbol == "UST-30Y", found)
        details = found[0]
        checks.that("its coupon", "coupon 4.75 %" in details.descAppend and details.couponType == "FIXED" and details.bondType == "GOVT", details)
        checks.that("its maturity and issue", details.maturity == "20550815" and details.issueDate == "20250815", details)
        checks.that("its numbers", {t.tag: t.value for t in details.secIdList} == {"ISIN": "US912810UM89", "CUSIP": "912810UM8"}, details.secIdList)
        checks.that("its step and yield", details.minTick == 0.015625 and "yield" in details.notes, details)
        by_isin = desk.ib.reqContractDetails(desk.lib.Contract(secIdType="ISIN", secId="US912810UM89"))
        checks.that("found by its ISIN", [d.contract.conId for d in by_isin] == [details.contract.conId], by_isin)
        # ib_async leaves out localSymbol and multiplier of a bond; the number is enough.
        bond = desk.lib.Contract(secType="BOND", conId=details.contract.conId, exchange="SMART")
        trade = desk.place(bond, desk.lib.MarketOrder("BUY", 5))
        checks.that("filled", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)
        checks.that("in percent of its face value", bool(trade.fills) and 50 < trade.fills[0].execution.price < 200, trade.fills)
        held = lambda: [p.position for p in desk.ib.positions() if p.contract.conId == bond.conId and p.position]
        checks.that("held", desk.until(lambda: held() == [5.0]), desk.ib.positions())
        value = lambda tag: next((float(v.value) for v in desk.ib.accountValues() if v.tag == tag and v.currency == "USD"), 0.0)
        checks.that("valued in its own line", desk.until(lambda: 3_000 < value("TBondValue") < 7_000), value("TBondValue"))
        checks.that("with its interest", value("AccruedCash") >= 0.0, value("AccruedCash"))
        ticker = desk.ib.reqMktData(bond)
        checks.that("quoted", desk.until(lambda: ticker.ask > ticker.bid > 50, 5), ticker)
        bars = desk.ib.reqHistoricalData(bond, "", "3600 S", "5 mins", "TRADES", False)
        checks.that("bars", len(bars) > 5, bars)
        trade = desk.place(bond, desk.lib.MarketOrder("SELL", 5))
        checks.that("sold", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)


@flow
def fund_is_found_and_ordered(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        found = desk.ib.reqContractDetails(desk.lib.Contract(secType="FUND", symbol="FPEBX", exchange="FUNDSERV", currency="USD"))
        checks.that("found", len(found) == 1 and found[0].minSize == 0.001, found)
        fund = found[0].contract
        refused = desk.place(fund, desk.lib.LimitOrder("BUY", 10, 10.0))
        checks.that("no limit order is taken", desk.until(lambda: desk.done(refused)), refused.log)
        told = [entry.message for entry in refused.log] + desk.texts(201)
        checks.that("with the reason", any("FORWARD_PRICED" in text and "market order" in text for text in told), told)
        trade = desk.place(fund, desk.lib.MarketOrder("BUY", 10.125))
        checks.that("a market order waits for the next price", desk.until(lambda: desk.working(trade)), trade.log)
        checks.that("in thousandths", trade.order.totalQuantity == 10.125, trade.order)
        desk.tidy(trade)
        checks.that("and can be cancelled until then", trade.orderStatus.status in ("Cancelled", "Filled"), trade.log)


@flow
def currencies_and_shares_abroad(library, server, checks, cid):
    # Only asked about: other flows count on an account that has dollars alone.
    with Desk(library, server.address("trading"), cid) as desk:
        pair = desk.lib.Forex("EURUSD")
        desk.ib.qualifyContracts(pair)
        checks.that("a pair", pair.localSymbol == "EUR.USD" and pair.exchange == "IDEALPRO", pair)
        state = desk.ib.whatIfOrder(pair, desk.lib.MarketOrder("BUY", 20_000))
        checks.that("its commission is in dollars", float(state.commission) >= 2 and state.commissionCurrency == "USD", state)
        share = front(desk, desk.lib.Stock("SIE", "IBIS", "EUR"))
        checks.that("a share in Frankfurt", share is not None and share.currency == "EUR", share)
        state = desk.ib.whatIfOrder(share, desk.lib.MarketOrder("BUY", 10))
        checks.that("binds half of its value", 500 < float(state.initMarginChange) < 5_000, state)
        index = front(desk, desk.lib.Index("SPX", "CBOE"))
        checks.that("an index is known", index is not None)
        refused = desk.place(index, desk.lib.LimitOrder("BUY", 1, 100.0))
        checks.that("and no order of it is taken", desk.until(lambda: desk.done(refused)), refused.log)
        told = [entry.message for entry in refused.log] + desk.texts(201)
        checks.that("with the reason", any("NOT_TRADED" in text for text in told), told)
