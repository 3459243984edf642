//! What can be asked about policies, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::need::{Needs, NewNetwork};
use super::record::{OwnLimits, Policy, Tempo};
use crate::id::PersonId;
use crate::moment::Time;
use crate::session::Interface;
use crate::slice::{Slice, put};
use crate::window::Window;

/// What is asked about policies.
pub enum Command {
    /// Sets the policy of the person at an interface.
    Set {
        /// At which.
        interface: Interface,
        /// How they work there.
        tempo: Tempo,
        /// Limits that they typed.
        own: OwnLimits,
        /// What a session does at another network.
        new_network: NewNetwork,
        /// What acts need.
        needs: Needs,
    },
    /// Chooses when sessions are renewed, or that they end by their plain limits.
    SetWindow {
        /// The window.
        window: Option<Window>,
        /// When it opens in the next weeks, by its zone.
        openings: Vec<Time>,
    },
}

/// What happened to policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It is this from now on.
    Set(Policy),
    /// Sessions are renewed then from now on.
    WindowSet {
        /// The person.
        person: PersonId,
        /// The part of each week; none is at any time.
        window: Option<Window>,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Set(_) => "policy.set",
            Self::WindowSet { .. } => "policy.window_set",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Set(one) => format!(
                "Policy of the {}: {}, {}; on another network a session {}; required to view: {}, to trade: {}, to administer: {}, to withdraw: {}",
                one.interface,
                one.tempo,
                one.limits(true),
                one.new_network,
                one.needs.view,
                one.needs.trade,
                one.needs.administer,
                one.needs.withdraw
            ),
            Self::WindowSet { window: Some(window), .. } => {
                format!("Sessions are renewed {window}")
            }
            Self::WindowSet { window: None, .. } => "Sessions have no renewal window".to_owned(),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Set(one) => put(&mut slice.policies, *one, |one| one.interface),
        Event::WindowSet { window, .. } => slice.window.clone_from(window),
    }
}
