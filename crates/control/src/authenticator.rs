//! Ways to sign in, as the operator sees them. No secret is among what is shown.

use access::{AuthenticatorId, Refusal};
use gate::{AuthenticatorInfo, Gate};

use serde_json::Value;

use serde::{Deserialize, Serialize};

use crate::answer::{AppOffered, AuthenticatorRow, Done, TotpNow};
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::person;

/// What proves people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthenticatorRequest {
    /// What proves people.
    List {
        /// Whose; none is everybody's.
        username: Option<String>,
    },
    /// Offers a person another authenticator app in place of theirs.
    ReplaceApp {
        /// User name of the person.
        username: String,
    },
    /// Puts it in that place, by a code from it.
    ConfirmApp {
        /// User name of the person.
        username: String,
        /// The code.
        code: String,
    },
    /// Gives a way to sign in another name.
    Rename {
        /// Its id, as `authenticator list` prints it.
        authenticator: AuthenticatorId,
        /// Its new name.
        name: String,
    },
    /// Takes a way to sign in away.
    Remove {
        /// Its id, as `authenticator list` prints it.
        authenticator: AuthenticatorId,
    },
    /// The TOTP code of now; demo folders only.
    Totp {
        /// User name of the person it belongs to.
        username: String,
    },
}

/// Does one request about ways to sign in.
pub(crate) async fn act(desk: &Desk<'_>, request: AuthenticatorRequest) -> Result<Value, Fault> {
    match request {
        AuthenticatorRequest::List { username } => value(list(desk.gate, username).await?),
        AuthenticatorRequest::Rename { authenticator: id, name } => {
            desk.gate.authenticators().rename(&desk.actor, id, &name).await?;
            let name = name.trim();
            let done = Done::new("authenticator_renamed", format!("{id} is now called {name}"));
            value(done.with("authenticator", id.to_string()).with("name", name))
        }
        AuthenticatorRequest::ReplaceApp { username } => value(offer_app(desk, &username).await?),
        AuthenticatorRequest::ConfirmApp { username, code } => {
            value(confirm_app(desk, &username, &code).await?)
        }
        AuthenticatorRequest::Totp { username } => {
            value(TotpNow { code: desk.gate.authenticators().totp_now(&username).await? })
        }
        AuthenticatorRequest::Remove { authenticator: id } => {
            desk.gate.authenticators().remove(&desk.actor, id).await?;
            let text = format!("{id} is removed; nobody can sign in with it any more");
            value(Done::new("authenticator_removed", text).with("authenticator", id.to_string()))
        }
    }
}

async fn list(gate: &Gate, username: Option<String>) -> Result<Vec<AuthenticatorRow>, Refusal> {
    let whose = person::named(gate, username).await?.map(|one| one.username);
    let all = gate.authenticators().all().await?.into_iter();
    let wanted = all.filter(|(name, _)| whose.as_ref().is_none_or(|whose| whose == name));
    Ok(wanted.map(|(name, info)| row(name, info)).collect())
}

/// Offers another app; the one that there is works until a code of the new one is given.
pub(crate) async fn offer_app(desk: &Desk<'_>, username: &str) -> Result<AppOffered, Refusal> {
    let person = desk.gate.people().find(username).await?;
    let offered = desk.gate.authenticators().totp_replacement(&desk.actor, person.id).await?;
    let text = |secret: &access::Secret| secret.expose_text().unwrap_or_default().to_owned();
    Ok(AppOffered {
        username: person.username,
        secret: text(&offered.secret),
        uri: text(&offered.uri),
    })
}

/// Puts the offered app in place of the one that there is.
pub(crate) async fn confirm_app(
    desk: &Desk<'_>,
    username: &str,
    code: &str,
) -> Result<Done, Refusal> {
    let person = desk.gate.people().find(username).await?;
    desk.gate.authenticators().totp_confirm_as(&desk.actor, person.id, code).await?;
    let text = format!(
        "{}'s new authenticator app is in use; codes from the old one are refused, and all sessions have ended",
        person.username
    );
    Ok(Done::new("authenticator_app_replaced", text).with("username", person.username))
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
