// The ways back in that take people or time, on https: two contacts of three, and three days with a notice to every channel,
// the first of which is stopped by the link of its mail.
import { must } from "./portal.mjs";

const HOUR = 3600;

/** From the sign-in page, with the password and nothing else. */
async function begins(whole, page) {
  const { portal } = whole;
  await portal.open(page, "/sign-in");
  await portal.follow(page, "Lost your phone, your app or your passkey?");
  await portal.type(page, "User name", whole.person);
  await portal.type(page, "Password", whole.password);
  await portal.press(page, "Start a recovery");
  await portal.says(page, "Your recovery");
}

/** The number beside a contact's name, as its owner reads it out. */
const numberFor = async (page, name) =>
  (await page.locator("dl.pairs > div", { has: page.locator("dt", { hasText: name }) }).locator("b.mono").innerText()).trim();

export async function names(whole) {
  const { portal, one } = whole;
  // Within 15 minutes of a sign-in; the server's clock went on meanwhile.
  await portal.signInByLink(one);
  whole.contacts = {};
  await portal.open(one, "/recovery");
  portal.took();
  for (const name of ["bob", "carol", "dan"]) {
    portal.ask("person", "add", name);
    const page = await portal.visitor();
    whole.contacts[name] = page;
    await page.goto(portal.ask("link", name).url);
    await portal.uncounted(() => portal.press(page, "Sign in and trust this browser"));
    await portal.type(one, "User name", name);
    await portal.press(one, "Name a contact");
    await portal.says(one, "They count once they accept");
    await portal.open(page, "/recovery/contacts");
    await portal.says(page, whole.person);
    if (name === "bob") await whole.look(page, "contact-named");
    await portal.press(page, "Agree");
    await portal.says(page, "Nothing is asked of you now");
  }
  await portal.open(one, "/recovery");
  await portal.type(one, "Contacts who let you in at once", "2");
  await portal.press(one, "Save");
  const took = portal.took();
  await portal.says(one, "Changed, starting with the next recovery");
  await whole.look(one, "recovery-contacts-agreed");
  portal.done = took;
}

/** Two of three say yes, one of them after a wrong number; the third is not needed. */
export async function vouched(whole) {
  const { portal, contacts } = whole;
  const lost = await portal.profile();
  await begins(whole, lost);
  await portal.says(lost, "2 of them can let you in at once");
  await whole.look(lost, "recovery-calls");
  const answers = async (name, number) => {
    const page = contacts[name];
    await portal.open(page, "/recovery/contacts");
    await portal.says(page, "ask you to vouch for them");
    if (name === "bob") {
      await page.getByLabel("The number they read to you").fill(number === "100" ? "101" : "100");
      await portal.uncounted(() => portal.press(page, "Yes, it's them"));
      await portal.says(page, "Tries left: 2.");
      await whole.look(page, "contact-asked");
    }
    await portal.type(page, "The number they read to you", number);
    await portal.press(page, "Yes, it's them");
    await portal.says(page, "You vouched for it.");
  };
  await answers("bob", await numberFor(lost, "bob"));
  await portal.open(lost, "/recover");
  await portal.says(lost, "vouched for you");
  must(await lost.getByRole("button", { name: "Finish and sign in" }).count() === 0, "one of two is enough");
  await answers("carol", await numberFor(lost, "carol"));
  await portal.open(lost, "/recover");
  await portal.press(lost, "Finish and sign in");
  const took = portal.took();
  await portal.says(lost, "This session came from a recovery.");
  must(await lost.getByText("Is this one of your browsers again?").count() === 0, "it is offered what it may not do");
  await whole.picture(lost, "recovery-session");
  const one = portal.ask("recovery", "list").find((row) => row.state === "finished");
  must(one, "no recovery is finished: " + JSON.stringify(portal.ask("recovery", "list")));
  await portal.leave(lost);
  for (const page of Object.values(contacts)) await portal.leave(page);
  portal.done = took;
}

/** The mails of recoveries to an address. */
const letters = (whole, address) => whole.server.mails()
  .filter((mail) => new RegExp(`^To: .*${address}`, "m").test(mail) && mail.includes("A recovery of your access"));

/** Anybody who gets the mail can stop it with one press, in a browser that nobody is signed in at. */
export async function stops(whole) {
  const { portal, one } = whole;
  const thief = await portal.profile();
  const before = letters(whole, "new@example.org").length;
  await begins(whole, thief);
  const mail = () => letters(whole, "new@example.org")[before];
  await whole.until("no mail tells of the recovery", () => mail());
  await portal.open(one, "/messages");
  await portal.says(one, "A recovery of your access");
  const link = mail().match(/https:\/\/\S+\/recover\/stop\/\S+/)[0];
  const reader = await portal.visitor({ width: 390, height: 844 });
  await reader.goto(link);
  await whole.look(reader, "recovery-stop");
  portal.took();
  await portal.press(reader, "Stop the recovery");
  const took = portal.took();
  await portal.says(reader, "The recovery is stopped");
  await whole.look(reader, "recovery-stopped");
  const left = (await reader.context().cookies()).filter((cookie) => cookie.name.includes("session"));
  must(left.length === 0, "the link signed somebody in");
  await portal.open(thief, "/recover");
  await thief.locator("main").getByText("RECOVERY_OVER").waitFor();
  for (const page of [reader, thief]) await portal.leave(page);
  portal.done = took;
}

/** 72 hours later, told three times to each address of the last week, it opens a session that looks, cancels and enrols. */
export async function waits(whole) {
  const { portal, one } = whole;
  await portal.order(one, { side: "Buy", symbol: "KO", quantity: 3, kind: "Limit", price: "1.00", lasts: "Until cancelled" });
  const path = new URL(one.url()).pathname;
  const lost = await portal.profile();
  const addresses = ["new@example.org", "old@example.org"];
  const before = addresses.map((address) => letters(whole, address).length);
  portal.took();
  await begins(whole, lost);
  await whole.look(lost, "recovery-waits");
  for (const [stage, hours] of [0, 37, 74].entries()) {
    if (hours) await portal.away(() => whole.restart(hours * HOUR));
    for (const [at, address] of addresses.entries()) {
      await whole.until(`${address} is not told at ${hours} hours`, () => letters(whole, address).length === before[at] + stage + 1);
    }
  }
  await portal.away(() => portal.open(lost, "/recover"));
  await portal.says(lost, "It has waited.");
  await whole.look(lost, "recovery-ready");
  await portal.press(lost, "Finish and sign in");
  await portal.says(lost, "This session came from a recovery.");
  const took = portal.took();
  await portal.open(lost, "/ticket");
  await lost.getByLabel("Buy", { exact: true }).check();
  await lost.getByLabel("Symbol").fill("KO");
  await lost.getByLabel("Quantity").fill("1");
  await lost.getByLabel("Kind").selectOption({ label: "Market" });
  await portal.press(lost, "Preview");
  await lost.locator("main").getByText("RECOVERY_HOLDS").first().waitFor();
  must(await lost.getByRole("button", { name: "Send the buy order" }).count() === 0, "it may enlarge");
  await whole.look(lost, "recovery-may-not-buy");
  const contact = await lost.goto(portal.base + "/contact");
  must(contact.status() === 403, "the mail address answered " + contact.status());
  await lost.locator("main").getByText("RECOVERY_HOLDS").first().waitFor();
  await portal.open(lost, "/recovery");
  await portal.press(lost, "Save");
  await lost.locator("main").getByText("RECOVERY_HOLDS").first().waitFor();
  await portal.open(lost, path);
  await portal.press(lost, "Cancel this order");
  await portal.says(lost, "Cancelled on request");
  portal.done = took;
}

/** What a recovered session adds is held as it is, until three days are over. */
export async function held(whole, authenticator) {
  const { portal } = whole;
  const lost = portal.profiles.at(-1).context.pages()[0];
  await authenticator(lost);
  await portal.open(lost, "/authenticators");
  await portal.type(lost, "Its name", "New key");
  await portal.press(lost, "Add a passkey");
  await portal.says(lost, "The passkey was added");
  const took = portal.took();
  await whole.menu(lost, "Sign out");
  await portal.press(lost, "Sign in with a passkey");
  await portal.says(lost, "This session came from a recovery.");
  portal.done = took;
}
