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
    await page.context().close();
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
    await page.context().close();
  }]];
}
