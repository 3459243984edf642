//! Whatever is done by hand at the portal can be done by a command, or there is a reason why not: each form of the portal
//! is in this table, and docs/commands.md shows it. `FLOORPASS_WRITE_DOCS=1` writes the document anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

use clap::{CommandFactory, Parser};

use super::CommandLine;

/// How an act of the portal is done without it.
enum How {
    /// By this command.
    By(&'static str),
    /// Not at all, and why.
    Not(&'static str),
}

use How::{By, Not};

/// What follows it in the document is written by this test.
const MARK: &str = "<!-- What follows is written by a test. -->\n";

const OWN_PROOF: &str = "A step of a person's own sign-in: it takes their browser and what proves them. The operator gives them a link: `floorpass link`.";
const OWN_PHONE: &str = "Only the person's own phone can answer, or be asked: its key signs.";
const OWN_KEY: &str = "The browser's own key signs it, for its own session.";
const OWN_BROWSER: &str = "A key in the person's hardware is made in their browser.";
const OWN_SESSION: &str =
    "It concerns only the browser that sends it. `floorpass session end` ends any session.";
const LARGE: &str = "An order of a portal session above the person's threshold: the person's own yes. Orders by commands are a credential's, with its own limits.";
const FORM: &str = "It shows a form again, and changes nothing.";

const TABLE: [(&str, How); 96] = [
    ("/sign-in", Not(OWN_PROOF)),
    ("/sign-in/code", Not(OWN_PROOF)),
    ("/sign-in/recovery", Not(OWN_PROOF)),
    ("/sign-in/activate", Not(OWN_PROOF)),
    ("/sign-in/activate/resend", Not(OWN_PROOF)),
    ("/sign-in/passkey/start", Not(OWN_PROOF)),
    ("/sign-in/passkey/finish", Not(OWN_PROOF)),
    ("/sign-in/approval/ask", Not(OWN_PROOF)),
    ("/sign-in/approval", Not(OWN_PROOF)),
    ("/link", Not(OWN_PROOF)),
    ("/enrol", By("person reset-password trader")),
    ("/enrol/mail", By("contact set trader --mail ada@example.org")),
    ("/enrol/mail/confirm", By("contact set trader --mail ada@example.org")),
    ("/enrol/mail/resend", Not("A command sets an address without a code.")),
    ("/enrol/totp", By("authenticator replace-app trader")),
    ("/sign-out", Not(OWN_SESSION)),
    ("/sign-out/forget", Not(OWN_SESSION)),
    ("/session/bind", Not(OWN_KEY)),
    ("/session/refresh", Not(OWN_KEY)),
    ("/session/renew", Not(OWN_KEY)),
    ("/step-up", Not(OWN_PROOF)),
    ("/step-up/passkey/start", Not(OWN_PROOF)),
    ("/step-up/passkey/finish", Not(OWN_PROOF)),
    ("/step-up/approval/ask", Not(OWN_PROOF)),
    ("/step-up/approval", Not(OWN_PROOF)),
    ("/ticket/preview", By("order preview buy 100 AAPL --price 231.40 --credential trading")),
    ("/ticket/edit", Not(FORM)),
    ("/ticket/confirm", By("order place buy 100 AAPL --price 231.40 --credential trading")),
    ("/large-orders/ask", Not(LARGE)),
    ("/large-orders/prove", Not(LARGE)),
    ("/large-orders/passkey/start", Not(LARGE)),
    ("/large-orders/passkey/finish", Not(LARGE)),
    ("/large-orders/{approval}", Not(LARGE)),
    ("/orders/cancel-all", By("order cancel-all")),
    ("/orders/{order}/preview", By("order change 1000001 --price 58.50 --credential trading")),
    ("/orders/{order}/modify", By("order change 1000001 --price 58.50 --credential trading --yes")),
    ("/orders/{order}/cancel", By("order cancel 1000001")),
    ("/sessions/{session}/end", By("session end ID")),
    ("/sessions/end-others", By("session end --all-of trader --except ID")),
    ("/approvals/{approval}", Not(OWN_PHONE)),
    ("/phone/link", By("link trader --phone")),
    ("/phone/{device}/confirm", Not(OWN_PHONE)),
    ("/phone/move", By("link trader --phone")),
    ("/phone/{device}/move", By("device move-phone ID --to ID --number 123456")),
    ("/phone/push", Not("The phone's own browser asks its push service for an address.")),
    ("/phone/push/off", By("push remove ID")),
    ("/devices/{device}/rename", By("device rename ID laptop")),
    ("/devices/{device}/remove", By("device remove ID")),
    ("/devices/{device}/block", By("device block ID")),
    ("/devices/{device}/role", By("device role ID view")),
    ("/devices/{device}/succeed", By("device again ID --was ID")),
    ("/devices/remove-others", By("device remove --all-of trader --except ID")),
    ("/credentials", By("credential create bot")),
    ("/credentials/preview", Not(FORM)),
    ("/credentials/edit", Not(FORM)),
    ("/credentials/{credential}/rotate", By("credential rotate bot")),
    ("/credentials/{credential}/edit", By("credential edit bot --max-quantity 50")),
    ("/credentials/{credential}/pause", By("credential pause bot")),
    ("/credentials/{credential}/resume", By("credential resume bot")),
    ("/credentials/{credential}/rename", By("credential rename bot robot")),
    ("/credentials/{credential}/revoke", By("credential revoke bot")),
    (
        "/authenticators/recovery-codes",
        Not(
            "Only the person may see their codes: the operator cannot hold another's. `floorpass link` signs the person in to make new ones.",
        ),
    ),
    ("/authenticators/passkey/start", Not(OWN_BROWSER)),
    ("/authenticators/passkey/finish", Not(OWN_BROWSER)),
    ("/authenticators/app", By("authenticator replace-app trader")),
    ("/authenticators/password", By("person reset-password trader")),
    ("/authenticators/{authenticator}/rename", By("authenticator rename ID key")),
    ("/authenticators/{authenticator}/remove", By("authenticator remove ID")),
    ("/activity/export", By("activity --export csv")),
    ("/lock", By("lock --grade no-new")),
    ("/lock/lift", By("unlock")),
    ("/recover", Not(OWN_PROOF)),
    ("/recover/finish", Not(OWN_PROOF)),
    ("/recover/claim", By("recovery begin trader")),
    ("/recover/stop", By("recovery cancel ID")),
    ("/recovery/cancel", By("recovery cancel ID")),
    ("/recovery/policy", By("recovery set-policy trader --hours 48")),
    ("/recovery/trustees", By("recovery name-contact trader bob")),
    ("/recovery/trustees/{trustee}/remove", By("recovery remove-contact trader ID")),
    ("/recovery/contacts/agree", Not("A contact's own word, in their own session.")),
    ("/recovery/contacts/answer", Not("A contact's own word, in their own session.")),
    ("/messages/read", By("notice read --all-of trader")),
    ("/messages/{notice}/read", By("notice read ID")),
    ("/messages/{notice}/not-me", By("notice not-me ID")),
    ("/travel", By("travel plan trader --to FR --from 2031-02-03 --until 2031-02-03")),
    ("/travel/end", By("travel end trader")),
    ("/contact/mail", By("contact set trader --mail ada@example.org")),
    ("/contact/mail/confirm", By("contact set trader --mail ada@example.org")),
    ("/contact/mail/resend", Not("A command sets an address without a code.")),
    ("/contact/mail/remove", By("contact set trader --no-mail")),
    ("/contact/phone", By("contact set trader --phone +4930123456")),
    ("/policies/window", By("policy set trader --window \"sunday 10:00 Europe/Berlin\"")),
    ("/policies/brokerage", By("policy set trader --one-brokerage on")),
    ("/policies/large-orders", By("policy set trader --large-orders 50000")),
    ("/policies/{interface}", By("policy set trader --interface portal --idle-minutes 20")),
    ("/session/take-over", Not(OWN_SESSION)),
];

/// The words of a command line; what is in quotation marks is one of them.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('"').enumerate();
    parts
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[test]
fn form_of_the_portal_has_a_command_or_a_reason() {
    let forms: BTreeSet<_> = web::routes()
        .into_iter()
        .filter(|route| route.method == "POST")
        .map(|route| route.path)
        .collect();
    let told: BTreeSet<_> = TABLE.iter().map(|(path, _)| *path).collect();
    let none: Vec<_> = forms.difference(&told).collect();
    assert!(none.is_empty(), "neither a command nor a reason: {none:?}");
    let gone: Vec<_> = told.difference(&forms).collect();
    assert!(gone.is_empty(), "no form of the portal any more: {gone:?}");
    assert_eq!(told.len(), TABLE.len(), "a form is in the table twice");
}

#[test]
fn command_of_each_form_is_taken() {
    for (path, how) in &TABLE {
        let By(command) = how else { continue };
        let ids = [
            ("/sessions", "ses_"),
            ("/devices", "dev_"),
            ("/phone", "dev_"),
            ("/authenticators", "aut_"),
            ("/recover", "rcv_"),
            ("/messages", "ntc_"),
        ];
        let prefix = match *path {
            "/recovery/trustees/{trustee}/remove" => "trs_",
            path => ids.iter().find(|(begin, _)| path.starts_with(begin)).map_or("", |(_, id)| id),
        };
        let id = format!("{prefix}0123456789abcdefghjkmnpqrs");
        let words =
            words(command).into_iter().map(|word| if word == "ID" { id.clone() } else { word });
        let line: Vec<_> = std::iter::once("floorpass".to_owned()).chain(words).collect();
        if let Err(error) = CommandLine::try_parse_from(&line) {
            assert_eq!(error.to_string(), "", "{path}: {line:?}");
        }
    }
    assert!(CommandLine::command().get_subcommands().count() > 20);
}

#[test]
fn document_of_commands_is_as_the_table() {
    let rows = TABLE.iter().map(|(path, how)| match how {
        By(command) => {
            let parts: Vec<_> = words(command)
                .into_iter()
                .take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
                .take(2)
                .collect();
            let verb = match parts.as_slice() {
                [noun, verb, ..]
                    if CommandLine::command()
                        .find_subcommand(noun)
                        .is_some_and(|found| found.find_subcommand(verb).is_some()) =>
                {
                    format!("{noun} {verb}")
                }
                [noun, ..] => noun.clone(),
                [] => String::new(),
            };
            format!("| `{path}` | `floorpass {verb}` | |\n")
        }
        Not(why) => format!("| `{path}` | | {why} |\n"),
    });
    let section = format!(
        "\n| form | command | why there is none |\n|---|---|---|\n{}",
        rows.collect::<String>()
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (head, written) = document.split_once(MARK).unwrap();
    if std::env::var_os("FLOORPASS_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{MARK}{section}")).unwrap();
    } else {
        assert_eq!(written, section, "FLOORPASS_WRITE_DOCS=1 writes the document anew");
    }
}
