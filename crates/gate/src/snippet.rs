//! The few lines of Python by which a program reaches a credential's port, as portal and command line print
//! them. A test runs them as they are.

use std::net::IpAddr;

/// A complete program for `ib_async` that connects, prints what the account is worth, and leaves. `token` is
/// written into it; without one that is demanded the program reads it from its environment.
pub fn python(host: &str, port: u16, token_required: bool, token: Option<&str>) -> String {
    let (import, set) = match (token_required, token) {
        (false, _) => ("", String::new()),
        (true, Some(token)) => ("", format!("ib.client.setConnectOptions(\"token={token}\")\n")),
        (true, None) => (
            "import os\n\n",
            "ib.client.setConnectOptions(\"token=\" + os.environ[\"FLOORPASS_TOKEN\"])\n"
                .to_owned(),
        ),
    };
    format!(
        "{import}from ib_async import IB\n\nib = IB()\n{set}ib.connect(\"{host}\", {port}, clientId=1)\nfor row in ib.accountSummary():\n    if row.tag == \"NetLiquidation\":\n        print(row.account, row.value, row.currency)\nib.disconnect()\n"
    )
}

/// The host that a program on this machine dials for a bound address.
pub fn host(bound: Option<IpAddr>) -> String {
    match bound {
        Some(address) if !address.is_unspecified() => address.to_string(),
        Some(_) | None => "127.0.0.1".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippet_holds_the_token_where_it_is_told_and_reads_it_where_it_is_not() {
        let told = python("127.0.0.1", 7500, true, Some("fpc_x"));
        assert!(told.contains("setConnectOptions(\"token=fpc_x\")") && !told.contains("environ"));
        // The table of client libraries says the same.
        let table = include_str!("../../../docs/clients.md");
        let row = table.lines().find(|line| line.starts_with("| ib_async ")).unwrap_or("none");
        assert!(
            row.contains("`ib.client.setConnectOptions('token=..')` before `connect`"),
            "{row}"
        );
        let kept = python("127.0.0.1", 7500, true, None);
        assert!(kept.starts_with("import os\n") && kept.contains("FLOORPASS_TOKEN"));
        let open = python("127.0.0.1", 7500, false, None);
        assert!(
            !open.contains("token") && open.contains("connect(\"127.0.0.1\", 7500, clientId=1)")
        );
    }
}
