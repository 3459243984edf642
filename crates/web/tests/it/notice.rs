//! The message centre, contact, and who asks on each page of a sign-in.

use axum::http::StatusCode;

use crate::place::{Place, Visitor};

/// The newest code in the outbox.
async fn code(place: &Place) -> String {
    let notices = place.gate.notices().outbox(&gate::Actor::Operator { uid: 0 }).await.unwrap();
    notices.iter().find_map(|notice| notice.code.clone()).unwrap()
}

/// Where the message of this heading is.
async fn path_of(visitor: &mut Visitor<'_>, title: &str) -> String {
    let page = visitor.get("/messages").await;
    let mark = format!("\">{title}</a>");
    let end = page.body.find(&mark).unwrap_or_else(|| panic!("no {title}: {}", page.body));
    page.body[..end].rsplit("href=\"").next().unwrap().to_owned()
}

#[tokio::test]
async fn message_is_unread_in_the_header_until_it_is_marked() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let page = visitor.get("/messages").await;
    assert!(page.says("A new browser") && page.says("from 127.0.0.1"), "{}", page.body);
    let header = |count: u32| format!("<span class=\"count\">{count}<");
    assert!(page.body.contains(&header(1)), "of a new demo itself nothing is news: {}", page.body);
    place.signed_in().await;
    let path = path_of(&mut visitor, "A new browser").await;
    assert_eq!(visitor.post(&format!("{path}/read"), &[]).await.to(), "/messages?read=1");
    let page = visitor.get("/messages").await;
    assert!(page.body.contains(&header(1)), "{}", page.body);
    let newest = page.hidden("newest");
    let done = visitor.post("/messages/read", &[("newest", &newest)]).await;
    assert_eq!(done.to(), "/messages?read=1");
    assert!(!visitor.get("/").await.body.contains("class=\"count\""));
}

#[tokio::test]
async fn messages_are_paged() {
    let place = Place::new().await;
    for _ in 0..30 {
        place.gate.demo().link().await.unwrap();
        place.signed_in().await;
    }
    let mut visitor = place.signed_in().await;
    let first = visitor.get("/messages").await;
    assert_eq!(first.body.matches("data-l=\"About\"").count(), 25);
    let next = first.body.split("/messages?after=").nth(1).unwrap().split('"').next().unwrap();
    let second = visitor.get(&format!("/messages?after={next}")).await;
    assert!(second.body.matches("data-l=\"About\"").count() >= 6, "{}", second.body);
    assert!(!second.body.contains("/messages?after="));
    assert_eq!(visitor.get("/messages?after=nonsense").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn not_me_ends_the_other_browser_and_offers_the_lock() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let mut thief = place.signed_in().await;
    // The newest message is of the newest browser.
    let path = path_of(&mut owner, "A new browser").await;
    assert!(owner.get(&path).await.says("This was not me"));
    let page = owner.post(&format!("{path}/not-me"), &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("1 session ended") && page.says("is no longer trusted"), "{}", page.body);
    assert!(page.body.contains("action=\"/lock\""), "the lock is offered");
    assert!(thief.get("/").await.to().starts_with("/sign-in"));
    assert_eq!(owner.get("/messages").await.status, StatusCode::OK);
    assert!(owner.get("/messages").await.says("You answered that this was not you"));
}

#[tokio::test]
async fn message_that_is_opened_is_read_unless_it_is_only_fetched_ahead() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let path = path_of(&mut visitor, "A new browser").await;
    let ahead = visitor.get_with(&path, &[("sec-purpose", "prefetch")]).await;
    assert!(ahead.says("Mark as read") && ahead.body.contains("class=\"count\""), "{}", ahead.body);
    let page = visitor.get(&path).await;
    assert!(!page.says("Mark as read") && !page.body.contains("class=\"count\""), "{}", page.body);
    assert!(!visitor.get("/").await.body.contains("class=\"count\""));
    assert!(!visitor.get("/messages").await.says("unread"));
}

#[tokio::test]
async fn disowned_message_tells_what_is_true_now_and_offers_no_second_time() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let _thief = place.signed_in().await;
    let path = path_of(&mut owner, "A new browser").await;
    let button = format!("action=\"{path}/not-me\"");
    assert!(owner.get(&path).await.body.contains(&button));
    let done = owner.post(&format!("{path}/not-me"), &[]).await;
    let later = owner.get(&path).await;
    for page in [done, later, owner.get("/messages").await] {
        assert!(!page.body.contains(&button), "{}", page.body);
    }
    let page = owner.get(&path).await;
    assert!(page.says("What we told you then:"), "{}", page.body);
    assert!(
        page.says("The browser in the message has been removed, and it has no sessions left."),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn mail_address_is_set_by_its_code_in_one_session_alone() {
    let place = Place::new().await;
    let (mut one, mut two) = (place.signed_in().await, place.signed_in().await);
    let bad = one.post("/contact/mail", &[("address", "<b>ann</b>")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let set = one.post("/contact/mail", &[("address", "ann@example.org")]).await;
    assert_eq!(set.to(), "/contact?sent=1");
    let page = one.get("/contact").await;
    assert!(page.says("Code sent to ann@example.org"), "{}", page.body);
    assert!(page.says("For trader at localhost, from this computer (127.0.0.1)"), "{}", page.body);
    let code = code(&place).await;
    assert!(two.get("/contact").await.says("is waiting for its code in another session"));
    let elsewhere = two.post("/contact/mail/confirm", &[("code", &code)]).await;
    assert!(elsewhere.says("CODE_ELSEWHERE"), "{}", elsewhere.body);
    let wrong = one.post("/contact/mail/confirm", &[("code", "000000")]).await;
    assert!(wrong.says("tries left: 4"), "{}", wrong.body);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let done = one.post("/contact/mail/confirm", &[("code", &spaced)]).await;
    assert_eq!(done.to(), "/contact?verified=1");
    assert!(two.get("/contact").await.says("ann@example.org"));
    // The message centre tells of it, and never a code.
    let messages = one.get("/messages").await;
    assert!(messages.says("ann@example.org is now yours") && !messages.body.contains(&code));
    let path = path_of(&mut one, "A code for a mail address").await;
    assert!(!one.get(&path).await.body.contains(&code));
}

#[tokio::test]
async fn phone_number_with_html_is_refused_and_a_right_one_is_kept() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let bad = visitor.post("/contact/phone", &[("number", "<script>12345678</script>")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = visitor.post("/contact/phone", &[("number", "+44 20 7946 0000")]).await;
    assert_eq!(done.to(), "/contact?phone=1");
    assert!(visitor.get("/contact").await.body.contains("value=\"+44 20 7946 0000\""));
    assert_eq!(visitor.post("/contact/phone", &[("number", "")]).await.to(), "/contact?phone=1");
}

#[tokio::test]
async fn name_with_html_stays_text_in_messages() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let device = visitor.get("/devices").await;
    let id = device.body.split("/devices/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let evil = "<img src=x onerror=alert(1)>";
    visitor.post(&format!("/devices/{id}/rename"), &[("name", evil)]).await.to();
    let page = visitor.get("/messages").await;
    assert!(page.body.contains("&lt;img src=x") && !page.body.contains("<img src=x"));
}

/// Every page of a sign-in says who asks, for whom, from where, on which device.
#[tokio::test]
async fn every_step_of_a_sign_in_says_who_asks() {
    let place = Place::new().await;
    let operator = gate::Actor::Operator { uid: 0 };
    let mail = Some("ann@example.org");
    place.gate.contacts().set(&operator, "trader", mail, None).await.unwrap();
    let mut visitor = place.visitor();
    let asks = "Signing in to localhost from this computer (127.0.0.1), Browser.";
    let asks_trader = "For trader at localhost, from this computer (127.0.0.1), Browser.";
    assert!(visitor.get("/sign-in").await.says(asks));
    assert!(visitor.get("/link/lnk-unknown").await.says(asks));
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password), ("next", "/")];
    let step = visitor.post("/sign-in", &fields).await.to().to_owned();
    assert!(visitor.get(&step).await.says(asks_trader));
    let wrong = visitor.post("/sign-in/code", &[("code", "000000"), ("next", "/")]).await;
    assert!(wrong.says(asks_trader), "{}", wrong.body);
    let totp = place.gate.authenticators().totp_now("trader").await.unwrap();
    let step = visitor.post("/sign-in/code", &[("code", &totp), ("next", "/")]).await;
    let page = visitor.get(step.to()).await;
    assert!(page.says(asks_trader) && page.says("sent to a\u{2026}@example.org"), "{}", page.body);
    assert!(!page.body.contains("ann@"), "the address is not told to who has a password");
    let wrong = visitor.post("/sign-in/activate", &[("code", "000000"), ("next", "/")]).await;
    assert!(wrong.says(asks_trader), "{}", wrong.body);
    // Anyone who has no attempt is told of nobody.
    assert_eq!(place.visitor().get("/sign-in/code").await.status, StatusCode::UNAUTHORIZED);
}

/// A channel that keeps the codes of mails.
#[derive(Default)]
struct Mailbox(std::sync::Mutex<Vec<(String, String)>>, tokio::sync::Notify);

impl alert::Channel for Mailbox {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn deliver<'a>(&'a self, letter: &'a alert::Letter, _: access::Time) -> alert::Try<'a> {
        if let Some(code) = letter.code.as_ref().and_then(access::Secret::expose_text) {
            self.0.lock().unwrap().push((letter.to.clone(), code.to_owned()));
            self.1.notify_one();
        }
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn enrolment_in_a_lasting_folder_asks_for_a_mail_address_first() {
    let place = Place::lasting().await;
    let mailbox = std::sync::Arc::new(Mailbox::default());
    place.gate.deliveries().start(vec![mailbox.clone()]);
    let mut visitor = place.visitor();
    let token = place.secrets.link.token.expose_text().unwrap();
    assert_eq!(visitor.post("/link", &[("token", token)]).await.to(), "/enrol");
    let page = visitor.get("/enrol").await;
    assert!(page.says("Where do codes and messages reach you?"), "{}", page.body);
    visitor.token = page.form_token();
    assert_eq!(visitor.get("/messages").await.to(), "/enrol", "nothing else yet");
    let bad = visitor.post("/enrol/mail", &[("address", "ada")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let set = visitor.post("/enrol/mail", &[("address", "ada@example.org")]).await;
    assert_eq!(set.to(), "/enrol/mail");
    assert!(visitor.get("/enrol/mail").await.says("Code sent to ada@example.org"));
    mailbox.1.notified().await;
    let (to, code) = mailbox.0.lock().unwrap().pop().unwrap();
    assert_eq!(to, "ada@example.org");
    let wrong = visitor.post("/enrol/mail/confirm", &[("code", "000000")]).await;
    assert!(wrong.says("tries left: 4"), "{}", wrong.body);
    let done = visitor.post("/enrol/mail/confirm", &[("code", &code)]).await;
    assert_eq!(done.to(), "/enrol");
    assert!(visitor.get("/enrol").await.says("Choose a password"));
}

#[tokio::test]
async fn enrolment_goes_on_without_a_mail_address_for_who_says_later() {
    let place = Place::lasting().await;
    let mut visitor = place.visitor();
    let token = place.secrets.link.token.expose_text().unwrap();
    visitor.post("/link", &[("token", token)]).await.to();
    assert!(visitor.get("/enrol?later=1").await.says("Choose a password"));
}

#[tokio::test]
async fn unbound_session_marks_messages_and_proves_itself_to_stop_what_they_tell() {
    let place = Place::new().await;
    let mut visitor = place.open_link(place.plain_visitor()).await;
    let path = path_of(&mut visitor, "A new browser").await;
    place.signed_in().await;
    assert_eq!(visitor.post(&format!("{path}/read"), &[]).await.to(), "/messages?read=1");
    let newest = visitor.get("/messages").await.hidden("newest");
    let done = visitor.post("/messages/read", &[("newest", &newest)]).await;
    assert_eq!(done.to(), "/messages?read=1");
    let asked = visitor.post(&format!("{path}/not-me"), &[]).await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.says("Sign in for this action"), "{}", asked.body);
}
