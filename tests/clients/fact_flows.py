"""Flows for ib_async and ib_insync about what they read: facts, rows, defaults, forms of history."""

import datetime as dt
import math
import socket
import struct
import subprocess
import sys

from flow import flow
from ib_flows import FAR_BELOW, Desk, front

VENUES = ("SMART", "NASDAQ", "ISLAND", "NYSE", "ARCA", "IEX", "BATS")
UNSET = 1.7e308


def described(desk, **contract):
    return desk.ib.reqContractDetails(desk.lib.Contract(**contract))


@flow
def contract_facts(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        [details] = described(desk, symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
        for name in ("marketName", "minTick", "orderTypes", "validExchanges", "priceMagnifier", "longName", "industry", "category", "subcategory", "timeZoneId", "tradingHours", "liquidHours", "aggGroup", "marketRuleIds", "stockType", "secIdList"):
            checks.that(f"{name} is filled", bool(getattr(details, name)), getattr(details, name))
        ids = {(pair.tag, pair.value) for pair in details.secIdList}
        checks.that("the ISIN", ids == {("ISIN", "US0378331005")}, ids)
        exchanges = details.validExchanges.split(",")
        checks.that("a market rule for each exchange", len(details.marketRuleIds.split(",")) == len(exchanges), details.marketRuleIds)
        checks.that("hours are parsed", len(details.liquidSessions() if hasattr(details, "liquidSessions") else [1]) > 0)
        con_id = details.contract.conId
        for name, contract in {
            "conId": {"conId": con_id},
            "localSymbol": {"localSymbol": "AAPL", "secType": "STK", "exchange": "SMART"},
            "ISIN": {"secType": "STK", "secIdType": "ISIN", "secId": "US0378331005", "exchange": "SMART"},
            "CUSIP": {"secType": "STK", "secIdType": "CUSIP", "secId": "037833100"},
            "SEDOL": {"secType": "STK", "secIdType": "SEDOL", "secId": "2046251"},
            "FIGI": {"secType": "STK", "secIdType": "FIGI", "secId": "BBG000B9XRY4"},
            "RIC": {"secType": "STK", "secIdType": "RIC", "secId": "AAPL.O"},
            "symbol, routed with its listing": {"secType": "STK", "symbol": "AAPL", "exchange": "SMART/ISLAND"},
        }.items():
            found = described(desk, **contract)
            checks.that(f"found by {name}", [d.contract.conId for d in found] == [con_id], found)
        found = described(desk, secType="STK", tradingClass="BAC", exchange="SMART")
        checks.that("found by tradingClass", [d.contract.symbol for d in found] == ["BAC"], found)
        for venue in VENUES:
            checks.that(f"{venue} is among validExchanges", venue in exchanges, exchanges)
            found = described(desk, symbol="AAPL", secType="STK", exchange=venue, currency="USD")
            checks.that(f"{venue} as exchange", [d.contract.exchange for d in found] == [venue], found)
            if venue == "SMART":
                continue
            stock = desk.lib.Stock("AAPL", "SMART", "USD", primaryExchange=venue)
            checks.that(f"{venue} as primaryExchange", len(desk.ib.qualifyContracts(stock)) == 1 and stock.primaryExchange == "NASDAQ", stock)
            direct = desk.lib.Stock("AAPL", venue, "USD")
            bars = desk.ib.reqHistoricalData(direct, "", "2 D", "1 day", "TRADES", True)
            checks.that(f"history of {venue}", len(bars) == 2, bars)
        order = desk.place(desk.lib.Stock("AAPL", "ARCA", "USD"), desk.lib.LimitOrder("BUY", 1, FAR_BELOW))
        checks.that("an order for ARCA works", desk.until(lambda: desk.working(order)), order.log)
        desk.tidy(order)
        described(desk, symbol="AAPL", secType="STK", exchange="XETRA", currency="USD")
        checks.that("an unknown exchange says what is taken", any("XETRA" in text and "SMART" in text for text in desk.texts(200)), desk.errors)


@flow
def base_rows(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        row = lambda rows, tag: [v.value for v in rows if v.tag == tag and v.currency == "BASE"][0]
        values = desk.ib.accountValues()
        checks.that("account values", float(row(values, "NetLiquidationByCurrency")) > 0, values)
        checks.that("a row for each currency", {v.currency for v in values if v.tag == "CashBalance"} >= {"BASE", "USD"}, values)
        summary = desk.ib.accountSummary()
        checks.that("the summary", float(row(summary, "TotalCashBalance")) > 0, summary)
        desk.ib.reqAccountUpdatesMulti(server.account, "")
        checks.that("multi-account values", desk.until(lambda: any(v.currency == "BASE" and v.tag == "CashBalance" for v in desk.ib.accountValues())))


@flow
def order_defaults(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk, Desk(library, server.address("trading"), cid + 1) as other:
        stock = desk.stock()
        limit = desk.place(stock, desk.lib.LimitOrder("BUY", 5, FAR_BELOW))
        stop = desk.place(stock, desk.lib.StopOrder("SELL", 5, FAR_BELOW, tif="GTC"))
        desk.until(lambda: desk.working(limit) and desk.working(stop))
        seen = {t.order.permId: t.order for t in other.ib.reqAllOpenOrders()}
        read = lambda trade: seen[trade.order.permId]
        checks.that("a limit order has no stop price", read(limit).auxPrice == 0.0, read(limit))
        checks.that("a stop order has no limit price", read(stop).lmtPrice == 0.0, read(stop))
        for name, value in {"ocaType": 3, "clearingIntent": "IB", "deltaNeutralOrderType": "None", "displaySize": 2**31 - 1, "volatilityType": 0, "referencePriceType": 0, "adjustedOrderType": "None", "dontUseAutoPriceForHedge": True, "cashQty": 0.0}.items():
            checks.that(f"{name} is the broker's", getattr(read(limit), name) == value, getattr(read(limit), name))
        checks.that("no stop price of a trail", read(limit).trailStopPrice > UNSET, read(limit).trailStopPrice)
        desk.ib.disconnect()
        desk.ib.connect(*server.address("trading"), clientId=cid, timeout=10)
        [again] = [t for t in desk.ib.openTrades() if t.order.permId == limit.order.permId]
        again.order.lmtPrice = 2.0
        desk.errors.clear()
        desk.place(again.contract, again.order)
        checks.that("what was read can be sent again", desk.until(lambda: again.orderStatus.status == "Submitted" and again.order.lmtPrice == 2.0) and not desk.texts(201) and not desk.texts(105), desk.errors)
        desk.ib.sleep(0.3)
        checks.that("and it is changed", [t.order.lmtPrice for t in other.ib.reqAllOpenOrders() if t.order.permId == limit.order.permId] == [2.0], desk.errors)
        desk.ib.reqGlobalCancel()
        checks.that("both end", other.until(lambda: not [t for t in other.ib.reqAllOpenOrders() if t.order.permId in (limit.order.permId, stop.order.permId)]))
        done = {t.order.permId: t.order for t in other.ib.reqCompletedOrders(False)}
        checks.that("a completed limit order has no stop price", done[limit.order.permId].auxPrice == 0.0, done[limit.order.permId])
        checks.that("a completed stop order has no limit price", done[stop.order.permId].lmtPrice == 0.0, done[stop.order.permId])


@flow
def history_forms(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        stock = desk.stock()
        ask = lambda end="", span="5 D", size="1 day", what="TRADES", **more: desk.await_for(desk.ib.reqHistoricalDataAsync(stock, end, span, size, what, True, **more), 20)
        for end in ("", "20260601 16:00:00 US/Eastern", "20260601-20:00:00", "20260601 16:00:00", dt.date(2026, 6, 1), dt.datetime(2026, 6, 1, 16), dt.datetime(2026, 6, 1, 20, tzinfo=dt.timezone.utc)):
            bars = ask(end)
            checks.that(f"end {end!r}", len(bars) == 5 and (not end or str(bars[-1].date) <= "2026-06-01"), bars)
        for what in ("TRADES", "Trades", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST"):
            bars = ask(what=what)
            checks.that(f"bars of {what}", len(bars) == 5 and all(b.low <= min(b.open, b.close) and max(b.open, b.close) <= b.high for b in bars), bars)
        checks.that("a duration without a unit is seconds", len(ask(span="864000")) > 3)
        seconds = ask(span="60 S", size="1 secs")
        checks.that("bars of one second", len(seconds) >= 50 and {(b.date - a.date).total_seconds() for a, b in zip(seconds, seconds[1:])} == {1.0}, seconds)
        bars = ask(what="HISTORICAL_VOLATILITY")
        checks.that("bars of the volatility", len(bars) == 5 and all(0 < b.low <= b.close <= b.high < 2 for b in bars), bars)
        bars = ask(what="OPTION_IMPLIED_VOLATILITY")
        checks.that("bars of what options imply", len(bars) == 5 and all(0 < b.low <= b.close <= b.high < 2 for b in bars), bars)
        checks.that("what is not there ends", not ask(what="FEE_RATE"))
        checks.that("with 162", len(desk.texts(162)) == 1, desk.errors)
        schedule = desk.await_for(desk.ib.reqHistoricalScheduleAsync(stock, 5), 10)
        checks.that("a schedule", schedule.timeZone == "US/Eastern" and len(schedule.sessions) == 5 and len(schedule.sessions[0].refDate) == 8, schedule)
        bars = desk.ib.reqRealTimeBars(stock, 0, "TRADES", False)
        checks.that("real-time bars of size 0", desk.until(lambda: len(bars) > 0, 15), desk.errors)
        desk.ib.cancelRealTimeBars(bars)


@flow
def single_ticks(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        stocks = {kind: desk.stock(symbol) for kind, symbol in (("Last", "AAPL"), ("AllLast", "MSFT"), ("BidAsk", "KO"), ("MidPoint", "IBM"))}
        tickers = {kind: desk.ib.reqTickByTickData(stock, kind) for kind, stock in stocks.items()}
        seen = {kind: [] for kind in tickers}

        def note(changed):
            for kind, ticker in tickers.items():
                if ticker in changed:
                    seen[kind].extend(ticker.tickByTicks)

        desk.ib.pendingTickersEvent += note
        checks.that("ticks of each kind", desk.until(lambda: all(seen.values()), 20), {k: len(v) for k, v in seen.items()})
        trade, quote, middle = (seen[kind][0] for kind in ("Last", "BidAsk", "MidPoint"))
        checks.that("a trade", trade.price > 1 and trade.size > 0 and trade.tickType == 1, trade)
        checks.that("a quote", 0 < quote.bidPrice < quote.askPrice and quote.bidSize > 0, quote)
        checks.that("a middle", middle.midPoint > 1, middle)
        for kind, stock in stocks.items():
            desk.ib.cancelTickByTickData(stock, kind)
        checks.that("no error", not [e for e in desk.errors if not 2100 <= e[1] < 2200], desk.errors)


@flow
def figures(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        pnl = desk.ib.reqPnL(server.account)
        checks.that("profit and loss is numbers", desk.until(lambda: all(abs(v) < 1e15 for v in (pnl.dailyPnL, pnl.unrealizedPnL, pnl.realizedPnL))), pnl)
        stock = desk.stock("KO")
        single = desk.ib.reqPnLSingle(server.account, "", stock.conId)
        checks.that("that of one contract too", desk.until(lambda: all(abs(v) < 1e15 for v in (single.position, single.dailyPnL, single.unrealizedPnL, single.realizedPnL, single.value))), single)
        ticker = desk.ib.reqMktData(stock, "233,236,318")
        desk.until(lambda: ticker.bid == ticker.bid and ticker.bid > 0)
        checks.that("nobody is told whether trading is halted", ticker.halted != 0, ticker.halted)
        checks.that("only notices", all(2100 <= code < 2200 for _, code, _ in desk.errors), desk.errors)


def read_all(connection):
    received = b""
    while chunk := connection.recv(4096):
        received += chunk
    return received


@flow
def client_too_old(library, server, checks, cid):
    with socket.create_connection(server.address("trading"), timeout=10) as old:
        old.sendall(b"63\0")
        old.sendall(f"{cid}\0".encode())
        fields = read_all(old).decode().split("\0")
        checks.that("a version it speaks and an error without frames", fields[0] == "63" and fields[2:6] == ["4", "2", "-1", "506"], fields)
        checks.that("which says what to use", library == "ib_insync" or "ib_async" in fields[6], fields)
    with socket.create_connection(server.address("trading"), timeout=10) as new:
        new.sendall(b"API\0" + struct.pack(">I9s", 9, b"v213..226"))
        reply = new.recv(4096)
        checks.that("a version that it speaks", reply[4:8] == b"213\0", reply)
        new.sendall(struct.pack(">II", 4, 271))
        said = read_all(new)
        checks.that("an error in Protocol Buffers", said[4:8] == struct.pack(">I", 204) and b"213" in said, said)


@flow
def ticks_by_number(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        ticker = desk.ib.reqMktData(desk.stock(), "104,106,165,221,236,318,411", False, False)
        names = ("low13week", "high13week", "low26week", "high26week", "low52week", "high52week", "avVolume", "histVolatility", "impliedVolatility", "rtHistVolatility", "markPrice", "shortable", "lastRthTrade")
        names = [name for name in names if hasattr(ticker, name)]
        value = lambda name: getattr(ticker, name)
        known = lambda: all(not math.isnan(value(name)) and value(name) > 0 for name in names)
        checks.that("each is known", desk.until(known), {name: value(name) for name in names})
        checks.that("a year is not narrower than 13 weeks", ticker.low52week <= ticker.low13week <= ticker.high13week <= ticker.high52week, ticker)


@flow
def bracket_without_a_refused_child(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        stock = desk.stock()
        for what, price in (("is between two ticks", 100_000.005), ("is no number", math.nan)):
            bracket = desk.ib.bracketOrder("BUY", 3, FAR_BELOW, 100_000, 0.5)
            bracket.takeProfit.lmtPrice = price
            trades = [desk.place(stock, order) for order in bracket]
            checks.that(f"all end when the profit taker {what}", desk.until(lambda: all(desk.done(trade) for trade in trades)), [t.log for t in trades])
            incomplete = [rid for rid, code, text in desk.errors if code == 201 and "FAMILY_INCOMPLETE" in text]
            checks.that("parent and stop are told why", {bracket.parent.orderId, bracket.stopLoss.orderId} <= set(incomplete), desk.errors)
        own = [t for t in desk.ib.reqAllOpenOrders() if t.order.clientId == cid]
        checks.that("none of them is open", not own, own)


@flow
def refused_beginning_reaches_the_screen(library, server, checks, cid):
    host, port = server.address("trading")
    program = f"import {library}; {library}.IB().connect({host!r}, {port}, clientId=-1, timeout=2)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    checks.that("the program fails", run.returncode != 0, run.returncode)
    checks.that("and says why", "The client id is -1" in run.stderr, run.stderr)

@flow
def data_of_each_product(library, server, checks, cid):
    with Desk(library, server.address("trading"), cid) as desk:
        ib, lib = desk.ib, desk.lib
        calls = ib.reqContractDetails(lib.Option("MSFT", "", 0, "C", "SMART"))
        option = calls[len(calls) // 2].contract
        future = front(desk, lib.Future("ES", exchange="CME"))
        quoted = "MIDPOINT BID ASK BID_ASK"
        products = {
            "share": (desk.stock("MSFT"), f"TRADES {quoted} HISTORICAL_VOLATILITY OPTION_IMPLIED_VOLATILITY"),
            "fund": (front(desk, lib.Stock("SPY", "SMART", "USD")), f"TRADES {quoted} OPTION_IMPLIED_VOLATILITY"),
            "London": (front(desk, lib.Stock("VOD", "LSE", "GBP")), f"TRADES {quoted}"),
            "option": (option, f"TRADES {quoted}"),
            "future": (future, f"TRADES {quoted}"),
            "pair": (front(desk, lib.Forex("EURUSD")), quoted),
            "index": (front(desk, lib.Index("SPX", "CBOE")), "TRADES HISTORICAL_VOLATILITY OPTION_IMPLIED_VOLATILITY"),
        }
        tickers = {name: ib.reqMktData(contract) for name, (contract, _) in products.items()}
        every = products["share"][1].split()
        for name, (contract, kinds) in products.items():
            kinds = kinds.split()
            for kind in every:
                bars = desk.await_for(ib.reqHistoricalDataAsync(contract, "", "5 D", "1 day", kind, False))
                checks.that(f"{name}: {kind}", bool(bars) == (kind in kinds), (len(bars or []), desk.errors[-1:]))
            for kind in ("TRADES", "MIDPOINT", "BID_ASK"):
                ticks = desk.await_for(ib.reqHistoricalTicksAsync(contract, "", dt.datetime.now(dt.timezone.utc), 5, kind, False))
                # An option trades once in some minutes.
                checks.that(f"{name}: past ticks of {kind}", (kind in kinds and name == "option") or bool(ticks) == (kind in kinds), (ticks, desk.errors[-1:]))
            head = desk.await_for(ib.reqHeadTimeStampAsync(contract, kinds[0], False, 1))
            checks.that(f"{name}: a beginning", bool(head), (head, desk.errors[-1:]))
            depth = ib.reqMktDepth(contract, 5)
            refused = lambda: bool(desk.texts(10092))
            checks.that(f"{name}: depth", desk.until(lambda: bool(depth.domBids) if "BID" in kinds else refused()), desk.errors[-1:])
            ticker = tickers[name]
            bid, last = (lambda: ticker.bid == ticker.bid), (lambda: ticker.last == ticker.last)
            checks.that(f"{name}: bid and last", desk.until(lambda: bid() or last()) and (bid(), last()) == ("BID" in kinds, "TRADES" in kinds), ticker)
        greeks = tickers["option"]
        parts = lambda: [greeks.bidGreeks, greeks.askGreeks, greeks.modelGreeks]
        checks.that("greeks of bid, ask and model", desk.until(lambda: all(parts())), greeks)
        whole = lambda it: all(getattr(it, name) is not None for name in ("impliedVol", "delta", "optPrice", "pvDividend", "gamma", "vega", "theta", "undPrice"))
        checks.that("each is whole", all(whole(it) for it in parts()), parts())
        checks.that("vega of a point, theta of a day", all(0 <= it.vega < it.undPrice / 100 and -it.undPrice / 10 < it.theta < 1 and 0 < it.delta < 1 for it in parts()), parts())
        model = greeks.modelGreeks
        priced = ib.calculateOptionPrice(option, model.impliedVol, model.undPrice)
        checks.that("a price by its volatility", priced is not None and abs(priced.optPrice - model.optPrice) < 0.1, (priced, model))
        implied = ib.calculateImpliedVolatility(option, priced.optPrice, model.undPrice)
        checks.that("and back", implied is not None and abs(implied.impliedVol - model.impliedVol) < 1e-4, (implied, model))
        ib.reqMarketDataType(3)
        late = ib.reqMktData(calls[len(calls) // 2 + 1].contract)
        checks.that("delayed greeks", desk.until(lambda: bool(late.modelGreeks)) and late.marketDataType == 3, late)
