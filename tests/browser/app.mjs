// The portal as an installed app: installable, an offline page that holds nothing of the account, and caches with static
// files alone.
import { must } from "./portal.mjs";
import { look } from "./look.mjs";

/** The worker has its files once the offline page is among them. */
async function filled(page) {
  await page.waitForFunction(async () => Boolean(await caches.match("/offline")));
}

/** No network, for the page and for its worker. */
async function offline(page, is) {
  await page.context().setOffline(is);
}

export function apps(portal) {
  return [["app_is_installable", async () => {
    const page = await portal.visitor({ width: 390, height: 844 });
    await portal.open(page, "/sign-in");
    const cdp = await page.context().newCDPSession(page);
    const { url, errors, data } = await cdp.send("Page.getAppManifest");
    must(url.endsWith("/manifest.webmanifest") && errors.length === 0, "the manifest: " + url + " " + JSON.stringify(errors));
    must(!data.includes(portal.ready.people[0].username), "the manifest names a person");
    const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
    // Profiles of tests are private windows, which install nothing.
    const left = installabilityErrors.filter((one) => one.errorId !== "in-incognito");
    must(left.length === 0, "not installable: " + JSON.stringify(left));
    await portal.leave(page);
  }], ["page_without_network_is_kept_and_holds_nothing_of_the_account", async () => {
    const page = await portal.visitor({ width: 390, height: 844 });
    await portal.signInByLink(page);
    for (const path of ["/", "/orders", "/approvals", "/credentials", "/executions.csv"].slice(0, 4)) await portal.open(page, path);
    await filled(page);
    const kept = await page.evaluate(async () => {
      const all = [];
      for (const name of await caches.keys()) {
        for (const request of await (await caches.open(name)).keys()) {
          const body = await (await (await caches.open(name)).match(request)).text();
          all.push({ name, path: new URL(request.url).pathname, body });
        }
      }
      return all;
    });
    must(new Set(kept.map((one) => one.name)).size === 1, "caches: " + kept.map((one) => one.name).join(" "));
    for (const { path, body } of kept) {
      must(path === "/offline" || path.startsWith("/assets/"), path + " is cached");
      for (const secret of [portal.ready.people[0].username, "DU"]) {
        must(path.startsWith("/assets/") || !body.includes(secret), path + " holds " + secret);
      }
    }
    const before = portal.complaints.length;
    await offline(page, true);
    await page.goto(portal.base + "/orders").catch(() => {});
    await portal.says(page, "Floorpass cannot be reached");
    must(!(await page.content()).includes(portal.ready.people[0].username), "the page names its person");
    await look(portal, page, "offline", "390-light");
    await offline(page, false);
    // The browser says in its console that nothing was reached, which is meant here.
    portal.complaints.length = before;
    await Promise.all([page.waitForEvent("load"), page.getByRole("link", { name: "Try again" }).click()]);
    must(new URL(page.url()).pathname === "/", "at " + page.url());
    await portal.says(page, "Positions");
    await portal.leave(page);
  }], ["phone_is_added_told_by_push_and_answers_a_sign_in", async () => {
    const person = portal.ready.people[0];
    const owner = await portal.visitor();
    await portal.signInByLink(owner);
    await portal.open(owner, "/phone");
    await portal.press(owner, "Add a phone");
    const link = (await owner.locator(".once").first().textContent()).trim();
    const phone = await portal.visitor({ width: 390, height: 844, scheme: "dark" });
    await phone.context().grantPermissions(["notifications"], { origin: portal.base });
    await phone.goto(link);
    await portal.press(phone, "Sign in and trust this browser");
    await portal.says(phone, "One step is left");
    await look(portal, phone, "phone-number", "390-dark");
    const number = (await phone.locator(".match").textContent()).trim();
    await portal.open(owner, "/phone");
    await owner.getByLabel("The number that the phone shows").fill(number);
    await portal.press(owner, "It is my phone");
    await portal.says(owner, "now answers approvals");
    // The phone's page says so by itself.
    await portal.says(phone, "Nothing is waiting for you");
    await look(portal, phone, "phone-ready", "390-dark");

    const cdp = await phone.context().newCDPSession(phone);
    const known = new Promise((yes) => cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const found = registrations.find((one) => !one.isDeleted && one.scopeURL.startsWith(portal.base));
      if (found) yes(found.registrationId);
    }));
    await cdp.send("ServiceWorker.enable");
    const registrationId = await known;
    const shown = () => phone.evaluate(async () => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      return all.map((one) => one.title + ": " + one.body);
    });
    for (const [data, wanted] of [
      [JSON.stringify({ title: "Floorpass", body: "An approval is waiting." }), "Floorpass: An approval is waiting."],
      [JSON.stringify({ title: "Somebody is signing in as you", body: "Browser: Firefox" }), "Somebody is signing in as you: Browser: Firefox"],
      ["no JSON at all", "Floorpass: An approval is waiting."],
    ]) {
      await cdp.send("ServiceWorker.deliverPushMessage", { origin: portal.base, registrationId, data });
      let seen = [];
      // A browser tells nobody that a notification is there: it is looked for, up to 20 seconds.
      for (let turn = 0; turn < 200 && !seen.includes(wanted); turn += 1) {
        if (turn) await phone.waitForTimeout(100);
        seen = await shown();
      }
      must(seen.length === 1 && seen[0] === wanted, "shown: " + JSON.stringify(seen));
    }

    const elsewhere = await portal.visitor();
    await portal.open(elsewhere, "/sign-in");
    await elsewhere.getByLabel("User name").fill(person.username);
    await elsewhere.getByLabel("Password").fill(person.password);
    await portal.press(elsewhere, "Continue");
    await portal.press(elsewhere, "Approve on my phone instead");
    await portal.says(elsewhere, "type this number there");
    const asked = (await elsewhere.locator(".match").textContent()).trim();
    await portal.says(phone, "Somebody is signing in as you");
    await look(portal, phone, "phone-asked", "390-dark");
    await phone.emulateMedia({ colorScheme: "light" });
    await look(portal, phone, "phone-asked", "390-light");
    await phone.getByLabel("The number on the page that asks").fill(asked);
    await portal.press(phone, "Yes, approve it");
    await portal.says(phone, "Approved.");
    await portal.says(elsewhere, "You are signed in");
    for (const page of [owner, phone, elsewhere]) await portal.leave(page);
  }]];
}
