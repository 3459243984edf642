// The lock: where it is on the screen, what it says, how it comes off, and what 'everything' asks.
import { authenticator } from "./flow.mjs";
import { INSIDE, look } from "./look.mjs";
import { must } from "./portal.mjs";

const PICTURED = [[320, 640], [390, 844], [768, 1024], [1280, 800], [1920, 1080]];
const SHOWN = [["overview", "/"], ["ticket", "/ticket?symbol=AAPL&quantity=1&type=MKT"], ["orders", "/orders"], ["executions", "/executions"],
  ["step-up", "/step-up"], ["lock", "/lock"], ["lock-everything", "/lock/everything"], ["missing", "/no/such/page"], ["not-a-page", "/ticket/preview"]];

/** Each width at which something begins to look otherwise, and the one before it. */
const TURNS = [320, 359, 360, 399, 400, 479, 480, 760, 761, 999, 1000, 1120, 1239, 1240, 1500, 1920];
const EVERY = Array.from({ length: 101 }, (_, at) => 320 + 16 * at);

/** What is wrong with the page at each width: wider than the screen, or its lock out of sight. */
async function sweep(page, name, widths) {
  await page.evaluate(() => { for (const one of document.querySelectorAll("header .count")) one.firstChild.textContent = "88";
    for (const one of document.querySelectorAll(".own .who")) one.textContent = "wilhelmina.featherstonehaugh"; });
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    const wrong = await page.evaluate(() => {
      const box = document.querySelector("summary.lock").getBoundingClientRect(), over = document.documentElement.scrollWidth - innerWidth;
      const widest = () => [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".skip, .scroll"));
      return over > 0 ? `${over} pixels too wide, at ${widest().pop()?.outerHTML.slice(0, 120)}` : box.left < 0 || box.right > innerWidth || box.width < 40 ? `the lock is at ${box.left} to ${box.right}` : "";
    });
    must(!wrong, `${name} at ${width}: ${wrong}`);
  }
}

async function set(portal, page, grade) {
  await portal.click(page.locator("summary.lock"));
  await portal.press(page, grade);
}

/** Unlocks by password and code, as a browser without script does too. */
async function unlock(portal, page) {
  await page.getByLabel("Your password").fill(portal.ready.people[0].password);
  await page.getByLabel("The six digits").fill(await portal.app.code());
  await portal.press(page, "Unlock");
  await portal.says(page, "Unlocked.");
}

export function locks(portal) {
  const account = portal.ready.account;
  return [
    ["open_page_learns_of_a_lock_and_of_its_end_without_being_loaded_again", async () => {
      const page = await portal.visitor();
      await portal.signInByLink(page);
      await portal.open(page, "/ticket?symbol=AAPL");
      await page.getByLabel("Quantity").fill("7");
      await page.evaluate(() => { window.same = true; });
      const send = page.getByRole("button", { name: "Preview" });
      must(await send.isEnabled(), "the ticket is locked already");
      portal.ask("lock", "--account", account, "--grade", "no-new");
      await portal.says(page, "This account is locked:");
      await portal.says(page, "No order can be sent");
      must(await send.isDisabled(), "the ticket can be sent under the lock");
      must((await page.locator("summary.lock").innerText()).includes("Locked"), "the button does not say so");
      portal.ask("unlock", "--account", account);
      await portal.says(page, "This account is no longer locked.");
      must(await send.isEnabled(), "the ticket stays locked");
      must((await page.locator("summary.lock").innerText()).trim() === "Lock", "the button stays locked");
      must(await page.evaluate(() => window.same === true), "the page was loaded again");
      must(await page.getByLabel("Quantity").inputValue() === "7", "what was typed is gone");
      await portal.leave(page);
    }],
    ["lock_button_stays_on_the_screen_from_320_to_1920_pixels", async () => {
      const page = await portal.visitor();
      await portal.signInByLink(page);
      for (const [name, to] of INSIDE.filter(([name]) => ["overview", "orders", "session"].includes(name))) {
        await portal.open(page, to);
        await sweep(page, name, EVERY);
      }
      portal.ask("lock", "--account", account, "--grade", "no-new");
      // The front door is a page for strangers too.
      for (const [name, to] of INSIDE.filter(([name]) => name !== "front-door-in")) {
        // Some pages are refused under a lock, and say so in the same frame.
        await page.goto(portal.base + to);
        await portal.says(page, "This account is locked:");
        await sweep(page, name + " when locked", TURNS);
      }
      portal.ask("unlock", "--account", account);
      await portal.leave(page);
    }],
    ["focused_field_is_not_behind_the_head", async () => {
      const page = await portal.visitor({ width: 390, height: 500 });
      await portal.signInByLink(page);
      await portal.open(page, "/credentials/new");
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      const name = page.getByLabel("Name", { exact: true });
      await name.evaluate((one) => { one.focus({ preventScroll: true }); one.scrollIntoView({ block: "start" }); });
      const [field, head] = [await name.boundingBox(), await page.locator("header.head").boundingBox()];
      must(field.y >= head.y + head.height, `the field is at ${field.y}, the head ends at ${head.y + head.height}`);
      await portal.leave(page);
    }],
    ["account_is_locked_in_two_presses_says_so_and_a_passkey_unlocks_it_in_two", async () => {
      const page = await portal.visitor();
      await authenticator(page);
      await portal.signInByLink(page);
      await portal.open(page, "/authenticators");
      await page.getByLabel("Its name").fill("Unlocks");
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await portal.says(page, "The passkey was added");
      await portal.open(page, "/");
      portal.took();
      await set(portal, page, "No new orders");
      must(portal.took().presses === 2, "locking took more than two presses");
      await page.locator("summary.lock", { hasText: "Locked: no new orders" }).waitFor();
      await portal.open(page, "/ticket");
      must(await page.getByRole("button", { name: "Preview" }).isDisabled(), "the ticket can be sent");
      await portal.says(page, "No order can be sent");
      portal.took();
      await portal.follow(page, "Unlock, or see who locked it");
      await portal.click(page.getByRole("button", { name: "Unlock with a passkey" }));
      await portal.says(page, "Unlocked.");
      must(portal.took().presses === 2, "unlocking took more than two presses");
      must(await page.getByText("This account is locked:").count() === 0, "it still says locked");
      await portal.leave(page);
    }],
    ["without_script_account_is_locked_and_unlocked_by_keyboard", async () => {
      const page = await portal.visitor({ script: false });
      await portal.signInByLink(page);
      await page.locator("summary.lock").focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
      // Without script a session signs in for each act.
      await page.getByLabel("Your password").fill(portal.ready.people[0].password);
      await page.getByLabel("The six digits").fill(await portal.app.code());
      await portal.press(page, "Confirm and send");
      await portal.says(page, "Set by you");
      await unlock(portal, page);
      await portal.leave(page);
    }],
    ...["light", "dark"].map((scheme) => [`pages_of_a_locked_account_fit_and_are_accessible_${scheme}`, async () => {
      const page = await portal.visitor({ scheme });
      await portal.signInByLink(page);
      await portal.order(page, { side: "Buy", symbol: "AAPL", quantity: 10 });
      await portal.order(page, { side: "Buy", symbol: "MSFT", quantity: 1_000, kind: "Limit", price: "1.00" });
      await set(portal, page, "Reduce only");
      // The other sizes are for pictures: the sweep has their widths, and look.mjs the same rules of colour.
      for (const [width, height] of PICTURED.filter(([width]) => portal.options.shots || width === 320)) {
        await page.setViewportSize({ width, height });
        for (const [name, to] of SHOWN) {
          await page.goto(portal.base + to);
          await look(portal, page, `locked-${name}`, `${width}-${scheme}`);
        }
      }
      portal.ask("unlock", "--account", account);
      await portal.leave(page);
    }]),
    // The last thing: it ends everything.
    ["lock_of_everything_asks_once_more_leaves_a_receipt_and_ends_the_other_browser", async () => {
      const [one, two] = [await portal.visitor({ width: 390, height: 844 }), await portal.visitor()];
      await portal.signInByLink(one);
      await portal.signInByLink(two);
      await portal.open(two, "/");
      await portal.open(one, "/orders");
      portal.took();
      await portal.click(one.locator("summary.lock"));
      await portal.follow(one, "Lock everything\u2026");
      await portal.says(one, "cannot be undone");
      await look(portal, one, "lock-everything", "390-light");
      await portal.press(one, "Lock everything now");
      must(portal.took().presses === 3, "it took other than three presses");
      await portal.says(one, "Sessions ended");
      await portal.says(one, `floorpass unlock --account ${account} --data ${portal.ready.data}`);
      await look(portal, one, "receipt", "390-light");
      await two.waitForURL(/sign-in/);
    }],
  ];
}
