//! Amounts on the command line are in the smallest coins of their currency.

use crate::program::{Server, fault, json, run, text};

#[test]
fn amount_is_typed_and_told_in_the_coins_of_its_account() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let create = |code, cash| {
        vec!["account", "create", "--owner", "trader", "--currency", code, "--cash", cash]
    };
    for (code, typed, cash, said) in [
        ("JPY", "250,000", "250000", ("250000.50", "not a whole number")),
        ("KWD", "1000.125", "1000.125", ("1000.1255", "in steps of 0.001")),
        ("EUR", "1,234", "1234.00", ("10.0055", "more than two decimals")),
    ] {
        let account = json(data, &create(code, typed));
        assert_eq!(account["opening_cash"], cash, "{code}");
        assert_eq!(account["net_liquidation"], cash, "{code}");
        let said_now = text(&run(data, &create(code, said.0)));
        assert!(said_now.contains("--cash") && said_now.contains(said.1), "{said_now}");
        assert_eq!(fault(data, &create(code, said.0)), (2, "USAGE".to_owned()), "{code}");
    }
    let rows = json(data, &["account", "list"]);
    let of = |code: &str| {
        let mut rows = rows.as_array().unwrap().iter();
        rows.find(|row| row["currency"] == code).unwrap()["account"].as_str().unwrap().to_owned()
    };
    // A limit is one of the account's currency.
    for (name, code, typed, told, off, says) in [
        ("yen", "JPY", "5,000", "5000", "5000.5", "5,000 JPY"),
        ("dinar", "KWD", "20.125", "20.125", "20,125", "20.125 KWD"),
        ("euro", "EUR", "20000,5", "20000.50", "0.125", "20,000.5 EUR"),
    ] {
        let account = of(code);
        let credential = |limit| {
            vec![
                "credential",
                "create",
                name,
                "--no-token",
                "--account",
                &account,
                "--max-notional",
                limit,
            ]
        };
        assert_eq!(fault(data, &credential(off)), (4, "AMOUNT_UNREADABLE".to_owned()), "{code}");
        let said = text(&run(data, &credential(off)));
        assert!(said.contains("(--max-notional)"), "{said}");
        json(data, &credential(typed));
        let shown = json(data, &["credential", "show", name]);
        assert_eq!(shown["scopes"]["max_notional"], told, "{code}");
        let says = format!("place an order above {says}");
        let words = text(&run(data, &["credential", "show", name]));
        assert!(words.contains(&says), "{words}");
        let change =
            ["mandate", "change", "trader", "--account", &account, "--max-notional", typed];
        assert_eq!(json(data, &change)["max_notional"], told, "{code}");
    }
    // Of several currencies, in hundredths.
    let (one, other) = (of("JPY"), of("EUR"));
    let both =
        ["credential", "create", "both", "--no-token", "--account", &one, "--account", &other];
    json(data, &[&both[..], &["--max-notional", "5000,5"]].concat());
    assert_eq!(json(data, &["credential", "show", "both"])["scopes"]["max_notional"], "5000.50");
}
