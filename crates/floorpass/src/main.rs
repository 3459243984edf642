//! The Floorpass program.
fn main() {}
