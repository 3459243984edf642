"""ibapi with a credential for two accounts: which are told, reconciliation by account, orders that name theirs."""

from flow import flow
from ibapi_desk import Desk
from two_accounts import two

FAR_BELOW = 1.0


class TwoDesk(Desk):
    """A recorder that keeps the account of each row."""

    def __init__(self, address, client_id):
        super().__init__(address, client_id)
        app = self.app
        app.accountSummary = lambda rid, account, tag, value, currency: app.keep(("summary", rid), (account, tag, value))
        app.positionMulti = lambda rid, account, model, contract, position, cost: app.keep(("multi", rid), (account, contract.symbol, position))
        app.positionMultiEnd = lambda rid: app.keep(("multi end", rid), end=True)


@flow
def two_accounts_reconcile(_, server, checks, cid):
    first, second, address = two(server)
    with TwoDesk(address, cid) as desk:
        told = desk.seen("accounts")[-1].split(",")
        checks.that("both accounts are managed", sorted(told) == sorted([first, second]), told)
        oid = desk.place(desk.stock("MSFT"), desk.order("BUY", "MKT", 2, account=second))
        checks.that("filled", desk.until(lambda: desk.status(oid) == "Filled"), (desk.seen("status", oid), desk.app.errors))
        checks.that("on the second", {o.account for _, o, _ in desk.seen("open", oid)} == {second}, desk.seen("open", oid))
        checks.that("and so its fills", {e.acctNumber for e in desk.seen("fills", -1)} == {second}, desk.seen("fills", -1))
        for account in (first, second):
            rid = desk.next_request()
            desk.app.reqPositionsMulti(rid, account, "")
            checks.that("positions end", desk.answer(("multi end", rid), rid), desk.app.errors)
            rows = desk.seen("multi", rid)
            checks.that("only those of the account", {a for a, _, _ in rows} <= {account}, rows)
            held = sum(int(p) for _, s, p in rows if s == "MSFT")
            checks.that(f"{account} reconciles", held == server.held("MSFT", account), rows)
        rid = desk.next_request()
        desk.app.reqAccountSummary(rid, "All", "NetLiquidation,TotalCashValue")
        checks.that("the summary ends", desk.answer(("summary end", rid), rid), desk.app.errors)
        cash = {a: float(v) for a, t, v in desk.seen("summary", rid) if t == "TotalCashValue"}
        for account in (first, second):
            ours = float(server.run("positions", "--account", account)["cash"])
            checks.that(f"{account} has the server's cash", abs(cash.get(account, 0) - ours) < 0.01, (cash, ours))
        rid = desk.next_request()
        desk.app.reqPnL(rid, second, "")
        checks.that("profit and loss of one", desk.until(lambda: desk.seen("pnl", rid)), desk.app.errors)
        rid = desk.next_request()
        desk.app.reqPnL(rid, "", "")
        checks.that("of none it is refused", desk.until(lambda: any(e[0] == rid and first in e[2] for e in desk.app.errors)), desk.app.errors)
        back = desk.place(desk.stock("MSFT"), desk.order("SELL", "MKT", 2, account=second))
        checks.that("sold again", desk.until(lambda: desk.status(back) == "Filled"), desk.app.errors)


@flow
def two_accounts_order_without_account(_, server, checks, cid):
    first, second, address = two(server)
    with TwoDesk(address, cid) as desk:
        oid = desk.place(desk.stock(), desk.order("BUY", "LMT", 1, lmtPrice=FAR_BELOW))
        checks.that("denied", desk.until(lambda: desk.texts(201, oid)), desk.app.errors)
        checks.that("with the list", all(account in desk.texts(201, oid)[0] for account in (first, second)), desk.texts(201, oid))
        checks.that("the connection lives", desk.alive())
