//! Devices: keys that renew themselves, how long a browser stays, signing out for good, and copies that are told of.

use access::Span;
use access::device::{RENEWAL, TRUST};
use access::notice::Topic;
use axum::http::StatusCode;
use gate::{BrowserKey, Clock};

use crate::place::{Answer, Place, Visitor};

/// A person whose browser was trusted long ago and who signs in there again.
async fn late<'a>(place: &'a Place, clock: &Clock) -> Visitor<'a> {
    let visitor = place.signed_in().await;
    clock.set(clock.stamp() + TRUST - RENEWAL + Span::days(1));
    place.open_link(visitor).await
}

/// What the worker sends: the new key shows itself and the old one.
async fn renew(visitor: &mut Visitor<'_>, next: &BrowserKey) -> Answer {
    let old = visitor.key.as_ref().unwrap().public();
    let (key, signature) = next.succeed(&old).unwrap();
    visitor.post("/session/renew", &[("key", &key), ("signature", &signature)]).await
}

#[tokio::test]
async fn key_renews_itself_when_a_page_says_so_and_the_session_goes_on() {
    let clock = Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut owner = place.signed_in().await;
    assert!(!owner.get("/").await.body.contains("data-renew"), "it is early");
    let early = renew(&mut owner, &BrowserKey::generate().unwrap()).await;
    assert_eq!(early.status, StatusCode::CONFLICT);

    let mut owner = late(&place, &clock).await;
    assert!(owner.get("/").await.body.contains("data-renew"));
    let next = BrowserKey::generate().unwrap();
    assert_eq!(renew(&mut owner, &next).await.status, StatusCode::NO_CONTENT);
    // A page that was on its way under the old key is told that another counts.
    let late = owner.get("/orders").await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
    assert_eq!(late.headers["floorpass-key"], "other");
    owner.key = Some(next);
    let page = owner.get("/orders").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("data-renew"));
}

#[tokio::test]
async fn renewal_by_two_tabs_at_once_ends_with_one_key() {
    let clock = Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut owner = late(&place, &clock).await;
    let next = BrowserKey::generate().unwrap();
    // The store of the browser keeps the first new key, so both tabs send the same.
    assert_eq!(renew(&mut owner, &next).await.status, StatusCode::NO_CONTENT);
    assert_eq!(renew(&mut owner, &next).await.status, StatusCode::NO_CONTENT);
    owner.key = Some(next);
    assert_eq!(owner.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn renewal_whose_answer_was_lost_is_found_done_after_the_session_too() {
    let clock = Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut owner = late(&place, &clock).await;
    let next = BrowserKey::generate().unwrap();
    assert_eq!(renew(&mut owner, &next).await.status, StatusCode::NO_CONTENT);
    // The browser crashed before it heard, and the session has ended when it starts again.
    clock.set(clock.stamp() + Span::hours(13));
    assert_eq!(renew(&mut owner, &next).await.status, StatusCode::NO_CONTENT);
    owner.key = Some(next);
    // A trusted browser: password and code are enough.
    owner.token = String::new();
    let password = place.secrets.password.expose_text().unwrap();
    owner.post("/sign-in", &[("username", "trader"), ("password", password)]).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let done = owner.post("/sign-in/code", &[("code", &code)]).await;
    assert!(done.to().starts_with("/?welcome=1"), "{}", done.to());
}

#[tokio::test]
async fn renewal_that_never_reached_the_server_leaves_the_old_key() {
    let clock = Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut owner = late(&place, &clock).await;
    clock.set(clock.stamp() + Span::hours(13));
    let answer = renew(&mut owner, &BrowserKey::generate().unwrap()).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "the old key counts, and no session asks");
    let mut owner = place.open_link(owner).await;
    assert_eq!(owner.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn new_key_that_does_not_show_itself_is_not_taken() {
    let clock = Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut owner = late(&place, &clock).await;
    let old = owner.key.as_ref().unwrap().public();
    let (key, _) = BrowserKey::generate().unwrap().succeed(&old).unwrap();
    let (_, signature) = BrowserKey::generate().unwrap().succeed(&old).unwrap();
    for signature in ["", "AAAA", &signature] {
        let fields = [("key", key.as_str()), ("signature", signature)];
        let answer = owner.post("/session/renew", &fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    }
    assert_eq!(owner.get("/").await.status, StatusCode::OK);
}

/// Password and code, with this choice.
async fn sign_in(place: &Place, mut visitor: Visitor<'_>, stay: &str) -> Answer {
    visitor.token = String::new();
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password), ("stay", stay)];
    visitor.post("/sign-in", &fields).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    visitor.post("/sign-in/code", &[("code", &code)]).await
}

/// The line that sets the session's cookie.
fn session_line(answer: &Answer) -> String {
    let lines = answer.headers.get_all("set-cookie");
    let mut lines = lines.iter().map(|line| line.to_str().unwrap().to_owned());
    lines.find(|line| line.contains("session")).unwrap()
}

#[tokio::test]
async fn stay_signed_in_keeps_the_cookie_as_long_as_the_session() {
    let place = Place::new().await;
    let page = place.visitor().get("/sign-in").await;
    assert!(page.body.contains("<option value=\"usual\">"), "off by default: {}", page.body);
    assert!(page.says("anyone who has this computer unlocked has your session"));
    let owner = place.signed_in().await;
    let done = sign_in(&place, owner, "long").await;
    assert_eq!(done.to(), "/?welcome=1");
    assert!(session_line(&done).contains("Max-Age=432"), "{}", session_line(&done));
}

#[tokio::test]
async fn stay_signed_in_without_script_is_not_given_and_the_page_says_so() {
    let place = Place::new().await;
    let owner = place.open_link(place.plain_visitor()).await;
    let done = sign_in(&place, owner, "long").await;
    assert_eq!(done.to(), "/session?welcome=1&plain=1");
    assert!(!session_line(&done).contains("Max-Age"));
    let mut again = place.signed_in().await;
    assert!(again.get("/session?welcome=1&plain=1").await.says("so the usual limits apply"));
}

#[tokio::test]
async fn computer_not_mine_gets_no_device_cookie_and_is_gone_after_signing_out() {
    let place = Place::new().await;
    let mut guest = place.visitor();
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password), ("stay", "lent")];
    guest.post("/sign-in", &fields).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    guest.post("/sign-in/code", &[("code", &code)]).await;
    let operator = gate::Actor::Operator { uid: 0 };
    let notices = place.gate.notices().outbox(&operator).await.unwrap();
    let code = notices.iter().find_map(|notice| notice.code.clone()).unwrap();
    let done = guest.post("/sign-in/activate", &[("code", &code)]).await;
    assert!(done.to().starts_with("/?welcome=1"));
    assert!(!guest.cookie_line().contains("device"), "{}", guest.cookie_line());
    guest.token = guest.get("/").await.form_token();
    assert_eq!(place.gate.devices().list(None).await.unwrap().len(), 1);
    assert_eq!(guest.post("/sign-out", &[]).await.to(), "/sign-in?out=1");
    assert_eq!(place.gate.devices().list(None).await.unwrap().len(), 0);
}

#[tokio::test]
async fn sign_out_and_forget_clears_everything_and_the_device_is_gone() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    assert!(owner.get("/").await.says("Sign out and forget this device"));
    let answer = owner.post("/sign-out/forget", &[]).await;
    assert_eq!(answer.to(), "/sign-in?forgotten=1");
    assert_eq!(answer.headers["clear-site-data"], "\"cookies\", \"storage\", \"cache\"");
    assert_eq!(owner.cookie_line(), "");
    assert!(owner.get("/sign-in?forgotten=1").await.body.contains("data-forget"));
    assert_eq!(place.gate.devices().list(None).await.unwrap().len(), 0);
    assert_eq!(place.gate.sessions().list(None).await.unwrap().len(), 0);
}

/// The notices of copies so far; the server looks once a second.
async fn copies(place: &Place) -> usize {
    let page = place.gate.notices().outbox(&gate::Actor::Operator { uid: 0 }).await.unwrap();
    page.iter().filter(|one| one.topic == Topic::SessionCopied).count()
}

#[tokio::test]
async fn copied_cookie_with_another_key_is_told_once_and_a_forced_reload_is_not() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let mut thief = place.plain_visitor();
    thief.steal(&owner);
    // Without a proof from the owner's own address: as a forced reload comes.
    for _ in 0..5 {
        assert_eq!(thief.get("/").await.status, StatusCode::FORBIDDEN);
    }
    thief.key = Some(BrowserKey::generate().unwrap());
    for _ in 0..3 {
        assert_eq!(thief.get("/").await.status, StatusCode::FORBIDDEN);
    }
    while copies(&place).await == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(copies(&place).await, 1);
    assert!(owner.get("/messages").await.says("A copied session was refused"));
}

#[tokio::test]
async fn list_shows_first_and_last_use_network_interface_and_sessions() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let page = owner.get("/devices").await;
    for text in ["First used", "Last used", "127.0.0.1", "this machine", "1 session open: portal"] {
        assert!(page.says(text), "{text}: {}", page.body);
    }
}

#[tokio::test]
async fn browser_that_may_be_an_older_one_is_asked_and_takes_its_name_once() {
    let clock = Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut old = place.signed_in().await;
    let id = place.gate.devices().list(None).await.unwrap()[0].device.id;
    old.post(&format!("/devices/{id}/rename"), &[("name", "Kitchen <b>laptop")]).await;
    assert!(!old.get("/?welcome=1").await.says("one of your browsers again"));
    clock.set(clock.stamp() + Span::hours(1));
    let mut new = place.signed_in().await;
    let page = new.get("/?welcome=1").await;
    assert!(page.body.contains("This is Kitchen &lt;b&gt;laptop again"), "{}", page.body);
    assert!(page.says("first seen") && page.says("last used"), "two of a name: {}", page.body);
    let list = new.get("/devices").await;
    assert!(list.says("this machine") && !list.says("127.0.0.0/24"), "{}", list.body);
    let page = new.get("/session").await;
    assert!(page.says("this machine, where it was confirmed"), "{}", page.body);
    let done = new.post(&format!("/devices/{id}/succeed"), &[]).await;
    assert_eq!(done.to(), "/devices?again=1");
    let devices = place.gate.devices().list(None).await.unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].device.name.as_str(), "Kitchen <b>laptop");
    assert!(!new.get("/?welcome=1").await.says("one of your browsers again"));
    assert_eq!(old.get("/").await.to(), "/sign-in?ended=1");
}

#[tokio::test]
async fn travel_is_planned_shown_and_ended() {
    let clock = Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut owner = place.signed_in().await;
    let plan = |from, until, network| {
        [("place", "Lisbon <3"), ("from", from), ("until", until), ("network", network)]
    };
    for (bad, says) in [
        (plan("soon", "2026-12-24", ""), "Choose a day"),
        (plan("2026-12-01", "2026-12-24", "Portugal"), "Write it like"),
        (plan("2026-12-01", "2027-03-01", ""), "The number of days is 91; use 1 to 90."),
        (plan("2026-12-24", "2026-12-01", ""), "The last day is before the first."),
        (
            plan("2026-12-01", "2026-12-24", "0.0.0.0/0"),
            "leading bits of the network is 0; use 8 to 32.",
        ),
        (
            plan("2026-12-01", "2026-12-24", "2000::/18"),
            "leading bits of the network is 18; use 19 to 128.",
        ),
        (plan("2027-12-01", "2027-12-24", ""), "OUT_OF_RANGE"),
    ] {
        let page = owner.post("/travel", &bad).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.says(says), "{says}: {}", page.body);
        assert!(page.body.contains("Lisbon &lt;3"), "what was typed is kept");
    }
    let good = plan("2026-12-01", "2026-12-24", "198.51.100.0/24");
    assert_eq!(owner.post("/travel", &good).await.to(), "/travel?planned=1");
    let page = owner.get("/travel").await;
    assert!(page.says("Last day2026-12-24"), "the last day belongs to it: {}", page.body);
    assert!(!page.says("2026-12-25"), "{}", page.body);
    assert!(page.body.contains("198.51.100.0/24"));
    // The form has the current values, to be changed.
    assert!(page.says("It replaces the current plan."), "{}", page.body);
    for held in ["Lisbon &lt;3", "2026-12-01", "2026-12-24", "198.51.100.0/24"] {
        assert!(page.body.contains(&format!("value=\"{held}\"")), "{held}: {}", page.body);
    }
    clock.set(clock.stamp() + Span::days(20));
    let mut owner = place.signed_in().await;
    let page = owner.get("/travel").await;
    assert!(page.body.contains("value=\"2026-12-08\""), "a day that is over: {}", page.body);
    assert_eq!(owner.post("/travel/end", &[]).await.to(), "/travel?ended=1");
    assert!(owner.get("/travel").await.says("No travel is planned"));
    // Twice is not a fault: it may have been over by itself.
    assert_eq!(owner.post("/travel/end", &[]).await.to(), "/travel?ended=1");
}

/// Opens a phone's link that this page shows, on a new phone; gives it and its number.
async fn phone<'a>(place: &'a Place, page: &Answer) -> (Visitor<'a>, String) {
    let link = page.body.split("/link/").nth(1).unwrap();
    let token: String = link
        .chars()
        .take_while(|one| one.is_ascii_alphanumeric() || *one == '-' || *one == '_')
        .collect();
    let mut phone = place.visitor();
    assert!(phone.post("/link", &[("token", &token)]).await.to().starts_with('/'));
    let page = phone.get("/approvals").await;
    phone.token = page.form_token();
    let number = shown(&page);
    (phone, number)
}

/// The number that a phone shows.
fn shown(page: &Answer) -> String {
    page.body.split("match mono\">").nth(1).unwrap().chars().take(6).collect()
}

/// The newest device.
async fn newest(place: &Place) -> access::DeviceId {
    let devices = place.gate.devices().list(None).await.unwrap();
    devices.iter().max_by_key(|one| one.device.created_at).unwrap().device.id
}

#[tokio::test]
async fn phone_moves_to_a_new_one_from_its_own_page() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let (mut old, number) = phone(&place, &owner.post("/phone/link", &[]).await).await;
    let confirm = format!("/phone/{}/confirm", newest(&place).await);
    assert_eq!(owner.post(&confirm, &[("number", &number)]).await.to(), "/phone?added=1");
    // A browser that is no phone has nothing to move.
    assert!(owner.get("/phone/move").await.says("This phone does not answer approvals"));

    assert!(old.get("/approvals").await.says("Move to a new phone"));
    let (mut new, _) = phone(&place, &old.post("/phone/move", &[]).await).await;
    let path = format!("/phone/{}/move", newest(&place).await);
    let wrong = old.post(&path, &[("number", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let number = shown(&new.get("/approvals").await);
    assert_eq!(old.post(&path, &[("number", &number)]).await.to(), "/sign-in?moved=1");
    assert!(old.get("/approvals").await.to().starts_with("/sign-in"));
    assert!(new.get("/approvals").await.says("Nothing is waiting for you"));
    let phones = place.gate.devices().list(None).await.unwrap();
    assert_eq!(phones.len(), 2, "the browser and the new phone");
}

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";

/// A browser that calls itself this and signs in there by a link.
async fn browser<'a>(place: &'a Place, agent: &'static str, from: &str) -> Visitor<'a> {
    let mut visitor = place.visitor();
    (visitor.agent, visitor.from) = (agent, from.parse().unwrap());
    place.open_link(visitor).await
}

#[tokio::test]
async fn browsers_are_told_apart_by_version_form_place_and_the_way_they_signed_in() {
    let place = Place::new().await;
    let mut owner = browser(&place, CHROME, "127.0.0.1").await;
    browser(&place, CHROME, "192.168.1.20").await;
    browser(&place, PHONE, "203.0.113.9").await;
    for path in ["/devices", "/sessions"] {
        let page = owner.get(path).await;
        for text in [
            "Chrome on Linux",
            "Chrome on Linux (2)",
            "Chrome 131 on Linux, computer",
            "Safari 18 on iPhone, phone",
            "127.0.0.1 (this machine)",
            "192.168.1.20 (local network)",
            "signed in with a sign-in link",
        ] {
            assert!(page.says(text), "{path} lacks {text}: {}", page.body);
        }
        assert!(page.says("203.0.113.9") && !page.says("203.0.113.9 ("), "{path}");
        // People tell them apart by these; ids are for the command line.
        for id in ["ses_", "dev_"] {
            assert!(!page.body.contains(&format!(">{id}")), "{path} shows ids: {}", page.body);
        }
    }
}

#[tokio::test]
async fn name_is_asked_for_at_first_use_until_it_is_given() {
    let place = Place::new().await;
    browser(&place, CHROME, "127.0.0.1").await;
    let mut second = browser(&place, CHROME, "127.0.0.1").await;
    let page = second.get("/?welcome=1").await;
    assert!(page.says("What do you call this browser?"), "{}", page.body);
    let id = page.body.split("/devices/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let path = format!("/devices/{id}/rename");
    let taken = second.post(&path, &[("name", "chrome on linux"), ("next", "/")]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.says("browser named chrome on linux already exists"), "{}", taken.body);
    let named = second.post(&path, &[("name", "Office laptop"), ("next", "/")]).await;
    assert_eq!(named.to(), "/");
    assert!(!second.get("/?welcome=1").await.says("What do you call this browser?"));
    assert!(second.get("/devices").await.says("Office laptop"));
}
