//! Nobody learns from an answer who has an account: whole answers of the real router are compared,
//! with all their headers, and the number of Argon2 calls behind them.

use access::{Grade, Span, Time};
use axum::http::StatusCode;
use gate::{Actor, Clock, LockTarget};

use crate::place::{Answer, Place};

const OPERATOR: Actor = Actor::Operator { uid: 0 };

/// What an answer tells. Values of cookies, challenges and the like are drawn anew each time; their
/// lengths are not.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: String,
    argon2_calls: u64,
}

fn cookie(line: &str) -> String {
    let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    format!("{name}=<{}>;{rest}", value.len())
}

fn seen(answer: &Answer, argon2_calls: u64, hidden: &[&str]) -> Seen {
    let mut body = answer.body.clone();
    for word in hidden.iter().filter(|word| !word.is_empty()) {
        body = body.replace(word, "<hidden>");
    }
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| {
            let value = value.to_str().unwrap();
            let value = if name == "set-cookie" { cookie(value) } else { value.to_owned() };
            (name.to_string(), value)
        })
        .collect();
    headers.sort();
    Seen { status: answer.status, headers, body, argon2_calls }
}

/// What there is under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Known,
    Unknown,
    Locked,
    WithoutPassword,
}

const NAMES: [Name; 4] = [Name::Known, Name::Unknown, Name::Locked, Name::WithoutPassword];

/// A folder where the name is so, at the same time as all others, and the name: of equal length.
async fn with(name: Name) -> (Place, Clock, &'static str) {
    let clock = Clock::manual(Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    match name {
        Name::Known | Name::Unknown => {}
        Name::Locked => {
            let person = place.gate.people().find("trader").await.unwrap().id;
            place
                .gate
                .locks()
                .lock(&OPERATOR, LockTarget::Person(person), Grade::All)
                .await
                .unwrap();
        }
        Name::WithoutPassword => {
            place.gate.people().reset_password(&OPERATOR, "trader").await.unwrap();
        }
    }
    (place, clock, if name == Name::Unknown { "nobody" } else { "trader" })
}

/// Fourteen tries: five that count, waits, one too long, and on to longer waits.
async fn tries(name: Name, path: &str) -> Vec<Seen> {
    let (place, clock, typed) = with(name).await;
    let mut all = Vec::new();
    for number in 0..14 {
        if number > 7 {
            clock.set(clock.stamp() + Span::minutes(10));
        }
        let wrong = if number == 2 { "x".repeat(2_000) } else { format!("wrong guess {number}") };
        let before = place.gate.authenticators().password_checks();
        let fields = [("username", typed), ("password", wrong.as_str()), ("next", "/orders")];
        let answer = place.plain_visitor().post(path, &fields).await;
        all.push(seen(&answer, place.gate.authenticators().password_checks() - before, &[typed]));
    }
    all
}

/// ASVS 6.3.8.
#[tokio::test]
async fn password_step_answers_alike_whatever_stands_behind_the_name() {
    let known = tries(Name::Known, "/sign-in").await;
    let calls: Vec<u64> = known.iter().map(|one| one.argon2_calls).collect();
    assert_eq!(calls[..8], [1, 1, 1, 1, 1, 0, 0, 0], "in the wait nothing is checked");
    assert!(known.iter().any(|one| one.status == StatusCode::TOO_MANY_REQUESTS));
    for name in NAMES {
        assert_eq!(tries(name, "/sign-in").await, known, "{name:?}");
    }
}

/// ASVS 6.3.8: anyone who asks for a recovery learns no more than anyone who signs in, and guesses no more.
#[tokio::test]
async fn recovery_answers_alike_whatever_stands_behind_the_name_and_costs_what_a_sign_in_does() {
    let known = tries(Name::Known, "/recover").await;
    for name in NAMES {
        assert_eq!(tries(name, "/recover").await, known, "{name:?}");
    }
    let costs =
        |all: &[Seen]| -> Vec<_> { all.iter().map(|one| (one.status, one.argon2_calls)).collect() };
    assert_eq!(costs(&known), costs(&tries(Name::Known, "/sign-in").await));
}

#[tokio::test]
async fn passkey_start_answers_alike_whatever_stands_behind_the_name() {
    let mut all = Vec::new();
    for name in NAMES {
        let (place, _clock, typed) = with(name).await;
        let fields = [("username", typed), ("next", "/")];
        let answer = place.plain_visitor().post("/sign-in/passkey/start", &fields).await;
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let ceremony = json["ceremony"].as_str().unwrap();
        let challenge = json["options"]["publicKey"]["challenge"].as_str().unwrap();
        assert!(!answer.body.contains("allowCredentials\":[{"), "{}", answer.body);
        all.push(seen(
            &answer,
            place.gate.authenticators().password_checks(),
            &[ceremony, challenge],
        ));
    }
    // The demo's own password cost a call of each folder.
    assert!(all.iter().all(|one| *one == all[0] && one.status == StatusCode::OK), "{all:#?}");
}

/// A link that works is looked at like one that never was; one that is over is over, whosesoever.
#[tokio::test]
async fn links_answer_alike_whatever_stands_behind_them() {
    let unknown = "lnk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let mut looks = Vec::new();
    let mut uses = Vec::new();
    for name in [Name::Known, Name::Locked, Name::WithoutPassword] {
        let (place, clock, _) = with(name).await;
        let issued = place.gate.demo().link().await.unwrap().token;
        let live = issued.expose_text().unwrap().to_owned();
        let before = place.gate.authenticators().password_checks();
        for token in [live.as_str(), unknown] {
            let token = &token[..live.len().min(token.len())];
            let answer = place.plain_visitor().get(&format!("/link/{token}")).await;
            looks.push(seen(
                &answer,
                place.gate.authenticators().password_checks() - before,
                &[token],
            ));
        }
        clock.set(clock.stamp() + Span::minutes(16));
        for token in [live.as_str(), unknown, ""] {
            let answer = place.plain_visitor().post("/link", &[("token", token)]).await;
            uses.push(seen(
                &answer,
                place.gate.authenticators().password_checks() - before,
                &[token],
            ));
        }
    }
    assert!(looks.iter().all(|one| *one == looks[0] && one.argon2_calls == 0), "{looks:#?}");
    assert!(uses.iter().all(|one| *one == uses[0] && one.argon2_calls == 0), "{uses:#?}");
    assert_eq!(uses[0].status, StatusCode::GONE);
}
