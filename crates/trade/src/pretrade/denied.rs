//! All that speaks against an order, and whose rule each of it is.

use access::entitlements::{Control, Controls, Limits, Rule, RuleOwner};
use access::moment::Time;

use super::breach::Breach;
use super::{Denial, Facts, NewOrder, check_terms, control, defaults_for, power};

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is wrong.
    pub denial: Denial,
    /// Whose rule it is; none where it is nobody's, as of an order that does not fit together.
    pub owner: Option<RuleOwner>,
}

impl Reason {
    /// What is wrong, whose rule that is, and how to ask for more. Without the code.
    pub fn text(&self) -> String {
        match &self.owner {
            None => self.denial.to_string(),
            Some(owner) => {
                format!("{} (set by {owner}; {})", self.denial, owner.remedy())
            }
        }
    }
}

/// Why an order is not taken: one reason at least, the first one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    first: Box<Reason>,
    more: Vec<Reason>,
}

impl From<Denial> for Denied {
    fn from(denial: Denial) -> Self {
        Self { first: Box::new(Reason { denial, owner: None }), more: Vec::new() }
    }
}

impl Denied {
    /// The reason that is told where only one can be.
    pub fn first(&self) -> &Denial {
        &self.first.denial
    }

    /// All of them.
    pub fn reasons(&self) -> impl Iterator<Item = &Reason> {
        std::iter::once(&*self.first).chain(&self.more)
    }

    /// The stable code of the first.
    pub fn code(&self) -> &'static str {
        self.first().code()
    }

    /// Whether it takes a person's yes, and nothing else is wrong.
    pub fn is_large(&self) -> bool {
        matches!(self.first(), Denial::Large { .. }) && self.more.is_empty()
    }

    /// All of it, the first reason worded by the caller, without its code.
    pub fn told(&self, first: &str) -> String {
        let mut parts = vec![first.to_owned()];
        let alone = self.more.is_empty();
        // Of the checks of before, one alone is told in the words of before.
        let named = !alone || matches!(self.first(), Denial::Control(_));
        if let Some(owner) = self.first.owner.as_ref().filter(|_| named) {
            parts.push(format!(" (set by {owner}; {})", owner.remedy()));
        }
        for reason in &self.more {
            parts.push(format!("; also {}: {}", reason.denial.code(), reason.text()));
        }
        parts.concat()
    }

    /// What the caller may know. Without the code.
    pub fn caller_text(&self) -> String {
        self.told(&self.first().caller_text())
    }

    /// What evidence keeps: the first code and the same.
    pub fn evidence_text(&self) -> String {
        format!("{}: {}", self.code(), self.caller_text())
    }
}

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.caller_text())
    }
}

/// Each limit of some alone.
fn each(limits: &Limits) -> Vec<Limits> {
    let Limits {
        max_quantity,
        max_notional,
        collar_bps,
        max_open_orders,
        duplicate_window,
        controls,
    } = limits;
    let none = Limits::default;
    let mut all = vec![
        Limits { max_open_orders: *max_open_orders, ..none() },
        Limits { max_quantity: *max_quantity, ..none() },
        Limits { max_notional: *max_notional, ..none() },
        Limits { collar_bps: *collar_bps, ..none() },
        Limits { duplicate_window: *duplicate_window, ..none() },
    ];
    let alone = |controls| Limits { controls, ..none() };
    // A collar of a product is read with the order's price, as the general one is.
    let of =
        |(control, number): (Control, _)| alone(Controls::default().with(control, Some(number)));
    all.extend(controls.iter().map(of));
    if !controls.restricted().is_empty() {
        all.push(alone(Controls::default().restricting(controls.restricted().iter().copied())));
    }
    all.retain(|one| *one != none());
    all
}

/// Looks for all that speaks against orders, after `first` did: each limit of each owner by itself. Slow, and only done for
/// what is refused.
#[cold]
pub(super) fn collect(
    facts: &Facts<'_>,
    (rules, merged): (&[Rule], &Limits),
    now: Time,
    orders: &[NewOrder],
    (first, buys): (Denial, bool),
) -> Denied {
    let house = Rule { owner: RuleOwner::House, limits: defaults_for(merged) };
    let mut found: Vec<Reason> = Vec::new();
    // The credential's own before what it is within: that is the one to change first.
    for rule in rules.iter().rev().chain(std::iter::once(&house)) {
        for limits in each(&rule.limits) {
            let checked = check_terms(facts, &limits, now, orders)
                .and_then(|()| control::check(facts, &limits.controls, orders))
                .and_then(|()| control::daily(facts, (&rule.owner, &limits.controls), orders));
            let Err(denial) = checked else { continue };
            let owner = match denial {
                Denial::Control(Breach::Unlocated { .. }) => Some(RuleOwner::House),
                _ => denial.is_of_a_limit().then(|| rule.owner.clone()),
            };
            if found.iter().all(|one| one.denial != denial) {
                found.push(Reason { denial, owner });
            }
        }
    }
    if buys
        && let Err(denial) = power::check(facts, orders)
        && found.iter().all(|one| one.denial != denial)
    {
        found.push(Reason { denial, owner: None });
    }
    let at = found.iter().position(|one| one.denial == first);
    let first = match at {
        Some(at) => found.remove(at),
        None => Reason { denial: first, owner: None },
    };
    Denied { first: Box::new(first), more: found }
}
