//! Networks: a session used from a network that is new is reported.

use std::net::IpAddr;
use std::sync::Arc;

use access::{By, Call, Command, PersonId, SessionId, Source, network};
use store::Key;

use crate::Gate;

impl Gate {
    /// Looks, in the background, whether a session's new address is at a network that its person
    /// was not seen at.
    pub(crate) async fn meet_network(&self, person: PersonId, session: SessionId, from: IpAddr) {
        let command = Command::Network(network::Command::Seen { session, address: from });
        let source = Source { address: Some(from), ..Source::local() };
        let call = Arc::new(Call { by: By::System, source, command });
        if let Err(refusal) = self.run_done(Key::Person(person), &call).await {
            tracing::warn!(%session, %refusal, "a session's network could not be recorded");
        }
    }
}
