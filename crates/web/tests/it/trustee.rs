//! Recovery contacts through the router: what one sees and can, and what nobody else does.

use access::link::Purpose;
use access::recovery::{FINISH, WAIT};
use access::{Span, Time};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use gate::{Actor, Clock};

use crate::place::{Answer, ORIGIN, Place, Visitor};

const OPERATOR: Actor = Actor::Operator { uid: 0 };

async fn place() -> (Place, Clock) {
    let clock = Clock::manual(Time::from_seconds(1_795_000_000));
    (Place::at(&clock).await, clock)
}

/// Another person of the server, signed in.
async fn person<'a>(place: &'a Place, name: &str) -> Visitor<'a> {
    place.gate.people().add(&OPERATOR, name, place.gate.account()).await.unwrap();
    let link = place.gate.people().issue_link(&OPERATOR, name, Purpose::SignIn).await.unwrap();
    let token = link.token.expose_text().unwrap().to_owned();
    let mut visitor = place.visitor();
    let entered = visitor.post("/link", &[("token", &token)]).await;
    assert_eq!(entered.to(), "/?welcome=1", "{}", entered.body);
    visitor.token = visitor.get("/").await.form_token();
    visitor
}

/// An owner whose contacts agreed, so many of whom let them in at once, with no way by time.
struct Circle<'a> {
    place: &'a Place,
    owner: Visitor<'a>,
    contacts: Vec<(&'static str, Visitor<'a>)>,
}

impl<'a> Circle<'a> {
    async fn new(place: &'a Place, names: &[&'static str], needed: &str) -> Self {
        let mut owner = place.signed_in().await;
        let mut contacts = Vec::new();
        for name in names {
            let mut contact = person(place, name).await;
            let named = owner.post("/recovery/trustees", &[("username", name)]).await;
            assert_eq!(named.to(), "/recovery?named=1");
            let page = contact.get("/recovery/contacts").await;
            let agreed = [("person", page.hidden("person")), ("yes", "yes".to_owned())];
            let agreed: Vec<_> = agreed.iter().map(|(name, value)| (*name, &**value)).collect();
            let answer = contact.post("/recovery/contacts/agree", &agreed).await;
            assert_eq!(answer.to(), "/recovery/contacts?said=1");
            contacts.push((*name, contact));
        }
        let chosen = owner.post("/recovery/policy", &[("hours", "72"), ("needed", needed)]).await;
        assert_eq!(chosen.to(), "/recovery?changed=1", "{}", chosen.body);
        Self { place, owner, contacts }
    }

    fn contact(&mut self, name: &str) -> &mut Visitor<'a> {
        &mut self.contacts.iter_mut().find(|(one, _)| *one == name).unwrap().1
    }

    /// A browser that begins a recovery, and its page.
    async fn recovers(&self) -> (Visitor<'a>, Answer) {
        let mut visitor = self.place.visitor();
        let password = self.place.secrets.password.expose_text().unwrap();
        let fields = [("username", "trader"), ("password", password)];
        assert_eq!(visitor.post("/recover", &fields).await.to(), "/recover");
        let page = visitor.get("/recover").await;
        (visitor, page)
    }
}

/// The number that the recovering page shows beside a name.
fn number(page: &Answer, name: &str) -> String {
    let at = page.body.find(&format!("<dt>{name}</dt>")).unwrap();
    let mark = "<b class=\"mono\">";
    let at = at + page.body[at..].find(mark).unwrap() + mark.len();
    page.body[at..].split('<').next().unwrap().to_owned()
}

/// Any other number.
fn wrong(number: &str) -> &'static str {
    if number == "100" { "101" } else { "100" }
}

/// What a contact's form sends: whose recovery, which, what is said.
struct Word {
    person: String,
    recovery: String,
}

impl Word {
    fn of(page: &Answer) -> Self {
        Self { person: page.hidden("person"), recovery: page.hidden("recovery") }
    }

    async fn say(&self, contact: &mut Visitor<'_>, say: &str, number: &str) -> Answer {
        let fields = [
            ("person", self.person.as_str()),
            ("recovery", &self.recovery),
            ("say", say),
            ("number", number),
        ];
        contact.post("/recovery/contacts/answer", &fields).await
    }
}

#[tokio::test]
async fn contact_is_asked_and_opens_the_recovery_by_the_number_alone() {
    let (place, _clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    assert!(circle.owner.get("/recovery").await.says("agrees since"));
    let idle = circle.contact("bob").get("/recovery/contacts").await;
    assert!(idle.says("trader") && idle.says("Nothing is asked of you now."), "{}", idle.body);
    let (mut visitor, page) = circle.recovers().await;
    assert!(page.says("1 of them can let you in at once."), "{}", page.body);
    let right = number(&page, "bob");
    let bob = circle.contact("bob");
    let asked = bob.get("/recovery/contacts").await;
    assert!(
        asked.says("They are recovering their access and ask you to vouch for them."),
        "{}",
        asked.body
    );
    assert!(asked.says("127.0.0.1") && asked.says("Tries left: 3."), "{}", asked.body);
    // The number is on the recovering page and nowhere else.
    let outbox = place.gate.notices().outbox(&OPERATOR).await.unwrap();
    assert!(!asked.says(&format!(" {right}")), "{}", asked.body);
    assert!(outbox.iter().all(|one| !one.text.contains(&format!(" {right}"))));
    let word = Word::of(&asked);
    assert_eq!(word.say(bob, "yes", &right).await.to(), "/recovery/contacts?said=1");
    assert!(bob.get("/recovery/contacts").await.says("You vouched for it."));
    let again = word.say(bob, "no", "").await;
    assert!(again.body.contains("VOUCH_ENDED"), "{}", again.body);
    let done = visitor.post("/recover/finish", &[]).await;
    assert_eq!(done.to(), "/authenticators");
    assert!(visitor.get("/").await.says("This session came from a recovery."));
}

#[tokio::test]
async fn two_of_three_open_it_and_one_who_says_no_does_not_stop_the_others() {
    let (place, _clock) = place().await;
    let mut circle = Circle::new(&place, &["bob", "carol", "dan"], "2").await;
    let (mut visitor, page) = circle.recovers().await;
    for (name, say, opens) in [("bob", "yes", false), ("carol", "no", false), ("dan", "yes", true)]
    {
        let right = number(&page, name);
        let asked = circle.contact(name).get("/recovery/contacts").await;
        let said = Word::of(&asked).say(circle.contact(name), say, &right).await;
        assert_eq!(said.to(), "/recovery/contacts?said=1", "{name}");
        let page = visitor.get("/recover").await;
        assert_eq!(page.says("Finish and sign in"), opens, "{name} {}", page.body);
        if !opens {
            let early = visitor.post("/recover/finish", &[]).await;
            assert!(early.body.contains("RECOVERY_UNVOUCHED"), "{name} {}", early.body);
        }
    }
    let told = circle.owner.get("/messages").await;
    assert!(told.says("dan vouched for") && told.says("carol did not vouch for"), "{}", told.body);
    assert_eq!(visitor.post("/recover/finish", &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn number_that_is_wrong_three_times_ends_the_part_of_that_contact_alone() {
    let (place, _clock) = place().await;
    let mut circle = Circle::new(&place, &["bob", "carol"], "1").await;
    let (mut visitor, page) = circle.recovers().await;
    let (right, other) = (number(&page, "bob"), number(&page, "carol"));
    let bob = circle.contact("bob");
    let word = Word::of(&bob.get("/recovery/contacts").await);
    // Another contact's number is as wrong as any, but by chance they are the same.
    let bad = if other == right { wrong(&right) } else { &other };
    for left in [2, 1, 0] {
        let answer = word.say(bob, "yes", bad).await;
        assert!(answer.body.contains("VOUCH_NUMBER_WRONG"), "{left}: {}", answer.body);
    }
    let page = bob.get("/recovery/contacts").await;
    assert!(page.says("The number was wrong too often"), "{}", page.body);
    let late = word.say(bob, "yes", &right).await;
    assert!(late.body.contains("VOUCH_ENDED"), "{}", late.body);
    assert!(!visitor.get("/recover").await.says("Finish and sign in"));
    let carol = circle.contact("carol");
    let word = Word::of(&carol.get("/recovery/contacts").await);
    assert_eq!(word.say(carol, "yes", &other).await.to(), "/recovery/contacts?said=1");
    assert!(visitor.get("/recover").await.says("Finish and sign in"));
}

#[tokio::test]
async fn word_without_its_number_is_no_try() {
    let (place, _clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    let (mut visitor, page) = circle.recovers().await;
    let right = number(&page, "bob");
    let bob = circle.contact("bob");
    let asked = bob.get("/recovery/contacts").await;
    let field = asked.body.split("name=\"number\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(field.contains("required") && field.contains("three digits"), "{field}");
    let word = Word::of(&asked);
    for empty in ["", "  "] {
        let answer = word.say(bob, "yes", empty).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(answer.says("no try was used") && answer.says("Tries left: 3."), "{}", answer.body);
    }
    assert!(!visitor.get("/recover").await.says("Finish and sign in"));
    assert_eq!(word.say(bob, "yes", &right).await.to(), "/recovery/contacts?said=1");
    let open = visitor.get("/recover").await;
    assert!(open.says("1 recovery contact vouched for you."), "{}", open.body);
    assert!(!open.says("It has waited"), "{}", open.body);
}

#[tokio::test]
async fn app_is_offered_to_people_without_one_and_to_nobody_else() {
    let (place, _clock) = place().await;
    let mut bob = person(&place, "bob").await;
    let without = bob.get("/authenticators").await;
    assert!(without.says("Add an authenticator app"), "{}", without.body);
    assert!(without.body.contains("href=\"/enrol/totp\""), "{}", without.body);
    assert_eq!(bob.get("/enrol/totp").await.status, StatusCode::OK);
    let with = place.signed_in().await.get("/authenticators").await;
    assert!(!with.body.contains("/enrol/totp"), "{}", with.body);
}

#[tokio::test]
async fn ones_own_name_and_what_is_no_name_are_refused_for_what_they_are() {
    let (place, _clock) = place().await;
    let mut owner = place.signed_in().await;
    for own in ["trader", " Trader "] {
        let answer = owner.post("/recovery/trustees", &[("username", own)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
        assert!(answer.says("A recovery contact is somebody else"), "{}", answer.body);
        assert!(answer.says("You have not named anybody."), "{}", answer.body);
    }
    let odd = owner.post("/recovery/trustees", &[("username", "<b>x</b>")]).await;
    assert!(odd.says("a-z, 0-9, dot, dash, underscore and @"), "{}", odd.body);
    assert!(!odd.says("the user name has"), "{}", odd.body);
}

#[tokio::test]
async fn stranger_and_the_owner_find_nothing_to_say() {
    let (place, _clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    let mut eve = person(&place, "eve").await;
    let (mut visitor, page) = circle.recovers().await;
    let right = number(&page, "bob");
    let word = Word::of(&circle.contact("bob").get("/recovery/contacts").await);
    assert!(
        eve.get("/recovery/contacts").await.says("Nobody has named you as a recovery contact.")
    );
    for say in ["yes", "no"] {
        for number in [right.as_str(), wrong(&right)] {
            for who in [&mut eve, &mut circle.owner] {
                let answer = word.say(who, say, number).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
            }
        }
    }
    let agrees = [("person", word.person.as_str()), ("yes", "yes")];
    let agreed = eve.post("/recovery/contacts/agree", &agrees).await;
    assert_eq!(agreed.status, StatusCode::NOT_FOUND, "{}", agreed.body);
    // Without a session, and on the other person's list.
    let signed_out = word.say(&mut place.visitor(), "yes", &right).await;
    assert_eq!(signed_out.status, StatusCode::UNAUTHORIZED, "{}", signed_out.body);
    let list = circle.owner.get("/recovery").await.body;
    let at = list.find("/recovery/trustees/").unwrap();
    let remove = list[at..].split('"').next().unwrap().to_owned();
    assert!(remove.ends_with("/remove"), "{remove}");
    for who in [&mut eve, circle.contact("bob")] {
        assert_eq!(who.post(&remove, &[]).await.status, StatusCode::NOT_FOUND);
    }
    assert!(!visitor.get("/recover").await.says("Finish and sign in"));
    assert!(circle.contact("bob").get("/recovery/contacts").await.says("Tries left: 3."));
}

/// ASVS 3.5.1.
#[tokio::test]
async fn answer_that_another_site_or_session_sends_for_a_contact_says_nothing() {
    let (place, _clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    let (mut visitor, page) = circle.recovers().await;
    let right = number(&page, "bob");
    let owner = circle.owner.token.clone();
    let bob = circle.contact("bob");
    let word = Word::of(&bob.get("/recovery/contacts").await);
    let send = |token: &str, origin: &'static str, site: &'static str| {
        let body = format!(
            "form={token}&person={}&recovery={}&say=yes&number={right}",
            word.person, word.recovery
        );
        Request::post("/recovery/contacts/answer")
            .header(
                "floorpass-proof",
                bob.proof("POST", "/recovery/contacts/answer", body.as_bytes()),
            )
            .header(header::HOST, "localhost:8080")
            .header(header::ORIGIN, origin)
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, bob.cookie_line())
            .body(Body::from(body))
            .unwrap()
    };
    for (token, origin, site) in [
        (bob.token.as_str(), "https://evil.example", "cross-site"),
        (&bob.token, ORIGIN, "same-site"),
        (&owner, ORIGIN, "same-origin"),
        ("", ORIGIN, "same-origin"),
    ] {
        let answer = place.send(send(token, origin, site)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin} {site} {}", answer.body);
        assert!(!visitor.get("/recover").await.says("Finish and sign in"));
    }
    // The same form of the contact's own page counts.
    let sent = place.send(send(&bob.token, ORIGIN, "same-origin")).await;
    assert_eq!(sent.to(), "/recovery/contacts?said=1");
    assert!(visitor.get("/recover").await.says("Finish and sign in"));
}

#[tokio::test]
async fn word_for_a_recovery_that_was_stopped_counts_neither_for_it_nor_for_the_next() {
    let (place, _clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    let (mut first, page) = circle.recovers().await;
    let old = number(&page, "bob");
    let word = Word::of(&circle.contact("bob").get("/recovery/contacts").await);
    let recovery = circle.owner.get("/recovery").await.hidden("recovery");
    let stopped = circle.owner.post("/recovery/cancel", &[("recovery", &recovery)]).await;
    assert_eq!(stopped.to(), "/recovery?stopped=1");
    let late = word.say(circle.contact("bob"), "yes", &old).await;
    assert!(late.body.contains("RECOVERY_OVER"), "{}", late.body);
    assert!(late.says("Nothing is asked of you now."), "{}", late.body);
    assert!(first.post("/recover/finish", &[]).await.body.contains("RECOVERY_OVER"));
    let (mut second, page) = circle.recovers().await;
    let fresh = number(&page, "bob");
    let late = word.say(circle.contact("bob"), "yes", &fresh).await;
    assert!(late.body.contains("RECOVERY_OVER"), "{}", late.body);
    let word = Word::of(&circle.contact("bob").get("/recovery/contacts").await);
    if old != fresh {
        let missed = word.say(circle.contact("bob"), "yes", &old).await;
        assert!(missed.body.contains("VOUCH_NUMBER_WRONG"), "{}", missed.body);
    }
    assert!(!second.get("/recover").await.says("Finish and sign in"));
    assert!(first.post("/recover/finish", &[]).await.body.contains("RECOVERY_OVER"));
}

#[tokio::test]
async fn contact_who_was_removed_or_left_meanwhile_says_nothing_any_more() {
    for leaves in [false, true] {
        let (place, _clock) = place().await;
        let mut circle = Circle::new(&place, &["bob"], "1").await;
        let (mut visitor, page) = circle.recovers().await;
        let right = number(&page, "bob");
        let word = Word::of(&circle.contact("bob").get("/recovery/contacts").await);
        if leaves {
            let fields = [("person", word.person.as_str()), ("yes", "no")];
            circle.contact("bob").post("/recovery/contacts/agree", &fields).await.to();
        } else {
            let list = circle.owner.get("/recovery").await.body;
            let at = list.find("/recovery/trustees/").unwrap();
            let remove = list[at..].split('"').next().unwrap();
            assert_eq!(circle.owner.post(remove, &[]).await.to(), "/recovery?removed=1");
        }
        let late = word.say(circle.contact("bob"), "yes", &right).await;
        assert_eq!(late.status, StatusCode::NOT_FOUND, "{leaves} {}", late.body);
        let page = circle.contact("bob").get("/recovery/contacts").await;
        assert!(page.says("Nobody has named you as a recovery contact."), "{leaves} {}", page.body);
        assert!(!visitor.get("/recover").await.says("Finish and sign in"), "{leaves}");
    }
}

#[tokio::test]
async fn word_after_the_time_is_over_is_too_late() {
    let (place, clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    let (mut visitor, page) = circle.recovers().await;
    let right = number(&page, "bob");
    let word = Word::of(&circle.contact("bob").get("/recovery/contacts").await);
    for _ in 0..2 {
        clock.set(clock.stamp() + Span(WAIT.0 / 2 + 1_000_000));
        place.gate.recoveries().tick().await;
    }
    let mut bob = again(&place, "bob").await;
    let late = word.say(&mut bob, "yes", &right).await;
    assert!(late.body.contains("RECOVERY_OVER"), "{}", late.body);
    assert!(visitor.get("/recover").await.body.contains("RECOVERY_OVER"));
    let finish = visitor.post("/recover/finish", &[]).await;
    assert!(finish.body.contains("RECOVERY_OVER"), "{}", finish.body);
}

#[tokio::test]
async fn recovery_that_is_vouched_for_lapses_when_nobody_finishes_it() {
    let (place, clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    let (mut visitor, page) = circle.recovers().await;
    let right = number(&page, "bob");
    let bob = circle.contact("bob");
    let word = Word::of(&bob.get("/recovery/contacts").await);
    word.say(bob, "yes", &right).await.to();
    clock.set(clock.stamp() + FINISH);
    let finish = visitor.post("/recover/finish", &[]).await;
    assert!(finish.body.contains("RECOVERY_OVER"), "{}", finish.body);
    place.gate.recoveries().tick().await;
    assert!(visitor.get("/recover").await.body.contains("RECOVERY_OVER"));
}

/// The same person in another session.
async fn again<'a>(place: &'a Place, name: &str) -> Visitor<'a> {
    let link = place.gate.people().issue_link(&OPERATOR, name, Purpose::SignIn).await.unwrap();
    let token = link.token.expose_text().unwrap().to_owned();
    let mut visitor = place.visitor();
    assert_eq!(visitor.post("/link", &[("token", &token)]).await.to(), "/?welcome=1");
    visitor.token = visitor.get("/").await.form_token();
    visitor
}

#[tokio::test]
async fn contact_whose_own_sign_in_is_old_proves_it_first_and_a_session_that_looks_says_nothing() {
    let (place, clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    let (mut visitor, page) = circle.recovers().await;
    let right = number(&page, "bob");
    let bob = circle.contact("bob");
    let word = Word::of(&bob.get("/recovery/contacts").await);
    clock.set(clock.stamp() + access::decision::RECENT + Span::seconds(1));
    let asked = word.say(bob, "yes", &right).await;
    assert!(asked.says("Is it you?") && asked.says("Nothing has been done yet"), "{}", asked.body);
    assert_eq!(asked.hidden("recovery"), word.recovery, "what was typed is kept");
    let link = place.gate.people().issue_link(&OPERATOR, "bob", Purpose::SignIn).await.unwrap();
    let token = link.token.expose_text().unwrap().to_owned();
    let mut plain = place.plain_visitor();
    plain.post("/link", &[("token", &token)]).await;
    plain.token = plain.get("/").await.form_token();
    let unbound = word.say(&mut plain, "yes", &right).await;
    assert!(unbound.body.contains("SESSION_UNBOUND"), "{}", unbound.body);
    assert!(!visitor.get("/recover").await.says("Finish and sign in"));
    let mut fresh = again(&place, "bob").await;
    assert_eq!(word.say(&mut fresh, "yes", &right).await.to(), "/recovery/contacts?said=1");
}

/// Whichever comes first, a sign-in by what stood before leaves nothing to finish.
#[tokio::test]
async fn yes_of_a_contact_and_a_sign_in_at_the_same_time_leave_no_recovery() {
    let (place, _clock) = place().await;
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    let (mut visitor, page) = circle.recovers().await;
    let right = number(&page, "bob");
    let word = Word::of(&circle.contact("bob").get("/recovery/contacts").await);
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password)];
    circle.owner.post("/sign-in", &fields).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let fields = [("code", code.as_str())];
    let Circle { mut owner, mut contacts, .. } = circle;
    let (signed, said) = tokio::join!(
        owner.post("/sign-in/code", &fields),
        word.say(&mut contacts[0].1, "yes", &right)
    );
    assert!(signed.to().starts_with("/?welcome"), "{}", signed.body);
    let counted = said.status == StatusCode::SEE_OTHER;
    assert!(counted || said.body.contains("RECOVERY_OVER"), "{}", said.body);
    let late = visitor.post("/recover/finish", &[]).await;
    assert!(late.body.contains("RECOVERY_OVER"), "{}", late.body);
    assert!(!owner.get("/").await.says("came from a recovery"));
}

/// ASVS 6.3.8.
#[tokio::test]
async fn naming_somebody_says_nothing_of_who_exists() {
    let (place, _clock) = place().await;
    let mut owner = place.signed_in().await;
    person(&place, "bob").await;
    for name in ["bob", "zed"] {
        let named = owner.post("/recovery/trustees", &[("username", name)]).await;
        assert_eq!(named.to(), "/recovery?named=1", "{name}");
    }
    let page = owner.get("/recovery").await.body;
    let row = |name: &str| {
        let at = page.find(&format!("<td class=\"key\">{name}</td>")).unwrap();
        let row = page[at..].split("/recovery/trustees/").next().unwrap();
        row.replace(name, "")
    };
    assert_eq!(row("bob"), row("zed"));
    let own = "That is your own name.";
    for (name, code) in
        [("bob", "NAME_TAKEN"), ("zed", "NAME_TAKEN"), ("TRADER", own), ("", "USERNAME")]
    {
        let again = owner.post("/recovery/trustees", &[("username", name)]).await;
        assert!(again.body.contains(code), "{name} {}", again.body);
    }
    for name in ["three", "four", "five"] {
        owner.post("/recovery/trustees", &[("username", name)]).await.to();
    }
    let sixth = owner.post("/recovery/trustees", &[("username", "six")]).await;
    assert!(sixth.body.contains("TOO_MANY"), "{}", sixth.body);
}

/// ASVS 1.2.1.
#[tokio::test]
async fn markup_in_each_field_of_a_contact_is_no_markup_on_any_page() {
    let (place, _clock) = place().await;
    let evil = "<script>alert(1)</script>";
    let mut circle = Circle::new(&place, &["bob"], "1").await;
    // The browser that begins names itself, and the contact is shown that name.
    let mut visitor = place.visitor();
    let password = place.secrets.password.expose_text().unwrap();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("username", "trader"), ("password", password)])
        .finish();
    let request = Request::post("/recover")
        .header("floorpass-proof", visitor.proof("POST", "/recover", body.as_bytes()))
        .header(header::HOST, "localhost:8080")
        .header(header::ORIGIN, ORIGIN)
        .header(header::USER_AGENT, evil)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    assert_eq!(place.send(request).await.to(), "/recover");
    let bob = circle.contact("bob");
    let asked = bob.get("/recovery/contacts").await;
    let Word { person, recovery } = Word::of(&asked);
    let mut answers = vec![asked];
    for fields in [
        [("person", evil), ("recovery", &recovery), ("say", "yes"), ("number", "1")],
        [("person", &person), ("recovery", evil), ("say", "yes"), ("number", "1")],
        [("person", &person), ("recovery", &recovery), ("say", "yes"), ("number", evil)],
        [("person", &person), ("recovery", &recovery), ("say", evil), ("number", evil)],
    ] {
        answers.push(bob.post("/recovery/contacts/answer", &fields).await);
    }
    answers.push(bob.post("/recovery/contacts/agree", &[("person", evil), ("yes", evil)]).await);
    answers.push(bob.get("/recovery/contacts").await);
    answers.push(bob.get("/messages").await);
    let owner = &mut circle.owner;
    answers.push(owner.post("/recovery/trustees", &[("username", evil)]).await);
    answers.push(owner.post("/recovery/trustees/%3Cscript%3E/remove", &[]).await);
    answers.push(owner.get("/recovery").await);
    answers.push(owner.get("/messages").await);
    answers.push(visitor.get("/recover").await);
    for answer in answers {
        assert!(!answer.body.contains(evil), "{}", answer.body);
    }
}
