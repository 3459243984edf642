//! Sessions, as the operator sees them.

use access::refusal::{ChangeRefusal, SessionRefusal};
use access::{PaperAccountId, Refusal, SessionId};
use gate::{Advice, Gate};

use serde_json::Value;

use serde::{Deserialize, Serialize};

use crate::account;
use crate::answer::{Done, LayerRow, SessionLayers, SessionRow};
use crate::desk::{Desk, instant, value};
use crate::fault::{self, Fault};
use crate::person;

/// The sessions of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionRequest {
    /// The live sessions.
    List {
        /// Whose; none is everybody's.
        #[serde(default)]
        username: Option<String>,
    },
    /// A session, layer by layer.
    Show {
        /// Its id, as `session list` prints it.
        session: SessionId,
        /// On which account; its person's only one if it is left out.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// Ends a session.
    End {
        /// Its id, as `session list` prints it.
        session: SessionId,
    },
    /// Ends all sessions of a person.
    EndAll {
        /// User name of the person.
        username: String,
        /// The one that stays.
        #[serde(default)]
        except: Option<SessionId>,
    },
}

/// Does one request about sessions.
pub(crate) async fn act(desk: &Desk<'_>, request: SessionRequest) -> Result<Value, Fault> {
    match request {
        SessionRequest::List { username } => value(list(desk.gate, username).await?),
        SessionRequest::Show { session, account } => {
            value(show(desk.gate, session, account).await?)
        }
        SessionRequest::End { session } => {
            desk.gate.sessions().end(&desk.actor, session).await?;
            let text = format!("session {session} has ended");
            value(Done::new("session_ended", text).with("session", session.to_string()))
        }
        SessionRequest::EndAll { username, except } => {
            value(end_all(desk, &username, except).await?)
        }
    }
}

/// All of a person's but one. If that one is not theirs, this is refused before anything is done.
async fn end_all(
    desk: &Desk<'_>,
    username: &str,
    except: Option<SessionId>,
) -> Result<Done, Refusal> {
    let person = desk.gate.people().find(username).await?;
    let all = desk.gate.sessions().list(Some(person.id)).await?;
    if except.is_some_and(|kept| all.iter().all(|one| one.id != kept)) {
        return Err(Refusal::not_found("session"));
    }
    let mut ended = Vec::new();
    for one in all.iter().map(|one| one.id).filter(|id| Some(*id) != except) {
        match desk.gate.sessions().end(&desk.actor, one).await {
            Ok(()) => ended.push(Value::from(one.to_string())),
            // It ended by itself meanwhile.
            Err(
                Refusal::Change(ChangeRefusal::NotFound { .. })
                | Refusal::Session(SessionRefusal::SessionEnded { .. }),
            ) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let text = format!("sessions of {} ended: {}", person.username, ended.len());
    let done = Done::new("sessions_ended", text).with("username", person.username);
    Ok(done.with("session_ids", ended))
}

async fn list(gate: &Gate, username: Option<String>) -> Result<Vec<SessionRow>, Refusal> {
    let person = person::named(gate, username).await?.map(|one| one.id);
    let sessions = gate.sessions().list(person).await?;
    Ok(sessions
        .into_iter()
        .map(|one| SessionRow {
            session: one.id,
            username: one.username,
            device: one.device,
            device_name: one.device_name,
            browser: one.agent.map(|agent| agent.name.to_string()),
            methods: one.methods.iter().map(|one| one.name().to_owned()).collect(),
            interface: one.interface.name().to_owned(),
            address: one.address.map(|address| address.to_string()),
            since: instant(one.since),
            last_use: instant(one.last_use),
            until: instant(one.until),
        })
        .collect())
}

async fn show(
    gate: &Gate,
    session: SessionId,
    account: Option<PaperAccountId>,
) -> Result<SessionLayers, Fault> {
    let account = meant(&gate.sessions().accounts(session).await?, account)?;
    let found = gate.sessions().layers(session, account, None).await?;
    let why = found.trades.as_ref().err();
    let layers = found.layers.iter().map(|one| LayerRow {
        layer: one.name.to_owned(),
        state: one.state.name().to_owned(),
        says: one.says.clone(),
        advice: one.next.as_ref().and_then(|next| match next {
            Advice::Remedy(remedy) => fault::remedy(*remedy).map(str::to_owned),
            Advice::Text(text) => Some(text.clone()),
        }),
    });
    Ok(SessionLayers {
        session: found.session,
        username: found.username.clone(),
        account: account.to_string(),
        interface: found.interface.name().to_owned(),
        trades: found.trades.is_ok(),
        refusal: why.map(|why| why.code().to_owned()),
        why: why.map(fault::words),
        layers: layers.collect(),
    })
}

/// The account that is named, or the only one of those that the session's person has.
fn meant(held: &[PaperAccountId], named: Option<PaperAccountId>) -> Result<PaperAccountId, Fault> {
    let not_allowed = |text: String| Err(Fault::new("ACCOUNT_NOT_ALLOWED", text));
    match named {
        _ if held.is_empty() => not_allowed("the person of this session has no account".to_owned()),
        None => account::only(held),
        Some(account) if held.contains(&account) => Ok(account),
        Some(account) => not_allowed(format!(
            "the person of this session has no mandate on account {account}; they have {}",
            account::names(held)
        )),
    }
}
