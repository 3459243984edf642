//! Keys of one session, which the server derives together with its browser: an HMAC under one is
//! checked in a small part of the time that a signature takes.
//!
//! The worker makes a key pair for ECDH, and its own key signs the public half, within a request
//! that this key signed as well. The server makes a pair for this one answer. Both derive the key by
//! HKDF from what the pairs share, over the session's id and both public halves. It is never sent,
//! is kept in memory alone, and proves nothing beyond its session. Where it is not known, after a
//! restart or on another node, the browser's own key signs and a new one is derived.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::binding::{ProofFault, PublicKey};
use access::refusal::SessionRefusal;
use access::{Digest, PaperAccountId, PersonId, Refusal, Secret, SessionId, Span, Time};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::agreement::{self, ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use sha2::Sha256;

use crate::clock::{self, NoEntropy};

/// Keys of one session that count at once; with one more, the earliest goes. A browser needs two, while
/// its workers change.
const MOST: usize = 4;
/// How long earlier keys count after the first use of a later one: what is under way was signed
/// before, perhaps in another tab.
const UNDER_WAY: Span = Span::seconds(10);
/// How long a key that is not used stays in memory. Its browser then derives another.
const IDLE: Span = Span::minutes(15);
/// Uses closer together than this are one: only the first of them writes.
const USED_AGAIN: Span = Span::minutes(1);
/// Says what is signed and derived here, so that neither passes for anything else.
const LABEL: &str = "floorpass session key 1";

/// Names a key: its session, and the first bytes of the digest of the server's half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyId {
    session: SessionId,
    number: [u8; 8],
}

impl KeyId {
    fn of(session: SessionId, server: &[u8]) -> Self {
        let number = Digest::of(server).0.first_chunk().copied().unwrap_or_default();
        Self { session, number }
    }

    pub(super) fn session(&self) -> SessionId {
        self.session
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 24] = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?;
        let (session, number) = (bytes.first_chunk()?, bytes.last_chunk()?);
        Some(Self { session: SessionId(*session), number: *number })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [&self.session.0[..], &self.number].concat()
    }
}

/// Whose a key is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) person: PersonId,
    /// The accounts that the session sees.
    pub(crate) accounts: Arc<[PaperAccountId]>,
    /// The key of the browser that it was derived with.
    pub(crate) browser: PublicKey,
}

struct Kept {
    number: [u8; 8],
    owner: Owner,
    key: Arc<Secret>,
    made: Time,
    /// Its last use, to the minute.
    used: Option<Time>,
    /// When it stops counting, once a later key was used.
    until: Option<Time>,
}

impl Kept {
    fn counts(&self, now: Time) -> bool {
        self.until.is_none_or(|until| now < until)
            && now.since(self.used.unwrap_or(self.made)) < IDLE
    }
}

/// The keys of all sessions. Each is wiped when it goes.
#[derive(Default)]
pub(crate) struct SessionKeys(Mutex<HashMap<SessionId, Vec<Kept>>>);

impl SessionKeys {
    fn all(&self) -> MutexGuard<'_, HashMap<SessionId, Vec<Kept>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a key that was just derived.
    pub(super) fn keep(&self, id: KeyId, owner: Owner, key: Secret, now: Time) {
        let mut all = self.all();
        let keys = all.entry(id.session).or_default();
        keys.retain(|kept| kept.counts(now));
        if keys.len() >= MOST {
            keys.remove(0);
        }
        let key = Arc::new(key);
        keys.push(Kept { number: id.number, owner, key, made: now, used: None, until: None });
    }

    /// The browser whose session key made this code of the text. That nobody knows the key is not told
    /// apart from a code that is not its: either way the browser's own key has to sign.
    pub(super) fn check(
        &self,
        id: KeyId,
        text: &str,
        code: &[u8],
        now: Time,
    ) -> Result<PublicKey, Refusal> {
        let none =
            Refusal::Session(SessionRefusal::KeyProofWrong { reason: ProofFault::SessionKey });
        let is_it = |kept: &&Kept| kept.number == id.number && kept.counts(now);
        let found = self.all().get(&id.session).and_then(|keys| {
            let kept = keys.iter().find(is_it)?;
            let again = kept.used.is_some_and(|used| now.since(used) < USED_AGAIN);
            Some((kept.owner.browser, Arc::clone(&kept.key), again))
        });
        let (browser, key, again) = found.ok_or(none.clone())?;
        let mac = authenticator(&key, text).ok_or(none.clone())?;
        mac.verify_slice(code).map_err(|_| none)?;
        if !again {
            self.note_use(id, now);
        }
        Ok(browser)
    }

    /// At the first use of a key, those before it are on their way out.
    fn note_use(&self, id: KeyId, now: Time) {
        let mut all = self.all();
        let Some(keys) = all.get_mut(&id.session) else { return };
        let Some(at) = keys.iter().position(|kept| kept.number == id.number) else { return };
        let (before, rest) = keys.split_at_mut(at);
        let Some(kept) = rest.first_mut() else { return };
        if kept.used.replace(now).is_none() {
            for earlier in before {
                earlier.until.get_or_insert(now + UNDER_WAY);
            }
        }
    }

    /// Wipes the keys of a session.
    pub(crate) fn forget(&self, session: SessionId) {
        self.all().remove(&session);
    }

    /// Wipes the keys of these owners.
    pub(crate) fn forget_of(&self, which: impl Fn(&Owner) -> bool) {
        self.all().retain(|_, keys| {
            keys.retain(|kept| !which(&kept.owner));
            !keys.is_empty()
        });
    }

    /// Wipes keys that count no longer.
    pub(crate) fn sweep(&self, now: Time) {
        self.all().retain(|_, keys| {
            keys.retain(|kept| kept.counts(now));
            !keys.is_empty()
        });
    }
}

/// What the browser's own key signs of the other half, with the time and nonce of the request that
/// carries it: it counts once, as that request does.
pub(super) fn offer_text(time: impl Display, nonce: &str, half: &str) -> String {
    format!("{LABEL}\n{time}\n{nonce}\n{half}")
}

fn authenticator(key: &Secret, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::new_from_slice(key.expose()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

/// The code of a text under a key.
pub(super) fn code(key: &Secret, text: &str) -> Option<[u8; 32]> {
    Some(authenticator(key, text)?.finalize().into_bytes().into())
}

/// The key, from what the two pairs share. Web Crypto takes 512 bits for an HMAC under SHA-256 unless it
/// is told 256, as the worker does.
pub(super) fn expand(shared: &[u8], id: &KeyId, browser: &[u8], server: &[u8]) -> Option<Secret> {
    let mut key = zeroize::Zeroizing::new([0; 32]);
    let drawn = Salt::new(HKDF_SHA256, &id.bytes()).extract(shared);
    let info = [LABEL.as_bytes(), browser, server];
    let filled = drawn.expand(&info, HKDF_SHA256).and_then(|okm| okm.fill(key.as_mut()));
    filled.ok().map(|()| Secret::new(key.to_vec()))
}

/// Both derive by this: `mine` is used up, and is neither kept nor sent.
pub(super) fn agree(
    mine: EphemeralPrivateKey,
    theirs: &[u8],
    derive: impl FnOnce(&[u8]) -> Option<Secret>,
) -> Option<Secret> {
    let theirs = UnparsedPublicKey::new(&ECDH_P256, theirs);
    agreement::agree_ephemeral(mine, &theirs, derive).ok().flatten()
}

/// A key of a session, derived with the browser whose half of a pair this is; with its name, and the half
/// from which the browser derives the same.
///
/// # Errors
/// When the system gives no random bytes.
pub(super) fn derive(
    session: SessionId,
    theirs: &[u8],
) -> Result<Option<(KeyId, Secret, Vec<u8>)>, NoEntropy> {
    let mine = clock::key_pair()?;
    let public = mine.compute_public_key().map_err(|_| NoEntropy)?.as_ref().to_vec();
    let id = KeyId::of(session, &public);
    let key = agree(mine, theirs, |shared| expand(shared, &id, theirs, &public));
    Ok(key.map(|key| (id, key, public)))
}

#[cfg(test)]
mod tests;
