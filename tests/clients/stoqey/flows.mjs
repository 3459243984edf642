// The flows: each connects by itself and cleans up what it leaves open.

import { at, Desk, isNumber, stock, until } from "./desk.mjs";

const FAR_BELOW = 1;

export const flows = {
  async connect(server, checks, cid) {
    await at(server, "trading", cid, async (desk) => {
      checks.that("a version", desk.seen("server")[0]?.[0] === 178, desk.seen("server"));
      checks.that("the account", desk.seen("managedAccounts")[0]?.[0] === server.account, desk.seen("managedAccounts"));
      desk.api.reqCurrentTime();
      checks.that("the time", await until(() => desk.seen("currentTime").length > 0));
      checks.that("no error", desk.errors().length === 0, desk.errors());
    });
  },

  async instruments(server, checks, cid) {
    await at(server, "trading", cid, async (desk) => {
      const ask = async (contract) => {
        const id = desk.request();
        desk.api.reqContractDetails(id, contract);
        await until(() => desk.of("contractDetailsEnd", id).length > 0 || desk.errors(id).length > 0);
        return desk.of("contractDetails", id).map(([, details]) => details);
      };
      const [details] = await ask(stock());
      checks.that("facts are filled", ["longName", "industry", "category", "subcategory", "timeZoneId", "validExchanges", "stockType"].every((name) => details?.[name]), details);
      checks.that("the ISIN", details?.secIdList?.[0]?.value === "US0378331005", details?.secIdList);
      const [again] = await ask({ secType: "STK", secIdType: "ISIN", secId: "US0378331005" });
      checks.that("found by it", again?.contract?.symbol === "AAPL", again);
      const [island] = await ask({ ...stock(), exchange: "ISLAND" });
      checks.that("an old venue name", island?.contract?.exchange === "ISLAND", island);
      checks.that("an index has no description", (await ask({ symbol: "SPX", secType: "IND", exchange: "CME", currency: "USD" })).length === 0);
      checks.that("but 200", desk.errors().some(([, code]) => code === 200), desk.errors());
    });
  },

  async quotes(server, checks, cid) {
    await at(server, "trading", cid, async (desk) => {
      const id = desk.request();
      desk.api.reqMktData(id, stock(), "", false, false);
      const prices = (tick) => desk.of("tickPrice", id).filter((values) => values[1] === tick);
      checks.that("bid and ask", await until(() => prices(1).length > 0 && prices(2).length > 0), desk.errors());
      checks.that("bid below ask", prices(1)[0]?.[2] < prices(2)[0]?.[2], [prices(1)[0], prices(2)[0]]);
      checks.that("it streams", await until(() => prices(1).length > 1 || prices(4).length > 1));
      desk.api.cancelMktData(id);
      const single = desk.request();
      desk.api.reqTickByTickData(single, stock(), "BidAsk", 0, false);
      checks.that("single ticks", await until(() => desk.of("tickByTickBidAsk", single).length > 0), desk.errors());
      desk.api.cancelTickByTickData(single);
      const pnl = desk.request();
      desk.api.reqPnL(pnl, server.account, null);
      checks.that("profit and loss is numbers", (await until(() => desk.of("pnl", pnl).length > 0)) && desk.of("pnl", pnl)[0].slice(1).every(isNumber), desk.of("pnl", pnl));
    });
  },

  async bars(server, checks, cid) {
    await at(server, "trading", cid, async (desk) => {
      for (const [end, span, size, what] of [["", "5 D", "1 day", "TRADES"], ["20260601-20:00:00", "10 D", "1 day", "BID_ASK"], ["", "3600 S", "1 min", "MIDPOINT"]]) {
        const id = desk.request();
        desk.api.reqHistoricalData(id, stock(), end, span, size, what, true, 1, false);
        const rows = () => desk.of("historicalData", id);
        checks.that(`${span} of ${size} end`, await until(() => rows().some(([, date]) => date.startsWith("finished"))), desk.errors());
        checks.that("sound bars", rows().length > 5 - (span === "5 D" ? 1 : 0) && rows().filter(([, date]) => !date.startsWith("finished")).every(([, , open, high, low, close]) => low <= Math.min(open, close) && Math.max(open, close) <= high), rows().slice(0, 2));
      }
      const id = desk.request();
      desk.api.reqRealTimeBars(id, stock(), 0, "TRADES", false);
      checks.that("real-time bars", await until(() => desk.of("realtimeBar", id).length > 0, 15), desk.errors());
      desk.api.cancelRealTimeBars(id);
    });
  },

  async limit_modify_cancel(server, checks, cid) {
    await at(server, "trading", cid, async (desk) => {
      const order = { action: "BUY", orderType: "LMT", totalQuantity: 5, lmtPrice: FAR_BELOW };
      const id = desk.place(stock(), order);
      checks.that("rests", await until(() => desk.isWorking(id)), desk.errors());
      const opened = () => desk.of("openOrder", id).at(-1)?.[2];
      checks.that("it has no stop price", opened()?.auxPrice === 0, opened());
      desk.api.placeOrder(id, stock(), { ...opened(), transmit: true, lmtPrice: 2.5, totalQuantity: 9 });
      checks.that("changed by what was read", await until(() => opened()?.lmtPrice === 2.5 && opened()?.totalQuantity === 9), [opened(), desk.errors()]);
      const ours = desk.permanent(id);
      const row = server.about("orders", ours);
      checks.that("and at the server", row[0]?.quantity === 9 && JSON.stringify(row).includes("2.50") && server.state(ours) === "working", row);
      checks.that("cancelled", await desk.cancel(id), desk.errors());
      checks.that("and at the server", server.state(ours) === "cancelled", server.about("orders", ours));
      const refused = desk.place(stock(), { ...order, totalQuantity: 10_000_000 });
      checks.that("a refusal is an error with its id", await until(() => desk.errors(refused).some(([, code]) => code === 201)), desk.errors());
    });
  },

  async market_order(server, checks, cid) {
    await at(server, "trading", cid, async (desk) => {
      const id = desk.place(stock(), { action: "BUY", orderType: "MKT", totalQuantity: 3 });
      checks.that("filled", await until(() => desk.status(id) === "Filled"), desk.errors());
      checks.that("executions", await until(() => desk.seen("execDetails").some(([, , execution]) => execution.orderId === id)));
      checks.that("commission", await until(() => desk.seen("commissionReport").some(([report]) => report.commission > 0)), desk.seen("commissionReport"));
      const ours = desk.permanent(id);
      const mine = new Set(desk.seen("execDetails").filter(([, , e]) => e.orderId === id).map(([, , e]) => e.execId));
      const reports = () => desk.seen("commissionReport").filter(([report]) => mine.has(report.execId));
      await until(() => reports().length === mine.size);
      const paid = reports().reduce((sum, [report]) => sum + report.commission, 0);
      const kept = server.about("executions", ours);
      checks.that("which is the server's", Math.abs(paid - kept.reduce((sum, row) => sum + Number(row.commission), 0)) < 0.005, [paid, kept]);
      checks.that("and so are the shares", kept.reduce((sum, row) => sum + row.quantity, 0) === 3 && server.state(ours) === "filled", kept);
      const out = desk.place(stock(), { action: "SELL", orderType: "MKT", totalQuantity: 3 });
      checks.that("sold", await until(() => desk.status(out) === "Filled"), desk.errors());
    });
  },

  async bracket(server, checks, cid) {
    await at(server, "trading", cid, async (desk) => {
      const parent = desk.place(stock(), { action: "BUY", orderType: "LMT", totalQuantity: 5, lmtPrice: FAR_BELOW, transmit: false });
      const profit = desk.place(stock(), { action: "SELL", orderType: "LMT", totalQuantity: 5, lmtPrice: 3, parentId: parent, transmit: false });
      const loss = desk.place(stock(), { action: "SELL", orderType: "STP", totalQuantity: 5, auxPrice: 0.5, parentId: parent });
      checks.that("all three work", await until(() => [parent, profit, loss].every((id) => desk.isWorking(id))), desk.errors());
      checks.that("cancelled with the parent", (await desk.cancel(parent)) && (await until(() => [profit, loss].every((id) => desk.status(id) === "Cancelled"))), desk.errors());
      const states = [parent, profit, loss].map((id) => server.state(desk.permanent(id)));
      checks.that("and at the server", states.every((state) => state === "cancelled"), states);
    });
  },

  async reconciliation(server, checks, cid) {
    let id, ours;
    await at(server, "trading", cid, async (desk) => {
      id = desk.place(stock(), { action: "BUY", orderType: "LMT", totalQuantity: 5, lmtPrice: FAR_BELOW, tif: "GTC" });
      checks.that("rests", await until(() => desk.isWorking(id)), desk.errors());
      ours = desk.permanent(id);
      const bought = desk.place(stock(), { action: "BUY", orderType: "MKT", totalQuantity: 2 });
      checks.that("bought", await until(() => desk.status(bought) === "Filled"), desk.errors());
    });
    checks.that("it outlives its connection", server.state(ours) === "working", server.about("orders", ours));
    await at(server, "trading", cid, async (desk) => {
      checks.that("the next id is above it", desk.next > id, [desk.next, id]);
      desk.api.reqOpenOrders();
      await until(() => desk.seen("openOrderEnd").length > 0);
      checks.that("the order is there", desk.of("openOrder", id).at(-1)?.[2]?.lmtPrice === FAR_BELOW, desk.of("openOrder", id));
      desk.api.reqPositions();
      checks.that("positions end", await until(() => desk.seen("positionEnd").length > 0));
      const held = desk.seen("position").filter(([, contract]) => contract.symbol === "AAPL").at(-1)?.[2];
      checks.that("the position is the server's", held === server.held("AAPL") && held >= 2, [held, server.says("positions")]);
      const request = desk.request();
      desk.api.reqExecutions(request, {});
      checks.that("executions end", await until(() => desk.of("execDetailsEnd", request).length > 0), desk.errors());
      const summary = desk.request();
      desk.api.reqAccountSummary(summary, "All", "$LEDGER:ALL");
      await until(() => desk.of("accountSummaryEnd", summary).length > 0);
      const currencies = new Set(desk.of("accountSummary", summary).map((row) => row[4]));
      checks.that("rows of BASE and USD", currencies.has("BASE") && currencies.has("USD"), [...currencies]);
      checks.that("cancelled", await desk.cancel(id), desk.errors());
      checks.that("and at the server", server.state(ours) === "cancelled", server.about("orders", ours));
      const sold = desk.place(stock(), { action: "SELL", orderType: "MKT", totalQuantity: 2 });
      checks.that("sold", await until(() => desk.status(sold) === "Filled"), desk.errors());
    });
  },

  async duplicate_id(server, checks, cid) {
    await at(server, "trading", cid, async () => {
      const second = new Desk(server.sockets.trading, cid);
      second.api.connect();
      const said = () => second.seen("info").filter(([, code]) => code === 326);
      checks.that("the second hears why", await until(() => said().length > 0), [...second.kept]);
      checks.that("and is closed", await until(() => second.seen("disconnected").length > 0));
      second.close();
    });
  },
};
