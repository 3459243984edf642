//! What the operator does in a person's place: on record, and with the person told.

use serde_json::Value;

use crate::browser::Browser;
use crate::program::{Server, fault, json, run, text};

fn rows(answer: &Value) -> &Vec<Value> {
    answer.as_array().unwrap()
}

#[test]
fn recovery_of_a_person_is_chosen_by_command_and_the_person_is_told() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    assert_eq!(json(data, &["recovery", "policy"])["wait_hours"], 72);
    let few = ["recovery", "set-policy", "trader", "--hours", "23"];
    assert_eq!(fault(data, &few).0, 4);
    let contactless = ["recovery", "set-policy", "trader", "--contacts", "1"];
    assert_eq!(fault(data, &contactless).0, 4, "nobody is named");
    json(data, &["person", "add", "bob"]);
    json(data, &["recovery", "name-contact", "trader", "bob"]);
    let set = [
        "recovery",
        "set-policy",
        "trader",
        "--hours",
        "48",
        "--contacts",
        "1",
        "--waiting",
        "off",
    ];
    let now = json(data, &set);
    assert_eq!(
        (&now["wait_hours"], &now["needed"], &now["waits"]),
        (&48.into(), &1.into(), &false.into())
    );
    // What is not named stays.
    let now = json(data, &["recovery", "set-policy", "trader", "--waiting", "on"]);
    assert_eq!(
        (&now["wait_hours"], &now["needed"], &now["waits"]),
        (&48.into(), &1.into(), &true.into())
    );
    let contacts = json(data, &["recovery", "contacts", "trader"]);
    assert_eq!(
        (&contacts[0]["contact_name"], &contacts[0]["accepted"]),
        (&"bob".into(), &Value::Null)
    );
    let contact = contacts[0]["contact"].as_str().unwrap();
    assert_eq!(
        fault(data, &["recovery", "remove-contact", "bob", contact]),
        (4, "NOT_FOUND".to_owned())
    );
    json(data, &["recovery", "remove-contact", "trader", contact]);
    assert_eq!(json(data, &["recovery", "contacts", "trader"]), serde_json::json!([]));
    let told = json(data, &["notice", "list", "trader"]);
    let of_recovery = rows(&told).iter().filter(|row| row["topic"] == "recovery_changed").count();
    assert_eq!(of_recovery, 4, "{told}");
    assert!(
        rows(&json(data, &["notice", "list", "bob"]))
            .iter()
            .any(|row| row["text"].as_str().unwrap().contains("trader"))
    );
    let done = json(data, &["activity", "--kind", "recovery", "--person", "trader"]);
    assert!(rows(&done["entries"]).iter().all(|row| row["actor"] == "operator"), "{done}");
}

#[test]
fn messages_that_the_operator_marks_as_read_are_on_record() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    json(data, &["contact", "set", "trader", "--phone", "+4930123456"]);
    json(data, &["contact", "set", "trader", "--phone", "+4930123457"]);
    let unread = || {
        let told = json(data, &["notice", "list", "trader"]);
        rows(&told).iter().filter(|row| row["read"] == false).count()
    };
    let all = unread();
    assert!(all >= 2, "{all}");
    let first = json(data, &["notice", "list", "trader"])[0]["notice"].clone();
    json(data, &["notice", "read", first.as_str().unwrap()]);
    assert_eq!(unread(), all - 1);
    json(data, &["notice", "read", "--all-of", "trader"]);
    assert_eq!(unread(), 0);
    let done = json(data, &["activity", "--kind", "messages", "--person", "trader", "--steps"]);
    let by = |row: &&Value| row["event"] == "notice.read" && row["who"] == "operator";
    assert_eq!(rows(&done["entries"]).iter().filter(by).count(), 2, "{done}");
    let unknown = "ntc_0123456789abcdefghjkmnpqrs";
    assert_eq!(fault(data, &["notice", "read", unknown]), (4, "NOT_FOUND".to_owned()));
}

#[test]
fn all_sessions_and_devices_but_one_are_ended() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let mut first = Browser::at(&server);
    first.sign_in_by_link(&server);
    let mut second = first.stranger(first.from);
    second.sign_in_by_link(&server);
    let sessions = json(data, &["session", "list", "trader"]);
    assert_eq!(rows(&sessions).len(), 2, "{sessions}");
    let kept = sessions[1].clone();
    // A slip in the id ends nothing.
    let slip = "ses_0123456789abcdefghjkmnpqrs";
    let wrong = ["session", "end", "--all-of", "trader", "--except", slip];
    assert_eq!(fault(data, &wrong), (4, "NOT_FOUND".to_owned()));
    assert_eq!(rows(&json(data, &["session", "list", "trader"])).len(), 2);
    let session = kept["session"].as_str().unwrap();
    let ended = json(data, &["session", "end", "--all-of", "trader", "--except", session]);
    assert_eq!(ended["session_ids"], serde_json::json!([sessions[0]["session"]]), "{ended}");
    let left = json(data, &["session", "list", "trader"]);
    assert_eq!((rows(&left).len(), &left[0]["session"]), (1, &kept["session"]), "{left}");
    let device = kept["device"].as_str().unwrap();
    let wrong =
        ["device", "remove", "--all-of", "trader", "--except", "dev_0123456789abcdefghjkmnpqrs"];
    assert_eq!(fault(data, &wrong), (4, "NOT_FOUND".to_owned()));
    let removed = json(data, &["device", "remove", "--all-of", "trader", "--except", device]);
    assert_eq!(rows(&removed["device_ids"]).len(), 1, "{removed}");
    let left = json(data, &["device", "list", "trader"]);
    assert_eq!((rows(&left).len(), &left[0]["device"]), (1, &kept["device"]), "{left}");
    assert_eq!(rows(&json(data, &["session", "list", "trader"])).len(), 1);
    json(data, &["session", "end", "--all-of", "trader"]);
    assert_eq!(json(data, &["session", "list", "trader"]), serde_json::json!([]));
}

/// A trader is made in one step, and nobody is taken for somebody: a name that is unknown is said.
#[test]
fn person_is_added_with_a_role_and_an_unknown_one_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let account = json(data, &["account", "list"])[0]["account"].clone();
    let made = json(data, &["person", "add", "bob", "--role", "trader"]);
    assert_eq!((&made["role"], &made["account"]), (&"trader".into(), &account), "{made}");
    let mandates = json(data, &["mandate", "list", "bob"]);
    assert_eq!(rows(&mandates).len(), 1, "{mandates}");
    assert!(mandates[0]["acts"].to_string().contains("place-order"), "{mandates}");
    let told = text(&run(data, &["person", "add", "ann"]));
    assert!(told.contains(&format!("ann is auditor of account {}", account.as_str().unwrap())));

    for asks in [
        &["link", "nobody"][..],
        &["lock", "--person", "nobody", "--grade", "no-new"],
        &["mandate", "grant", "nobody", "--role", "trader"],
        &["session", "list", "nobody"],
        &["account", "create", "--owner", "nobody", "--cash", "1000"],
        &["recovery", "name-contact", "nobody", "trader"],
        &["activity", "--person", "nobody"],
        &["outbox", "nobody"],
    ] {
        let told = text(&run(data, asks));
        assert!(told.contains("there is no person \u{201c}nobody\u{201d}; "), "{asks:?}: {told}");
    }
}
