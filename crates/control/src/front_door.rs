//! The front door, as the operator sees it: interfaces, and the ways of each person to sign in.

use access::Refusal;
use access::way::{Stand, Way};
use gate::{Gate, PersonWays};

use crate::answer::{EntranceRow, WayRow, WhereNow};
use crate::fault;

/// Where the operator is.
const LOCAL: &str = "local";

/// All interfaces, and the ways of one person or of everybody.
pub(crate) async fn show(gate: &Gate, username: Option<&str>) -> Result<WhereNow, Refusal> {
    let names = match username {
        Some(name) => vec![name.to_owned()],
        None => gate.people().usernames().await?.into_iter().map(|(_, name)| name).collect(),
    };
    let mut ways = Vec::new();
    for name in names {
        ways.extend(rows(gate.front_door().ways_of(&name).await?));
    }
    let interfaces = gate.front_door().entrances().into_iter().map(|one| EntranceRow {
        kind: one.kind.name().to_owned(),
        name: one.name,
        // The command line has none but this machine.
        address: if one.kind.name() == "operator" { LOCAL.to_owned() } else { one.address },
        proof: one.proof,
        purpose: one.purpose,
        open: one.open.is_ok(),
        why_not: one.open.err(),
    });
    Ok(WhereNow { interfaces: interfaces.collect(), ways })
}

fn rows(one: PersonWays) -> Vec<WayRow> {
    let PersonWays { username, at_new, at_trusted } = one;
    let new = at_new.into_iter().map(|way| row(&username, None, way));
    let trusted = at_trusted.into_iter().flat_map(|(device, ways)| {
        ways.into_iter().map(move |way| (device.clone(), way)).collect::<Vec<_>>()
    });
    new.chain(trusted.map(|(device, way)| row(&username, Some(device), way))).collect()
}

fn row(username: &str, device: Option<String>, way: Way) -> WayRow {
    let (state, why) = match way.stand {
        Stand::Open => ("works", None),
        Stand::NotSetUp => ("not_set_up", None),
        Stand::Refused(why) => ("refused", Some((why.code().to_owned(), fault::words(&why)))),
    };
    let (code, text) = why.unzip();
    WayRow {
        username: username.to_owned(),
        device_name: device,
        way: way.kind.name().to_owned(),
        takes: way.steps.iter().map(|step| step.name().to_owned()).collect(),
        steps: way.steps.iter().map(|step| step.text().to_owned()).collect(),
        state: state.to_owned(),
        refusal: code,
        why_not: text,
    }
}
