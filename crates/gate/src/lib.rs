//! The only way in: loads what a decision needs, asks for the decision, commits it with its
//! evidence, publishes it.

pub mod clock;
pub mod disk;
pub mod folder;
pub mod journal;
pub mod key_file;
pub mod live;
