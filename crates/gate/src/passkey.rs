//! Passkey ceremonies (WebAuthn), by webauthn-rs: an outside fact, as a password's hash is.
//!
//! This file starts and finishes a ceremony and hands its outcome to `access`; only
//! `access/src/authenticator/passkey.rs` decides what it is worth.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use access::address::Network;
use access::authenticator::passkey::{Assertion, CEREMONY, Passkey as Stored, Registration};
use access::binding::Beginner;
use access::id::{PersonId, SessionId};
use access::moment::{Moment, Time};
use access::refusal::{PasskeyFault, Refusal, SignInRefusal};
use access::secret::{Digest, Secret};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    AttestedPasskeyRegistration, CreationChallengeResponse, DiscoverableAuthentication, Passkey,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::attestation::{Attestation, attested_model};

/// Ceremonies that may be open at once; the oldest makes room.
const OPEN_LIMIT: usize = 4_096;
/// Ceremonies that one address (of IPv6: one /64) may have open at once; the oldest of them makes
/// room.
const OPEN_PER_SITE: usize = 32;
/// Longest answer of a browser, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// A ceremony under way, for the browser.
pub struct Ceremony {
    /// Names the ceremony when it is finished.
    pub ceremony: Secret,
    /// The argument of `navigator.credentials.create` or `get`, as JSON.
    pub options: String,
}

/// The relying party and its open ceremonies.
pub(crate) struct Passkeys {
    webauthn: Option<Webauthn>,
    policy: Option<Attestation>,
    open: Mutex<BTreeMap<Digest, Open>>,
}

struct Open {
    began_at: Time,
    /// What it is for, if for only one thing.
    purpose: Option<Digest>,
    site: Network,
    begun: Beginner,
    state: State,
}

enum State {
    Register { session: SessionId, existing: Vec<Vec<u8>>, state: Registering },
    SignIn(Box<DiscoverableAuthentication>),
}

/// A registration under way: of any passkey, or of one that the policy has to recognise.
enum Registering {
    Any(Box<PasskeyRegistration>),
    Attested(Box<AttestedPasskeyRegistration>),
}

impl Passkeys {
    /// The relying party named by the portal's origin; without passkeys when that has no name.
    pub(crate) fn new(origin: &Url, policy: Option<Attestation>) -> Self {
        let webauthn = origin.domain().and_then(|name| {
            WebauthnBuilder::new(name, origin).ok()?.rp_name("Floorpass").build().ok()
        });
        Self { webauthn, policy, open: Mutex::default() }
    }

    /// The policy's name for the model of a passkey.
    pub(crate) fn model_name(&self, passkey: &Stored) -> Option<&str> {
        self.policy.as_ref()?.name(&passkey.model)
    }

    /// Whether the portal has a name, without which there are no passkeys.
    pub(crate) fn are_possible(&self) -> bool {
        self.webauthn.is_some()
    }

    fn webauthn(&self) -> Result<&Webauthn, Refusal> {
        self.webauthn.as_ref().ok_or_else(invalid)
    }

    /// Starts the registration of a passkey for a signed-in person, who has `existing` ones.
    pub(crate) fn start_registration(
        &self,
        (person, name): (PersonId, &str),
        session: SessionId,
        existing: Vec<Vec<u8>>,
        opening: &Opening<'_>,
    ) -> Result<Ceremony, Refusal> {
        let (challenge, state) = self.begin(Uuid::from_bytes(person.0), name, &existing)?;
        let mut options = serde_json::to_value(&challenge).map_err(|_| invalid())?;
        // Signing in without a user name needs a passkey that the authenticator itself can find.
        if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
            *selection = json!({
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            });
        }
        let state = State::Register { session, existing, state };
        Ok(self.keep(opening, state, options.to_string()))
    }

    fn begin(
        &self,
        person: Uuid,
        name: &str,
        existing: &[Vec<u8>],
    ) -> Result<(CreationChallengeResponse, Registering), Refusal> {
        let (webauthn, existing) = (self.webauthn()?, Some(existing.to_vec()));
        let begun = match &self.policy {
            None => webauthn
                .start_passkey_registration(person, name, name, existing)
                .map(|(challenge, state)| (challenge, Registering::Any(Box::new(state)))),
            Some(policy) => webauthn
                .start_attested_passkey_registration(
                    person,
                    name,
                    name,
                    existing,
                    policy.list(),
                    None,
                )
                .map(|(challenge, state)| (challenge, Registering::Attested(Box::new(state)))),
        };
        begun.map_err(|_| invalid())
    }

    /// The passkey of a registration's answer, and its model.
    fn conclude(
        &self,
        answer: &RegisterPublicKeyCredential,
        state: &Registering,
    ) -> Result<(Passkey, String), Refusal> {
        let webauthn = self.webauthn()?;
        let data = authenticator_data(&answer.response.attestation_object);
        match (state, &self.policy) {
            (Registering::Any(state), None) => {
                let passkey = webauthn.finish_passkey_registration(answer, state);
                let passkey = passkey.map_err(|_| invalid())?;
                Ok((
                    passkey,
                    said_model(data).map(|model| HEXLOWER.encode(&model)).unwrap_or_default(),
                ))
            }
            (Registering::Attested(state), Some(policy)) => {
                let passkey = webauthn.finish_attested_passkey_registration(answer, state);
                let passkey = passkey.map_err(|error| {
                    Refusal::SignIn(SignInRefusal::PasskeyRefused {
                        reason: policy.fault(&error, said_model(data)),
                    })
                })?;
                let model = attested_model(passkey.attestation());
                Ok((passkey.into(), model))
            }
            // The policy does not change while the server runs.
            _ => Err(ended()),
        }
    }

    /// Finishes a registration; only for the session that started it.
    pub(crate) fn finish_registration(
        &self,
        ceremony: &Secret,
        answer: &str,
        session: SessionId,
        now: Time,
    ) -> Result<Registration, Refusal> {
        let open = self.take(ceremony, None, now)?;
        let State::Register { session: owner, existing, state } = open.state else {
            return Err(ended());
        };
        if owner != session {
            return Err(ended());
        }
        let answer: RegisterPublicKeyCredential = parse(answer)?;
        // The library refuses it too, but for another reason than this.
        if existing.contains(&answer.raw_id) {
            return Err(Refusal::SignIn(SignInRefusal::PasskeyRefused {
                reason: PasskeyFault::Registered,
            }));
        }
        let (passkey, model) = self.conclude(&answer, &state)?;
        let data = serde_json::to_string(&passkey).map_err(|_| invalid())?;
        let kept: Value = serde_json::from_str(&data).map_err(|_| invalid())?;
        Ok(Registration {
            passkey: Stored {
                handle: passkey.cred_id().clone(),
                model,
                backed_up: flag(&kept, "backup_state"),
                counter: kept
                    .pointer("/cred/counter")
                    .and_then(Value::as_u64)
                    .and_then(|counter| u32::try_from(counter).ok())
                    .unwrap_or(0),
                suspect_at: None,
                data,
            },
            user_verified: flag(&kept, "user_verified"),
            began_at: open.began_at,
        })
    }

    /// Starts a sign-in with any passkey that the browser finds.
    pub(crate) fn start_sign_in(&self, opening: &Opening<'_>) -> Result<Ceremony, Refusal> {
        let (mut challenge, state) =
            self.webauthn()?.start_discoverable_authentication().map_err(|_| invalid())?;
        challenge.mediation = None; // a button starts it, not a field's autofill
        let options = serde_json::to_string(&challenge).map_err(|_| invalid())?;
        Ok(self.keep(opening, State::SignIn(Box::new(state)), options))
    }

    /// Finishes a sign-in against the stored passkey that the answer claims to be of.
    pub(crate) fn finish_sign_in(
        &self,
        (ceremony, purpose): (&Secret, Option<Digest>),
        answer: &str,
        stored: impl FnOnce(&[u8]) -> Option<Stored>,
        now: Time,
    ) -> Result<Assertion, Refusal> {
        let open = self.take(ceremony, purpose, now)?;
        let State::SignIn(state) = open.state else { return Err(ended()) };
        let answer: PublicKeyCredential = parse(answer)?;
        let handle = answer.raw_id.clone();
        let stored = stored(&handle).ok_or(Refusal::SignIn(SignInRefusal::PasskeyRefused {
            reason: PasskeyFault::Unknown,
        }))?;
        let mut passkey: Passkey = serde_json::from_str(&stored.data).map_err(|_| invalid())?;
        let finished =
            self.webauthn()?.finish_discoverable_authentication_v2(&answer, *state, &passkey);
        let (began_at, begun) = (open.began_at, open.begun);
        match finished {
            Ok(result) => {
                let changed = passkey.update_credential(&result) == Some(true);
                Ok(Assertion {
                    handle,
                    user_verified: result.user_verified(),
                    backed_up: result.backup_state(),
                    counter: result.counter(),
                    data: changed.then(|| serde_json::to_string(&passkey).ok()).flatten(),
                    began_at,
                    begun,
                })
            }
            // The signature was good and the counter did not rise: access says no, on record.
            Err(WebauthnError::CredentialPossibleCompromise) => Ok(Assertion {
                handle,
                user_verified: true, // the library checks it before the counter
                backed_up: stored.backed_up,
                counter: counter(&answer.response.authenticator_data),
                data: None,
                began_at,
                begun,
            }),
            Err(_) => Err(invalid()),
        }
    }

    fn keep(&self, opening: &Opening<'_>, state: State, options: String) -> Ceremony {
        let moment = opening.moment;
        let site = Network::site(opening.address);
        let token: [u8; 32] = moment.draw("ceremony");
        let ceremony = Secret::from_text(BASE64URL_NOPAD.encode(&token));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, one| moment.now.since(one.began_at) < CEREMONY);
        let of_site = open.values().filter(|one| one.site == site).count();
        if of_site >= OPEN_PER_SITE || open.len() >= OPEN_LIMIT {
            let oldest = open
                .iter()
                .filter(|(_, one)| of_site < OPEN_PER_SITE || one.site == site)
                .min_by_key(|(_, one)| one.began_at)
                .map(|(digest, _)| *digest);
            open.retain(|digest, _| Some(*digest) != oldest);
        }
        let (began_at, purpose, begun) = (moment.now, opening.purpose, opening.begun);
        open.insert(ceremony.digest(), Open { began_at, purpose, site, begun, state });
        Ceremony { ceremony, options }
    }

    /// Takes a ceremony of this purpose out: whatever comes of it, it is over.
    fn take(&self, ceremony: &Secret, purpose: Option<Digest>, now: Time) -> Result<Open, Refusal> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = open.remove(&ceremony.digest()).ok_or_else(ended)?;
        let stands = now.since(taken.began_at) < CEREMONY && taken.purpose == purpose;
        if stands { Ok(taken) } else { Err(ended()) }
    }
}

/// What a new ceremony needs.
#[derive(Clone, Copy)]
pub(crate) struct Opening<'a> {
    /// When, and fresh randomness for its name.
    pub(crate) moment: &'a Moment,
    /// Who asks.
    pub(crate) address: IpAddr,
    /// What it is for, if for only one thing.
    pub(crate) purpose: Option<Digest>,
    /// The browser that asks.
    pub(crate) begun: Beginner,
}

/// The handle of the passkey that an answer claims to be of. It proves nothing.
pub(crate) fn claimed_handle(answer: &str) -> Result<Vec<u8>, Refusal> {
    parse::<PublicKeyCredential>(answer).map(|answer| answer.raw_id)
}

fn invalid() -> Refusal {
    Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: PasskeyFault::Invalid })
}

fn ended() -> Refusal {
    Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: PasskeyFault::CeremonyEnded })
}

fn parse<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, Refusal> {
    if answer.len() > ANSWER_LIMIT {
        return Err(invalid());
    }
    serde_json::from_str(answer).map_err(|_| invalid())
}

/// A flag of a kept passkey; the library shows it in its JSON only.
fn flag(kept: &Value, name: &str) -> bool {
    kept.pointer(&format!("/cred/{name}")).and_then(Value::as_bool).unwrap_or(false)
}

/// The authenticator data in an attestation object: what follows the text `authData` and the head
/// of a CBOR byte string of up to 65,535 bytes.
fn authenticator_data(object: &[u8]) -> &[u8] {
    let key = b"hauthData";
    let place = object.windows(key.len()).position(|window| window == key);
    let rest = place.and_then(|at| object.get(at + key.len()..)).unwrap_or_default();
    match rest {
        [0x58, _, data @ ..] | [0x59, _, _, data @ ..] => data,
        _ => &[],
    }
}

/// The model (AAGUID) in authenticator data, bytes 37 to 52 (WebAuthn L3, 6.5.2); none when the
/// authenticator did not say.
fn said_model(data: &[u8]) -> Option<[u8; 16]> {
    let model = data.get(37..53)?.first_chunk().copied()?;
    (model != [0; 16]).then_some(model)
}

/// The signature counter in authenticator data, bytes 33 to 36 (WebAuthn L3, 6.1).
fn counter(data: &[u8]) -> u32 {
    data.get(33..37).and_then(|bytes| bytes.first_chunk()).map_or(0, |b| u32::from_be_bytes(*b))
}
