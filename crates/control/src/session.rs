//! Sessions, as the operator sees them.

use access::{Refusal, SessionId};
use gate::Gate;

use crate::act::instant;
use crate::answer::{LayerRow, SessionLayers, SessionRow};

pub(crate) async fn list(gate: &Gate) -> Result<Vec<SessionRow>, Refusal> {
    let sessions = gate.sessions(None).await?;
    Ok(sessions
        .into_iter()
        .map(|one| SessionRow {
            session: one.id,
            username: one.username,
            device: one.device_name,
            interface: one.interface.name().to_owned(),
            address: one.address.map(|address| address.to_string()),
            since: instant(one.since),
            last_use: instant(one.last_use),
            until: instant(one.until),
        })
        .collect())
}

pub(crate) async fn show(gate: &Gate, session: SessionId) -> Result<SessionLayers, Refusal> {
    let found = gate.layers(session, None).await?;
    let why = found.trades.as_ref().err();
    let layers = found.layers.iter().map(|one| LayerRow {
        layer: one.name.to_owned(),
        state: one.state.name().to_owned(),
        says: one.says.clone(),
        next: one.next.clone(),
    });
    Ok(SessionLayers {
        session: found.session,
        username: found.username.clone(),
        interface: found.interface.name().to_owned(),
        trades: found.trades.is_ok(),
        code: why.map(|why| why.code().to_owned()),
        why: why.map(Refusal::caller_text),
        layers: layers.collect(),
    })
}
