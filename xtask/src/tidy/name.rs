//! File names: a file is named after its noun, each noun has one name, and no room is for everything.

use super::source::is_rust;

/// Rooms that attract what belongs elsewhere.
const ROOMS: [&str; 13] = [
    "util", "utils", "common", "misc", "helper", "helpers", "manager", "service", "services",
    "handler", "handlers", "types", "core",
];

/// Other words for a noun that the project already has a name for.
const SYNONYMS: [(&str, &str); 38] = [
    ("audit", "evidence"),
    ("auditing", "evidence"),
    ("audit_log", "evidence"),
    ("mobile", "phone"),
    ("handset", "phone"),
    ("ws", "socket"),
    ("application", "app"),
    ("client_app", "app"),
    ("api_key", "credential"),
    ("apikey", "credential"),
    ("api_credential", "credential"),
    ("cred", "credential"),
    ("creds", "credential"),
    ("credentials", "credential"),
    ("panic_button", "lock"),
    ("kill_switch", "lock"),
    ("killswitch", "lock"),
    ("user", "person"),
    ("users", "person"),
    ("people", "person"),
    ("persons", "person"),
    ("acct", "account"),
    ("accounts", "account"),
    ("browser", "device"),
    ("devices", "device"),
    ("sessions", "session"),
    ("login", "sign_in"),
    ("signin", "sign_in"),
    ("logon", "sign_in"),
    ("logout", "session"),
    ("factor", "authenticator"),
    ("mfa", "authenticator"),
    ("otp", "totp"),
    ("webauthn", "passkey"),
    ("ratelimit", "throttle"),
    ("permission", "entitlements"),
    ("permissions", "entitlements"),
    ("wal", "journal"),
];

/// Faults in one path. Only folders of Rust source are bound to the nouns; names of rooms are banned in all code.
pub fn faults(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let rust = is_rust(path);
    if !rust
        || !(path.starts_with("crates/") || path.starts_with("xtask/") || path.starts_with("fuzz/"))
    {
        return found;
    }
    let source = path.contains("/src/");
    for part in path.trim_end_matches(".rs").split('/') {
        if ROOMS.contains(&part) {
            found.push(format!("{path}: {part:?} can mean anything; use the name of its noun"));
        }
        let synonym = SYNONYMS.iter().find(|(word, _)| source && *word == part);
        if let Some((word, noun)) = synonym
            && !path.starts_with("xtask/")
        {
            found.push(format!("{path}: use {noun:?} instead of {word:?}"));
        }
    }
    let beside_it = path.starts_with("crates/")
        && path.split('/').nth(2) == Some("tests")
        && path.split('/').nth(3) != Some("it");
    if beside_it {
        found.push(format!("{path}: integration tests are one binary a crate: tests/it/"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_everything_is_a_fault() {
        assert_eq!(faults("crates/gate/src/util.rs").len(), 1);
        assert_eq!(faults("crates/gate/src/helpers/clock.rs").len(), 1);
        assert!(faults("crates/gate/src/clock.rs").is_empty());
    }

    #[test]
    fn synonym_of_a_noun_is_a_fault() {
        assert_eq!(faults("crates/web/src/login.rs").len(), 1);
        assert!(faults("crates/web/src/sign_in.rs").is_empty());
    }

    #[test]
    fn second_integration_binary_is_a_fault() {
        assert_eq!(faults("crates/gate/tests/order.rs").len(), 1);
        assert!(faults("crates/gate/tests/it/order.rs").is_empty());
    }
}
