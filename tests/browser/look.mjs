// Every page at 1280 and 390 pixels, light and dark: no accessibility violation, nothing wider than the screen, and a
// picture where one is asked for.
import path from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { must } from "./portal.mjs";

const OUTSIDE = [["sign-in", "/sign-in"], ["front-door", "/where"], ["link", "/link/none"],
  ["recover", "/recover"], ["recover-stop", "/recover/stop/none"], ["recover-claim", "/recover/claim/none"]];
export const INSIDE = [
  ["overview", "/"], ["ticket", "/ticket?symbol=AAPL&quantity=100&type=MKT"], ["contracts", "/contracts"],
  ["contract", "/contracts/AAPL"], ["orders", "/orders"], ["executions", "/executions"], ["overview-month", "/?range=month"], ["contract-year", "/contracts/AAPL?range=year"], ["search", "/search?q=a"], ["session", "/session"], ["front-door-in", "/where"],
  ["welcome", "/?welcome=1"], ["sessions", "/sessions"], ["devices", "/devices"],
  ["credentials", "/credentials"], ["credential-new", "/credentials/new"], ["credential-preset", "/credentials/new?preset=day"], ["authenticators", "/authenticators"],
  ["activity", "/activity"], ["activity-filter", "/activity?kind=orders&refused=yes&steps=yes"], ["messages", "/messages"], ["contact", "/contact"], ["approvals", "/approvals"],
  ["phone", "/phone"], ["phone-move", "/phone/move"], ["travel", "/travel"],
  ["recovery", "/recovery"], ["recovery-contacts", "/recovery/contacts"], ["policies", "/policies"], ["step-up", "/step-up"], ["outbox", "/outbox"], ["lock", "/lock"], ["lock-everything", "/lock/everything"],
];

export async function look(portal, page, name, size) {
  await page.waitForTimeout(name === "overview" ? 1200 : 50);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  must(over <= 0, `${name} at ${size}: ${over} pixels too wide`);
  // A change of colours takes a moment.
  if (portal.options.shots) await page.waitForTimeout(200);
  if (portal.options.shots) await page.screenshot({ path: path.join(portal.options.shots, `${name}-${size}.png`), fullPage: true });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const texts = violations.map((one) => `${one.id}: ${one.nodes[0].html}`);
  must(texts.length === 0, `${name} at ${size}: ${texts.join("; ").slice(0, 600)}`);
}

/** What is behind links: an order and a credential. */
async function found(page, portal, list, pattern) {
  await portal.open(page, list);
  const links = await page.locator(`a[href^="${pattern}"]`).evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  return links.find((link) => !link.endsWith("/new"));
}

export function looks(portal) {
  const sizes = [[1280, 800, "light"], [1280, 800, "dark"], [390, 844, "light"], [390, 844, "dark"]];
  return sizes.map(([width, height, scheme]) => [`pages_at_${width}_${scheme}_are_accessible_and_fit`, async () => {
    const size = `${width}-${scheme}`;
    const page = await portal.visitor({ width, height, scheme });
    for (const [name, to] of OUTSIDE) {
      await page.goto(portal.base + to);
      if (name === "sign-in") await page.getByText("not your computer?").click();
      await look(portal, page, name, size);
    }
    await portal.signInByLink(page);
    for (const [name, to] of INSIDE) {
      await portal.open(page, to);
      if (name === "policies") await page.locator("summary", { hasText: "Change" }).first().click();
      await look(portal, page, name, size);
    }
    for (const [name, list, pattern] of [["order", "/orders", "/orders/"], ["credential", "/credentials", "/credentials/"],
      ["message", "/messages", "/messages/ntc_"]]) {
      await portal.open(page, await found(page, portal, list, pattern));
      await look(portal, page, name, size);
    }
    await portal.open(page, (await found(page, portal, "/credentials", "/credentials/")) + "/edit");
    await look(portal, page, "credential-edit", size);
    await portal.open(page, "/credentials/new?preset=view");
    await page.getByLabel("Name").fill("seen at " + size);
    await portal.press(page, "Create it");
    await portal.says(page, "It is shown only once");
    await look(portal, page, "credential-created", size);
    await portal.open(page, "/ticket?symbol=AAPL&quantity=2000&type=MKT");
    await portal.press(page, "Preview");
    await portal.says(page, "A large order");
    await look(portal, page, "large-order", size);
    const missing = await page.goto(portal.base + "/no/such/page");
    must(missing.status() === 404, "answered " + missing.status());
    await look(portal, page, "missing", size);
    await page.locator("body").waitFor();
    await portal.leave(page);
  }]);
}
