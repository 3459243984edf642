//! The record of decisions: whose its entries are, by what they are found, and the offline check of
//! both chains.

use access::refusal::ServerRefusal;
use access::{By, Refusal, Slice, Source};
use store::CommitError;

use crate::Gate;
use crate::open::OpenError;

mod frozen;
pub(crate) mod index;
pub(crate) mod order;
mod place;
mod verify;

pub(crate) use place::Indexed;
pub use verify::{
    EvidenceReport, VerifyError, evidence_verify, evidence_verify_trading, evidence_verify_with,
};
pub(crate) use verify::{Waiting, verified};

impl Gate {
    /// The first entry behind those of an older version says whose they are, which their hashes do not.
    pub(crate) async fn cover_owners(&self) -> Result<(), OpenError> {
        let store = &self.0.people.store;
        let Some(owners) = store.owners().await? else { return Ok(()) };
        let (slice, events) = (Slice::default(), [owners.event().into()]);
        let source = Source::local();
        match store.commit((&slice, &slice.reads()), &events, By::System, &source, self.now()).await
        {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(_) => Err(OpenError::Refused(Refusal::Server(ServerRefusal::StoreFailed))),
        }
    }
}
