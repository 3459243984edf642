//! The proof that a door may act for a holder. Only the gate makes one.

use std::net::IpAddr;
use std::sync::Arc;

use access::entitlements::{Act, Entitlements, Question};
use access::id::{CredentialId, Holder, PaperAccountId, PersonId, SymbolId};
use access::refusal::Refusal;
use trade::journal::Asked;

use crate::Gate;
use crate::connection::{Connected, Presence};
use crate::live::Slot;
use crate::noted::Kind;

/// Bytes of a word of an order from a door that evidence keeps.
const WORD_LIMIT: usize = 24;
/// Bytes of what a program calls itself.
const CLIENT_LIMIT: usize = 64;
/// Characters of a text from a door that evidence keeps.
const TEXT_LIMIT: usize = 300;

/// A holder who was let in, on one account. Cheap to clone; each act asks again whether it still holds.
#[derive(Clone)]
pub struct Admission {
    slot: Arc<Slot>,
    /// What the holder has on each of its accounts, where it came in on several.
    beside: Option<Arc<[Arc<Slot>]>>,
}

impl Admission {
    pub(crate) fn new(slot: Arc<Slot>) -> Self {
        Self { slot, beside: None }
    }

    /// For a holder who came in on all of these, which begins on the first of them.
    pub(crate) fn of_all(slots: Vec<Arc<Slot>>) -> Option<Self> {
        let slot = Arc::clone(slots.first()?);
        let beside = (slots.len() > 1).then(|| slots.into());
        Some(Self { slot, beside })
    }

    /// The slots of all accounts that the holder came in on, ascending by number.
    pub(crate) fn slots(&self) -> &[Arc<Slot>] {
        self.beside.as_deref().unwrap_or(std::slice::from_ref(&self.slot))
    }

    /// The accounts that the holder came in on, ascending.
    pub fn accounts(&self) -> impl Iterator<Item = PaperAccountId> {
        self.slots().iter().map(|slot| slot.account)
    }

    /// Whether the holder came in on one account alone, so that a request need not name it.
    pub fn has_one_account(&self) -> bool {
        self.beside.is_none()
    }

    /// The same holder on another of these accounts.
    pub fn on(&self, account: PaperAccountId) -> Option<Self> {
        let slot = self.slots().iter().find(|slot| slot.account == account)?;
        Some(Self { slot: Arc::clone(slot), beside: self.beside.clone() })
    }

    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// The session or credential.
    pub fn holder(&self) -> Holder {
        self.slot.holder
    }

    /// The account.
    pub fn account(&self) -> PaperAccountId {
        self.slot.account
    }

    /// The person whose authority it is.
    pub fn person(&self) -> PersonId {
        self.slot.person
    }

    /// Whether it has not been revoked: one load. Expiry is checked with each act.
    #[inline]
    pub fn is_current(&self) -> bool {
        self.slot.is_open()
    }

    /// Whether it has not been revoked on one of its holder's accounts at least.
    #[inline]
    pub fn is_current_anywhere(&self) -> bool {
        self.slots().iter().any(|slot| slot.is_open())
    }

    /// The same holder on the first account on which nothing was revoked; on this one where all was.
    #[must_use]
    pub fn standing(&self) -> Self {
        let slot = self.slots().iter().find(|slot| slot.is_open()).unwrap_or(&self.slot);
        Self { slot: Arc::clone(slot), beside: self.beside.clone() }
    }

    /// Why it ended; none while it is current.
    pub fn ended(&self) -> Option<Refusal> {
        self.slot.end_reason()
    }

    /// What it may do right now.
    pub fn entitlements(&self) -> Arc<Entitlements> {
        self.slot.entitlements()
    }
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("holder", &self.slot.holder).finish_non_exhaustive()
    }
}

/// Authority at the doors, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct AdmissionGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Authority at the doors, through the gate.
    pub const fn admissions(&self) -> AdmissionGate<'_> {
        AdmissionGate { gate: self }
    }
}

impl AdmissionGate<'_> {
    /// Whether a holder may read: the account, or market data of one contract. A refusal is
    /// recorded.
    pub fn may(
        self,
        admission: &Admission,
        address: IpAddr,
        act: Act,
        symbol: Option<SymbolId>,
    ) -> Result<(), Refusal> {
        let (product, symbol) = self.gate.markets().instruments().asked(symbol);
        let question = Question {
            act,
            account: admission.account(),
            product,
            symbol,
            side: None,
            kind: None,
            address,
            now: self.gate.now(),
        };
        let slot = &admission.slot;
        let checked = slot.check_open().and_then(|()| slot.peek().check(&question));
        if let Err(refusal) = &checked {
            let (holder, code, address) = (slot.holder, refusal.code(), Some(address));
            let account = self.beside_first(slot.account);
            let kind = Kind::Refused { holder, account, code, symbol: None, address };
            self.note(kind, refusal.evidence_text());
        }
        checked
    }

    /// Records, coalesced and with the next group, what a door itself refuses before the gate is
    /// asked: an order that it cannot read or that asks for what is not there.
    pub fn note_refused(
        self,
        admission: &Admission,
        address: IpAddr,
        code: &'static str,
        text: String,
    ) {
        self.note_refused_order(admission, address, (code, text), None);
    }

    /// The same for an order that its door refuses, with all that was asked for.
    pub fn note_refused_order(
        self,
        admission: &Admission,
        address: IpAddr,
        (code, text): (&'static str, String),
        asked: Option<Asked>,
    ) {
        let (holder, address) = (admission.holder(), Some(address));
        let account = self.beside_first(admission.account());
        let kind = Kind::Refused { holder, account, code, symbol: None, address };
        self.note_all(kind, text, asked.map(tidied).into_iter().collect());
    }

    /// Records, coalesced and with the next group, a program that a credential's port turned away.
    pub fn note_turned_away(
        self,
        credential: CredentialId,
        address: IpAddr,
        code: &'static str,
        text: String,
    ) {
        let (holder, address) = (Holder::Credential(credential), Some(address));
        let slot = self.gate.0.live.slots(credential).into_iter().next();
        let account = slot.and_then(|slot| self.beside_first(slot.account));
        self.note(Kind::TurnedAway { holder, account, code, address }, text);
    }

    /// Records, coalesced and with the next group, that a program was let in, and lists it until what
    /// comes back is dropped. `client` says which.
    pub fn note_connected(self, admission: &Admission, address: IpAddr, client: &str) -> Presence {
        let holder = admission.holder();
        let account = self.beside_first(admission.account());
        self.note(Kind::Connected { holder, account }, format!("{client}, from {address}"));
        let client = access::call::tidy(client, CLIENT_LIMIT);
        let connected = Connected { client, address, since: self.gate.now() };
        self.gate.0.people.connections.enter(holder, connected)
    }

    /// An account, unless it is the first: so records name it.
    fn beside_first(self, account: PaperAccountId) -> Option<PaperAccountId> {
        (account != self.gate.account()).then_some(account)
    }

    fn note(self, kind: Kind, text: String) {
        self.note_all(kind, text, Vec::new());
    }

    fn note_all(self, kind: Kind, text: String, asked: Vec<Asked>) {
        // A journal that has failed records nothing, and has said so.
        if let Ok(mut turn) = self.gate.0.sequencer.turn(self.gate.now()) {
            turn.note(kind, move || printable(&text), asked);
        }
    }
}

/// What a peer asked for, each word of it bounded and without control characters.
fn tidied(asked: Asked) -> Asked {
    let word = |text: String| access::call::tidy(&text, WORD_LIMIT);
    Asked {
        side: word(asked.side),
        quantity: word(asked.quantity),
        symbol: word(asked.symbol),
        order_type: word(asked.order_type),
        limit: word(asked.limit),
        trigger: word(asked.trigger),
        tif: word(asked.tif),
        ..asked
    }
}

/// A text that may hold what a peer sent, bounded and without control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_LIMIT).collect()
}
