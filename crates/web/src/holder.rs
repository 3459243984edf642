//! Who sent an order, by name: the credential and its program, or the portal.

use std::collections::{BTreeMap, BTreeSet};

use access::{CredentialId, Holder};
use maud::{Markup, html};
use trade::order::Origin;

use crate::fault::Fault;
use crate::visit::Signed;

/// Names of holders, and the program that last used each credential.
#[derive(Default)]
pub(crate) struct Names {
    called: BTreeMap<Holder, String>,
    /// The client id and the library of the last connection.
    programs: BTreeMap<CredentialId, (i32, String)>,
    /// The credentials of the account, used or not.
    on: BTreeSet<CredentialId>,
}

impl Names {
    pub(crate) async fn load(signed: &Signed) -> Result<Self, Fault> {
        let gate = signed.visit.portal.gate();
        let names = gate.activity().holder_names().await.map_err(|why| signed.fault(why))?;
        let clients = gate.credentials().clients(signed.ticket.account).await;
        let clients = clients.map_err(|why| signed.fault(why))?;
        let programs = clients.iter().filter_map(|(id, client)| Some((*id, program(client)?)));
        Ok(Self {
            called: names,
            programs: programs.collect(),
            on: clients.keys().copied().collect(),
        })
    }

    /// Names of the credentials that have a port, from memory: a page that many look at asks no table for them.
    pub(crate) fn of_ports(signed: &Signed) -> Self {
        let listeners = signed.visit.portal.gate().credentials().listeners();
        let named = |one: &gate::Listener| (Holder::Credential(one.credential), one.name.clone());
        let names = listeners.borrow().iter().map(named).collect();
        Self { called: names, ..Self::default() }
    }

    /// Whether a credential of this id has a name here, which it lacks when it was made since.
    pub(crate) fn knows(&self, holder: Holder) -> bool {
        !matches!(holder, Holder::Credential(_)) || self.called.contains_key(&holder)
    }

    /// The account's credentials by id and name, in order of their names.
    pub(crate) fn credentials(&self) -> Vec<(String, &str)> {
        let mut all: Vec<_> = self
            .called
            .iter()
            .filter(|(holder, _)| matches!(holder, Holder::Credential(id) if self.on.contains(id)))
            .map(|(holder, name)| (holder.to_string(), name.as_str()))
            .collect();
        all.sort_by_key(|(_, name)| *name);
        all
    }

    /// `trading`, linked; `the portal`.
    pub(crate) fn of(&self, holder: Holder) -> Markup {
        let name = self.called.get(&holder);
        html! {
            @match (holder, name) {
                (Holder::Credential(id), Some(name)) => a href={ "/credentials/" (id) } { (name) },
                (Holder::Credential(id), None) => a href={ "/credentials/" (id) } { "a credential" },
                (Holder::Session(_), Some(name)) => { "portal, " (name) },
                (Holder::Session(_), None) => "portal, ended session",
                (Holder::Operator, _) => "operator",
                (Holder::System, _) => "server",
            }
        }
    }

    /// The same with the client: `trading · ib_async client 1`.
    pub(crate) fn source(&self, origin: Origin) -> Markup {
        html! {
            (self.of(origin.holder))
            @if let Holder::Credential(id) = origin.holder {
                " \u{b7} "
                @if let Some((_, library)) = self.programs.get(&id).filter(|(client, _)| *client == origin.client_id) { (library) " " }
                "client " (origin.client_id)
            }
        }
    }
}

/// Client id and library of `ib_async (client 1)`.
fn program(told: &str) -> Option<(i32, String)> {
    let (library, client) = told.strip_suffix(')')?.split_once(" (client ")?;
    let library = Some(library).filter(|library| library.starts_with("ib"))?;
    Some((client.parse().ok()?, library.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_client_and_library_where_it_is_known() {
        assert_eq!(program("ib_async (client 1)"), Some((1, "ib_async".to_owned())));
        for other in ["", "ib_async (client x)", "ib_async", "unknown library (client 2)"] {
            assert_eq!(program(other), None, "{other}");
        }
    }
}
