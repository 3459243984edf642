//! What moves a gate: its own threads and tasks, or the simulator, step by step.
//!
//! A gate runs by itself in every program that is shipped. The other choice is compiled for the simulator alone
//! (the feature `simulation`): then no thread and no task runs, and whatever a beat, a tick or a spare segment
//! does is done when the simulator calls for it, by the same code.

/// What moves a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drive {
    /// Its own threads and tasks.
    Own,
    /// The simulator.
    #[cfg(feature = "simulation")]
    Stepped,
}

impl Drive {
    /// Whether nothing happens by itself.
    pub(crate) fn is_stepped(self) -> bool {
        self != Self::Own
    }
}

#[cfg(feature = "simulation")]
mod stepper;

#[cfg(feature = "simulation")]
pub use stepper::Stepper;
