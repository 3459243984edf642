//! The phone: a link and its own number make it one; it answers what it shows, once, and nobody else does.

use access::approval::{Content, ContentKind, Say, Terms};
use access::{ApprovalId, Span, Time};
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use gate::Clock;

use crate::place::{Answer, Place, Visitor};

/// A browser with a phone that answers approvals.
pub struct Home<'a> {
    pub place: &'a Place,
    pub owner: Visitor<'a>,
    pub phone: Visitor<'a>,
}

/// The text of the first element of this class.
pub fn within<'a>(body: &'a str, class: &str) -> &'a str {
    let mark = format!("class=\"{class}\">");
    let at = body.find(&mark).unwrap_or_else(|| panic!("no {class}: {body}")) + mark.len();
    body[at..].split('<').next().unwrap()
}

/// A phone that opened a link of the owner's; with the id of its device.
async fn offered<'a>(place: &'a Place, owner: &mut Visitor<'_>) -> (Visitor<'a>, String) {
    let made = owner.post("/phone/link", &[]).await;
    assert!(made.says("This address works only on this computer"), "{}", made.body);
    assert!(made.says("floorpass demo --lan"), "{}", made.body);
    let address = within(&made.body, "once").to_owned();
    let token = address.split("/link/").nth(1).unwrap();
    let mut phone = place.visitor();
    let page = phone.get(&format!("/link/{token}")).await;
    assert!(
        page.says("Make this your phone") && page.says("only on your own phone"),
        "{}",
        page.body
    );
    let (token, next) = (page.hidden("token"), page.hidden("next"));
    let to = phone.post("/link", &[("token", &token), ("next", &next)]).await.to().to_owned();
    phone.token = phone.get("/approvals").await.form_token();
    assert_eq!(to, "/approvals");
    let page = owner.get("/phone").await.body;
    let device = page.split("action=\"/phone/dev").nth(1).unwrap().split('/').next().unwrap();
    (phone, format!("dev{device}"))
}

impl<'a> Home<'a> {
    pub async fn new(place: &'a Place) -> Self {
        let mut owner = place.signed_in().await;
        let phone = Self::phone(place, &mut owner).await;
        Self { place, owner, phone }
    }

    /// Another phone that answers.
    async fn phone(place: &'a Place, owner: &mut Visitor<'_>) -> Visitor<'a> {
        let (mut phone, device) = offered(place, owner).await;
        let number = within(&phone.get("/approvals").await.body, "match mono").to_owned();
        let path = format!("/phone/{device}/confirm");
        assert_eq!(owner.post(&path, &[("number", &number)]).await.to(), "/phone?added=1");
        phone
    }

    /// A sign-in elsewhere that asks the phone; with the number that its page shows, if any.
    pub async fn asks(&self, mut elsewhere: Visitor<'a>) -> (Visitor<'a>, Option<String>) {
        assert_eq!(self.ask(&mut elsewhere).await.to(), "/sign-in/approval");
        let page = elsewhere.get("/sign-in/approval").await;
        let number = page.body.contains("match mono").then(|| within(&page.body, "match mono"));
        let number = number.map(str::to_owned);
        (elsewhere, number)
    }

    async fn ask(&self, elsewhere: &mut Visitor<'a>) -> Answer {
        let password = self.place.secrets.password.expose_text().unwrap();
        let fields = [("username", "trader"), ("password", password), ("next", "/")];
        assert_eq!(elsewhere.post("/sign-in", &fields).await.to(), "/sign-in/code");
        assert!(elsewhere.get("/sign-in/code").await.says("Approve on my phone instead"));
        elsewhere.post("/sign-in/approval/ask", &[]).await
    }
}

/// An approval as a phone's page shows it.
#[derive(Clone)]
pub struct Card {
    pub id: ApprovalId,
    pub content: Content,
}

impl Card {
    /// All on the page.
    fn all(body: &str) -> Vec<Self> {
        body.split("<section")
            .filter(|part| part.contains("data-approval="))
            .map(Self::read)
            .collect()
    }

    fn read(part: &str) -> Self {
        let after = |mark: &str| part.split(mark).nth(1).unwrap();
        let id = after("data-id=\"").split('"').next().unwrap().parse().unwrap();
        let name = after("data-kind=\"").split('"').next().unwrap();
        let kind = ContentKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap();
        let (terms, facts) = part.split_once("data-content=\"facts\"").unwrap_or((part, ""));
        let (terms, facts) = (signed(terms), signed(facts));
        Self { id, content: Content { kind, terms, facts } }
    }

    /// The phone's answer, signed as its script does.
    pub async fn answer(&self, phone: &mut Visitor<'_>, say: Say, number: &str) -> Answer {
        let digest = self.content.digest(self.id);
        let text = format!("floorpass approval 2\n{}\n{}\n{digest}\n{number}", self.id, say.name());
        let signature = phone.key.as_ref().unwrap().sign(&text).unwrap();
        let fields = [("say", say.name()), ("number", number), ("signature", &signature)];
        phone.post(&format!("/approvals/{}", self.id), &fields).await
    }
}

/// The terms of all lines, as the script reads them.
fn signed(part: &str) -> Terms {
    let lines = part.split("data-terms=\"").skip(1);
    let lines = lines.map(|line| plain(line.split('"').next().unwrap()));
    let words = lines.flat_map(|line| serde_json::from_str::<Vec<String>>(&line).unwrap());
    let words: Vec<_> = words.collect();
    let (pairs, rest) = words.as_chunks::<2>();
    assert!(rest.is_empty());
    pairs.iter().cloned().map(|[name, value]| (name, value)).collect::<Vec<_>>().into()
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Asks the phone to confirm an unlock: the number of the waiting page, where it shows one.
pub async fn asks_for_unlock(owner: &mut Visitor<'_>) -> String {
    let asked = owner.post("/step-up/approval/ask", &[("next", "/lock")]).await;
    assert_eq!(asked.to(), "/step-up/approval?next=%2Flock");
    let waits = owner.get("/step-up/approval?next=%2Flock").await;
    let number = waits.body.contains("match mono").then(|| within(&waits.body, "match mono"));
    number.unwrap_or_default().to_owned()
}

async fn cards(phone: &mut Visitor<'_>) -> Vec<Card> {
    Card::all(&phone.get("/approvals").await.body)
}

pub async fn card(phone: &mut Visitor<'_>) -> Card {
    cards(phone).await.into_iter().next().unwrap()
}

#[tokio::test]
async fn sign_in_elsewhere_is_approved_by_the_number_that_it_shows() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let (mut elsewhere, number) = home.asks(place.visitor()).await;
    let number = number.unwrap();
    let page = home.phone.get("/approvals").await;
    assert!(page.says("Somebody is signing in as you") && page.says("127.0.0.1"), "{}", page.body);
    assert!(!page.body.contains(&format!(">{number}<")), "the phone shows the number itself");
    let card = Card::all(&page.body).remove(0);
    let early = elsewhere.post("/sign-in/approval", &[("next", "/orders")]).await;
    assert!(early.body.contains("APPROVAL_WAITS"), "{}", early.body);
    assert_eq!(card.answer(&mut home.phone, Say::Yes, &number).await.to(), "/approvals?yes=1");
    assert!(elsewhere.get("/sign-in/approval").await.says("Your phone approved it"));
    elsewhere.post("/sign-in/approval", &[("next", "/orders")]).await;
    assert_eq!(elsewhere.get("/orders").await.status, StatusCode::OK);
    // Answered once, used once.
    let again = card.answer(&mut home.phone, Say::Yes, &number).await;
    assert!(again.body.contains("APPROVAL_ENDED"), "{}", again.body);
}

/// ASVS 6.6.3.
#[tokio::test]
async fn number_that_is_wrong_three_times_ends_the_approval() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let (mut elsewhere, number) = home.asks(place.visitor()).await;
    let card = card(&mut home.phone).await;
    for tries in ["2 ", "1 ", "0 "] {
        let answer = card.answer(&mut home.phone, Say::Yes, "00").await;
        assert!(answer.body.contains("NUMBER_WRONG"), "{tries} {}", answer.body);
    }
    let right = card.answer(&mut home.phone, Say::Yes, &number.unwrap()).await;
    assert!(right.body.contains("APPROVAL_ENDED"), "{}", right.body);
    let over = elsewhere.get("/sign-in/approval").await;
    assert!(over.says("did not answer"), "{}", over.body);
    assert!(over.body.contains("href=\"/sign-in/code\">Use a code instead<"), "{}", over.body);
    assert!(over.body.contains("href=\"/sign-in\">Start again<"), "{}", over.body);
}

#[tokio::test]
async fn page_that_waits_for_the_phone_has_the_ways_around_it() {
    let place = Place::new().await;
    let home = Home::new(&place).await;
    let (mut elsewhere, _) = home.asks(place.visitor()).await;
    let waits = elsewhere.get("/sign-in/approval?next=%2Forders").await;
    let code = "href=\"/sign-in/code?next=%2Forders\">Use a code instead<";
    assert!(waits.body.contains(code), "{}", waits.body);
    assert!(waits.body.contains("href=\"/sign-in\">Start again<"), "{}", waits.body);
    // Asked for instead of the code for a new browser, that code is the other way.
    let again = elsewhere.post("/sign-in/approval/ask", &[("instead", "activate")]).await;
    let to = again.to().to_owned();
    let waits = elsewhere.get(&to).await;
    let code = "href=\"/sign-in/activate\">Use a code instead<";
    assert!(waits.body.contains(code), "{}", waits.body);
}

#[tokio::test]
async fn yes_without_the_number_is_no_try() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let (mut elsewhere, number) = home.asks(place.visitor()).await;
    let page = home.phone.get("/approvals").await;
    let field = page.body.split("name=\"number\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(field.contains("required") && field.contains("two digits"), "{field}");
    let no = page.body.split("value=\"no\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(no.contains("formnovalidate"), "{no}");
    let card = card(&mut home.phone).await;
    let empty = card.answer(&mut home.phone, Say::Yes, "").await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST, "{}", empty.body);
    assert!(empty.says("it did not count as a try") && empty.says(", 3 tries."), "{}", empty.body);
    let right = card.answer(&mut home.phone, Say::Yes, &number.unwrap()).await;
    assert_eq!(right.to(), "/approvals?yes=1");
    assert!(elsewhere.get("/sign-in/approval").await.says("Your phone approved it"));
}

#[tokio::test]
async fn what_was_answered_is_not_said_of_what_waits_now() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    assert!(home.phone.get("/approvals?yes=1").await.says("Approved. The page that asked"));
    let (_first, _) = home.asks(place.visitor()).await;
    let old = card(&mut home.phone).await;
    let (_second, _) = home.asks(place.visitor()).await;
    for answered in ["yes", "no"] {
        let page = home.phone.get(&format!("/approvals?{answered}=1")).await;
        assert!(!page.says("The page that asked continues"), "{}", page.body);
        assert!(!page.says("Declined. Nothing was done"), "{}", page.body);
    }
    for left in ["2 tries are left", "1 try is left"] {
        let wrong = old.answer(&mut home.phone, Say::Yes, "00").await;
        assert!(wrong.says(left), "{}", wrong.body);
        // It is shown at the request that it is about.
        let own = format!("<h2>{}</h2><div class=\"note bad\"", old.content.kind.text());
        assert_eq!(wrong.body.matches(&own).count(), 1, "{}", wrong.body);
        assert!(!wrong.says("That request has ended"), "{}", wrong.body);
    }
    let over = old.answer(&mut home.phone, Say::Yes, "00").await;
    assert!(over.says("That request has ended: Somebody is signing in as you."), "{}", over.body);
    assert!(over.says("no try is left") && over.says(", 3 tries."), "{}", over.body);
}

#[tokio::test]
async fn refused_sign_in_is_over_and_not_me_offers_the_lock() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    for (say, words) in [(Say::No, "Declined"), (Say::NotMe, "Lock everything")] {
        let (mut elsewhere, _) = home.asks(place.visitor()).await;
        let card = card(&mut home.phone).await;
        let to = card.answer(&mut home.phone, say, "").await.to().to_owned();
        assert!(home.phone.get(&to).await.says(words), "{say:?}");
        // The page that waited finds that it is over, and the way to another one.
        let waited = elsewhere.get("/sign-in/approval").await;
        assert!(
            waited.says("This sign-in has ended") && !waited.says("overview"),
            "{}",
            waited.body
        );
        let begin = "href=\"/sign-in\">Start again<";
        assert!(waited.body.contains(begin), "{say:?} {}", waited.body);
        let after = elsewhere.post("/sign-in/approval", &[("next", "/")]).await;
        assert_eq!(after.status, StatusCode::UNAUTHORIZED, "{say:?} {}", after.body);
        assert!(after.body.contains("ATTEMPT_ENDED"), "{}", after.body);
    }
    let messages = home.owner.get("/messages").await;
    assert!(messages.says("You answered that it was not you"), "{}", messages.body);
}

/// ASVS 6.6.2.
#[tokio::test]
async fn content_that_is_not_what_was_asked_is_no_yes() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let (mut elsewhere, number) = home.asks(place.visitor()).await;
    let number = number.unwrap();
    let card = card(&mut home.phone).await;
    let bare: Vec<_> = card.content.terms.iter().collect();
    let bare = bare.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let bare: Vec<_> = bare.collect();
    for at in 0..bare.len() {
        let (mut shown, mut bent) = (card.clone(), bare.clone());
        bent[at].1.push('x');
        shown.content.terms = bent.into();
        let answer = shown.answer(&mut home.phone, Say::Yes, &number).await;
        assert!(answer.body.contains("KEY_PROOF_WRONG"), "line {at}: {}", answer.body);
    }
    let mut shorter = card.clone();
    let (_, fewer) = bare.split_last().unwrap();
    shorter.content.terms = fewer.to_vec().into();
    assert!(
        shorter.answer(&mut home.phone, Say::Yes, &number).await.body.contains("KEY_PROOF_WRONG")
    );
    // A yes that was signed for one approval is none for another.
    let id = ApprovalId([7; 16]);
    let text = format!("floorpass approval 2\n{id}\nyes\n{}\n{number}", card.content.digest(id));
    let signature = home.phone.key.as_ref().unwrap().sign(&text).unwrap();
    let fields = [("say", "yes"), ("number", &number), ("signature", &signature)];
    let bent = home.phone.post(&format!("/approvals/{}", card.id), &fields).await;
    assert!(bent.body.contains("KEY_PROOF_WRONG"), "{}", bent.body);
    assert!(elsewhere.get("/sign-in/approval").await.body.contains("match mono"), "it still waits");
}

#[tokio::test]
async fn approval_is_answered_neither_by_another_browser_nor_by_the_key_of_another_phone() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let mut second = Home::phone(&place, &mut home.owner).await;
    let (_elsewhere, number) = home.asks(place.visitor()).await;
    let number = number.unwrap();
    let card = card(&mut home.phone).await;
    // The owner's browser is no phone: it sees nothing and answers nothing.
    assert!(cards(&mut home.owner).await.is_empty());
    let owner = card.answer(&mut home.owner, Say::Yes, &number).await;
    assert!(owner.body.contains("NO_APPROVER"), "{}", owner.body);
    // A phone of the person's whose answer is signed by the other's key.
    let text = format!(
        "floorpass approval 2\n{}\nyes\n{}\n{number}",
        card.id,
        card.content.digest(card.id)
    );
    let signature = home.phone.key.as_ref().unwrap().sign(&text).unwrap();
    let fields = [("say", "yes"), ("number", &number), ("signature", &signature)];
    let bent = second.post(&format!("/approvals/{}", card.id), &fields).await;
    assert!(bent.body.contains("KEY_PROOF_WRONG"), "{}", bent.body);
    // Each of the person's phones may answer, but once in all.
    assert_eq!(card.answer(&mut second, Say::Yes, &number).await.to(), "/approvals?yes=1");
    let late = card.answer(&mut home.phone, Say::No, "").await;
    assert!(late.body.contains("APPROVAL_ENDED"), "{}", late.body);
}

#[tokio::test]
async fn approval_that_nobody_answered_is_over_after_two_minutes() {
    let clock = Clock::manual(Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut home = Home::new(&place).await;
    let (mut elsewhere, number) = home.asks(place.visitor()).await;
    let card = card(&mut home.phone).await;
    clock.set(clock.stamp() + Span::minutes(2));
    assert!(cards(&mut home.phone).await.is_empty());
    let late = card.answer(&mut home.phone, Say::Yes, &number.unwrap()).await;
    assert!(late.body.contains("APPROVAL_ENDED"), "{}", late.body);
    assert!(elsewhere.get("/sign-in/approval").await.says("did not answer"));
}

#[tokio::test]
async fn one_tap_is_enough_only_for_a_browser_and_an_address_that_are_known() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let mut known = place.signed_in().await;
    assert_eq!(known.post("/sign-out", &[]).await.status, StatusCode::SEE_OTHER);
    known.token.clear();
    let (mut known, number) = home.asks(known).await;
    assert_eq!(number, None, "a known browser at a known address");
    let card = card(&mut home.phone).await;
    assert_eq!(card.answer(&mut home.phone, Say::Yes, "").await.to(), "/approvals?yes=1");
    known.post("/sign-in/approval", &[("next", "/")]).await;
    assert_eq!(known.get("/orders").await.status, StatusCode::OK);
    let (_stranger, number) = home.asks(place.visitor()).await;
    assert!(number.is_some(), "a new browser");
}

/// ASVS 6.6.4.
#[tokio::test]
async fn prompts_are_three_at_once_and_pause_after_five_without_a_yes() {
    let clock = Clock::manual(Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut home = Home::new(&place).await;
    for _ in 0..3 {
        home.asks(place.visitor()).await;
    }
    assert_eq!(cards(&mut home.phone).await.len(), 3);
    let fourth = home.ask(&mut place.visitor()).await;
    assert!(fourth.body.contains("APPROVALS_PAUSED"), "{}", fourth.body);
    clock.set(clock.stamp() + Span::minutes(2));
    for _ in 0..2 {
        home.asks(place.visitor()).await;
    }
    let sixth = home.ask(&mut place.visitor()).await;
    assert!(sixth.body.contains("APPROVALS_PAUSED"), "{}", sixth.body);
    assert_eq!(cards(&mut home.phone).await.len(), 2);
    clock.set(clock.stamp() + Span::minutes(11));
    home.asks(place.visitor()).await;
}

#[tokio::test]
async fn phone_answers_nothing_until_its_number_was_typed_elsewhere() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let (mut phone, device) = offered(&place, &mut owner).await;
    let page = phone.get("/approvals").await;
    assert!(page.says("One step is left"), "{}", page.body);
    let number = within(&page.body, "match mono").to_owned();
    let path = format!("/phone/{device}/confirm");
    // Not by itself.
    phone.post(&path, &[("number", &number)]).await;
    assert!(phone.get("/approvals").await.says("One step is left"));
    // After a wrong one the phone shows another, and says so to its open page.
    let path_of_events = page.body.split("data-approvals=\"").nth(1).unwrap();
    let mut stream = place.stream(&phone, path_of_events.split('"').next().unwrap()).await;
    let wrong = owner.post(&path, &[("number", "000000")]).await;
    assert!(wrong.body.contains("PHONE_NUMBER_WRONG"), "{}", wrong.body);
    assert!(stream.next().await.unwrap().unwrap().starts_with(b"event: changed"));
    let before = number;
    let page = phone.get("/approvals").await;
    let number = within(&page.body, "match mono").to_owned();
    assert_ne!(number, before);
    assert!(wrong.body.contains("href=\"/devices\">Devices<"), "{}", wrong.body);
    let empty = owner.post(&path, &[("number", " ")]).await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST, "{}", empty.body);
    assert!(empty.says("Type the number that the phone shows."), "{}", empty.body);
    assert!(owner.get("/phone").await.says("Your phones"));
    assert_eq!(owner.post(&path, &[("number", &number)]).await.to(), "/phone?added=1");
    assert!(phone.get("/approvals").await.says("Nothing is waiting for you"));
}

#[tokio::test]
async fn page_that_offers_a_link_shows_by_itself_that_a_phone_opened_it() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let made = owner.post("/phone/link", &[]).await;
    assert!(!made.says("opened the link."), "{}", made.body);
    let path = made.body.split("data-live=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut stream = place.stream(&owner, path).await;
    // Another one that is opened meanwhile, by anyone: it is all the same to the page.
    let (_phone, device) = offered(&place, &mut owner).await;
    let told = stream.next().await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(told.starts_with("event: fragment") && told.contains("opened the link."), "{told}");
    assert!(told.contains(&format!("action=\"/phone/{device}/confirm\"")), "{told}");
    // The page that is loaded again has it at once, and once.
    let again = owner.post("/phone/link", &[]).await;
    assert_eq!(again.body.matches(&format!("/phone/{device}/confirm")).count(), 1);
    let out = owner.post("/sign-out", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    let end = stream.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&end).starts_with("event: ended"));
    assert!(stream.next().await.is_none(), "the stream goes on");
}

#[tokio::test]
async fn stream_of_approvals_tells_a_new_one_and_ends_with_its_session() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let page = home.phone.get("/approvals").await.body;
    let path = page.split("data-approvals=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut stream = place.stream(&home.phone, path).await;
    home.asks(place.visitor()).await;
    let next = |bytes: Option<Result<axum::body::Bytes, axum::Error>>| {
        String::from_utf8(bytes.unwrap().unwrap().to_vec()).unwrap()
    };
    assert_eq!(
        next(stream.next().await),
        "event: changed\ndata: now\n\n",
        "browsers drop it without data"
    );
    // Ended elsewhere, while no approval changes.
    assert_eq!(home.owner.post("/sessions/end-others", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(next(stream.next().await), "event: ended\ndata: now\n\n");
    assert!(stream.next().await.is_none(), "the stream goes on");
}

#[tokio::test]
async fn stream_opened_by_a_page_that_is_out_of_date_says_so_at_once() {
    let place = Place::new().await;
    let home = Home::new(&place).await;
    let mut stream = place.stream(&home.phone, "/approvals/events?seen=other").await;
    let first = stream.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("event: changed"));
}

#[tokio::test]
async fn phone_signed_out_by_a_new_password_answers_again_once_it_signs_in() {
    let clock = Clock::manual(Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut home = Home::new(&place).await;
    assert!(
        home.owner.get("/authenticators").await.says("Your other sessions end, on your phone too")
    );
    let current = place.secrets.password.expose_text().unwrap();
    let new = "four unlikely words walk";
    let fields = [("current", current), ("password", new)];
    let changed = home.owner.post("/authenticators/password", &fields).await;
    assert_eq!(changed.to(), "/authenticators?changed=1");
    let page = home.owner.get("/authenticators?changed=1").await;
    assert!(page.says("is signed out too, and cannot approve until you sign in there again"));
    assert!(home.phone.get("/approvals").await.to().starts_with("/sign-in"));
    home.phone.token = String::new();
    clock.set(clock.stamp() + Span::minutes(1));
    home.phone.post("/sign-in", &[("username", "trader"), ("password", new)]).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let done = home.phone.post("/sign-in/code", &[("code", &code)]).await;
    assert!(done.to().starts_with('/') && !done.to().starts_with("/sign-in"), "{}", done.to());
    let page = home.phone.get("/approvals").await;
    assert!(page.says("Nothing is waiting for you"), "it answers again: {}", page.body);
    home.phone.token = page.form_token();
    let number = asks_for_unlock(&mut home.owner).await;
    let asked = card(&mut home.phone).await;
    assert_eq!(asked.answer(&mut home.phone, Say::Yes, &number).await.to(), "/approvals?yes=1");
}
