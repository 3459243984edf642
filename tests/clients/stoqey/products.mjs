// Each product of products.json through @stoqey/ib: one flow, made once for each product.

import { at, isNumber, until } from "./desk.mjs";

// A fund has one price a day, and orders wait for it.
const isQuoted = (product) => product.name !== "fund";

async function found(desk, contract) {
  const id = desk.request();
  desk.api.reqContractDetails(id, contract);
  await until(() => desk.of("contractDetailsEnd", id).length > 0 || desk.errors(id).length > 0);
  return [...desk.of("contractDetails", id), ...desk.of("bondContractDetails", id)].map(([, details]) => details);
}

// The contract that is traded, and the one that gives a forecast up: who holds yes buys no.
async function described(desk, product, checks) {
  const all = await found(desk, product.contract);
  const details = all[Math.floor(all.length / 2)];
  if (!checks.that("it is found", details !== undefined, desk.errors())) return [];
  const one = details.contract;
  checks.that("a number, a name and a tick", one.conId > 0 && details.longName && details.minTick > 0, details);
  checks.that("of this kind", one.secType === product.contract.secType && one.currency === "USD", one);
  const rule = Number(details.marketRuleIds.split(",")[0]);
  desk.api.reqMarketRule(rule);
  await until(() => desk.of("marketRule", rule).length > 0);
  const steps = desk.of("marketRule", rule).at(-1)?.[1] ?? [];
  checks.that("its ticks are those of its rule", details.minTick === Math.min(...steps.map((step) => step.increment)), [details, steps]);
  if (product.name !== "forecast") return [one];
  const { lastTradeDateOrContractMonth, strike } = one;
  const [other] = await found(desk, { ...product.contract, lastTradeDateOrContractMonth, strike, right: "P" });
  return [one, other?.contract];
}

// Quotes, greeks and bars; the ask.
async function data(desk, product, one, checks) {
  const id = desk.request();
  desk.api.reqMktData(id, one, "", false, false);
  const prices = (tick) => desk.of("tickPrice", id).filter((values) => values[1] === tick).map((values) => values[2]);
  if (isQuoted(product)) {
    checks.that("it is quoted", (await until(() => prices(1).length > 0 && prices(2).length > 0)) && 0 < prices(1)[0] && prices(1)[0] < prices(2)[0], desk.errors());
    checks.that("and has trades, unless it is a pair", product.name === "forex" || (await until(() => prices(4).length > 0)), desk.errors());
    const changes = () => desk.of("tickPrice", id).length + desk.of("tickSize", id).length;
    const first = changes();
    checks.that("the quotes stream", await until(() => changes() > first + 2), first);
  } else {
    checks.that("its price of the day before", (await until(() => prices(4).length > 0 && prices(9).length > 0)) && prices(1).length === 0, desk.errors());
  }
  if (product.name === "option") {
    const greeks = () => desk.of("tickOptionComputation", id).filter((values) => values[1] === 13);
    checks.that("with greeks", (await until(() => greeks().length > 0)) && greeks()[0].slice(3).every(isNumber), greeks());
  }
  desk.api.cancelMktData(id);
  const past = desk.request();
  desk.api.reqHistoricalData(past, one, "", "3600 S", "5 mins", product.show, 0, 1, false);
  const rows = () => desk.of("historicalData", past);
  await until(() => rows().some(([, date]) => date.startsWith("finished")) || desk.errors(past).length > 0);
  const bars = rows().filter(([, date]) => !date.startsWith("finished"));
  checks.that("it has bars", bars.length > 5 && bars.every(([, , open, high, low]) => 0 < low && low <= open && open <= high), [bars, desk.errors()]);
  return prices(2).at(-1);
}

async function whatIf(desk, product, one, checks) {
  const id = desk.place(one, { action: "BUY", orderType: "MKT", totalQuantity: product.quantity, whatIf: true });
  await until(() => desk.of("openOrder", id).length > 0);
  const state = desk.of("openOrder", id).at(-1)?.[3];
  checks.that("what it would bind and cost", 0 < state?.initMarginChange && state.initMarginChange < 1e6 && 0 <= state.commission && state.commission < 100, [state, desk.errors()]);
}

// A limit order far below; of a fund, which takes none, the market order that waits for its price.
async function restsAndIsCancelled(desk, product, one, server, checks) {
  const totalQuantity = product.quantity;
  let order = { action: "BUY", orderType: "LMT", totalQuantity, lmtPrice: product.far };
  if (!isQuoted(product)) {
    const refused = desk.place(one, order);
    checks.that("a limit order is refused", await until(() => desk.errors(refused).some(([, code, text]) => code === 201 && text.includes("FORWARD_PRICED"))), desk.errors());
    order = { action: "BUY", orderType: "MKT", totalQuantity };
  }
  const id = desk.place(one, order);
  checks.that("it rests", await until(() => desk.isWorking(id)), desk.errors());
  const [, contract, opened] = desk.of("openOrder", id).at(-1) ?? [];
  checks.that("with its contract and size", contract?.conId === one.conId && opened.totalQuantity === totalQuantity, [contract, opened]);
  const ours = desk.permanent(id);
  checks.that("at the server too", server.state(ours) === "working", server.about("orders", ours));
  checks.that("it is cancelled", await desk.cancel(id), desk.errors());
  checks.that("and at the server", server.state(ours) === "cancelled", server.about("orders", ours));
}

// Its executions.
async function isFilled(desk, product, one, action, server, checks) {
  const id = desk.place(one, { action, orderType: "MKT", totalQuantity: product.quantity });
  checks.that(`${action} fills`, await until(() => desk.status(id) === "Filled"), desk.errors());
  const ours = desk.permanent(id);
  const fills = () => desk.seen("execDetails").filter(([, , execution]) => execution.permId === ours);
  checks.that("the whole of it", await until(() => fills().reduce((sum, [, , e]) => sum + e.shares, 0) === product.quantity), fills());
  checks.that("of this contract and side", fills().every(([, contract, e]) => contract.conId === one.conId && e.side === (action === "BUY" ? "BOT" : "SLD")), fills());
  const ids = new Set(fills().map(([, , e]) => e.execId));
  const reports = () => desk.seen("commissionReport").filter(([report]) => ids.has(report.execId));
  checks.that("a fee for each execution", await until(() => reports().length === ids.size), reports());
  const paid = reports().reduce((sum, [report]) => sum + report.commission, 0);
  const kept = server.about("executions", ours);
  const total = (what) => kept.reduce((sum, row) => sum + Number(row[what]), 0);
  checks.that("the server has the same", total("quantity") === product.quantity && Math.abs(total("commission") - paid) < 0.005, [paid, kept]);
  return fills().map(([, , e]) => e);
}

async function isTraded(product, server, checks, cid) {
  await at(server, "trading", cid, async (desk) => {
    const [one, other] = await described(desk, product, checks);
    if (!one) return;
    const ask = await data(desk, product, one, checks);
    await whatIf(desk, product, one, checks);
    await restsAndIsCancelled(desk, product, one, server, checks);
    if (!isQuoted(product)) return;
    desk.api.reqPositions();
    desk.api.reqAccountUpdates(true, server.account);
    await until(() => desk.seen("positionEnd").length > 0 && desk.seen("accountDownloadEnd").length > 0);
    // Of a pair, the currency that was bought is held.
    const cash = () => desk.seen("updateAccountValue").filter(([key, , currency]) => key === "CashBalance" && currency === one.symbol).map((row) => row[1]);
    const positions = () => desk.seen("position").filter(([, contract]) => contract.conId === one.conId).map((row) => row[2]);
    const held = () => Number((product.name === "forex" ? cash() : positions()).at(-1) ?? 0);
    const before = held();
    const bought = await isFilled(desk, product, one, "BUY", server, checks);
    checks.that("near the quotes", bought.every((e) => Math.abs(e.price / ask - 1) < 0.25), [bought, ask]);
    checks.that("it is held", await until(() => held() === before + product.quantity), [before, held()]);
    const row = () => desk.seen("updatePortfolio").filter(([contract]) => contract.conId === one.conId).at(-1) ?? [];
    checks.that("a row of the portfolio, with its price", product.name === "forex" || (await until(() => row()[1] === before + product.quantity && row()[2] > 0)), row());
    const request = desk.request();
    desk.api.reqExecutions(request, {});
    await until(() => desk.of("execDetailsEnd", request).length > 0);
    const listed = new Set(desk.of("execDetails", request).map(([, , e]) => e.execId));
    checks.that("executions repeat it", bought.every((e) => listed.has(e.execId)), [...listed]);
    await isFilled(desk, product, other ?? one, other ? "BUY" : "SELL", server, checks);
    checks.that("it is given up", await until(() => held() === before), [before, held()]);
  });
}

async function fundIsFilled(product, server, checks, cid) {
  await at(server, "trading", cid, async (desk) => {
    const [{ contract: one }] = await found(desk, product.contract);
    desk.api.reqPositions();
    desk.api.reqAccountUpdates(true, server.account);
    const id = desk.place(one, { action: "BUY", orderType: "MKT", totalQuantity: product.quantity });
    checks.that("it waits", await until(() => desk.isWorking(id)), desk.errors());
    server.endsTheDay();
    checks.that("it is filled as the day ends", await until(() => desk.status(id) === "Filled", 30), desk.errors());
    const ours = desk.permanent(id);
    const fills = () => desk.seen("execDetails").filter(([, , e]) => e.permId === ours).map(([, , e]) => e);
    checks.that("in one execution", await until(() => fills().length === 1 && fills()[0].shares === product.quantity), fills());
    checks.that("with its fee", await until(() => desk.seen("commissionReport").some(([report]) => 0 < report.commission && report.commission < 15)), desk.seen("commissionReport"));
    const held = () => desk.seen("position").filter(([, contract]) => contract.conId === one.conId).at(-1)?.[2];
    checks.that("it is held", await until(() => held() === product.quantity), held());
    const row = () => desk.seen("updatePortfolio").filter(([contract]) => contract.conId === one.conId).at(-1) ?? [];
    checks.that("at the price of its execution", await until(() => row()[2] === fills()[0].price), [row(), fills()]);
    const kept = server.about("executions", ours);
    checks.that("so it is at the server", kept.length === 1 && Number(kept[0].quantity) === product.quantity, kept);
  });
}

export const productFlows = (products) => {
  const traded = products.map((product) => [`${product.name}_is_traded`, (...given) => isTraded(product, ...given)]);
  const fund = products.find((product) => !isQuoted(product));
  return Object.fromEntries([...traded, ["fund_is_filled", (...given) => fundIsFilled(fund, ...given)]]);
};
