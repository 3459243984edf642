// What is for the eye and the keyboard: search, shortcuts, sorting, and a position that is closed.
import { must } from "./portal.mjs";

export function markets(portal) {
  return [["keys_lead_to_the_search_and_a_position_is_bought_and_closed_by_them", async () => {
    const page = await portal.visitor();
    await portal.signInByLink(page);
    await portal.open(page, "/orders");
    await Promise.all([page.waitForURL("**/search"), page.keyboard.press("/")]);
    // The field has the focus, so that a letter typed there is a letter.
    await page.locator("input[type=search]:focus").first().waitFor();
    await page.keyboard.type("goo");
    await page.getByRole("link", { name: /^GOOG/ }).first().click();
    await page.waitForURL("**/contracts/GOOG");
    await Promise.all([page.waitForURL("**/ticket?side=buy&symbol=GOOG"), page.keyboard.press("b")]);
    await page.getByLabel("Quantity").fill("2");
    await page.getByLabel("Kind").selectOption("MKT");
    await portal.press(page, "Preview");
    await portal.press(page, "Send the buy order");
    await portal.open(page, "/contracts/GOOG");
    await Promise.all([page.waitForURL("**/ticket/preview"), page.keyboard.press("c")]);
    await portal.says(page, "SELL 2 GOOG");
    await portal.press(page, "Send the sell order");
    await portal.open(page, "/contracts/GOOG");
    must(!(await page.locator("[data-key=c]").count()), "there is still something to close");
    await Promise.all([page.waitForURL("**/search"), page.keyboard.press("Control+k")]);
    await page.getByLabel("Use single-key shortcuts").uncheck();
    await portal.open(page, "/orders");
    await page.keyboard.press("/");
    await page.keyboard.press("Control+k");
    await page.waitForURL("**/search");
    await portal.leave(page);
  }], ["contracts_are_sorted_and_charts_have_ranges_without_script", async () => {
    const page = await portal.visitor({ script: false });
    await portal.signInByLink(page);
    await portal.open(page, "/contracts");
    await portal.follow(page, "Change, %");
    must(await page.locator("th[aria-sort=descending]").count() === 1, "no heading says that it sorts");
    await portal.open(page, "/contracts/AAPL");
    await portal.follow(page, "1 year");
    must(await page.locator(".plot .candles .rise").count() === 1 && await page.locator(".plot .volumes path").count() === 1, "there is no chart");
    await page.getByText("As a table").click();
    must(await page.locator("details table tr").count() > 50, "the table says less than the picture");
    await portal.open(page, "/search?q=AAPL");
    await page.getByRole("link", { name: /^AAPL/ }).first().waitFor();
    await portal.leave(page);
  }]];
}
