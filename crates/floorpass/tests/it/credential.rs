//! Credentials from the command line, where several people have some.

use serde_json::Value;

use crate::program::{Server, fault, json, run, text};

/// Bob, with an account of his own: the first account, and his.
fn with_bob(server: &Server) -> (String, String) {
    let data = &server.data;
    let first = json(data, &["status"])["account"].as_str().unwrap().to_owned();
    json(data, &["person", "add", "bob"]);
    let wish = ["account", "create", "--owner", "bob", "--cash", "250000"];
    (first, json(data, &wish)["account"].as_str().unwrap().to_owned())
}

fn create(server: &Server, name: &str, accounts: &[&str]) -> Value {
    let mut command = vec!["credential", "create", name];
    for account in accounts {
        command.extend(["--account", account]);
    }
    json(&server.data, &command)
}

fn state(server: &Server, id: &str) -> String {
    let shown = json(&server.data, &["credential", "show", id]);
    shown["state"].as_str().unwrap().to_owned()
}

/// Anybody can give a program of theirs the name of somebody else's: no command takes one of the two for the other.
#[test]
fn name_of_two_credentials_means_neither_of_them() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let (first, bobs) = with_bob(&server);
    let made = |account: &str| create(&server, "same", &[account])["credential"].clone();
    let (one, other) = (made(&first), made(&bobs));
    let (one, other) = (one.as_str().unwrap(), other.as_str().unwrap());
    let order = ["order", "preview", "buy", "5", "AAPL", "--price", "1.50", "--credential", "same"];
    for command in [
        &["credential", "show", "same"][..],
        &["credential", "pause", "same"],
        &["credential", "resume", "same"],
        &["credential", "rotate", "same"],
        &["credential", "rename", "same", "other"],
        &["credential", "edit", "same", "--read-only"],
        &["credential", "revoke", "same"],
        &["activity", "--credential", "same"],
        &order,
    ] {
        assert_eq!(fault(data, command), (4, "CREDENTIAL_AMBIGUOUS".to_owned()), "{command:?}");
        let said = text(&run(data, command));
        for told in [one, other, "trader\u{2019}s", "bob\u{2019}s", &first, &bobs] {
            assert!(said.contains(told), "{command:?}: {said}");
        }
    }
    assert_eq!((state(&server, one).as_str(), state(&server, other).as_str()), ("open", "open"));
    json(data, &["credential", "pause", other]);
    assert_eq!((state(&server, one).as_str(), state(&server, other).as_str()), ("open", "paused"));
    json(data, &["credential", "revoke", other]);
    // The name of one that is live means that one.
    json(data, &["credential", "pause", "same"]);
    assert_eq!(
        (state(&server, one).as_str(), state(&server, other).as_str()),
        ("paused", "revoked")
    );
    // Of one person's that were revoked it means the last, of two people's none.
    json(data, &["credential", "revoke", "same"]);
    assert_eq!(fault(data, &["credential", "show", "same"]).1, "CREDENTIAL_AMBIGUOUS");
    let created = |name: &str| create(&server, name, &[&bobs])["credential"].clone();
    for _ in 0..2 {
        let last = created("again");
        json(data, &["credential", "revoke", "again"]);
        assert_eq!(json(data, &["credential", "show", "again"])["credential"], last);
    }
}

/// Of joint owners the one is chosen who may give all of it, or the one who is named; nobody is chosen who may not.
#[test]
fn credential_is_the_program_of_whoever_can_give_it_or_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let (first, bobs) = with_bob(&server);
    let holder = |made: Value| made["username"].as_str().unwrap().to_owned();
    assert_eq!(holder(create(&server, "one", &[&first])), "trader");
    // The trader holds one of them, and bob may only look at the other.
    let both = ["credential", "create", "both", "--account", &first, "--account", &bobs];
    assert_eq!(fault(data, &both), (4, "NOBODY_GIVES".to_owned()));
    let said = text(&run(data, &both));
    assert!(said.contains(&format!("trader has no mandate on {bobs}")), "{said}");
    assert!(said.contains(&format!("bob may not do this on {first}: ")), "{said}");
    json(data, &["mandate", "revoke", "bob", "--account", &first]);
    json(data, &["mandate", "grant", "bob", "--account", &first, "--role", "owner"]);
    assert_eq!(holder(json(data, &both)), "bob");
    // The first owner, unless another is named.
    assert_eq!(holder(create(&server, "two", &[&first])), "trader");
    let named = ["credential", "create", "three", "--account", &first, "--person", "bob"];
    let made = json(data, &named);
    assert_eq!(holder(made.clone()), "bob");
    let shown = json(data, &["credential", "show", made["credential"].as_str().unwrap()]);
    assert_eq!(holder(shown), "bob");
    let not = ["credential", "create", "four", "--account", &bobs, "--person", "trader"];
    assert_eq!(fault(data, &not), (4, "NOBODY_GIVES".to_owned()));
    // A name that another owner's program has on the account is taken.
    let taken = ["credential", "create", "one", "--account", &first, "--person", "bob"];
    assert_eq!(fault(data, &taken).1, "NAME_TAKEN");
    assert_eq!(fault(data, &["credential", "rename", "three", "one"]).1, "NAME_TAKEN");
    assert_eq!(fault(data, &["credential", "rename", "three", "operator"]).1, "NAME_RESERVED");
    let listed = text(&run(data, &["credential", "list"]));
    for told in ["person", "account", "bob", &bobs, &first] {
        assert!(listed.contains(told), "{told} is not in\n{listed}");
    }
}

/// Orders of several accounts are one list, with the account of each.
#[test]
fn orders_of_two_accounts_are_listed_in_the_order_they_were_placed() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let (first, bobs) = with_bob(&server);
    let on = |name: &str, account: &str| create(&server, name, &[account])["credential"].clone();
    let (one, other) = (on("one", &first), on("other", &bobs));
    for credential in [&one, &other, &one] {
        let credential = credential.as_str().unwrap();
        let order = [
            "order",
            "place",
            "buy",
            "5",
            "AAPL",
            "--price",
            "1.50",
            "--yes",
            "--credential",
            credential,
        ];
        json(data, &order);
    }
    let listed = json(data, &["order", "list", "--open"]);
    let rows = listed.as_array().unwrap().iter();
    let rows: Vec<_> = rows
        .map(|row| (row["order"].as_u64().unwrap(), row["account"].as_str().unwrap()))
        .collect();
    let own = rows.iter().filter(|(_, account)| *account == bobs).count();
    assert!(own == 1 && rows.len() >= 3, "{rows:?}");
    assert!(rows.is_sorted_by_key(|(order, _)| *order), "{rows:?}");
    assert!(rows.last().unwrap().1 == first, "{rows:?}");
    let told = text(&run(data, &["order", "list", "--open"]));
    assert!(told.contains(&bobs) && told.contains(&first), "{told}");
}
