// Devices over their lives, on https: planned travel, a new phone in the place of the old one, a browser that was installed
// anew, and a machine that sleeps through an update of the server and wakes up elsewhere.
import { must } from "./portal.mjs";

/** A day as a browser's field of dates takes it. */
const day = (ahead) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);

/** Planned, told at once to every channel, shown while it lasts, and ended early. All of a machine's own addresses are one
 * network to the server, so what a plan keeps quiet is played where addresses can be made up (access/tests/it/travel.rs). */
export async function travels(whole) {
  const { portal, one } = whole;
  await portal.open(one, "/travel");
  await portal.type(one, "Where to", "Lisbon");
  await portal.type(one, "First day", day(0));
  await portal.type(one, "Last day", day(7));
  await portal.type(one, "Only from this network (optional)", "192.0.2.0/24");
  await portal.press(one, "Plan it");
  const took = portal.took();
  await portal.says(one, "Planned.");
  await portal.says(one, "Lisbon");
  await whole.look(one, "travel-planned");
  const told = (mail) => /^To: .*new@example\.org/m.test(mail) && mail.includes("You planned travel to Lisbon");
  await whole.until("nobody is told by mail", () => whole.server.mails().some(told));
  await portal.open(one, "/messages");
  await portal.says(one, "You planned travel to Lisbon");
  await portal.open(one, "/travel");
  await portal.press(one, "End it now");
  await portal.says(one, "Ended.");
  await portal.says(one, "No travel is planned.");
  portal.done = took;
}

/** The new phone takes the old one's place, told by the old one alone. */
export async function replaces(whole) {
  const { portal, phone } = whole;
  const next = await portal.profile({ phone: true, scheme: "dark" });
  await portal.open(phone, "/approvals");
  await portal.click(phone.getByRole("link", { name: "Move to a new phone" }));
  await portal.press(phone, "Make a link for the new phone");
  const link = (await phone.locator("p.once").innerText()).trim();
  await whole.look(phone, "phone-move-link");
  await next.goto(link);
  await portal.press(next, "Sign in and trust this browser");
  await portal.says(next, "One step is left");
  const number = (await next.locator("p.match").innerText()).trim();
  await portal.click(phone.getByRole("link", { name: "The phone shows a number" }));
  await portal.type(phone, "The number that the phone shows", number);
  await whole.look(phone, "phone-move-number");
  await portal.press(phone, "It is my new phone: sign this one out");
  const took = portal.took();
  must(phone.url().includes("/sign-in"), "the old phone is at " + phone.url());
  await whole.picture(phone, "phone-moved");
  await phone.goto(portal.base + "/approvals");
  must(phone.url().includes("/sign-in"), "the old phone still sees " + phone.url());
  await portal.says(next, "Nothing is waiting for you");
  await portal.leave(phone);
  whole.phone = next;
  portal.done = took;
}

/** The browser of a computer was installed anew: its key is gone, its name and first day come back. */
export async function reinstalls(whole) {
  const { portal } = whole;
  await portal.open(whole.two, "/devices");
  const row = whole.two.locator("tr.hit");
  await row.locator("summary", { hasText: "Rename" }).click();
  await row.locator("input[name=name]").fill("Office computer");
  await portal.press(whole.two, "Rename");
  const before = portal.ask("device", "list").find((device) => device.name === "Office computer");
  await portal.leave(whole.two);
  whole.two = await portal.profile();
  await whole.begin(whole.two);
  await whole.answer(await whole.ask(whole.two));
  await portal.says(whole.two, "Is this one of your browsers again?");
  await whole.look(whole.two, "browser-again");
  // The sign-in itself has a row of its own.
  portal.took();
  await portal.press(whole.two, "This is Office computer again");
  const took = portal.took();
  await portal.says(whole.two, "This browser has its old name and first day again");
  await whole.picture(whole.two, "browser-has-its-name");
  const named = portal.ask("device", "list").filter((device) => device.name === "Office computer");
  must(named.length === 1 && named[0].device !== before.device, "of that name: " + JSON.stringify(named));
  must(!portal.ask("device", "list").some((device) => device.device === before.device), "the lost key is still trusted");
  portal.done = took;
}

/** Lid closed on a half-filled ticket; the server is updated, 20 minutes pass, and the lid opens in another network. */
export async function sleeps(whole) {
  const { portal, two: page } = whole;
  await portal.open(page, "/ticket");
  await page.getByLabel("Buy", { exact: true }).check();
  await page.getByLabel("Symbol").fill("AAPL");
  await page.getByLabel("Quantity").fill("7");
  const session = portal.ask("session", "list").length;
  await portal.away(async () => {
    await whole.restart(20 * 60);
    whole.way.move("127.77.0.2");
    await page.getByLabel("Kind").selectOption({ label: "Market" });
    await portal.press(page, "Preview");
  });
  must(portal.ask("session", "list").length === session, "the update ended a session");
  await portal.says(page, "Confirm this order");
  await portal.says(page, "BUY 7 AAPL");
  await portal.press(page, "Send the buy order");
  await portal.says(page, "Order accepted");
  await portal.open(page, "/session");
  await portal.says(page, "127.77.0.2");
  whole.way.move("127.0.0.1");
}
