//! Mandates: who may do what on which account.

pub(crate) mod event;
mod record;

pub use event::Event;
pub use record::{Mandate, Role};
