//! Ways to sign in, as the operator sees them. No secret is among what is shown.

use access::Refusal;
use gate::{AuthenticatorInfo, Gate};

use crate::act::instant;
use crate::answer::AuthenticatorRow;

pub(crate) async fn list(
    gate: &Gate,
    username: Option<&str>,
) -> Result<Vec<AuthenticatorRow>, Refusal> {
    // A name that nobody has is told, instead of an empty list.
    let whose = match username {
        Some(name) => Some(gate.find_person(name).await?.username),
        None => None,
    };
    let all = gate.all_authenticators().await?.into_iter();
    let wanted = all.filter(|(name, _)| whose.as_ref().is_none_or(|whose| whose == name));
    Ok(wanted.map(|(name, info)| row(name, info)).collect())
}

fn row(username: String, info: AuthenticatorInfo) -> AuthenticatorRow {
    let state = match (info.suspect_at, info.confirmed) {
        (Some(_), _) => "suspect",
        (None, true) => "works",
        (None, false) => "offered",
    };
    AuthenticatorRow {
        authenticator: info.id,
        username,
        kind: info.kind.to_owned(),
        name: info.name,
        state: state.to_owned(),
        model: info.model,
        codes_left: info.left,
        since: instant(info.since),
        last_use: info.last_use.map(instant),
    }
}
