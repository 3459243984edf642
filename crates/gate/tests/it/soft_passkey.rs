//! A passkey in software, as a browser with a platform authenticator would answer.

#![expect(clippy::disallowed_methods, reason = "it draws as an authenticator does")]

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// User present, user verified.
pub const PRESENT_VERIFIED: u8 = 0x05;
/// Attested credential data follows.
const ATTESTED: u8 = 0x40;

pub struct SoftPasskey {
    pub origin: String,
    pub counter: u32,
    pub flags: u8,
    pub handle: Vec<u8>,
    pub user: Vec<u8>,
    pub rp: String,
    pub pair: EcdsaKeyPair,
}

impl SoftPasskey {
    /// Answers `navigator.credentials.create`, and says nothing of its model.
    pub fn create(options: &str, origin: &str, handle: &[u8]) -> (Self, String) {
        Self::create_as(options, origin, handle, [0; 16], |_| b"\x64none\x67attStmt\xa0".to_vec())
    }

    /// The same as a model, with the format and statement that `attest` makes over what it signs.
    pub fn create_as(
        options: &str,
        origin: &str,
        handle: &[u8],
        model: [u8; 16],
        attest: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> (Self, String) {
        let options: Value = serde_json::from_str(options).unwrap();
        let options = &options["publicKey"];
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random)
                .unwrap();
        let user = options["user"]["id"].as_str().unwrap();
        let passkey = Self {
            origin: origin.to_owned(),
            counter: 0,
            flags: PRESENT_VERIFIED,
            handle: handle.to_vec(),
            user: BASE64URL_NOPAD.decode(user.as_bytes()).unwrap(),
            rp: options["rp"]["id"].as_str().unwrap().to_owned(),
            pair,
        };
        let mut data = passkey.head(passkey.flags | ATTESTED);
        data.extend(model);
        data.extend(u16::try_from(handle.len()).unwrap().to_be_bytes());
        data.extend(handle);
        // COSE key: kty EC2, alg ES256, crv P-256, x, y.
        let point = passkey.pair.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        // {"fmt": .., "attStmt": .., "authData": bytes}
        let client = passkey.client_data("webauthn.create", options);
        let signed = [data.clone(), Sha256::digest(&client).to_vec()].concat();
        let mut object = b"\xa3\x63fmt".to_vec();
        object.extend(attest(&signed));
        object.extend(b"\x68authData");
        object.extend(cbor_bytes(&data));
        let answer = json!({
            "id": b64(handle), "rawId": b64(handle), "type": "public-key",
            "response": {"attestationObject": b64(&object), "clientDataJSON": b64(&client)},
            "extensions": {},
        });
        (passkey, answer.to_string())
    }

    /// Answers `navigator.credentials.get`.
    pub fn get(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let client = self.client_data("webauthn.get", &options["publicKey"]);
        let data = self.head(self.flags);
        let signed = [data.clone(), Sha256::digest(&client).to_vec()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": b64(&self.handle), "rawId": b64(&self.handle), "type": "public-key",
            "response": {
                "authenticatorData": b64(&data), "clientDataJSON": b64(&client),
                "signature": b64(signature.as_ref()), "userHandle": b64(&self.user),
            },
            "extensions": {},
        })
        .to_string()
    }

    /// Hash of the relying party, flags, counter.
    fn head(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.rp.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
        .into_bytes()
    }
}

/// A CBOR byte string with a length of two bytes.
pub fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0x59], length.as_slice(), bytes].concat()
}

fn b64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
