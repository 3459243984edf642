//! Values that must not be seen: in memory, at rest, and as a digest that is safe to store.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::moment::Moment;

/// A password, token, seed or key. It is wiped when dropped, and it cannot be printed, serialised,
/// cloned or compared in variable time.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Takes a text over.
    pub fn from_text(text: String) -> Self {
        Self::new(text.into_bytes())
    }

    /// The bytes, for the one who has to use them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The text; none when the bytes are no UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether it is these bytes, in time that depends only on the lengths.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_slice().ct_eq(other).into()
    }

    /// The digest to store and to look it up by.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// SHA-256 of a secret too long to guess (a token of 128 bits or more): safe to store and to compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The SHA-256 of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The SHA-256 of several parts, each preceded by its length so that no two lists collide.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Whether the two are equal, in constant time.
    pub fn same(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Whether it is the digest of this secret, in constant time.
    pub fn is_of(&self, secret: &Secret) -> bool {
        self.0.ct_eq(&secret.digest().0).into()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_bytes(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserialize_bytes(deserializer)?;
        bytes.try_into().map(Self).map_err(|_| de::Error::custom("a digest has 32 bytes"))
    }
}

/// Bytes as lower-case hex in JSON and the like, as themselves elsewhere.
pub(crate) fn serialize_bytes<S: Serializer>(
    bytes: &[u8],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.serialize_str(&HEXLOWER.encode(bytes))
    } else {
        serializer.serialize_bytes(bytes)
    }
}

/// The inverse of [`serialize_bytes`].
pub(crate) fn deserialize_bytes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<u8>, D::Error> {
    if deserializer.is_human_readable() {
        let text = String::deserialize(deserializer)?;
        HEXLOWER.decode(text.as_bytes()).map_err(de::Error::custom)
    } else {
        Vec::deserialize(deserializer)
    }
}

/// A secret at rest: nonce and ciphertext under the data folder's key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedSecret({} bytes)", self.0.len())
    }
}

impl Serialize for SealedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_bytes(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for SealedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_bytes(deserializer).map(Self)
    }
}

/// Why a sealed secret did not open: another key, another purpose, or altered bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealError;

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a stored secret cannot be decrypted: the key file is not the one this data was written with, or the data was altered",
        )
    }
}

impl std::error::Error for SealError {}

/// The key that seals secrets at rest (XChaCha20-Poly1305); it is only in the key file.
pub struct SealKey(Zeroizing<[u8; 32]>);

impl SealKey {
    /// The key of these 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Seals for a `purpose` (say `totp aut_..`), which must be given again to open. The nonce of
    /// 192 bits is drawn from the moment, by the purpose: seal one secret a purpose and moment.
    pub fn seal(&self, secret: &Secret, purpose: &str, moment: &Moment) -> SealedSecret {
        let nonce: [u8; 24] = moment.draw(&format!("nonce {purpose}"));
        let payload = Payload { msg: secret.expose(), aad: purpose.as_bytes() };
        let cipher = XChaCha20Poly1305::new(&(*self.0).into());
        // Fails only above 256 GiB; an empty text opens nowhere.
        let text = cipher.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        SealedSecret([nonce.as_slice(), &text].concat())
    }

    /// A tag that only this key can make (HMAC-SHA256), for values that come back from outside: the
    /// same purpose and parts give the same tag.
    pub fn tag(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            // HMAC takes a key of any length.
            unreachable!("HMAC refused a key of 32 bytes")
        };
        mac.update(&Digest::of_parts(&[purpose.as_bytes()]).0);
        mac.update(&Digest::of_parts(parts).0);
        Digest(mac.finalize().into_bytes().into())
    }

    /// Opens what was sealed for the same purpose.
    pub fn open(&self, sealed: &SealedSecret, purpose: &str) -> Result<Secret, SealError> {
        let (nonce, text) = sealed.0.split_first_chunk::<24>().ok_or(SealError)?;
        let payload = Payload { msg: text, aad: purpose.as_bytes() };
        XChaCha20Poly1305::new(&(*self.0).into())
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Secret::new)
            .map_err(|_| SealError)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::moment::Time;

    #[test]
    fn sealed_secret_opens_with_its_key_and_purpose_only() {
        let (key, moment) = (SealKey::new([1; 32]), Moment::new(Time(0), [2; 32]));
        let sealed = key.seal(&Secret::from_text("seed".to_owned()), "totp a", &moment);
        assert!(key.open(&sealed, "totp a").unwrap().matches(b"seed"));
        assert!(key.open(&sealed, "totp b").is_err());
        assert!(SealKey::new([3; 32]).open(&sealed, "totp a").is_err());
        for place in 0..sealed.0.len() {
            let mut altered = sealed.clone();
            altered.0[place] ^= 1;
            assert!(key.open(&altered, "totp a").is_err(), "byte {place}");
        }
        assert!(key.open(&SealedSecret(vec![0; 23]), "totp a").is_err());
    }

    #[test]
    fn tag_is_of_its_key_purpose_and_parts() {
        let key = SealKey::new([1; 32]);
        let tag = key.tag("cookie", &[b"a", b"b"]);
        assert_eq!(tag, key.tag("cookie", &[b"a", b"b"]));
        for other in [
            key.tag("challenge", &[b"a", b"b"]),
            key.tag("cookie", &[b"ab", b""]),
            key.tag("cookie", &[b"a"]),
            SealKey::new([2; 32]).tag("cookie", &[b"a", b"b"]),
        ] {
            assert_ne!(tag, other);
        }
    }

    #[test]
    fn digest_of_parts_depends_on_where_they_part() {
        assert_ne!(Digest::of_parts(&[b"ab", b"c"]), Digest::of_parts(&[b"a", b"bc"]));
        assert_eq!(
            Digest::of(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn digest_in_json_is_hex_and_round_trips() {
        let digest = Digest::of(b"abc");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, format!("\"{digest}\""));
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        assert!(serde_json::from_str::<Digest>("\"00\"").is_err());
    }
}
