//! All SQL of Floorpass: one set of statements for SQLite and PostgreSQL.
//!
//! `engine.rs` is the only file that knows which of the two it speaks to. A file is named after its noun.

pub mod engine;
pub mod error;

pub use engine::{Database, Engine};
pub use error::StoreError;
