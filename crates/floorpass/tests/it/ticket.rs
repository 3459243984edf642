//! Orders from the command line: under a credential's authority, within its limits, and never under the operator's.

use std::path::Path;

use serde_json::Value;

use crate::program::{Server, command, fault, json, run, text};

const BUY: [&str; 7] = ["buy", "10", "AAPL", "--price", "1.50", "--credential", "trading"];

/// `floorpass order VERB ARGS`.
fn order(data: &Path, verb: &str, args: &[&str], more: &[&str]) -> Value {
    json(data, &[&["order", verb], args, more].concat())
}

fn refused(data: &Path, verb: &str, args: &[&str], more: &[&str]) -> (i32, String) {
    fault(data, &[&["order", verb], args, more].concat())
}

fn open_orders(data: &Path) -> Vec<Value> {
    json(data, &["order", "list", "--open"]).as_array().unwrap().clone()
}

#[test]
fn order_of_a_command_is_its_credential_s_and_within_its_limits() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let sheet = order(data, "preview", &BUY, &[]);
    assert_eq!((&sheet["value"], &sheet["currency"]), (&"15.00".into(), &"USD".into()), "{sheet}");
    assert_eq!(sheet["lines"][0], "BUY 10 AAPL LMT 1.50 DAY", "{sheet}");
    assert!(open_orders(data).is_empty(), "a preview sends nothing");
    let placed = order(data, "place", &BUY, &["--yes"]);
    let number = placed["order"].to_string();
    let from = &open_orders(data)[0]["from"];
    assert_eq!((&from["kind"], &from["name"]), (&"credential".into(), &"trading".into()));
    let changed =
        order(data, "change", &[&number, "--price", "1,40", "--credential", "trading"], &["--yes"]);
    assert_eq!(changed["taken"][0]["limit_price"], "1.40", "{changed}");
    // It keeps its number of shares and its kind; another credential does not know it.
    assert_eq!(
        (&changed["taken"][0]["quantity"], &changed["taken"][0]["order_type"]),
        (&10.into(), &"LMT".into())
    );
    let others = [number.as_str(), "--price", "1.30", "--credential", "narrow"];
    assert_eq!(refused(data, "change", &others, &["--yes"]), (4, "ORDER_NOT_OPEN".to_owned()));
    let bracket =
        order(data, "place", &BUY, &["--take-profit", "900", "--stop-loss", "1", "--yes"]);
    assert_eq!(bracket["taken"].as_array().unwrap().len(), 3, "{bracket}");
    assert_eq!(bracket["taken"][1]["parent"], bracket["order"], "{bracket}");
    let read_only = ["buy", "1", "AAPL", "--price", "1.50", "--credential", "read-only"];
    for verb in ["preview", "place"] {
        let yes: &[&str] = if verb == "place" { &["--yes"] } else { &[] };
        assert_eq!(refused(data, verb, &read_only, yes), (4, "READ_ONLY".to_owned()), "{verb}");
    }
    let sell = ["sell", "10", "AAPL", "--type", "market", "--credential", "trading", "--reduce"];
    assert_eq!(refused(data, "place", &sell, &["--yes"]), (4, "ORDER_PAST_FLAT".to_owned()));
    assert_eq!(refused(data, "preview", &sell, &[]), (4, "ORDER_PAST_FLAT".to_owned()));
    json(data, &["lock", "--grade", "no-new"]);
    let (exit, code) = refused(data, "place", &BUY, &["--yes"]);
    assert!(exit == 4 && code.contains("LOCK"), "{code}");
    let told = text(&run(data, &[&["order", "preview"], &BUY[..]].concat()));
    let account = json(data, &["account", "list"])[0]["account"].as_str().unwrap().to_owned();
    assert!(told.contains(&format!("account {account} is locked: ")), "{told}");
    assert!(told.contains(&format!("`floorpass unlock --account {account}`")), "{told}");
    // What was refused under the lock and what would have opened the other side; a preview is no order.
    let today = json(data, &["credential", "show", "trading"]);
    assert_eq!(today["refused_orders_today"], 2, "{today}");
    assert_eq!(today["refused_connections_today"], 0, "{today}");
}

#[test]
fn order_of_a_command_needs_the_token_and_a_yes() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let made = json(data, &["credential", "create", "bot", "--token", "--max-quantity", "5"]);
    let token = made["token"].as_str().unwrap();
    let file = temp.path().join("token");
    let bot = ["buy", "5", "AAPL", "--price", "1.50", "--credential", "bot"];
    let by = ["--token-file", file.to_str().unwrap()];
    assert_eq!(refused(data, "place", &bot, &["--yes"]), (4, "TOKEN_MISSING".to_owned()));
    let last = if token.ends_with('0') { '1' } else { '0' };
    std::fs::write(&file, format!("{}{last}\n", &token[..token.len() - 1])).unwrap();
    let (exit, code) = refused(data, "place", &bot, &[&by[..], &["--yes"]].concat());
    assert!(exit == 4 && code.starts_with("TOKEN"), "{code}");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let all = [&by[..], &["--yes"]].concat();
    order(data, "place", &bot, &all);
    let large = ["buy", "6", "AAPL", "--price", "1.50", "--credential", "bot"];
    assert_eq!(refused(data, "preview", &large, &by).0, 4);
    // By the variable too; what is said of a failure never has it.
    let mut with = command(data, &[&["order", "preview"], &large[..]].concat());
    let output = with.env("FLOORPASS_TOKEN", token).output().unwrap();
    assert!(output.status.code() == Some(4) && !text(&output).contains(token), "{}", text(&output));
    // Nobody can be asked here, so nothing is sent.
    let before = open_orders(data).len();
    assert_eq!(refused(data, "place", &BUY, &[]), (2, "CONFIRMATION_NEEDED".to_owned()));
    let change = ["1000001", "--price", "1.40", "--credential", "bot"];
    assert_eq!(refused(data, "change", &change, &[]), (2, "CONFIRMATION_NEEDED".to_owned()));
    assert_eq!(open_orders(data).len(), before);
    let none = ["buy", "5", "AAPL", "--price", "1.50", "--yes"];
    assert_eq!(refused(data, "place", &none, &[]), (2, "USAGE".to_owned()));
    let priceless = ["buy", "5", "AAPL", "--credential", "trading", "--yes"];
    assert_eq!(refused(data, "place", &priceless, &[]), (2, "PRICE_MISSING".to_owned()));
    let both = ["--type", "market", "--yes"];
    assert_eq!(refused(data, "place", &BUY, &both), (2, "PRICE_NOT_TAKEN".to_owned()));
    json(data, &["credential", "revoke", "bot"]);
    let (exit, code) = refused(data, "place", &bot, &all);
    assert!(exit == 4 && code.contains("REVOKED"), "{code}");
    let turned_away = json(data, &["credential", "show", made["credential"].as_str().unwrap()]);
    assert_eq!(turned_away["refused_connections_today"], 3, "{turned_away}");
}

#[test]
fn answer_names_the_order_that_was_asked_for_beside_those_that_it_ended() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let sell = |terms: &[&str]| {
        let args = [&["sell", "10", "AAPL", "--credential", "trading", "--reduce"], terms].concat();
        order(data, "place", &args, &["--yes"])
    };
    let buy = ["buy", "10", "AAPL", "--type", "market", "--credential", "trading"];
    order(data, "place", &buy, &["--yes"]);
    for _ in 0..200 {
        if open_orders(data).is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let exits = ["900", "901"].map(|price| sell(&["--price", price])["order"].as_u64().unwrap());
    let closed = sell(&["--type", "market"]);
    assert!(closed["order"].as_u64() > exits.iter().copied().max(), "{closed}");
    assert_eq!(closed["taken"].as_array().unwrap().len(), 3, "{closed}");
}
