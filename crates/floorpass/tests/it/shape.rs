//! The shape of what each command prints with `--json`: docs/json.md shows it, and this test compares the two.
//! `FLOORPASS_WRITE_DOCS=1` writes the document anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json as value};

use crate::browser::Browser;
use crate::fixture::Kept;
use crate::program::{Server, json, run, text};
use crate::trader::Trader;

/// What follows it in the document is written by this test.
const MARK: &str = "<!-- What follows is written by a test. -->\n";

/// Commands that the document says another thing of, or that this test cannot run without a second
/// browser or a push service; they answer like another act on the same noun.
const OTHER: [&str; 16] = [
    "activity",
    "authenticator remove",
    "completions",
    "demo",
    "device again",
    "device move-phone",
    "device show",
    "evidence export",
    "notice show",
    "orders",
    "payments",
    "push remove",
    "push show",
    "push test",
    "serve",
    "authenticator show",
];

/// Fields that hold sentences, beside one that a program may branch on. docs/json.md names them.
const SENTENCES: [&str; 10] =
    ["advice", "fault", "lines", "proof", "purpose", "says", "steps", "text", "what", "why"];

/// Fields that hold names as somebody gave them.
const NAMES: [&str; 10] = [
    "browser",
    "client",
    "contact_name",
    "device_name",
    "hours",
    "model",
    "name",
    "place",
    "reference",
    "window",
];

/// Fields that mean something else under another object, each with the reason in docs/json.md.
const TWICE: [&str; 8] = ["actor", "address", "at", "code", "devices", "from", "orders", "to"];

/// What kind of value a field holds, as far as a text shows it.
fn class(name: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Number(_) => return Some("number".to_owned()),
        Value::Bool(_) => return Some("bool".to_owned()),
        _ => return None,
    };
    let is = |letters: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || letters.contains(c));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    Some(
        if SENTENCES.contains(&name) || NAMES.contains(&name) {
            "words"
        } else if text.len() == 20 && text.ends_with('Z') && text.contains('T') {
            "time"
        } else if let Some((prefix, _)) =
            text.split_once('_').filter(|(p, id)| p.len() == 3 && id.len() > 20)
        {
            return Some(format!("id {prefix}"));
        } else if text.len() < 64 && text.parse::<rust_decimal::Decimal>().is_ok() {
            "amount"
        } else if text.contains(' ') && text != "STP LMT" {
            "a sentence"
        } else if digits > 20 || !is("_-.") {
            "other"
        } else {
            "word"
        }
        .to_owned(),
    )
}

/// What was seen of a value: its types, the fields of objects and what is in lists.
#[derive(Default)]
struct Shape {
    types: BTreeSet<&'static str>,
    fields: BTreeMap<String, Shape>,
    /// How many objects were seen, and how many of them had each field.
    objects: usize,
    had: BTreeMap<String, usize>,
    items: Option<Box<Shape>>,
}

impl Shape {
    fn see(&mut self, value: &Value) {
        match value {
            Value::Null => drop(self.types.insert("null")),
            Value::Bool(_) => drop(self.types.insert("bool")),
            Value::Number(_) => drop(self.types.insert("number")),
            Value::String(_) => drop(self.types.insert("text")),
            Value::Array(all) => {
                let items = self.items.get_or_insert_default();
                for one in all {
                    items.see(one);
                }
            }
            Value::Object(all) => {
                self.objects += 1;
                for (name, one) in all {
                    self.fields.entry(name.clone()).or_default().see(one);
                    *self.had.entry(name.clone()).or_default() += 1;
                }
            }
        }
    }

    /// As JSON with the names of types in place of values: `text or null`.
    fn show(&self) -> Value {
        if self.objects > 0 {
            let all = self.fields.iter().map(|(name, one)| {
                let mark = if self.had[name] < self.objects { "?" } else { "" };
                (format!("{name}{mark}"), one.show())
            });
            let fields = Value::Object(all.collect());
            return if self.types.is_empty() { fields } else { value!({ "or null": fields }) };
        }
        if let Some(items) = &self.items {
            let nothing = items.types.is_empty() && items.objects == 0 && items.items.is_none();
            return if nothing { value!([]) } else { value!([items.show()]) };
        }
        let mut types: Vec<_> = self.types.iter().copied().filter(|one| *one != "null").collect();
        types.extend(self.types.get("null"));
        types.join(" or ").into()
    }
}

/// The commands that were run, with the shape of what they printed.
struct Recorder<'s> {
    data: &'s Path,
    seen: BTreeMap<String, Shape>,
    classes: Classes,
}

/// Each field with the kinds of value that it was seen to hold, and where.
type Classes = BTreeMap<String, BTreeMap<String, String>>;

/// Notes the kind of each value.
fn classify(classes: &mut Classes, verb: &str, name: &str, value: &Value) {
    match value {
        Value::Object(all) => all.iter().for_each(|(name, one)| classify(classes, verb, name, one)),
        Value::Array(all) => all.iter().for_each(|one| classify(classes, verb, name, one)),
        one => {
            if let Some(class) = class(name, one) {
                let seen = classes.entry(name.to_owned()).or_default();
                seen.entry(class).or_insert_with(|| format!("{verb}: {one}"));
            }
        }
    }
}

/// A field means the same wherever it is, and a sentence is where no program looks.
fn fields_mean_one_thing(classes: &Classes) {
    let mut wrong = Vec::new();
    for (name, seen) in classes {
        if let Some(at) = seen.get("a sentence") {
            wrong.push(format!("{name} is a sentence: {at}"));
        }
        let ids = seen.keys().filter(|class| class.starts_with("id ")).count();
        let kinds = ["number", "bool", "time", "amount", "words"];
        let kinds = seen.keys().filter(|class| kinds.contains(&class.as_str())).count();
        let plain = usize::from(seen.contains_key("word") || seen.contains_key("other"));
        if ids + kinds + plain > 1 && !TWICE.contains(&name.as_str()) {
            wrong.push(format!("{name} means several things: {seen:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Recorder<'_> {
    /// Runs `floorpass VERB ARGS --json`.
    fn run(&mut self, verb: &str, args: &[&str]) -> Value {
        let all: Vec<&str> = verb.split(' ').chain(args.iter().copied()).collect();
        let answer = json(self.data, &all);
        classify(&mut self.classes, verb, verb, &answer);
        self.seen.entry(verb.to_owned()).or_default().see(&answer);
        answer
    }

    /// The same for an id of the answer before.
    fn on(&mut self, verb: &str, id: &Value, args: &[&str]) -> Value {
        let all = [&[id.as_str().unwrap()], args].concat();
        self.run(verb, &all)
    }
}

/// People, what they hold and what is done to them.
fn of_people(seen: &mut Recorder<'_>, server: &Server) {
    seen.run("person list", &[]);
    seen.run("person show", &["trader"]);
    seen.run("person limit", &["trader", "--max-notional", "20000", "--limit", "spread=0.5"]);
    seen.run("person limit", &["trader", "--clear"]);
    seen.run("link", &["trader"]);
    seen.run("totp", &["trader"]);
    let mut browser = Browser::at(server);
    browser.sign_in_by_link(server);
    seen.run("where", &["trader"]);
    let sessions = seen.run("session list", &[]);
    seen.on("session show", &sessions[0]["session"], &[]);
    let devices = seen.run("device list", &[]);
    let device = &devices[0]["device"];
    seen.on("device rename", device, &["office laptop"]);
    seen.on("device role", device, &["view"]);
    let ways = seen.run("authenticator list", &[]);
    seen.run("authenticator replace-app", &["trader"]);
    seen.on("authenticator rename", &ways[0]["authenticator"], &["way in"]);
    seen.run("push list", &[]);
    seen.run("policy show", &[]);
    seen.run("policy set", &["trader", "--interface", "portal", "--idle-minutes", "20"]);
    seen.run("policy set", &["trader", "--no-large-orders", "--window", "sunday 10:00 UTC"]);
    seen.run("policy set", &["trader", "--one-brokerage", "on"]);
    seen.run("contact show", &[]);
    seen.run("contact set", &["trader", "--mail", "ada@example.org", "--phone", "+4930123456"]);
    seen.run("contact set", &["trader", "--mail", "ada@example.net"]);
    seen.run("contact show", &[]);
    seen.run("travel show", &[]);
    let plan = ["trader", "--to", "Lisbon", "--network", "192.0.2.0/24", "--from"];
    let now = json(seen.data, &["status"])["time"].as_str().unwrap().to_owned();
    let today = now.split_once('T').unwrap().0;
    seen.run("travel plan", &[&plan[..], &[today, "--until", today]].concat());
    seen.run("travel show", &[]);
    seen.run("travel end", &["trader"]);
    seen.on("session end", &sessions[0]["session"], &[]);
    seen.run("session end", &["--all-of", "trader"]);
    seen.on("device block", device, &[]);
    seen.on("device remove", device, &[]);
    seen.run("device remove", &["--all-of", "trader"]);
    let begun = seen.run("recovery begin", &["trader"]);
    seen.run("recovery list", &[]);
    seen.on("recovery show", &begun["recovery"], &[]);
    seen.on("recovery cancel", &begun["recovery"], &[]);
    seen.run("recovery list", &[]);
    seen.run("recovery policy", &[]);
    seen.run("recovery set-policy", &["trader", "--hours", "48"]);
    seen.run("recovery name-contact", &["trader", "bob"]);
    let contacts = seen.run("recovery contacts", &[]);
    let contact = contacts[0]["contact"].as_str().unwrap();
    seen.run("recovery remove-contact", &["trader", contact]);
    let told = seen.run("notice list", &[]);
    seen.on("notice read", &told[0]["notice"], &[]);
    seen.run("notice read", &["--all-of", "trader"]);
    // A sign-in can be answered 'not me'.
    let sign_in = told.as_array().unwrap().iter().find(|row| !row["session"].is_null()).unwrap();
    seen.on("notice not-me", &sign_in["notice"], &[]);
    seen.run("notice list", &[]);
    seen.run("outbox", &["--limit", "100"]);
    for _ in 0..100 {
        let waits = |row: &Value| row["state"] == "waiting";
        if !json(seen.data, &["delivery"]).as_array().unwrap().iter().any(waits) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    seen.run("delivery", &[]);
    seen.run("webhook secret", &[]);
    seen.run("person add", &["bob"]);
    seen.run("person list", &[]);
    seen.run("person reset-totp", &["trader"]);
    seen.run("person reset-password", &["trader"]);
}

/// Credentials and what programs do by them.
fn of_programs(seen: &mut Recorder<'_>, server: &Server) {
    let mut trader = Trader::connect(server.port("trading"), 3);
    trader.send(&Trader::order(1, "BUY", 5, None));
    for id in 2..=4 {
        trader.send(&Trader::order(id, "BUY", 5, Some("1.50")));
    }
    trader.wait("a fill and three orders", |told| {
        !told.executions.is_empty() && told.numbers.len() == 4
    });
    let orders = seen.run("order list", &[]);
    let open = orders.as_array().unwrap().iter().find(|row| row["state"] == "working").unwrap();
    let number = open["order"].to_string();
    let order = ["buy", "5", "AAPL", "--price", "1.50", "--credential", "trading"];
    seen.run("order preview", &order);
    seen.run("order place", &[&order[..], &["--take-profit", "900", "--yes"]].concat());
    let change = ["--price", "1.40", "--credential", "trading", "--yes"];
    seen.run("order change", &[&[number.as_str()], &change[..]].concat());
    seen.run("order show", &[&number]);
    seen.run("order cancel", &[&number]);
    seen.run("order cancel-all", &[]);
    seen.run("executions", &[]);
    seen.run("positions", &[]);
    seen.run("credential list", &[]);
    seen.run("credential show", &["trading"]);
    seen.run("credential show", &["narrow"]);
    seen.run("credential create", &["open", "--no-token"]);
    let limits = "--token --side sell --symbol AAPL --address 127.0.0.1 --per-second 5 \
                  --max-open-orders 9 --collar 5 --duplicate-seconds 30 --max-notional 2000";
    let mut wanted = vec!["limited", "--hours", "mon-fri 13:30-20:00"];
    wanted.extend(limits.split_whitespace());
    seen.run("credential create", &wanted);
    seen.run("credential show", &["limited"]);
    seen.run("credential rotate", &["limited"]);
    seen.run("credential list", &[]);
    seen.run("credential pause", &["open"]);
    seen.run("credential resume", &["open"]);
    seen.run("credential rename", &["open", "opened"]);
    seen.run("credential edit", &["opened", "--read-only"]);
    seen.run("credential revoke", &["opened"]);
}

/// What follows the mark in the document.
fn section(all: &BTreeMap<String, Shape>) -> String {
    let parts = all.iter().map(|(verb, shape)| {
        let shape = serde_json::to_string_pretty(&shape.show()).unwrap();
        format!("\n### `floorpass {verb}`\n\n```json\n{shape}\n```\n")
    });
    parts.collect()
}

fn of_mandates(seen: &mut Recorder<'_>) {
    let account = json(seen.data, &["status"])["account"].as_str().unwrap().to_owned();
    let on = |name, more: &[&'static str]| {
        [&[name, "--account"], &[account.as_str()][..], more]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    json(seen.data, &["person", "add", "carol"]);
    seen.run("mandate list", &["--account", &account]);
    let mut run = |verb: &str, arguments: Vec<String>| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        seen.run(verb, &arguments);
    };
    run("mandate revoke", on("carol", &[]));
    let hours = ["--role", "trader", "--hours", "mon-fri 13:30-20:00", "--until", "2099-12-31"];
    run("mandate grant", on("carol", &hours));
    let narrow = ["--address", "192.0.2.0/24", "--max-quantity", "5", "--max-notional", "900"];
    run("mandate change", on("carol", &narrow));
    let more = ["--max-open-orders", "3", "--collar", "1.5", "--duplicate-seconds", "9"];
    run("mandate change", on("carol", &more));
    seen.run("mandate list", &[]);
}

fn of_contracts(seen: &mut Recorder<'_>) {
    seen.run("contract search", &["apple"]);
    let chain = seen.run("contract chain", &["AAPL"]);
    assert!(!chain["strikes"].as_array().unwrap().is_empty(), "{chain}");
    let option = chain["strikes"][0]["call"]["symbol"].as_str().unwrap();
    for name in ["AAPL", "ESH7", option] {
        seen.run("contract show", &[name]);
    }
    seen.run("market", &["AAPL", option, "--bars", "1 day", "--count", "2"]);
}

#[test]
fn json_of_every_command_is_as_documented() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = server.data.clone();
    let mut seen = Recorder { data: &data, seen: BTreeMap::new(), classes: Classes::new() };
    seen.run("status", &[]);
    seen.run("doctor", &[]);
    of_people(&mut seen, &server);
    of_programs(&mut seen, &server);
    seen.run("lock", &["--grade", "reduce-only"]);
    seen.run("unlock", &[]);
    seen.run("lock", &["--person", "trader", "--grade", "all"]);
    seen.run("unlock", &["--person", "trader"]);
    let wish = ["--owner", "trader", "--cash", "250000", "--purpose", "a second one"];
    let account = seen.run("account create", &wish)["account"].clone();
    seen.run("account list", &[]);
    seen.on("account show", &account, &[]);
    seen.on("account permit", &account, &["--product", "stocks"]);
    let limits = ["--max-quantity", "500", "--limit", "daily-loss=2000", "--restrict", "IBM"];
    seen.on("account limit", &account, &limits);
    seen.on("account change", &account, &["--self-match", "oldest"]);
    seen.on("account close", &account, &[]);
    seen.run("account list", &[]);
    of_mandates(&mut seen);
    seen.run("risk", &["--account", account.as_str().unwrap()]);
    of_contracts(&mut seen);
    seen.run("performance", &["--account", account.as_str().unwrap()]);
    seen.run("activity", &["--steps", "--limit", "500"]);
    seen.run("activity", &["--limit", "1"]);
    seen.run("evidence checkpoint", &[]);
    let verified = seen.run("evidence verify", &[]);
    let at = verified["last_checkpoint"]["at"].as_str().unwrap();
    assert!(at.len() == 20 && at.ends_with('Z'), "{verified}");
    let to = temp.path().join("backup");
    seen.run("backup", &["--to", to.to_str().unwrap()]);
    let pages = temp.path().join("pages");
    seen.run("man", &["--to", pages.to_str().unwrap()]);
    let key = data.join("key");
    assert_eq!(server.terminate(), 0);
    let (restored, made) = (temp.path().join("restored/data"), temp.path().join("made"));
    std::fs::create_dir(restored.parent().unwrap()).unwrap();
    let mut other = Recorder { data: &restored, seen: seen.seen, classes: seen.classes };
    let from = ["--from", to.to_str().unwrap(), "--key", key.to_str().unwrap()];
    other.run("restore", &from);
    let mut seen = Recorder { data: &made, seen: other.seen, classes: other.classes };
    let config = temp.path().join("floorpass.toml");
    std::fs::write(&config, "[portal]\npublic_url = \"http://localhost:8080\"\n").unwrap();
    seen.run("init", &["--config", config.to_str().unwrap(), "--person", "ada"]);
    let old = Kept::sqlite();
    let mut seen = Recorder { data: &old.data, seen: seen.seen, classes: seen.classes };
    seen.run("upgrade", &["--check"]);
    seen.run("upgrade", &[]);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.md");
    let document = std::fs::read_to_string(&file).unwrap();
    let (head, written) = document.split_once(MARK).unwrap();
    let now = section(&seen.seen);
    if std::env::var_os("FLOORPASS_WRITE_DOCS").is_some() {
        std::fs::write(&file, format!("{head}{MARK}{now}")).unwrap();
    } else {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (now, written) = (lines(&now), lines(written));
        for (number, (now, written)) in now.iter().zip(&written).enumerate() {
            assert_eq!(
                now, written,
                "docs/json.md, line {number} behind the mark: if the change is meant, run this test with FLOORPASS_WRITE_DOCS=1"
            );
        }
        assert_eq!(now.len(), written.len(), "docs/json.md");
    }
    no_command_is_left_out(&pages, &seen.seen);
    fields_mean_one_thing(&seen.classes);
}

/// Every command has a man page; each is documented here or named as one that is not.
fn no_command_is_left_out(pages: &Path, seen: &BTreeMap<String, Shape>) {
    let names: BTreeSet<String> = std::fs::read_dir(pages)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_prefix("floorpass-")?.strip_suffix(".1")?.to_owned()))
        .collect();
    let known: BTreeSet<String> =
        seen.keys().map(String::as_str).chain(OTHER).map(|verb| verb.replace(' ', "-")).collect();
    let is_group = |name: &str| names.iter().any(|other| other.starts_with(&format!("{name}-")));
    let missing: Vec<_> =
        names.iter().filter(|name| !known.contains(*name) && !is_group(name)).collect();
    assert!(missing.is_empty(), "{missing:?} have no shape in docs/json.md");
    assert!(known.iter().all(|name| names.contains(name)), "{known:?} are not all commands");
}

#[test]
fn list_and_show_take_a_person_for_every_noun() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let nouns = [
        "session",
        "device",
        "authenticator",
        "push",
        "recovery",
        "notice",
        "policy",
        "contact",
        "travel",
        "person",
    ];
    for noun in nouns {
        for verb in ["list", "show"] {
            json(data, &[noun, verb]);
            json(data, &[noun, verb, "trader"]);
            let unknown = crate::program::fault(data, &[noun, verb, "nobody"]);
            assert_eq!(unknown, (4, "NOT_FOUND".to_owned()), "{noun} {verb}");
        }
    }
    for verb in ["delivery", "outbox", "where"] {
        json(data, &[verb, "trader"]);
        let unknown = crate::program::fault(data, &[verb, "nobody"]);
        assert_eq!(unknown, (4, "NOT_FOUND".to_owned()), "{verb}");
    }
    // With a second person, what is about one asks which; lists have both.
    json(data, &["person", "add", "bob"]);
    for noun in ["policy", "contact", "travel"] {
        let output = run(data, &[noun, "show"]);
        assert_eq!(output.status.code(), Some(2), "{noun}");
        assert!(text(&output).contains("bob, trader"), "{}", text(&output));
    }
    let told = json(data, &["notice", "list", "bob"]);
    let rows = told.as_array().unwrap();
    assert!(rows.iter().all(|row| row["username"] == "bob"), "{told}");
    let all = json(data, &["notice", "list"]);
    assert!(all.as_array().unwrap().len() > rows.len(), "{all}");
}

#[test]
fn lock_without_a_name_takes_the_only_account() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let account = json(&server.data, &["status"])["account"].clone();
    let locked = json(&server.data, &["lock", "--grade", "no-new"]);
    assert_eq!((&locked["account"], &locked["grade"]), (&account, &"no-new".into()), "{locked}");
    assert!(locked["username"].is_null() && locked.get("means").is_none(), "{locked}");
    let lifted = json(&server.data, &["unlock"]);
    assert_eq!((&lifted["act"], &lifted["account"]), (&"unlocked".into(), &account), "{lifted}");
    assert_eq!(lifted["needs_new_password"], false, "{lifted}");
    let output = run(&server.data, &["lock", "--account", "DU1234567", "--person", "trader"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn command_about_an_account_asks_which_where_there_are_several() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let first = json(data, &["status"])["account"].as_str().unwrap().to_owned();
    let wish = ["account", "create", "--owner", "trader", "--cash", "250000"];
    let second = json(data, &wish)["account"].as_str().unwrap().to_owned();
    for command in [
        &["positions"][..],
        &["lock", "--grade", "no-new"],
        &["credential", "create", "bot"],
        &["person", "add", "bob"],
    ] {
        let output = run(data, command);
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let said = text(&output);
        assert!(said.contains(&first) && said.contains(&second), "{command:?}: {said}");
    }
    let on = |account: &str| json(data, &["positions", "--account", account])["cash"].clone();
    assert_eq!((on(&first), on(&second)), ("1000000.00".into(), "250000.00".into()));
    // A credential for both names the account of an order.
    let both = ["credential", "create", "both", "--no-token", "--account", &first];
    json(data, &[&both[..], &["--account", &second]].concat());
    let order =
        ["order", "place", "buy", "5", "AAPL", "--price", "1.50", "--yes", "--credential", "both"];
    let unnamed = run(data, &order);
    assert!(text(&unnamed).contains(&second), "{}", text(&unnamed));
    let taken = json(data, &[&order[..], &["--account", &second]].concat());
    assert_eq!(taken["taken"][0]["account"], second.as_str());
    let list = |account: &str| json(data, &["order", "list", "--account", account]);
    assert_eq!(list(&first).as_array().unwrap().len(), 0);
    assert_eq!(list(&second).as_array().unwrap().len(), 1);
    let number = taken["order"].to_string();
    json(data, &["order", "change", &number, "--price", "1.60", "--yes", "--credential", "both"]);

    // What keeps an account open is said, and what to do about it.
    let (code, fault) = crate::program::fault(data, &["account", "close", &second]);
    assert_eq!((code, fault.as_str()), (4, "ACCOUNT_NOT_FLAT"));
    let said = text(&run(data, &["account", "close", &second]));
    assert!(said.contains("1 open order") && said.contains("cancel-all --account"), "{said}");
    json(data, &["order", "cancel-all", "--account", &second]);
    assert_eq!(json(data, &["account", "close", &second])["state"], "closed");
    assert_eq!(crate::program::fault(data, &["account", "close", &first]).1, "ACCOUNT_STAYS");
    // With one that is open, no command asks any more.
    assert_eq!(json(data, &["positions"])["account"], first.as_str());
}

#[test]
fn account_in_euros_and_one_in_dollars_are_told_each_in_its_own_currency() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let create = ["account", "create", "--owner", "trader", "--cash", "250000.50", "--currency"];
    for (currency, cash, code, name) in [
        ("EUT", "250000", 4, "CURRENCY_UNKNOWN"),
        ("JPY", "250000.50", 2, "USAGE"),
        ("EUR", "$5", 2, "USAGE"),
    ] {
        let mut wish = create.map(str::to_owned).to_vec();
        wish[5] = cash.to_owned();
        wish.push(currency.to_owned());
        let wish: Vec<_> = wish.iter().map(String::as_str).collect();
        assert_eq!(crate::program::fault(data, &wish), (code, name.to_owned()), "{currency}");
    }
    let euros = json(data, &[&create[..], &["EUR"]].concat());
    let account = euros["account"].as_str().unwrap().to_owned();
    assert_eq!((&euros["currency"], &euros["opening_cash"]), (&"EUR".into(), &"250000.50".into()));
    let first = json(data, &["status"])["account"].as_str().unwrap().to_owned();
    for (account, told) in [(&account, "cash 250000.50 EUR"), (&first, "cash 1000000.00 USD")] {
        let output = text(&run(data, &["positions", "--account", account]));
        assert!(output.contains(told), "{output}");
    }
    let shown = text(&run(data, &["account", "show", &account]));
    assert!(shown.contains("net liquidation  250000.50 EUR"), "{shown}");

    // A stock in dollars can be ordered on both: the account in euros borrows the dollars.
    let both = ["credential", "create", "both", "--no-token", "--max-notional", "5000"];
    json(data, &[&both[..], &["--account", &first, "--account", &account]].concat());
    let order =
        ["order", "place", "buy", "5", "AAPL", "--price", "1.50", "--yes", "--credential", "both"];
    let on = |account| [&order[..], &["--account", account]].concat();
    let taken = json(data, &on(&account));
    assert_eq!(taken["taken"][0]["currency"], "USD");
    let taken = json(data, &on(&first));
    assert_eq!(taken["taken"][0]["currency"], "USD");
    let number = taken["order"].to_string();
    let shown = text(&run(data, &["order", "show", &number]));
    assert!(shown.contains("limit      1.50 USD"), "{shown}");
}
