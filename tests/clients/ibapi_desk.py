"""A recorder over ibapi: callbacks of the reader thread are kept, the flow waits for them."""

import logging
import threading
import time
from decimal import Decimal

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

DONE = ("Cancelled", "ApiCancelled", "Filled", "Inactive")


class Recorder(EWrapper, EClient):
    """Keeps every answer under a key: ("bars", 7), "positions", ("status", 3), ..."""

    def __init__(self):
        EClient.__init__(self, self)
        self.news = threading.Condition()
        self.kept, self.ended, self.errors, self.closed = {}, set(), [], False

    def keep(self, key, value=None, end=False):
        with self.news:
            self.kept.setdefault(key, []).append(value)
            if end:
                self.ended.add(key)
            self.news.notify_all()

    def error(self, reqId, errorTime, errorCode, errorString, advancedOrderRejectJson=""):
        with self.news:
            self.errors.append((reqId, errorCode, errorString))
            self.news.notify_all()

    def connectionClosed(self):
        with self.news:
            self.closed = True
            self.news.notify_all()

    def nextValidId(self, orderId):
        self.keep("next id", orderId)

    def managedAccounts(self, accountsList):
        self.keep("accounts", accountsList)

    def currentTime(self, time):
        self.keep("time", time)

    def openOrder(self, orderId, contract, order, orderState):
        self.keep(("open", orderId), (contract, order, orderState))
        self.keep("open", (orderId, contract, order, orderState))

    def openOrderEnd(self):
        self.keep("open end", end=True)

    def completedOrder(self, contract, order, orderState):
        self.keep("completed", (contract, order, orderState))

    def completedOrdersEnd(self):
        self.keep("completed end", end=True)

    def orderStatus(self, orderId, status, filled, remaining, avgFillPrice, permId, parentId, lastFillPrice, clientId, whyHeld, mktCapPrice):
        self.keep(("status", orderId), (status, filled, remaining, avgFillPrice, permId))

    def execDetails(self, reqId, contract, execution):
        self.keep(("fills", reqId), execution)
        self.keep(("traded", execution.permId), (contract, execution))

    def execDetailsEnd(self, reqId):
        self.keep(("fills end", reqId), end=True)

    def commissionAndFeesReport(self, report):
        self.keep("fees", report)

    def contractDetails(self, reqId, contractDetails):
        self.keep(("contracts", reqId), contractDetails)

    def bondContractDetails(self, reqId, contractDetails):
        self.keep(("contracts", reqId), contractDetails)

    def contractDetailsEnd(self, reqId):
        self.keep(("contracts end", reqId), end=True)

    def symbolSamples(self, reqId, contractDescriptions):
        self.keep(("samples", reqId), contractDescriptions)

    def marketRule(self, marketRuleId, priceIncrements):
        self.keep(("rule", marketRuleId), priceIncrements)

    def position(self, account, contract, position, avgCost):
        self.keep("positions", (account, contract.symbol, position, avgCost))
        self.keep(("held", contract.conId), position)

    def positionEnd(self):
        self.keep("positions end", end=True)

    def accountSummary(self, reqId, account, tag, value, currency):
        self.keep(("summary", reqId), (tag, value))

    def accountSummaryEnd(self, reqId):
        self.keep(("summary end", reqId), end=True)

    def updateAccountValue(self, key, val, currency, accountName):
        self.keep("values", (key, val))
        self.keep(("value", key, currency), val)

    def updatePortfolio(self, contract, position, marketPrice, marketValue, averageCost, unrealizedPNL, realizedPNL, accountName):
        self.keep("portfolio", (contract.symbol, position, marketPrice))
        self.keep(("row", contract.conId), (position, marketPrice))

    def accountDownloadEnd(self, accountName):
        self.keep("values end", end=True)

    def pnl(self, reqId, dailyPnL, unrealizedPnL, realizedPnL):
        self.keep(("pnl", reqId), dailyPnL)

    def historicalData(self, reqId, bar):
        self.keep(("bars", reqId), bar)

    def historicalDataEnd(self, reqId, start, end):
        self.keep(("bars end", reqId), end=True)

    def historicalDataUpdate(self, reqId, bar):
        self.keep(("bar updates", reqId), bar)

    def headTimestamp(self, reqId, headTimestamp):
        self.keep(("head", reqId), headTimestamp)

    def tickPrice(self, reqId, tickType, price, attrib):
        self.keep(("price", reqId, tickType), price)

    def tickSize(self, reqId, tickType, size):
        self.keep(("size", reqId, tickType), size)

    def tickOptionComputation(self, reqId, tickType, tickAttrib, *greeks):
        self.keep(("greeks", reqId, tickType), greeks)

    def tickSnapshotEnd(self, reqId):
        self.keep(("snapshot end", reqId), end=True)

    def marketDataType(self, reqId, marketDataType):
        self.keep(("type", reqId), marketDataType)

    def tickReqParams(self, tickerId, minTick, bboExchange, snapshotPermissions):
        self.keep(("params", tickerId), minTick)

    def familyCodes(self, familyCodes):
        self.keep("families", familyCodes)

    def newsProviders(self, newsProviders):
        self.keep("news providers", newsProviders)

    def mktDepthExchanges(self, descriptions):
        self.keep("depth exchanges", descriptions)

    def scannerParameters(self, xml):
        self.keep("scanner", xml)

    def receiveFA(self, faData, cxml):
        self.keep("fa", cxml)

    def userInfo(self, reqId, whiteBrandingId):
        self.keep(("user", reqId), whiteBrandingId)

    def softDollarTiers(self, reqId, tiers):
        self.keep(("tiers", reqId), tiers)


class Desk:
    """One connection with its reader thread, and waits that end."""

    def __init__(self, address, client_id, wait=True):
        logging.getLogger().setLevel(logging.CRITICAL)
        self.app = Recorder()
        self.app.connect(*address, client_id)
        self.thread = threading.Thread(target=self.app.run, daemon=True)
        self.thread.start()
        self.request = 50_000
        ready = lambda: bool(self.seen("next id") and self.seen("accounts"))
        if wait and not (self.until(lambda: ready() or self.app.closed) and ready()):
            raise TimeoutError(f"no session: {self.app.errors}")
        self.order_id = self.seen("next id")[-1] if wait else 1

    @classmethod
    def again(cls, address, client_id):
        """A connection with the id of one just closed, which the server may not have noticed yet (326)."""
        for _ in range(50):
            try:
                return cls(address, client_id)
            except TimeoutError:
                time.sleep(0.2)
        return cls(address, client_id)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.app.disconnect()
        self.thread.join(3)

    def seen(self, *key):
        return self.app.kept.get(key[0] if len(key) == 1 else key, [])

    def until(self, condition, seconds=10):
        with self.app.news:
            return bool(self.app.news.wait_for(condition, seconds))

    def forget(self, *key):
        key = key[0] if len(key) == 1 else key
        with self.app.news:
            self.app.kept.pop(key, None)
            self.app.ended.discard(key)

    def next_request(self):
        self.request += 1
        return self.request

    def answer(self, end_key, error_id=None):
        """Waits for an end mark, or for an error with this id."""
        return self.until(lambda: end_key in self.app.ended or any(e[0] == error_id for e in self.app.errors))

    def texts(self, code, rid=None):
        return [text for r, c, text in self.app.errors if c == code and rid in (None, r)]

    def stock(self, symbol="AAPL"):
        contract = Contract()
        contract.symbol, contract.secType, contract.exchange, contract.currency = symbol, "STK", "SMART", "USD"
        return contract

    def details(self, contract):
        rid = self.next_request()
        self.app.reqContractDetails(rid, contract)
        self.answer(("contracts end", rid), rid)
        return self.seen("contracts", rid)

    def order(self, action, kind, quantity, **more):
        order = Order()
        order.action, order.orderType, order.totalQuantity = action, kind, Decimal(str(quantity))
        for name, value in more.items():
            setattr(order, name, value)
        return order

    def place(self, contract, order, order_id=None):
        if order_id is None:
            order_id = self.order_id
            self.order_id += 1
        self.app.placeOrder(order_id, contract, order)
        return order_id

    def status(self, order_id):
        rows = self.seen("status", order_id)
        return rows[-1][0] if rows else ""

    def working(self, order_id):
        return self.status(order_id) in ("PreSubmitted", "Submitted")

    def done(self, order_id):
        return self.status(order_id) in DONE

    def cancel(self, order_id):
        self.app.cancelOrder(order_id, OrderCancel())

    def tidy(self, *order_ids):
        for order_id in order_ids:
            if not self.done(order_id):
                self.cancel(order_id)
        self.until(lambda: all(self.done(order_id) for order_id in order_ids), 5)

    def open_orders(self, everyone=False):
        """(clientId, orderId, order) of the open orders."""
        self.forget("open")
        self.forget("open end")
        self.app.reqAllOpenOrders() if everyone else self.app.reqOpenOrders()
        self.until(lambda: "open end" in self.app.ended)
        return [(order.clientId, order_id, order) for order_id, _, order, _ in self.seen("open")]

    def alive(self):
        self.forget("time")
        self.app.reqCurrentTime()
        return self.until(lambda: self.seen("time"))
