// What a new person does, in order; each flow builds on those before it.
import { readFileSync } from "node:fs";
import { must } from "./portal.mjs";

/** A passkey in the machine: verifies its user, keeps its keys. */
export async function authenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
      hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
}

export function flows(portal, app) {
  portal.app = app;
  const seen = {};
  const person = portal.ready.people[0].username;
  return [
    ["link_signs_in_and_says_what_the_session_can_do", async () => {
      seen.one = await portal.visitor();
      await portal.signInByLink(seen.one);
      await portal.says(seen.one, "Finish setting up: 0 of 4 done");
      await seen.one.getByRole("link", { name: "What this session can and cannot do" }).click();
      await portal.says(seen.one, "place orders");
      await portal.says(seen.one, "Ends at the latest");
    }],
    ["passkey_is_registered", async () => {
      await authenticator(seen.one);
      await portal.open(seen.one, "/");
      await seen.one.getByRole("link", { name: "Add a passkey" }).click();
      await seen.one.getByLabel("Its name").fill("Test key");
      await seen.one.getByRole("button", { name: "Add a passkey" }).click();
      await portal.says(seen.one, "The passkey was added");
      await portal.says(seen.one, "Test key");
    }],
    ["passkey_alone_signs_in", async () => {
      await seen.one.locator("summary", { hasText: person }).click();
      await portal.press(seen.one, "Sign out");
      await seen.one.getByRole("button", { name: "Sign in with a passkey" }).click();
      await portal.says(seen.one, "You are signed in");
    }],
    ["new_browser_signs_in_with_password_code_and_activation", async () => {
      seen.two = await portal.visitor();
      await portal.signInByPassword(seen.two, app);
      await portal.open(seen.two, "/session");
      await portal.says(seen.two, "cannot place orders");
    }],
    ["browser_of_a_typed_code_acts_once_another_one_stands_behind_it", async () => {
      await portal.confirm(seen.one);
      await portal.open(seen.two, "/session");
      await portal.says(seen.two, "can place orders");
    }],
    ["cookie_copied_to_another_browser_opens_nothing", async () => {
      const thief = await portal.visitor();
      await thief.context().addCookies(await seen.one.context().cookies());
      const answer = await thief.goto(portal.base + "/");
      must(answer.status() === 403, "answered " + answer.status());
      await thief.getByText("it was made with another key").waitFor();
      await portal.leave(thief);
      await portal.open(seen.one, "/");
    }],
    ["market_order_is_confirmed_and_fills", async () => {
      await portal.order(seen.one, { side: "Buy", symbol: "AAPL", quantity: 10 });
      await seen.one.locator("[data-live]").getByText("filled", { exact: true }).waitFor();
    }],
    ["resting_order_fills_live_on_an_open_page", async () => {
      const path = await portal.order(seen.one, { side: "Buy", symbol: "MSFT", quantity: 5, kind: "Limit", price: "1.00" });
      await seen.one.locator("[data-live]").getByText("working", { exact: true }).waitFor();
      await portal.open(seen.two, path);
      const form = seen.two.locator("form", { hasText: "Preview the change" });
      await form.getByLabel("Kind").selectOption({ label: "Market" });
      await portal.press(seen.two, "Preview the change");
      await portal.says(seen.two, "Confirm this change");
      await portal.press(seen.two, "Change the order");
      await seen.one.locator("[data-live]").getByText("filled", { exact: true }).waitFor();
      must(seen.one.url().includes("placed=1"), "the page was loaded again");
    }],
    ["order_with_its_exits_takes_five_presses_and_is_listed_together", async () => {
      await portal.open(seen.one, "/");
      portal.took();
      await portal.follow(seen.one, "Trade");
      await seen.one.getByLabel("Symbol").fill("KO");
      const ask = seen.one.locator("#take-ask");
      await ask.waitFor();
      const price = Number(await ask.getAttribute("value"));
      await portal.click(ask);
      must(Math.abs(Number(await seen.one.getByLabel("Limit price").inputValue()) - price) < 1, "the ask is not the price");
      must(!(await seen.one.getByLabel("Stop price").isVisible()), "a limit order shows a stop price");
      await seen.one.getByLabel("Limit price").fill((price * 0.97).toFixed(2).replace(".", ","));
      await seen.one.getByLabel("Quantity").fill("20");
      await portal.click(seen.one.getByText("Take profit and stop loss"));
      await seen.one.getByLabel("Take profit at").fill((price * 1.02).toFixed(2));
      await seen.one.getByLabel("Stop loss at").fill((price * 0.95).toFixed(2));
      await portal.press(seen.one, "Preview");
      await portal.press(seen.one, "Send the buy order");
      await portal.says(seen.one, "Order accepted");
      must(portal.took().presses <= 5, "it took more than five presses");
      await portal.says(seen.one, "Attached to it");
      await portal.open(seen.one, "/orders?symbol=KO");
      await seen.one.locator("tr.child").nth(1).waitFor();
      await seen.one.locator("#live-mark", { hasText: /^live, \d s old$/ }).waitFor();
      await portal.open(seen.one, "/orders");
      await portal.press(seen.one, await seen.one.getByRole("button", { name: /^Cancel all/ }).textContent());
      await portal.says(seen.one, "All open orders were cancelled");
    }],
    ["overview_shows_a_new_position_live", async () => {
      await portal.open(seen.one, "/");
      await portal.order(seen.two, { side: "Sell", symbol: "KO", quantity: 20 });
      await seen.one.locator("#positions ~ table").getByRole("link", { name: "KO", exact: true }).waitFor();
      await seen.one.locator("#live-mark", { hasText: "live" }).waitFor();
    }],
    ["ticket_says_while_typing_why_an_order_would_be_denied", async () => {
      await portal.open(seen.one, "/ticket");
      await seen.one.getByLabel("Symbol").fill("AAPL");
      await seen.one.getByLabel("Kind").selectOption({ label: "Market" });
      await seen.one.getByLabel("Quantity").pressSequentially("10000000");
      await seen.one.locator("#preview").getByText("Would be refused").waitFor();
    }],
    ["credential_is_made_with_sentences_while_typing_and_revoked", async () => {
      await portal.open(seen.one, "/credentials/new");
      await seen.one.getByLabel("Name").fill("browser test");
      await seen.one.getByLabel("Symbols").fill("AAPL");
      await seen.one.locator("#preview").getByText("AAPL").first().waitFor();
      must(await seen.one.getByLabel("Require a token").isChecked(), "no token is required by default");
      await portal.press(seen.one, "Create it");
      await seen.one.waitForURL(/\/credentials\/crd_[^/]+\/created$/);
      const token = await seen.one.locator("#secret").textContent();
      must(token.startsWith("fpc_"), "the token is " + token);
      must((await seen.one.locator("#program").textContent()).includes("token=" + token), "the program lacks its token");
      await seen.one.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await seen.one.getByRole("button", { name: "Copy the token" }).click();
      await seen.one.getByRole("button", { name: "Copied" }).waitFor();
      must(await seen.one.evaluate(() => navigator.clipboard.readText()) === token, "something else was copied");
      await seen.one.reload();
      must(await seen.one.locator("#secret").count() === 0, "the token is shown twice");
      await seen.one.getByRole("link", { name: "Its page" }).click();
      await portal.press(seen.one, "Pause browser test");
      await portal.says(seen.one, "no program can use it");
      await portal.press(seen.one, "Resume browser test");
      await portal.says(seen.one, "Programs can connect again");
      await seen.one.getByRole("link", { name: "Edit", exact: true }).click();
      await seen.one.getByLabel("Largest order, shares").fill("10");
      await seen.one.locator("#preview").getByText("place an order for more than 10 shares or contracts").waitFor();
      await portal.press(seen.one, "Save");
      await portal.says(seen.one, "place an order for more than 10 shares or contracts");
      await portal.press(seen.one, "Revoke browser test");
      await portal.says(seen.one, "Its next message is refused");
      await portal.open(seen.one, "/activity");
      await portal.says(seen.one, "Credential browser test");
    }],
    ["activity_of_yesterday_is_two_presses_away_and_what_is_shown_is_exported", async () => {
      await portal.open(seen.one, "/");
      await seen.one.getByRole("link", { name: "Activity" }).click();
      await seen.one.getByRole("link", { name: "Yesterday" }).click();
      await portal.says(seen.one, "Nothing matches");
      await portal.open(seen.one, "/activity");
      await seen.one.getByLabel("Text").fill("browser test");
      await portal.press(seen.one, "Show");
      await portal.says(seen.one, "Credential browser test");
      const download = seen.one.waitForEvent("download");
      await seen.one.getByRole("button", { name: "Export CSV" }).click();
      const file = await download;
      must(/^activity-\d{4}-\d\d-\d\d\.csv$/.test(file.suggestedFilename()), file.suggestedFilename());
      const text = readFileSync(await file.path(), "utf8");
      must(text.includes("browser test") && !text.includes("server_started"), text.slice(0, 400));
    }],
    ["other_session_is_ended_and_its_open_page_leaves", async () => {
      await portal.open(seen.two, "/");
      await seen.two.locator("#live-mark", { hasText: "live" }).waitFor();
      await portal.open(seen.one, "/sessions");
      await portal.press(seen.one, "End all others");
      await seen.two.waitForURL(/sign-in/);
    }],
    ["menu_closes_with_escape_and_gives_the_focus_back", async () => {
      await portal.open(seen.one, "/orders");
      const menu = seen.one.locator("details.menu", { has: seen.one.locator("summary.lock") });
      await menu.locator("summary").focus();
      await seen.one.keyboard.press("Enter");
      await menu.getByText("What each of these does").waitFor();
      await seen.one.keyboard.press("Escape");
      must(!(await menu.evaluate((one) => one.open)), "the menu is still open");
      must(await menu.locator("summary").evaluate((one) => one === document.activeElement), "the focus is lost");
    }],
    ["address_instead_of_the_name_is_told_the_name", async () => {
      const page = await portal.visitor();
      const url = new URL(portal.base);
      const answer = await page.goto(`${url.protocol}//127.0.0.1:${url.port}/`);
      must(answer.status() === 421, "answered " + answer.status());
      await page.getByRole("link", { name: portal.base }).waitFor();
      await portal.leave(page);
    }],
    ...withoutScript(portal, app, seen),
  ];
}

/** The same, but the passkey, with JavaScript off. */
function withoutScript(portal, app, seen) {
  return [
    ["without_script_new_browser_signs_in", async () => {
      seen.plain = await portal.visitor({ script: false });
      await portal.signInByLink(seen.plain);
      await portal.open(seen.plain, "/session");
      await portal.says(seen.plain, "cannot place orders");
    }],
    ["without_script_order_is_confirmed_and_fills", async () => {
      const path = await portal.order(seen.plain, { side: "Buy", symbol: "XOM", quantity: 3 });
      await portal.open(seen.plain, path);
      await portal.says(seen.plain, "filled");
      await portal.open(seen.plain, "/");
      await seen.plain.getByRole("link", { name: "XOM", exact: true }).first().waitFor();
    }],
    ["without_script_resting_order_is_cancelled", async () => {
      const path = await portal.order(seen.plain, { side: "Buy", symbol: "XOM", quantity: 3, kind: "Limit", price: "1.00" });
      await portal.act(seen.plain, "Cancel this order");
      must(new URL(seen.plain.url()).pathname === path, "went to " + seen.plain.url());
      await portal.says(seen.plain, "Cancelled on request");
    }],
    ["without_script_credential_is_previewed_made_and_revoked", async () => {
      await portal.open(seen.plain, "/credentials/new");
      await seen.plain.getByRole("link", { name: "View only" }).click();
      await seen.plain.getByLabel("Name").fill("plain test");
      must(await seen.plain.getByLabel("view only").isChecked(), "the preset did not fill the form in");
      await portal.press(seen.plain, "Preview");
      await portal.says(seen.plain, "will be this");
      await portal.act(seen.plain, "Create it");
      await seen.plain.locator("#secret").waitFor();
      await seen.plain.getByRole("link", { name: "Its page" }).click();
      await portal.act(seen.plain, "Pause plain test");
      await portal.says(seen.plain, "no program can use it");
      await portal.act(seen.plain, "Revoke plain test");
      await portal.says(seen.plain, "Its next message is refused");
    }],
    ["without_script_device_is_renamed", async () => {
      await portal.open(seen.plain, "/devices");
      const row = seen.plain.locator("tr.hit");
      await row.locator("summary", { hasText: "Rename" }).click();
      await row.locator("input[name=name]").fill("Plain browser");
      await portal.act(seen.plain, "Rename");
      await portal.says(seen.plain, "Plain browser");
    }],
    ["without_script_other_session_is_ended", async () => {
      await portal.open(seen.plain, "/sessions");
      await portal.act(seen.plain, "End all others");
      await seen.one.goto(portal.base + "/orders");
      must(seen.one.url().includes("/sign-in"), "the other session still sees " + seen.one.url());
    }],
    ["without_script_sign_out_ends_it", async () => {
      await seen.plain.locator("summary", { hasText: portal.ready.people[0].username }).click();
      await portal.press(seen.plain, "Sign out");
      await seen.plain.goto(portal.base + "/orders");
      must(seen.plain.url().includes("/sign-in"), "still sees " + seen.plain.url());
    }],
  ];
}
