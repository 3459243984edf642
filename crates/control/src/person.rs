//! Whose things a request is about.

use access::{PaperAccountId, Refusal};
use gate::{Gate, PersonInfo};

use crate::fault::Fault;

/// The code of a request that leaves out a name where there are several.
pub const NAME_NEEDED: &str = "NAME_NEEDED";

/// The person of this name, where one is named. A name that nobody has is told, instead of an empty list.
pub(crate) async fn named(
    gate: &Gate,
    username: Option<String>,
) -> Result<Option<PersonInfo>, Refusal> {
    match username {
        Some(name) => gate.people().find(&name).await.map(Some),
        None => Ok(None),
    }
}

/// The person who is named, or the only one that there is.
pub(crate) async fn the(gate: &Gate, username: Option<String>) -> Result<String, Fault> {
    if let Some(name) = username {
        return Ok(name);
    }
    let mut names: Vec<_> = gate.usernames().await?.into_iter().map(|(_, name)| name).collect();
    match names.pop() {
        Some(only) if names.is_empty() => Ok(only),
        Some(last) => {
            names.push(last);
            let text = format!("there are {} people; name one: {}", names.len(), names.join(", "));
            Err(Fault::new(NAME_NEEDED, text))
        }
        None => Err(Refusal::NotFound { what: "person" }.into()),
    }
}

/// The only account that there is.
pub(crate) async fn only_account(gate: &Gate) -> Result<PaperAccountId, Fault> {
    let mut accounts: Vec<_> =
        gate.people().list().await?.into_iter().flat_map(|one| one.accounts).collect();
    accounts.push(gate.account());
    accounts.sort_unstable();
    accounts.dedup();
    if let [only] = accounts.as_slice() {
        return Ok(*only);
    }
    let names: Vec<_> = accounts.iter().map(ToString::to_string).collect();
    let text = format!(
        "there are {} accounts; name one with --account: {}",
        names.len(),
        names.join(", ")
    );
    Err(Fault::new(NAME_NEEDED, text))
}
