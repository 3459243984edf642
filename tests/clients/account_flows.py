"""ib_async and ib_insync with a credential for two accounts: which are told, and each act on the account that it names."""

from flow import flow
from ib_flows import FAR_BELOW, Desk
from two_accounts import two


def order_on(desk, kind, account, *args):
    order = getattr(desk.lib, kind)(*args)
    order.account = account
    return order


@flow
def two_accounts_are_told(library, server, checks, cid):
    first, second, address = two(server)
    with Desk(library, address, cid) as desk:
        told = desk.ib.managedAccounts()
        checks.that("both accounts are managed", sorted(told) == sorted([first, second]), told)
        rows = {(v.account, v.tag): v.value for v in desk.ib.accountSummary()}
        checks.that("the summary has both", {a for a, _ in rows} >= {first, second}, sorted({a for a, _ in rows}))
        for account in (first, second):
            ours = server.run("positions", "--account", account)
            worth = float(rows.get((account, "NetLiquidation"), 0))
            close = abs(worth - float(ours["net_liquidation"])) < 0.05 * worth
            checks.that(f"{account} is worth what the server says", close, (worth, ours["net_liquidation"]))
        checks.that("no error", all(2100 <= code < 2200 for _, code, _ in desk.errors), desk.errors)


@flow
def two_accounts_trade_apart(library, server, checks, cid):
    first, second, address = two(server)
    with Desk(library, address, cid) as desk:
        contract, symbol = desk.stock("KO"), "KO"
        held = {account: server.held(symbol, account) for account in (first, second)}
        trade = desk.place(contract, order_on(desk, "MarketOrder", second, "BUY", 3))
        checks.that("filled on the second", desk.until(lambda: trade.orderStatus.status == "Filled"), trade.log)
        checks.that("its account comes back", trade.order.account == second, trade.order.account)
        checks.that("so does that of its fill", {f.execution.acctNumber for f in trade.fills} == {second}, trade.fills)
        checks.that("the second holds it", server.held(symbol, second) == held[second] + 3, held)
        checks.that("the first does not", server.held(symbol, first) == held[first], held)
        row = server.about("orders", trade.orderStatus.permId)
        checks.that("the server has it there", [one["account"] for one in row] == [second], row)
        desk.until(lambda: any(p.account == second and p.contract.symbol == symbol for p in desk.ib.positions()))
        seen = {p.account: p.position for p in desk.ib.positions() if p.contract.symbol == symbol}
        checks.that("positions are told by account", seen.get(second) == held[second] + 3 and seen.get(first, 0) == held[first], seen)
        back = desk.place(contract, order_on(desk, "MarketOrder", second, "SELL", 3))
        checks.that("and is sold", desk.until(lambda: back.orderStatus.status == "Filled"), back.log)


@flow
def two_accounts_order_without_account(library, server, checks, cid):
    first, second, address = two(server)
    with Desk(library, address, cid) as desk:
        trade = desk.place(desk.stock(), desk.lib.LimitOrder("BUY", 1, FAR_BELOW))
        checks.that("denied", desk.until(lambda: desk.done(trade)), trade.log)
        texts = desk.texts(201)
        checks.that("with the accounts to name", any(first in text and second in text for text in texts), desk.errors)
        foreign = desk.place(desk.stock(), order_on(desk, "LimitOrder", "DU0000001", "BUY", 1, FAR_BELOW))
        checks.that("another account is denied", desk.until(lambda: desk.done(foreign)), foreign.log)
        checks.that("by name", any("ACCOUNT_NOT_ALLOWED" in text for text in desk.texts(201)), desk.errors)


@flow
def two_accounts_rest_and_cancel(library, server, checks, cid):
    first, second, address = two(server)
    with Desk(library, address, cid) as desk:
        trades = {a: desk.place(desk.stock(), order_on(desk, "LimitOrder", a, "BUY", 1, FAR_BELOW)) for a in (first, second)}
        checks.that("both rest", desk.until(lambda: all(desk.working(t) for t in trades.values())), [t.log for t in trades.values()])
        with Desk(library, address, cid + 1) as other:
            seen = {t.order.permId: t.order.account for t in other.ib.reqAllOpenOrders()}
            checks.that("open orders say their accounts", all(seen.get(t.orderStatus.permId) == a for a, t in trades.items()), seen)
        trades[second].order.lmtPrice = FAR_BELOW + 1
        desk.place(trades[second].contract, trades[second].order)
        changed = lambda: server.about("orders", trades[second].orderStatus.permId)[0]["limit_price"] == "2.00"
        checks.that("a change reaches its account", desk.until(changed), desk.errors)
        desk.ib.cancelOrder(trades[second].order)
        checks.that("one is cancelled", desk.until(lambda: desk.done(trades[second])), trades[second].log)
        checks.that("the other rests", server.state(trades[first].orderStatus.permId) == "working", trades[first].log)
        desk.ib.reqGlobalCancel()
        checks.that("a global cancel reaches it", desk.until(lambda: desk.done(trades[first])), trades[first].log)
