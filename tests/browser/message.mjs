// Contact and the message centre, with and without script: a mail address by its code, and 'this was not me' from a second browser.
import { must } from "./portal.mjs";

export function messages(portal) {
  const flow = (script) => async () => {
    const owner = await portal.visitor({ script });
    await portal.signInByLink(owner);
    await portal.open(owner, "/contact");
    const address = script ? "ann@example.org" : "ann@new.example";
    await owner.getByRole("textbox", { name: script ? "Address" : "New address", exact: true }).fill(address);
    await portal.act(owner, "Send a code");
    const code = portal.activationCode();
    await owner.getByLabel("Code sent to " + address).fill(code);
    await portal.act(owner, "Verify", { "Code, again": code });
    await portal.says(owner, "The address is verified");
    must(portal.ask("contact", "show", portal.ready.people[0].username).mail === address, "another address is verified");

    const stranger = await portal.visitor({ script });
    await portal.signInByLink(stranger);
    await portal.open(owner, "/messages");
    must(await owner.locator("header .count").count() === 1, "nothing is unread");
    await owner.getByRole("link", { name: "A new browser" }).first().click();
    await portal.says(owner, "Was this not you?");
    await portal.act(owner, "This was not me: A new browser");
    await portal.says(owner, "1 session ended");
    await portal.says(owner, "is no longer trusted");
    must(await owner.locator("main").getByRole("link", { name: "lock the account" }).count() > 0, "no lock is offered");
    // Its open page may be leaving by itself just now, which aborts what is asked for here.
    await stranger.goto(portal.base + "/").catch(() => stranger.waitForURL("**/sign-in*"));
    must(new URL(stranger.url()).pathname === "/sign-in", "the stranger is still in at " + stranger.url());
    await portal.open(owner, "/messages");
    await portal.press(owner, "Mark all as read");
    must(await owner.locator("header .count").count() === 0, "some are unread still");
    for (const page of [owner, stranger]) await portal.leave(page);
  };
  return [["mail_verified_and_not_me_with_script", flow(true)], ["mail_changed_and_not_me_without_script", flow(false)]];
}
