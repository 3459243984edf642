//! The simulator: the real gate, its doors, its tables and its exchange on a machine whose clock, disk, network and
//! entropy come from a seed. It looks after every step whether all is as it must be.
//!
//! The same seed gives the same stamped commands and the same bytes of the journal. `cargo xtask sim --seed N`
//! repeats a run; CONTRIBUTING.md says what to do with a seed that fails.

pub mod action;
pub mod books;
pub mod client;
pub mod dice;
pub mod disk;
pub mod finding;
pub mod machine;
pub mod model;
pub mod portal;
pub mod race;
pub mod run;
pub mod seeds;
pub mod visitor;
pub mod wire;
pub mod world;

pub use run::{Outcome, STEPS, run, run_later};
