// A person with two accounts: switching, two tabs, an order in each. On a server of its own, for every other flow has one account.
import { look } from "./look.mjs";
import { must } from "./portal.mjs";

const SIZES = [[1280, 800, "light"], [1280, 800, "dark"], [390, 844, "light"], [390, 844, "dark"]];

export function accounts(portal) {
  const first = portal.ready.account;
  const person = portal.ready.people[0].username;
  const seen = {};
  const here = async (page) => (await page.locator("header .accounts summary .n").textContent()).trim();
  const turn = async (page, account) => {
    await page.locator("header .accounts summary").click();
    await portal.follow(page, account);
    must(await here(page) === account, "the head says " + await here(page));
  };
  const rows = (account) => portal.ask("orders", "--account", account);
  const fill = async (page, symbol, quantity) => {
    await portal.open(page, "/ticket");
    await page.getByLabel("Buy", { exact: true }).check();
    await page.getByLabel("Symbol").fill(symbol);
    await page.getByLabel("Quantity").fill(String(quantity));
    await page.getByLabel("Kind").selectOption({ label: "Limit" });
    await page.getByLabel("Limit price").fill("1.00");
  };
  return [
    ["two_accounts_begin_with_one_and_its_head", async () => {
      seen.page = await portal.visitor();
      await portal.signInByLink(seen.page);
      must(await seen.page.locator("header .pill").innerText() === "Paper\n" + first || (await seen.page.locator("header .pill").innerText()).includes(first), "no pill");
      must(await seen.page.locator("header .accounts").count() === 0, "there is a menu for one account");
    }],
    ["two_accounts_later_one_is_in_the_head_at_once", async () => {
      seen.second = portal.ask("account", "create", "--owner", person, "--cash", "250000", "--purpose", "second").account;
      await portal.open(seen.page, "/");
      must(await here(seen.page) === first, "another account is shown first");
      await turn(seen.page, seen.second);
      await portal.says(seen.page, "250,000.00");
      await portal.open(seen.page, "/orders");
      must(await here(seen.page) === seen.second, "the next page is of another account");
      await turn(seen.page, first);
    }],
    ["two_accounts_are_switched_by_keyboard_without_script", async () => {
      const page = await portal.visitor({ script: false });
      await portal.signInByLink(page);
      await portal.open(page, "/orders");
      await page.locator("header .accounts summary").focus();
      await page.keyboard.press("Enter");
      const link = page.getByRole("link", { name: seen.second });
      for (let tabs = 0; tabs < 5 && !(await link.evaluate((one) => one === document.activeElement)); tabs += 1) await page.keyboard.press("Tab");
      await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
      must(await here(page) === seen.second && new URL(page.url()).pathname === "/orders", "the same page of the other account is not shown: " + page.url());
      await portal.leave(page);
    }],
    ["two_accounts_in_two_tabs_each_order_goes_where_its_form_was_shown_for", async () => {
      const one = seen.page, two = await one.context().newPage();
      await portal.watch(two, true);
      await portal.open(one, "/?account=" + first);
      await fill(one, "AAPL", 11);
      await portal.open(two, "/?account=" + seen.second);
      await portal.press(one, "Preview");
      await portal.says(one, "Confirm this order");
      await portal.open(two, "/?account=" + seen.second);
      await portal.act(one, "Send the buy order");
      await portal.says(one, "Order accepted");
      must(await here(one) === first, "the order's page is of " + await here(one));
      must(rows(first).some((row) => row.quantity === 11) && !rows(seen.second).some((row) => row.quantity === 11), "the order is on the wrong account");
      // The same of a cancel.
      await portal.open(two, "/?account=" + seen.second);
      await portal.act(one, "Cancel this order");
      must(rows(first).find((row) => row.quantity === 11).state === "cancelled", "it was not cancelled");
      // And an order in the other tab.
      await portal.open(two, "/?account=" + seen.second);
      await fill(two, "MSFT", 12);
      await portal.open(one, "/?account=" + first);
      await portal.press(two, "Preview");
      await portal.act(two, "Send the buy order");
      await portal.says(two, "Order accepted");
      must(rows(seen.second).some((row) => row.quantity === 12) && !rows(first).some((row) => row.quantity === 12), "the second order is on the wrong account");
      await two.close();
    }],
    ["two_accounts_in_two_tabs_links_and_keys_lead_to_the_account_of_their_tab", async () => {
      const one = seen.page, two = await one.context().newPage();
      await portal.watch(two, true);
      await portal.open(one, "/?account=" + first);
      await portal.open(two, "/?account=" + seen.second);
      await Promise.all([one.waitForEvent("load"), one.locator("nav.nav a", { hasText: "Orders" }).click()]);
      must(await here(one) === first, "a link of the first tab leads to " + await here(one));
      await portal.open(two, "/?account=" + seen.second);
      await Promise.all([one.waitForEvent("load"), one.keyboard.press("/")]);
      must(await here(one) === first, "a key of the first tab leads to " + await here(one));
      await portal.open(two, "/?account=" + seen.second);
      await one.getByRole("searchbox").fill("AAPL");
      await one.locator("#found a", { hasText: "AAPL" }).first().waitFor();
      await portal.open(two, "/?account=" + seen.second);
      await Promise.all([one.waitForEvent("load"), one.locator("#found a", { hasText: "AAPL" }).first().click()]);
      must(await here(one) === first, "a result of the first tab's search leads to " + await here(one));
      await two.close();
    }],
    ["two_accounts_have_lists_of_their_own", async () => {
      await portal.open(seen.page, "/orders?account=" + seen.second);
      await portal.says(seen.page, "MSFT");
      must(await seen.page.locator("main").getByText("AAPL").count() === 0, "an order of the other account is listed");
      await portal.open(seen.page, "/activity?account=" + seen.second);
      must(await seen.page.locator("main").getByText("buy 11 AAPL").count() === 0, "the activity has an order of the other account");
      await portal.says(seen.page, "buy 12 MSFT");
    }],
    ["two_accounts_give_no_way_to_a_third", async () => {
      const answer = await seen.page.goto(portal.base + "/?account=DU0000001");
      must(answer.status() === 403, "answered " + answer.status());
    }],
    ["two_accounts_menu_and_pages_fit_at_every_size", async () => {
      for (const [width, height, scheme] of SIZES) {
        const page = await portal.visitor({ width, height, scheme });
        await portal.signInByLink(page);
        for (const [name, to] of [["overview", "/"], ["orders", "/orders"], ["ticket", "/ticket?symbol=AAPL&quantity=1&type=MKT"], ["credential-new", "/credentials/new"]]) {
          await portal.open(page, to);
          await look(portal, page, "accounts-" + name, `${width}-${scheme}`);
        }
        await page.locator("header .accounts summary").click();
        await look(portal, page, "accounts-menu", `${width}-${scheme}`);
        await portal.leave(page);
      }
    }],
    ["two_accounts_closed_one_is_marked_and_its_ticket_has_no_form", async () => {
      const closed = portal.ask("account", "create", "--owner", person, "--cash", "1000", "--purpose", "over").account;
      portal.ask("account", "close", closed);
      for (const [width, height, scheme] of SIZES) {
        const page = await portal.visitor({ width, height, scheme });
        await portal.signInByLink(page);
        for (const [name, to] of [["overview", "/"], ["ticket", "/ticket"], ["credentials", "/credentials"]]) {
          await portal.open(page, to + "?account=" + closed);
          await portal.says(page, "This account was closed at");
          must(await page.locator("#ticket").count() === 0, "the ticket has a form");
          await look(portal, page, "closed-" + name, `${width}-${scheme}`);
        }
        await portal.leave(page);
      }
    }],
    ["two_accounts_credential_is_made_for_both", async () => {
      await portal.open(seen.page, "/credentials/new?account=" + first);
      await seen.page.getByLabel("Name", { exact: true }).fill("both");
      await seen.page.getByLabel("Also for " + seen.second).check();
      await portal.act(seen.page, "Create it", { Name: "both" });
      const made = portal.ask("credential", "show", "both");
      must(JSON.stringify(made).includes(seen.second) && JSON.stringify(made).includes(first), JSON.stringify(made));
    }],
  ];
}
