//! Ways to sign in, at the command line.

use crate::program::{Server, fault, json};

#[test]
fn operator_lists_ways_to_sign_in_and_the_last_one_stays() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let all = json(&server.data, &["authenticator", "list"]);
    let rows = all.as_array().unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 2, "{all}");
    assert!(kinds.contains(&"password") && kinds.contains(&"totp"), "{all}");
    for row in rows {
        assert_eq!((&row["username"], &row["state"]), (&"trader".into(), &"works".into()), "{row}");
        assert!(row["codes_left"].is_null() && row["model"].is_null(), "{row}");
        let id = row["authenticator"].as_str().unwrap();
        let (exit, code) = fault(&server.data, &["authenticator", "remove", id]);
        assert_eq!((exit, code.as_str()), (4, "LAST_AUTHENTICATOR"));
    }
    let own = json(&server.data, &["authenticator", "list", "trader"]);
    assert_eq!(own, all);
    let (exit, code) = fault(&server.data, &["authenticator", "list", "--person", "nobody"]);
    assert_eq!((exit, code.as_str()), (4, "NOT_FOUND"));
}
