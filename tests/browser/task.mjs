// What a person comes to do, from the overview where nothing else is said, by the shortest way that the pages show. Each flow
// counts what is pressed and typed, and its figures are the rows of docs/flows.md.
import { readFileSync } from "node:fs";
import { authenticator } from "./flow.mjs";
import { look } from "./look.mjs";
import { must } from "./portal.mjs";

const PASSWORD = "slow train over the long lake";
const PHONE = { width: 390, height: 844 };

export function tasks(portal) {
  const seen = {};
  const person = () => portal.ready.people[0];
  /** A flow of this name that takes exactly so many presses and fields. */
  const task = (name, presses, fields, run) => ["task_" + name, async () => {
    seen.owner ??= await begins(portal);
    portal.took();
    await run(seen.owner);
    const took = portal.took();
    must(took.presses === presses && took.fields === fields, `it took ${took.presses} presses and ${took.fields} fields, not ${presses} and ${fields}`);
  }];
  const home = (page) => portal.open(page, "/");
  return [
    task("sign_in_by_link", 1, 0, async () => {
      const page = await portal.visitor();
      await page.goto(portal.ask("link", person().username).url);
      await portal.press(page, "Sign in and trust this browser");
      await portal.says(page, "You are signed in");
      await portal.leave(page);
    }),
    task("sign_in_by_password_app_and_mailed_code", 3, 4, async (owner) => {
      seen.second = await portal.visitor();
      await signsIn(portal, seen.second);
      await portal.type(seen.second, "The six digits", await portal.app.code());
      await portal.press(seen.second, "Continue");
      await portal.says(seen.second, "Activate this browser");
      await portal.type(seen.second, "Activation code", portal.activationCode());
      await portal.press(seen.second, "Activate and sign in");
      await portal.says(seen.second, "You are signed in");
      await portal.uncounted(() => portal.confirm(owner));
    }),
    task("add_a_passkey", 2, 0, async (owner) => {
      await authenticator(owner);
      await home(owner);
      await portal.follow(owner, "Add a passkey");
      await portal.click(owner.getByRole("button", { name: "Add a passkey" }));
      await portal.says(owner, "The passkey was added");
    }),
    task("sign_in_by_passkey", 1, 0, async (owner) => {
      await portal.uncounted(async () => {
        await portal.click(owner.locator("summary", { hasText: person().username }));
        await portal.press(owner, "Sign out");
      });
      await portal.click(owner.getByRole("button", { name: "Sign in with a passkey" }));
      await portal.says(owner, "You are signed in");
    }),
    task("add_a_phone", 4, 1, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Add your phone");
      await portal.press(owner, "Add a phone");
      const link = (await owner.locator(".once").first().textContent()).trim();
      seen.phone = await portal.visitor(PHONE);
      await seen.phone.goto(link);
      await portal.press(seen.phone, "Sign in and trust this browser");
      await portal.says(seen.phone, "One step is left");
      const number = (await seen.phone.locator(".match").textContent()).trim();
      // The page asks for it by itself.
      await portal.type(owner, "The number that the phone shows", number);
      await portal.press(owner, "It is my phone");
      await portal.says(owner, "now answers approvals");
      await portal.says(seen.phone, "Nothing is waiting for you");
    }),
    task("sign_in_by_password_and_phone", 3, 3, async () => {
      const page = await portal.visitor();
      await signsIn(portal, page);
      await portal.press(page, "Approve on my phone instead");
      await portal.says(page, "type this number there");
      const asked = (await page.locator(".match").textContent()).trim();
      await portal.says(seen.phone, "Somebody is signing in as you");
      await portal.type(seen.phone, "The number on the page that asks", asked);
      await portal.press(seen.phone, "Yes, approve it");
      await portal.says(page, "You are signed in");
      await portal.leave(page);
    }),
    task("make_a_narrow_credential_with_a_token", 4, 3, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Access");
      await portal.follow(owner, "Credentials");
      await portal.follow(owner, "New credential");
      await portal.type(owner, "Name", "task");
      await portal.type(owner, "Symbols", "AAPL");
      await portal.type(owner, "Largest order, shares", "100");
      await portal.press(owner, "Create it");
      await owner.waitForURL(/\/created$/);
      must((await owner.locator("#secret").textContent()).startsWith("fpc_"), "no token is shown");
      must((await owner.locator("#program").textContent()).includes("token=fpc_"), "the program has no token");
    }),
    task("place_a_limit_order", 3, 3, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Trade");
      await portal.type(owner, "Symbol", "MSFT");
      await owner.locator("#take-bid").waitFor();
      await portal.type(owner, "Quantity", "5");
      await portal.type(owner, "Limit price", "1.00");
      await portal.press(owner, "Preview");
      await portal.press(owner, "Send the buy order");
      await portal.says(owner, "Order accepted");
      seen.order = new URL(owner.url()).pathname;
    }),
    task("change_an_order_from_its_page", 2, 1, async (owner) => {
      await portal.open(owner, seen.order);
      await portal.type(owner, "Limit price", "1.01");
      await portal.press(owner, "Preview the change");
      await portal.press(owner, "Change the order");
      await portal.says(owner, "LMT 1.01");
    }),
    task("cancel_an_order", 1, 0, async (owner) => {
      await home(owner);
      await portal.press(owner, "Cancel order " + seen.order.split("/").pop());
      await portal.says(owner, "Cancelled on request");
    }),
    task("approve_a_large_order_on_the_phone", 4, 4, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Trade");
      await portal.type(owner, "Symbol", "AAPL");
      await portal.type(owner, "Quantity", "1000");
      portal.done.fields += 1;
      await owner.getByLabel("Kind").selectOption({ label: "Market" });
      await portal.press(owner, "Preview");
      await portal.press(owner, "Ask my phone");
      await portal.says(owner, "type this number there");
      const asked = (await owner.locator(".match").textContent()).trim();
      await portal.says(seen.phone, "BUY 1,000 AAPL");
      const yes = seen.phone.getByRole("button", { name: "Yes, approve it" });
      await yes.waitFor();
      await phoneShowsAll(seen.phone, ["Yes, approve it", "No", "This was not me"]);
      await portal.type(seen.phone, "The number on the page that asks", asked);
      await portal.press(seen.phone, "Yes, approve it");
      await portal.says(owner, "Order accepted");
    }),
    task("place_an_order_with_its_exits", 4, 5, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Trade");
      await portal.type(owner, "Symbol", "KO");
      await owner.locator("#take-ask").waitFor();
      const ask = Number(await owner.locator("#take-ask").getAttribute("value"));
      const near = (share) => (ask * share).toFixed(2);
      await portal.type(owner, "Limit price", near(0.97));
      await portal.type(owner, "Quantity", "20");
      await portal.click(owner.getByText("Take profit and stop loss"));
      await portal.type(owner, "Take profit at", near(1.02));
      await portal.type(owner, "Stop loss at", near(0.95));
      await portal.press(owner, "Preview");
      await portal.press(owner, "Send the buy order");
      await portal.says(owner, "Attached to it");
      await portal.open(owner, "/orders?symbol=KO");
      await owner.locator("tr.child").nth(1).waitFor();
    }),
    task("close_a_position", 2, 0, async (owner) => {
      await home(owner);
      await portal.press(owner, "Close the position in AAPL");
      await portal.press(owner, "Send the sell order");
      await portal.says(owner, "filled");
    }),
    task("read_why_an_order_was_refused", 1, 0, async (owner) => {
      await portal.uncounted(async () => {
        await portal.open(owner, "/ticket?symbol=IBM&quantity=1&type=LMT&price=1.00");
        await portal.press(owner, "Preview");
        portal.ask("lock", "--account", portal.ready.account, "--grade", "no-new");
        // Sent in the moment before the page hears of the lock and disables its button.
        const button = owner.getByRole("button", { name: "Send the buy order", exact: true });
        try {
          await Promise.all([owner.waitForEvent("load"), button.evaluate((it) => it.form.requestSubmit())]);
        } finally {
          portal.ask("unlock", "--account", portal.ready.account);
        }
      });
      await home(owner);
      await portal.follow(owner, "Orders");
      const row = owner.locator("table.refused tr", { hasText: "IBM" }).first();
      for (const part of ["BUY", "1.00", "locked", person().username]) must((await row.textContent()).includes(part), "the row lacks " + part);
    }),
    task("find_an_order_by_its_number", 2, 1, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Search");
      portal.done.fields += 1;
      await owner.getByRole("searchbox").fill(seen.order.split("/").pop());
      portal.done.presses += 1;
      await Promise.all([owner.waitForURL("**" + seen.order), owner.locator("#found").getByRole("link", { name: "MSFT" }).click()]);
      await portal.says(owner, "cancelled");
    }),
    task("see_who_did_what_yesterday", 2, 0, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Activity");
      await portal.follow(owner, "Yesterday");
      must(new URL(owner.url()).search !== "", "the filter has no address");
      await portal.says(owner, "Nothing matches");
    }),
    task("export_the_activity", 2, 0, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Activity");
      const download = owner.waitForEvent("download");
      await portal.click(owner.getByRole("button", { name: "Export CSV" }));
      must(readFileSync(await (await download).path(), "utf8").includes("order_placed"), "the file has no order");
    }),
    task("pause_a_credential", 4, 0, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Access");
      await portal.follow(owner, "Credentials");
      await portal.follow(owner, "task");
      must(await owner.getByText("Connect from Python").isVisible(), "its program is not shown on a wide screen");
      await portal.press(owner, "Pause task");
      await portal.says(owner, "no program can use it");
    }),
    task("revoke_a_credential", 4, 0, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Access");
      await portal.follow(owner, "Credentials");
      await portal.follow(owner, "task");
      await portal.press(owner, "Revoke task");
      await portal.says(owner, "Its next message is refused");
    }),
    task("end_a_session", 2, 0, async (owner) => {
      await portal.open(seen.second, "/orders");
      await home(owner);
      await portal.follow(owner, "Access");
      const row = owner.locator("tr:not(.hit)", { has: owner.getByRole("button", { name: /^End/ }) }).filter({ hasNotText: "this session" });
      const before = await row.count();
      portal.done.presses += 1;
      await Promise.all([owner.waitForEvent("load"), row.first().getByRole("button", { name: /^End/ }).click()]);
      must(await row.count() === before - 1, "the session is still there");
    }),
    task("make_and_print_recovery_codes", 3, 0, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Print recovery codes");
      await portal.press(owner, "Make ten codes");
      await owner.evaluate(() => { window.print = () => { window.printed = true; }; });
      await portal.click(owner.getByRole("button", { name: "Print" }));
      must(await owner.evaluate(() => window.printed), "nothing is printed");
      must(await owner.locator("main li").count() >= 10, "there are no ten codes");
    }),
    task("add_a_mail_address", 3, 2, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Add a mail address");
      const address = "task@example.org";
      await portal.uncounted(() => owner.getByRole("textbox", { name: /^(Address|New address)$/ }).fill(address));
      portal.done.fields += 1;
      await portal.press(owner, "Send a code");
      await portal.type(owner, "Code sent to " + address, portal.activationCode());
      await portal.press(owner, "Verify");
      await portal.says(owner, "The address is verified");
    }),
    task("read_a_message", 2, 0, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Messages");
      const message = owner.locator("tr", { hasText: "unread" }).first().getByRole("link").first();
      portal.done.presses += 1;
      await Promise.all([owner.waitForEvent("load"), message.click()]);
      must(await owner.getByRole("button", { name: "Mark as read" }).count() === 0, "opening it did not mark it as read");
    }),
    task("not_me", 2, 0, async (owner) => {
      const stranger = await portal.visitor();
      await portal.uncounted(() => portal.signInByLink(stranger));
      await home(owner);
      await portal.follow(owner, "Messages");
      portal.done.presses += 1;
      await Promise.all([owner.waitForEvent("load"), owner.getByRole("button", { name: "This was not me: A new browser" }).first().click()]);
      await portal.says(owner, "is no longer trusted");
      must(await owner.getByRole("button", { name: "This was not me" }).count() === 0, "the button is offered again");
      // Its page leaves by itself once it is told, which may be in this very moment.
      await stranger.goto(portal.base + "/").catch(() => stranger.waitForURL(/\/sign-in/));
      must(new URL(stranger.url()).pathname === "/sign-in", "the stranger is still in");
      await portal.leave(stranger);
    }),
    task("lock_new_orders", 2, 0, async (owner) => {
      await home(owner);
      await portal.click(owner.locator("summary.lock"));
      await portal.press(owner, "No new orders");
      await owner.locator("summary.lock", { hasText: "Locked: no new orders" }).waitFor();
    }),
    task("unlock_by_passkey", 2, 0, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Unlock, or see who locked it");
      await portal.click(owner.getByRole("button", { name: "Unlock with a passkey" }));
      await portal.says(owner, "Unlocked.");
    }),
    task("change_the_password", 3, 2, async (owner) => {
      await home(owner);
      await portal.follow(owner, "Access");
      await portal.follow(owner, "Ways to sign in");
      await portal.type(owner, "Current password", person().password);
      await portal.type(owner, "New password", PASSWORD);
      await portal.press(owner, "Change it");
      await portal.says(owner, "Your password was changed");
      person().password = PASSWORD;
    }),
    ["task_by_keyboard_alone_a_new_browser_signs_in", () => signsInByKeyboard(portal)],
    ["task_by_keyboard_alone_a_person_trades_cancels_and_locks", () => byKeyboard(portal, true)],
    ["task_by_keyboard_alone_and_without_script_a_person_trades_cancels_and_locks", () => byKeyboard(portal, false)],
    ["task_on_a_phone_open_orders_and_positions_are_two_lines_with_their_act", () => onPhone(portal)],
    ["task_browsers_of_the_tasks_close", async () => {
      for (const page of Object.values(seen)) if (typeof page === "object") await portal.leave(page);
    }],
  ];
}

async function begins(portal) {
  const owner = await portal.visitor();
  await portal.signInByLink(owner);
  return owner;
}

async function signsIn(portal, page) {
  await portal.open(page, "/sign-in");
  await portal.type(page, "User name", portal.ready.people[0].username);
  await portal.type(page, "Password", portal.ready.people[0].password);
  await portal.press(page, "Continue");
}

/** Moves the focus on until it is on what has this name, and can be seen to be there. */
async function tabTo(page, name) {
  for (let tries = 0; tries < 90; tries += 1) {
    await page.keyboard.press("Tab");
    const [[found, outline] = []] = await page.locator(":focus").evaluateAll((all, name) => all.map((it) => [
      (it.getAttribute("aria-label") ?? it.labels?.[0]?.innerText ?? it.innerText ?? "").trim().startsWith(name), getComputedStyle(it).outlineStyle]), name);
    if (!found) continue;
    must(outline !== "none", "nothing shows that the focus is on " + name);
    return;
  }
  throw new Error("the key Tab does not lead to " + name);
}

async function byKeyboard(portal, script) {
  const page = await portal.visitor({ script });
  const person = portal.ready.people[0];
  const sends = () => Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  const fill = async (name, text) => { await tabTo(page, name); await page.keyboard.press("Control+a"); await page.keyboard.type(text); };
  const push = async (name) => { await tabTo(page, name); await sends(); };
  // Without script a session signs in for each act.
  const act = async (name) => {
    await push(name);
    if (script) return;
    await fill("Your password", person.password);
    await fill("The six digits", await portal.app.code());
    await sends();
  };
  await page.goto(portal.ask("link", person.username).url);
  await push("Sign in and trust this browser");
  await push("Trade");
  await fill("Symbol", "MSFT");
  await fill("Quantity", "5");
  await fill("Limit price", "1.00");
  await push("Preview");
  await act("Send the buy order");
  await portal.says(page, "Order accepted");
  await push("Overview");
  await act("Cancel order");
  await portal.says(page, "Cancelled on request");
  await tabTo(page, "Lock");
  await page.keyboard.press("Enter");
  await act("No new orders");
  await page.locator("summary.lock", { hasText: "Locked: no new orders" }).waitFor();
  portal.ask("unlock", "--account", portal.ready.account);
  if (script) {
    // In a list the row that has the focus is meant by a letter.
    await portal.open(page, "/contracts");
    await tabTo(page, "IBM");
    await Promise.all([page.waitForURL("**/ticket?side=sell&symbol=IBM"), page.keyboard.press("s")]);
  }
  await portal.leave(page);
}

/** A new browser, by password and codes, without a pointer. */
async function signsInByKeyboard(portal) {
  const page = await portal.visitor();
  await portal.open(page, "/sign-in");
  const step = async (fields) => {
    // The field that has the focus already is passed, as by somebody who begins anew.
    await page.evaluate(() => document.activeElement.blur());
    for (const [name, text] of fields) { await tabTo(page, name); await page.keyboard.type(text); }
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  };
  await step([["User name", portal.ready.people[0].username], ["Password", portal.ready.people[0].password]]);
  await step([["The six digits", await portal.app.code()]]);
  await portal.says(page, "Activate this browser");
  await step([["Activation code", portal.activationCode()]]);
  await portal.says(page, "You are signed in");
  await portal.leave(page);
}

async function onPhone(portal) {
  const page = await portal.visitor(PHONE);
  await portal.signInByLink(page);
  for (const symbol of ["KO", "XOM"]) await portal.order(page, { side: "Buy", symbol, quantity: 10, kind: "Limit", price: "1.00" });
  await portal.order(page, { side: "Buy", symbol: "AAPL", quantity: 10 });
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await portal.open(page, "/");
    await look(portal, page, "phone-overview-full", "390-" + scheme);
  }
  for (const button of [/^Cancel order/, /^Close the position in AAPL/]) must(await page.getByRole("button", { name: button }).first().isVisible(), "no button " + button);
  const row = await page.locator("[aria-labelledby=open] tbody tr").first().boundingBox();
  must(row.height < 100, "an open order is " + row.height + " pixels high");
  await Promise.all([page.waitForURL("**/search"), page.getByRole("link", { name: "Search" }).click()]);
  await portal.leave(page);
}

/** Each of these buttons is on the screen, above the bar at its foot, without scrolling. */
async function phoneShowsAll(phone, names) {
  for (const name of names) {
    const button = phone.getByRole("button", { name, exact: true }).first();
    const [box, bar] = [await button.boundingBox(), await phone.locator("nav.nav").boundingBox()];
    must(box.y >= 0 && box.y + box.height <= bar.y, `${name} is at ${box.y} to ${box.y + box.height}, the bar at ${bar.y}`);
  }
}
