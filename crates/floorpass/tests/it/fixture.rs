//! Data of version 0.1.0 (`tests/fixtures/v0.1.0`): it opens, is what it was, verifies, and goes on.

#![expect(clippy::disallowed_methods, reason = "it signs as a browser does")]

use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::{BASE32_NOPAD, BASE64};
use ring::signature::EcdsaKeyPair;
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::browser::Browser;
use crate::program::{Server, command, fault, json, lasting_port, run, text};
use crate::soft_passkey::{PRESENT_VERIFIED, SoftPasskey};
use crate::trader::Trader;

/// How long after its last second a folder goes on.
const LATER: u64 = 60;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v0.1.0")
}

/// Unpacks an archive of the fixtures to a folder.
fn unpack(name: &str, to: &Path) {
    std::fs::create_dir(to).unwrap();
    let archive = fixtures().join(format!("{name}.tar.gz"));
    let tar = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(to).output().unwrap();
    assert!(tar.status.success(), "{}", text(&tar));
    let folder: Value =
        serde_json::from_slice(&std::fs::read(to.join("folder.json")).unwrap()).unwrap();
    // The zeros that a segment is preallocated with are not in the archive.
    for entry in std::fs::read_dir(to.join("journal")).unwrap() {
        let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
        file.set_len(folder["segment_bytes"].as_u64().unwrap()).unwrap();
    }
}

/// A data folder of that version, and what that version said of it.
pub struct Kept {
    pub temp: tempfile::TempDir,
    /// The folder.
    pub data: PathBuf,
    pub facts: Value,
    /// Without it, SQLite.
    config: Option<PathBuf>,
}

impl Kept {
    fn unpack(name: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().join("data");
        unpack(name, &data);
        let facts = std::fs::read(fixtures().join(format!("{name}.json"))).unwrap();
        Self { temp, data, facts: serde_json::from_slice(&facts).unwrap(), config: None }
    }

    /// A demo whose owner has a passkey, and no snapshot.
    fn passkey() -> Self {
        Self::unpack("passkey")
    }

    /// A demo, with SQLite and a snapshot.
    pub fn sqlite() -> Self {
        Self::unpack("sqlite")
    }

    /// One of `init` and `serve`, its tables in a database of its own.
    pub async fn postgres() -> Self {
        let server = std::env::var("FLOORPASS_TEST_POSTGRES").unwrap_or_else(|_| {
            panic!(
                "FLOORPASS_TEST_POSTGRES is not set: run `cargo xtask test`, which starts a throw-away PostgreSQL, or set it \
                 to the URL of a server whose user may create databases (postgres://user@host:port)"
            )
        });
        let mut kept = Self::unpack("postgres");
        let name = format!("kept_{}", std::process::id());
        let mut admin = sqlx::PgConnection::connect(&database(&server, "postgres")).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
        let url = database(&server, &name);
        let dump = fixtures().join("postgres.sql.gz");
        let dump = Command::new("gzip").arg("-dc").arg(dump).output().unwrap();
        assert!(dump.status.success(), "{}", text(&dump));
        let mut tables = sqlx::PgConnection::connect(&url).await.unwrap();
        let dump = String::from_utf8(dump.stdout).unwrap();
        sqlx::raw_sql(AssertSqlSafe(dump)).execute(&mut tables).await.unwrap();
        let (config, port) = (kept.temp.path().join("floorpass.toml"), lasting_port());
        let lines = format!(
            "data = \"{}\"\ndatabase = \"{url}\"\n[portal]\nlisten = \"127.0.0.1:{port}\"\n\
             public_url = \"http://localhost:{port}\"\n",
            kept.data.display()
        );
        std::fs::write(&config, lines).unwrap();
        kept.config = Some(config);
        kept
    }

    /// Arguments, with the configuration where there is one.
    pub fn args<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        let config = self.config.iter().flat_map(|file| ["--config", file.to_str().unwrap()]);
        args.iter().copied().chain(config).collect()
    }

    /// When it goes on.
    fn later(&self) -> u64 {
        self.facts["time"].as_u64().unwrap() + LATER
    }

    /// Has a command run a minute after that version stopped, by its own clock.
    pub fn a_minute_later<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let then = jiff::Timestamp::from_second(i64::try_from(self.later()).unwrap()).unwrap();
        let machines = std::fs::read_dir("/usr/lib").unwrap().flatten();
        let library = machines
            .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
            .find(|path| path.is_file())
            .unwrap_or_else(|| panic!("this test needs libfaketime (Debian: faketime)"));
        command
            .env("LD_PRELOAD", library)
            .env("TZ", "UTC")
            .env("FAKETIME", then.strftime("@%Y-%m-%d %H:%M:%S").to_string())
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    /// Starts it a minute after that version stopped, by its own clock.
    pub fn start(&self) -> Server {
        let mut start = command(
            &self.data,
            &match self.config {
                None => vec!["demo", "--free-ports"],
                Some(_) => self.args(&["serve"]),
            },
        );
        self.a_minute_later(&mut start);
        Server::start(start, self.temp.path(), &self.data)
    }

    /// Checks the evidence, also against the checkpoint that was kept elsewhere.
    pub fn verify(&self) -> Value {
        let file = self.temp.path().join("kept.json");
        std::fs::write(&file, self.facts["checkpoint"].to_string()).unwrap();
        let file = file.to_str().unwrap();
        json(&self.data, &self.args(&["evidence", "verify", "--checkpoint", file]))
    }

    /// The same entries, records and checkpoints, and the same heads of both chains.
    fn verifies_as_it_did(&self) {
        self.verify();
        let report = json(&self.data, &self.args(&["evidence", "verify"]));
        for name in ["access_entries", "journal_records", "checkpoints", "last_checkpoint"] {
            let mut was = self.facts["evidence verify"][name].clone();
            if let Some(at) = was.get_mut("at") {
                // That version counted microseconds here.
                let time = jiff::Timestamp::from_microsecond(at.as_i64().unwrap()).unwrap();
                *at = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
            }
            assert_eq!(report[name], was, "{name}");
        }
    }

    /// What the server says now is what that version said.
    pub fn is_what_it_was(&self) {
        for name in ["orders", "executions", "positions", "device list"] {
            self.same(name);
        }
        // Sessions end with an upgrade.
        assert_eq!(json(&self.data, &["session", "list"]), serde_json::json!([]));
        for name in ["credential list", "person list", "authenticator list"] {
            self.same(name);
        }
    }

    fn same(&self, name: &str) {
        said_again(&self.data, &self.facts[name], name);
    }

    /// Signs in by the passkey that Chromium made for that version.
    fn signs_in_by_its_passkey(&self, server: &Server) {
        let kept = &self.facts["passkey"];
        let bytes = |name: &str| BASE64.decode(kept[name].as_str().unwrap().as_bytes()).unwrap();
        let algorithm = &ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        let random = ring::rand::SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &bytes("privateKey"), &random).unwrap();
        let mut browser = Browser::at(server);
        let mut passkey = SoftPasskey {
            origin: browser.origin.clone(),
            counter: u32::try_from(kept["signCount"].as_u64().unwrap()).unwrap() + 1,
            flags: PRESENT_VERIFIED,
            handle: bytes("credentialId"),
            user: bytes("userHandle"),
            rp: "localhost".to_owned(),
            pair,
        };
        let begun = browser.post("/sign-in/passkey/start", &[]);
        let begun: Value = serde_json::from_str(&begun.body).unwrap();
        let answer = passkey.get(&begun["options"].to_string());
        let ceremony = begun["ceremony"].as_str().unwrap();
        let fields = [("ceremony", ceremony), ("credential", answer.as_str())];
        let done = browser.post("/sign-in/passkey/finish", &fields);
        assert_eq!(done.status, 200, "{done:?}");
        assert_eq!(browser.get("/session").status, 200);
    }

    /// Signs in, places an order and cancels it, revokes a credential.
    fn goes_on(&self, server: &Server) {
        let mut stranger = Browser::at(server);
        stranger.sign_in_by_link(server);
        let person = &self.facts["people"][0];
        let mut other = stranger.stranger(stranger.from);
        let password = person["password"].as_str().unwrap();
        let fields = [("username", "trader"), ("password", password), ("next", "/")];
        assert_eq!(other.post("/sign-in", &fields).to(), "/sign-in/code");
        let code = totp(person, self.later());
        let answer = other.post("/sign-in/code", &[("code", &code), ("next", "/")]);
        assert!(answer.to().starts_with("/sign-in/activate"), "{answer:?}");

        let mut trader = Trader::connect(server.port("trading"), 7);
        let id = trader.told.next_id.unwrap();
        trader.send(&Trader::order(id, "BUY", 1, None));
        trader.wait("a fill", |told| told.executions.len() == 1);
        let before = self.facts["executions"].as_array().unwrap().len();
        assert_eq!(json(&self.data, &["executions"]).as_array().unwrap().len(), before + 1);
        // The group and the bracket that were open go as they would have gone.
        json(&self.data, &["credential", "revoke", "trading", "--cancel-orders"]);
        let left = json(&self.data, &["orders"]);
        let open = left.as_array().unwrap().iter();
        let open: Vec<_> =
            open.filter(|row| row["state"] == "working" || row["state"] == "waiting").collect();
        assert_eq!(open.len(), 1, "the order of the session alone stays: {open:?}");
        self.verify();
    }
}

/// A command says what that version said.
fn said_again(data: &Path, was: &Value, name: &str) {
    let said = json(data, &name.split(' ').collect::<Vec<_>>());
    assert_eq!(said.as_array().map(Vec::len), was.as_array().map(Vec::len), "{name}: {said}");
    holds(&said, &in_today_s_form(was), name);
}

/// What version 0.1.0 said, as it is said now: an order's origin is an object, amounts have cents, and an average cost
/// is rounded to four places.
fn in_today_s_form(was: &Value) -> Value {
    let amount = |value: &Value, places: u32| {
        let exact: Decimal = value.as_str().unwrap().parse().unwrap();
        Value::from(format!("{:.*}", places as usize, exact.round_dp(places)))
    };
    match was {
        Value::Array(rows) => rows.iter().map(in_today_s_form).collect(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let value = match name.as_str() {
                    "from" => serde_json::json!({ "id": value }),
                    "commission" => amount(value, 2),
                    "average_cost" => amount(value, 4),
                    "state" if value == "credential_revoked" => "revoked".into(),
                    _ => in_today_s_form(value),
                };
                (name.clone(), value)
            };
            Value::Object(fields.iter().map(field).collect())
        }
        other => other.clone(),
    }
}

/// Whether what was said has all that is expected, whatever it has beside that.
fn holds(said: &Value, expected: &Value, at: &str) {
    match expected {
        Value::Object(fields) => {
            for (name, value) in fields {
                holds(&said[name], value, &format!("{at}.{name}"));
            }
        }
        Value::Array(all) => {
            for (index, value) in all.iter().enumerate() {
                holds(&said[index], value, &format!("{at}[{index}]"));
            }
        }
        value => assert_eq!(said, value, "{at}"),
    }
}

/// The code of a person's app at a time, as RFC 6238 has it.
fn totp(person: &Value, time: u64) -> String {
    let uri = person["totp_uri"].as_str().unwrap();
    let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = ring::hmac::sign(&key, &(time / 30).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The URL of another database of the same server; what follows a `?` (a socket's folder, say) stays.
pub fn database(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = address.split_once("://").unwrap();
    let authority = rest.split('/').next().unwrap();
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}/{name}{mark}{options}")
}

#[test]
fn folder_of_version_0_1_0_is_what_it_was_and_goes_on() {
    let kept = Kept::sqlite();
    kept.verifies_as_it_did();
    let first = kept.data.join("journal/00000000000000000001.seg");
    let written = std::fs::read(&first).unwrap();
    let server = kept.start();
    kept.is_what_it_was();
    kept.goes_on(&server);
    assert_eq!(server.terminate(), 0);
    kept.verify();
    assert!(std::fs::read(&first).unwrap() == written, "what that version wrote is added to");
    let segments = gate::journal::segments(&kept.data.join("journal")).unwrap();
    let [_, (_, second)] = segments.as_slice() else { panic!("{segments:?}") };
    assert!(std::fs::read(second).unwrap().starts_with(b"FLPJRNL2"));
}

#[test]
fn journal_of_version_0_1_0_replays_to_the_same_state_without_its_snapshot() {
    let kept = Kept::sqlite();
    std::fs::remove_dir_all(kept.data.join("snapshots")).unwrap();
    let server = kept.start();
    kept.is_what_it_was();
    kept.goes_on(&server);
    assert_eq!(server.terminate(), 0);
    kept.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn database_of_version_0_1_0_is_what_it_was_and_goes_on() {
    let kept = Kept::postgres().await;
    kept.verifies_as_it_did();
    let server = kept.start();
    kept.is_what_it_was();
    kept.goes_on(&server);
    assert_eq!(server.terminate(), 0);
    kept.verify();
}

#[test]
fn folder_of_version_0_1_0_with_one_changed_byte_is_altered() {
    let kept = Kept::sqlite();
    let file = kept.data.join("journal/00000000000000000001.seg");
    let whole = std::fs::read(&file).unwrap();
    let mut starts = (0..whole.len() - 4).step_by(8).filter(|at| &whole[*at..*at + 4] == b"FPRC");
    let fifth = starts.nth(4).unwrap();
    let mut bytes = whole.clone();
    bytes[fifth + 70] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(fault(&kept.data, &["evidence", "verify"]), (5, "EVIDENCE_ALTERED".to_owned()));
    std::fs::write(&file, whole).unwrap();
    assert!(run(&kept.data, &["evidence", "verify"]).status.success());
}

/// What is compared of the folder with a passkey.
const OF_PASSKEY: [&str; 3] = ["authenticator list", "device list", "person list"];

#[test]
fn passkey_of_version_0_1_0_signs_in() {
    let kept = Kept::passkey();
    let server = kept.start();
    for name in OF_PASSKEY {
        kept.same(name);
    }
    kept.signs_in_by_its_passkey(&server);
    assert_eq!(server.terminate(), 0);
    json(&kept.data, &["evidence", "verify"]);
}

#[test]
fn backup_of_version_0_1_0_is_restored_to_what_it_was() {
    let kept = Kept::passkey();
    let (place, backup) = (tempfile::tempdir().unwrap(), kept.temp.path().join("backup"));
    unpack("backup", &backup);
    let (key, data) = (kept.data.join("key"), place.path().join("data"));
    let from = ["restore", "--from", backup.to_str().unwrap(), "--key", key.to_str().unwrap()];
    json(&data, &from);
    json(&data, &["evidence", "verify"]);
    let restored = Kept { temp: place, data, facts: kept.facts.clone(), config: None };
    let server = restored.start();
    for name in OF_PASSKEY {
        said_again(&restored.data, &kept.facts["backup"][name], name);
    }
    restored.signs_in_by_its_passkey(&server);
    assert_eq!(server.terminate(), 0);
    json(&restored.data, &["evidence", "verify"]);
    // With the wrong key nothing is restored.
    let wrong = kept.temp.path().join("wrong");
    std::fs::write(&wrong, [7; 32]).unwrap();
    let other = kept.temp.path().join("other");
    let from = ["restore", "--from", backup.to_str().unwrap(), "--key", wrong.to_str().unwrap()];
    let (exit, _) = fault(&other, &from);
    assert!(exit != 0 && !other.exists(), "{exit}");
}
