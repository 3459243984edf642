//! Who does an act, and from where.

use std::sync::Arc;

use access::refusal::ChangeRefusal;
use access::{By, Call, Command, PersonId, Source};

use super::ticket::SessionTicket;

/// Who does an act at the portal or at the operator's door.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "it lives for one request")]
pub enum Actor {
    /// A signed-in person.
    Session(SessionTicket),
    /// Anyone who may open the control socket.
    Operator {
        /// The peer's user id, as the system tells.
        uid: u32,
    },
}

impl Actor {
    /// Who it is, for a decision.
    pub fn by(&self) -> By {
        match self {
            Self::Session(ticket) => By::Session(ticket.session),
            Self::Operator { uid } => By::Operator { uid: *uid },
        }
    }

    /// From where.
    pub fn source(&self) -> Source {
        match self {
            Self::Session(ticket) => ticket.source(),
            Self::Operator { .. } => Source::local(),
        }
    }

    pub(crate) fn call(&self, command: Command) -> Arc<Call> {
        Arc::new(Call { by: self.by(), source: self.source(), command })
    }

    /// Who asks, and from where.
    pub(crate) fn asker(&self) -> (By, Source) {
        (self.by(), self.source())
    }

    /// Refuses everybody but the operator.
    pub(crate) fn check_operator(&self) -> Result<(), ChangeRefusal> {
        if self.by().runs_the_server() { Ok(()) } else { Err(ChangeRefusal::OperatorOnly) }
    }

    /// Whether the actor may see what belongs to `person`: the operator, or that person.
    pub(crate) fn check_person(
        &self,
        person: PersonId,
        what: &'static str,
    ) -> Result<(), ChangeRefusal> {
        match self {
            Self::Session(ticket) if ticket.person != person => {
                Err(ChangeRefusal::NotFound { what })
            }
            Self::Session(_) | Self::Operator { .. } => Ok(()),
        }
    }
}
