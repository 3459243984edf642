//! `floorpass where`.

use crate::program::{Server, fault, json};

#[test]
fn where_names_each_interface_and_the_ways_of_each_person() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &["--https"]);
    let told = json(&server.data, &["where"]);
    let rows = told["interfaces"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Client Portal", "Phone", "trading", "read-only", "narrow", "Command line"]);
    let proof = rows[0]["proof"].as_str().unwrap();
    assert_eq!(proof.split("SHA-256 ").nth(1).unwrap().len(), 95, "{proof}");
    assert!(rows.iter().all(|row| row["open"] == true), "{told}");
    let works: Vec<_> = told["ways"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["state"] == "works")
        .map(|row| row["way"].as_str().unwrap())
        .collect();
    assert_eq!(works, ["code", "link"], "{told}");
    json(&server.data, &["lock", "--person", "trader", "--grade", "all"]);
    let told = json(&server.data, &["where", "--person", "trader"]);
    for row in told["ways"].as_array().unwrap() {
        assert_eq!(
            (&row["state"], &row["refusal"]),
            (&"refused".into(), &"LOCKED".into()),
            "{row}"
        );
    }
    let (exit, code) = fault(&server.data, &["where", "--person", "nobody"]);
    assert_eq!((exit, code.as_str()), (4, "NOT_FOUND"));
}
