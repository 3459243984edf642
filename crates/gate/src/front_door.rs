//! The front door: every interface with its genuine address, and for a person the ways to sign in
//! that work now and what keeps a session from each act.

use access::device::Standing;
use access::entitlements::{Act, Product, Question};
use access::way::{self, Way};
use access::{Refusal, Source};
use store::Key;

use crate::Gate;
use crate::credential::ListenerState;
use crate::session::SessionTicket;
use crate::sign_in::Browser;

mod proof;

pub(crate) use proof::PortalProof;
pub use proof::Proof;

/// What an interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The Client Portal, in a browser.
    Portal,
    /// The same on a phone, as an app.
    Phone,
    /// A socket of the trading API.
    Socket,
    /// The operator's command line.
    Operator,
}

impl Kind {
    /// Its name in answers to scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Phone => "phone",
            Self::Socket => "socket",
            Self::Operator => "operator",
        }
    }
}

/// An interface, where it really is, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrance {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its one address.
    pub address: String,
    /// What shows that it is genuine, in a sentence.
    pub proof: String,
    /// What it is for, in a sentence.
    pub purpose: String,
    /// Whether it lets anyone in now; otherwise why not.
    pub open: Result<(), String>,
}

/// The ways of one person to sign in.
#[derive(Debug, Clone)]
pub struct PersonWays {
    /// What the person signs in with.
    pub username: String,
    /// At a browser that is new here.
    pub at_new: Vec<Way>,
    /// At each trusted browser, by its name.
    pub at_trusted: Vec<(String, Vec<Way>)>,
}

/// An act, and what stands between a session and it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Power {
    /// The act.
    pub act: Act,
    /// Allowed, or why not.
    pub stands: Result<(), Refusal>,
}

/// The front door, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct FrontDoor<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// The front door, through the gate.
    pub const fn front_door(&self) -> FrontDoor<'_> {
        FrontDoor { gate: self }
    }
}

impl FrontDoor<'_> {
    /// Says how the portal shows that it is genuine; the first word counts.
    pub fn note_portal(self, proof: Proof) {
        // A second one would be the same server started twice, which a folder refuses.
        self.gate.0.portal_proof.portal.set(proof).ok();
    }

    /// Says where other devices reach the portal, where that is an address of their own; the first word counts.
    pub fn note_devices(self, address: &str, proof: Proof) {
        let address = address.trim_end_matches('/').to_owned();
        self.gate.0.portal_proof.devices.set((address, proof)).ok();
    }

    /// Says that a door of this server serves the HTTP API; until then no credential is made for it.
    pub fn note_api(self) {
        self.gate.0.portal_proof.api.set(()).ok();
    }

    /// Whether it does.
    pub(crate) fn serves_api(self) -> bool {
        self.gate.0.portal_proof.api.get().is_some()
    }

    /// The interfaces that anyone may know of.
    pub fn public_entrances(self) -> Vec<Entrance> {
        let address = self.gate.config().portal_origin.as_str().trim_end_matches('/').to_owned();
        let told = &self.gate.0.portal_proof;
        let portal = (address, told.portal.get().cloned().unwrap_or(Proof::ThisMachine));
        let phone = told.devices.get().unwrap_or(&portal);
        let entrance = |kind, name: &str, at: &(String, Proof), purpose: &str| Entrance {
            kind,
            name: name.into(),
            address: at.0.clone(),
            proof: at.1.words(),
            purpose: purpose.into(),
            open: Ok(()),
        };
        vec![
            entrance(
                Kind::Portal,
                "Client Portal",
                &portal,
                "people in a browser: the account, orders and access",
            ),
            entrance(
                Kind::Phone,
                "Phone",
                phone,
                "the same portal on your phone, which also answers approvals; add it under Access, Phone",
            ),
        ]
    }

    /// Every interface, those of programs too.
    pub fn entrances(self) -> Vec<Entrance> {
        let mut all = self.public_entrances();
        let listeners = self.gate.credentials().listeners().borrow().clone();
        all.extend(listeners.iter().map(|one| {
            let address = one.bound.map_or_else(|| format!("port {}", one.port), |at| at.to_string());
            let token = if one.token_required { ", with its token" } else { "" };
            Entrance {
                kind: Kind::Socket,
                name: one.name.clone(),
                address,
                proof: "none: the protocol has no certificates; use it only on this machine or a network you trust".into(),
                purpose: format!("programs that hold the credential {}{token}", one.name),
                open: match (one.state, one.bound) {
                    (ListenerState::Revoked { at }, _) => {
                        Err(format!("its credential was revoked {at}"))
                    }
                    (ListenerState::Paused { at }, _) => {
                        Err(format!("its credential has been paused since {at}"))
                    }
                    (ListenerState::Open, None) => Err("nothing is listening on it".into()),
                    (ListenerState::Open, Some(_)) => Ok(()),
                },
            }
        }));
        all.push(Entrance {
            kind: Kind::Operator,
            name: "Command line".into(),
            address: "the floorpass program on the server's machine".into(),
            proof: "the operating system: only the owner of the data folder can use it".into(),
            purpose: "the operator: everything the portal does, and what only the operator may do"
                .into(),
            open: Ok(()),
        });
        all
    }

    /// The ways of a person to sign in, at a new browser and at each that is trusted now.
    pub async fn ways_of(self, username: &str) -> Result<PersonWays, Refusal> {
        let slice = self.gate.load(Key::Username(username)).await?;
        let person = slice.owner()?;
        let now = self.gate.now();
        let trusted = slice.devices.iter().filter(|one| one.standing(now) == Standing::Trusted);
        let at_trusted = trusted.map(|one| {
            // As if it came itself: its token and key are what a trusted browser shows.
            let source = Source { device: one.token, key: one.key, ..Source::local() };
            (one.name.to_string(), way::ways(&slice, &source, now))
        });
        Ok(PersonWays {
            username: person.username.to_string(),
            at_new: way::ways(&slice, &Source::local(), now),
            at_trusted: at_trusted.collect(),
        })
    }

    /// The ways at this browser of the person who trusts it. None for a browser that is trusted by
    /// nobody, or does not show the key that it is known by: nothing is said about anyone there.
    pub async fn ways_here(self, browser: &Browser) -> Result<Option<(String, Vec<Way>)>, Refusal> {
        let key = browser.key.and_then(|shown| shown.own_key());
        let (Some(token), Some(key)) = (&browser.device_token, key) else {
            return Ok(None);
        };
        let slice = self.gate.load(Key::Device(token.digest())).await?;
        let (source, now) = (browser.source(), self.gate.now());
        let known = slice.trusted_device(&source, now).is_some_and(|one| one.key == Some(key));
        let person = slice.person.as_ref().filter(|_| known);
        Ok(person.map(|one| (one.username.to_string(), way::ways(&slice, &source, now))))
    }

    /// What stands between a session and each act, asked of the entitlements that its requests
    /// are checked against.
    pub fn powers(self, ticket: &SessionTicket) -> Result<Vec<Power>, Refusal> {
        let given = self.gate.sessions().admit(ticket)?.entitlements();
        let now = self.gate.now();
        // Of one that may order anything at all: what it may order is told beside it.
        let product = given.products.iter().next().unwrap_or(Product::Stock);
        let power = |act: &Act| {
            let question = Question {
                act: *act,
                account: ticket.account,
                product,
                symbol: None,
                side: None,
                kind: None,
                address: ticket.address,
                now,
            };
            let orders = matches!(
                act,
                Act::PlaceOrder | Act::ReduceOrder | Act::ModifyOrder | Act::CancelOrder
            );
            let stands = given.check(&question);
            Power {
                act: *act,
                stands: stands.and_then(|()| if orders { self.gate.health() } else { Ok(()) }),
            }
        };
        Ok(Act::ALL.iter().map(power).collect())
    }
}
