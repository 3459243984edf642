//! Mandates from the command line: who may do what on which account.

use serde_json::{Value, json as value};

use crate::browser::Browser;
use crate::program::{Server, fault, json, run, text};

fn row<'a>(rows: &'a Value, name: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|row| row["username"] == name).unwrap()
}

#[test]
fn trader_is_granted_changed_and_revoked_by_name() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    json(data, &["person", "add", "bob"]);
    let rows = json(data, &["mandate", "list"]);
    assert_eq!(
        (&row(&rows, "trader")["role"], &row(&rows, "bob")["role"]),
        (&"owner".into(), &"auditor".into())
    );
    let stands = fault(data, &["mandate", "grant", "bob", "--role", "trader"]);
    assert_eq!(stands, (4, "MANDATE_STANDS".to_owned()));
    json(data, &["mandate", "revoke", "bob"]);
    let again = fault(data, &["mandate", "revoke", "bob"]);
    assert_eq!(again, (4, "NOT_FOUND".to_owned()));

    let granted = json(
        data,
        &[
            "mandate",
            "grant",
            "bob",
            "--role",
            "trader",
            "--order-kind",
            "limit",
            "--order-kind",
            "stop-limit",
            "--max-quantity",
            "100",
            "--address",
            "192.0.2.0/24",
            "--hours",
            "mon-fri 13:30-20:00",
            "--until",
            "2099-12-31",
        ],
    );
    assert_eq!(granted["order_kinds"], value!(["limit", "stop-limit"]));
    assert_eq!(granted["until"], "2100-01-01T00:00:00Z", "the last day still counts");
    assert_eq!(
        (&granted["grantor"], &granted["max_quantity"], &granted["addresses"]),
        (&"operator".into(), &100.into(), &value!(["192.0.2.0/24"]))
    );
    let acts: Vec<_> =
        granted["acts"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(acts.contains(&"place-order") && !acts.contains(&"manage-credentials"), "{acts:?}");

    // What is not named stays; what is cleared is what the role gives.
    let changed = json(
        data,
        &[
            "mandate",
            "change",
            "bob",
            "--max-quantity",
            "50",
            "--clear",
            "until",
            "--clear",
            "order-kinds",
            "--act",
            "view-account",
        ],
    );
    assert_eq!((&changed["until"], &changed["max_quantity"]), (&Value::Null, &50.into()));
    assert_eq!(changed["order_kinds"], value!(["market", "limit", "stop", "stop-limit"]));
    assert_eq!(
        (&changed["acts"], &changed["hours"]),
        (&value!(["view-account"]), &granted["hours"])
    );
    assert_eq!(*row(&json(data, &["mandate", "list"]), "bob"), changed);
    let told = json(data, &["notice", "list", "trader"]).to_string();
    assert!(told.contains("bob is now trader of account"), "{told}");
}

#[test]
fn mandates_of_one_person_are_listed_by_name_with_the_currency_of_amounts() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    json(data, &["person", "add", "bob"]);
    let changed = json(data, &["mandate", "change", "bob", "--max-notional", "5000"]);
    assert_eq!(json(data, &["mandate", "list", "Bob"]), value!([changed]));
    assert_eq!(fault(data, &["mandate", "list", "nobody"]), (4, "NOT_FOUND".to_owned()));
    let listed = text(&run(data, &["mandate", "list", "bob"]));
    assert!(listed.contains("5000.00 USD an order"), "{listed}");
}

#[test]
fn wrong_terms_are_refused_with_what_to_do() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    json(data, &["person", "add", "bob"]);
    json(data, &["mandate", "revoke", "bob"]);
    let grant = |more: &[&str]| {
        let all = [&["mandate", "grant", "bob", "--role", "trader"], more].concat();
        text(&run(data, &all))
    };
    assert!(grant(&["--act", "fly"]).contains("act fly is not known; use view-account, "));
    assert!(grant(&["--order-kind", "iceberg"]).contains("use market, limit, stop, stop-limit"));
    assert!(grant(&["--product", "tulips"]).contains("use stocks"));
    assert!(grant(&["--act", "manage-credentials"]).contains("acts"));
    assert!(grant(&["--until", "2020-01-01"]).contains("end of the mandate"));
    assert!(grant(&["--until", "2020-01-01"]).contains("(--until)"));
    let nobody = fault(data, &["mandate", "grant", "nobody", "--role", "trader"]);
    assert_eq!(nobody, (4, "NOT_FOUND".to_owned()));
    assert_eq!(fault(data, &["mandate", "revoke", "trader"]), (4, "LAST_OWNER".to_owned()));
    assert_eq!(
        run(data, &["mandate", "change", "bob"]).status.code(),
        Some(2),
        "nothing to change"
    );
    let second = ["account", "create", "--owner", "trader", "--cash", "250000"];
    let second = json(data, &second)["account"].as_str().unwrap().to_owned();
    let which = run(data, &["mandate", "grant", "bob", "--role", "auditor"]);
    assert!(which.status.code() == Some(2) && text(&which).contains(&second), "{}", text(&which));
}

#[test]
fn session_of_a_person_with_two_accounts_is_looked_at_on_the_one_that_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let first = json(data, &["account", "list"])[0]["account"].as_str().unwrap().to_owned();
    Browser::at(&server).sign_in_by_link(&server);
    let session = json(data, &["session", "list"])[0]["session"].as_str().unwrap().to_owned();
    let only = json(data, &["session", "show", &session]);
    assert_eq!(only["account"], value!(first), "{only}");
    let second = ["account", "create", "--owner", "trader", "--cash", "250000"];
    let second = json(data, &second)["account"].as_str().unwrap().to_owned();
    json(data, &["lock", "--account", &second, "--grade", "no-new"]);
    let shown = json(data, &["account", "show", &second]);
    assert!(shown["lock"] == "no-new" && shown["locked"].is_string(), "{shown}");
    let locks = json(data, &["status"])["locks"].clone();
    assert_eq!((&locks[0]["account"], &locks[0]["grade"]), (&value!(second), &value!("no-new")));
    assert_eq!(locks[0]["since"], shown["locked"]);
    let told = text(&run(data, &["status"]));
    assert!(told.contains(&format!("locked: account {second}, no-new, since 20")), "{told}");
    let people = json(data, &["person", "list"]).to_string();
    assert!(people.contains(&format!("no-new on account {second}")), "{people}");
    let which = run(data, &["session", "show", &session]);
    let names = text(&which).contains(&first) && text(&which).contains(&second);
    assert!(which.status.code() == Some(2) && names, "{}", text(&which));
    // What the layer of the account says.
    let on = |account: &str| {
        let shown = json(data, &["session", "show", &session, "--account", account]);
        assert_eq!(shown["account"], account);
        let layers = shown["layers"].as_array().unwrap().clone();
        layers.into_iter().find(|layer| layer["layer"] == "account").unwrap()["state"].clone()
    };
    assert_eq!((on(&first), on(&second)), (value!("up"), value!("narrow")));
    let foreign = fault(data, &["session", "show", &session, "--account", "DU7654321"]);
    assert_eq!(foreign, (4, "ACCOUNT_NOT_ALLOWED".to_owned()));
}

#[test]
fn owner_who_is_revoked_has_no_programs_left_on_the_account() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    json(data, &["person", "add", "bob"]);
    json(data, &["mandate", "revoke", "bob"]);
    json(data, &["mandate", "grant", "bob", "--role", "owner"]);
    let ended = json(data, &["mandate", "revoke", "trader"]);
    let mut names: Vec<_> =
        ended["credentials"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["narrow", "read-only", "trading"]);
    let programs = json(data, &["credential", "list"]);
    assert!(programs.as_array().unwrap().iter().all(|one| one["state"] == "revoked"), "{programs}");
    let rows = json(data, &["mandate", "list"]);
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(row(&rows, "bob")["role"], "owner");
}
