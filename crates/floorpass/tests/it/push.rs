//! Web Push through the real program: off unless a contact is given, and refused with a contact that is none.

use serde_json::json as value;

use crate::program::{Server, fault, json};

const UNKNOWN: &str = "dev_00000000000000000000000000";

#[test]
fn push_is_off_unless_a_contact_is_given() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    assert_eq!(json(&server.data, &["push", "list"]), value!([]));
    assert_eq!(fault(&server.data, &["push", "test", UNKNOWN]), (4, "PUSH_OFF".to_owned()));
    assert_eq!(server.terminate(), 0);
    let server = Server::demo(temp.path(), &["--push", "mailto:ops@example.org"]);
    for act in ["test", "remove"] {
        assert_eq!(fault(&server.data, &["push", act, UNKNOWN]), (4, "NOT_FOUND".to_owned()));
    }
    assert_eq!(server.terminate(), 0);
}

#[test]
fn contact_that_is_none_is_refused_before_anything_starts() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    let demo = ["demo", "--free-ports", "--push", "ops@example.org"];
    assert_eq!(fault(&data, &demo), (2, "USAGE".to_owned()));
    assert!(!data.exists(), "a folder was made");
}
