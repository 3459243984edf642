//! Travel, browsers that are older ones again and phones that move, at the command line.

use crate::program::{Server, command, fault, json, run};

#[test]
fn operator_plans_shows_and_ends_travel() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let none = json(data, &["travel", "show", "trader"]);
    assert!(none["plan"].is_null() && none["username"] == "trader", "{none}");
    let now = json(data, &["status"])["time"].as_str().unwrap().to_owned();
    let today = now.split_once('T').unwrap().0;
    let plan = ["travel", "plan", "trader", "--to", "Lisbon", "--from", today, "--until", today];
    let planned = json(data, &plan);
    assert_eq!(planned["plan"]["place"], "Lisbon", "{planned}");
    assert_eq!(planned["plan"]["state"], "now", "{planned}");
    assert_eq!(planned["plan"]["from"], format!("{today}T00:00:00Z"), "{planned}");
    assert!(planned["plan"]["network"].is_null(), "{planned}");
    assert_eq!(json(data, &["travel", "show", "trader"]), planned);
    let network = [&plan[..], &["--network", "192.0.2.0/24"]].concat();
    assert_eq!(json(data, &network)["plan"]["network"], "192.0.2.0/24");
    let told = json(data, &["notice", "list", "trader"]).to_string();
    assert!(told.contains("You planned travel to Lisbon"), "{told}");
    let evidence = json(data, &["travel", "end", "trader"]);
    assert_eq!(evidence["text"], "the travel of trader has ended");
    assert_eq!(fault(data, &["travel", "end", "trader"]), (4, "NOT_FOUND".to_owned()));
    assert_eq!(fault(data, &["travel", "show", "nobody"]), (4, "NOT_FOUND".to_owned()));
    let far =
        ["travel", "plan", "trader", "--to", "Mars", "--from", today, "--until", "2199-01-01"];
    assert_eq!(fault(data, &far), (4, "OUT_OF_RANGE".to_owned()));
    let output = run(data, &far);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.trim().ends_with("use 1 to 90 (--until)"), "{text}");
    let output = command(data, &[&far[..], &["--json"]].concat()).output().unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["error"]["field"], "last_day", "{said}");
    for odd in [["--until", "tomorrow"], ["--network", "192.0.2.0/99"]] {
        let args = [&plan[..7], &odd].concat();
        let output = command(data, &args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{odd:?}");
    }
}

#[test]
fn operator_names_devices_that_are_there() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let link = json(data, &["link", "trader", "--phone"]);
    let url = link["url"].as_str().unwrap();
    assert!(url.contains("/link/") && url.ends_with("?next=/approvals"), "{link}");
    let plain = json(data, &["link", "trader"]);
    assert!(!plain["url"].as_str().unwrap().contains("next"), "{plain}");
    let (one, other) = ("dev_00000000000000000000000000", "dev_00000000000000000000000001");
    let again = ["device", "again", one, "--was", other];
    assert_eq!(fault(data, &again), (4, "NOT_FOUND".to_owned()));
    let rename = ["device", "rename", one, "office laptop"];
    assert_eq!(fault(data, &rename), (4, "NOT_FOUND".to_owned()));
    let moves = ["device", "move-phone", one, "--to", other, "--number", "123456"];
    assert_eq!(fault(data, &moves), (4, "NOT_FOUND".to_owned()));
    let output = command(data, &["device", "again", "nonsense", "--was", other]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
