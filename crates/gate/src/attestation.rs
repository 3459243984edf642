//! Which models of passkey this server accepts, if not all: a list of AAGUIDs, and the roots that
//! vouch for them. Without a policy a passkey is accepted for what it proves, whatever its model.

use std::collections::BTreeMap;

use access::refusal::PasskeyFault;
use webauthn_rs::prelude::{
    AttestationCaList, AttestationCaListBuilder, AttestationMetadata, ParsedAttestation, Uuid,
    WebauthnError,
};

/// The policy.
#[derive(Debug, Clone)]
pub struct Attestation {
    list: AttestationCaList,
    models: BTreeMap<Uuid, String>,
}

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// Without a root nothing can be recognised.
    #[error("a policy for passkeys needs at least one root certificate")]
    NoRoot,
    /// Without a model nothing would be taken.
    #[error("a policy for passkeys needs at least one model; leave it out to take any")]
    NoModel,
    /// A text that is not a certificate.
    #[error("root {number} is not a certificate in PEM")]
    Root {
        /// Which, from 1.
        number: usize,
    },
    /// A text that is not an AAGUID.
    #[error("{text} is not an AAGUID: write 32 hex digits in groups of 8, 4, 4, 4 and 12")]
    Model {
        /// The text.
        text: String,
    },
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

impl Attestation {
    /// The policy of these roots (texts of one or more PEM certificates) and these models (names by
    /// AAGUID). Each root is taken to vouch for each model.
    pub fn new(
        roots: &[String],
        models: &BTreeMap<String, String>,
    ) -> Result<Self, AttestationError> {
        let certificates: Vec<String> = roots.iter().flat_map(|text| certificates(text)).collect();
        let mut list = AttestationCaListBuilder::new();
        let mut names = BTreeMap::new();
        for (text, name) in models {
            let model = Uuid::try_parse(text).ok().filter(|model| !model.is_nil());
            let model = model.ok_or_else(|| AttestationError::Model { text: text.clone() })?;
            names.insert(model, name.clone());
            for (number, root) in (1..).zip(&certificates) {
                let (name, others) = (name.clone(), BTreeMap::new());
                list.insert_device_pem(root.as_bytes(), model, name, others)
                    .map_err(|_| AttestationError::Root { number })?;
            }
        }
        if certificates.is_empty() {
            return Err(AttestationError::NoRoot);
        }
        if names.is_empty() {
            return Err(AttestationError::NoModel);
        }
        Ok(Self { list: list.build(), models: names })
    }

    /// What the library checks against.
    pub(crate) fn list(&self) -> AttestationCaList {
        self.list.clone()
    }

    /// The name of a model, by its AAGUID in hex without dashes.
    pub(crate) fn name(&self, model: &str) -> Option<&str> {
        self.models.get(&Uuid::try_parse(model).ok()?).map(String::as_str)
    }

    /// Why a registration was refused: what it says of its model counts for the words alone.
    pub(crate) fn fault(&self, error: &WebauthnError, said: Option<[u8; 16]>) -> PasskeyFault {
        use WebauthnError as E;
        match (error, said) {
            // Nobody is told of a model that is not on the list that its attestation is bad.
            (
                E::AttestationUntrustedAaguid
                | E::AttestationNotVerifiable
                | E::AttestationChainNotTrusted(_),
                Some(model),
            ) if !self.models.contains_key(&Uuid::from_bytes(model)) => {
                PasskeyFault::ModelNotAllowed { model }
            }
            (
                E::AttestationUntrustedAaguid
                | E::AttestationNotVerifiable
                | E::AttestationChainNotTrusted(_)
                | E::AttestationNotSupported
                | E::AttestationFormatMissingAaguid
                | E::AttestationCertificateAAGUIDMismatch
                | E::AttestationCertificateRequirementsNotMet
                | E::AttestationStatementSigInvalid
                | E::AttestationStatementX5CInvalid
                | E::CredentialMayNotBeHardwareBound,
                _,
            ) => PasskeyFault::NotAttested,
            _ => PasskeyFault::Invalid,
        }
    }
}

/// The model that an attestation vouches for, in hex.
pub(crate) fn attested_model(attestation: &ParsedAttestation) -> String {
    match &attestation.metadata {
        AttestationMetadata::Packed { aaguid } | AttestationMetadata::Tpm { aaguid, .. } => {
            aaguid.simple().to_string()
        }
        _ => String::new(),
    }
}

/// The certificates of a file, each for itself; a text without any counts as a broken one.
fn certificates(text: &str) -> Vec<String> {
    let found: Vec<String> = text
        .split(BEGIN)
        .skip(1)
        .map(|rest| {
            let body = rest.split(END).next().unwrap_or_default();
            format!("{BEGIN}{body}{END}\n")
        })
        .collect();
    if found.is_empty() { vec![text.to_owned()] } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_that_cannot_hold_says_why() {
        let models = |text: &str| BTreeMap::from([(text.to_owned(), "Key".to_owned())]);
        let good = "2fc0579f-8113-47ea-b116-bb5a8db9202a";
        let new = |roots: &[&str], models: &BTreeMap<String, String>| {
            let roots: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
            Attestation::new(&roots, models).map(drop)
        };
        assert_eq!(new(&[], &models(good)), Err(AttestationError::NoRoot));
        assert_eq!(new(&["x"], &BTreeMap::new()), Err(AttestationError::NoModel));
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for root in ["", "no certificate", nonsense] {
            assert_eq!(new(&[root], &models(good)), Err(AttestationError::Root { number: 1 }));
        }
        for text in ["", "2fc0579f", "00000000-0000-0000-0000-000000000000"] {
            let refused = Err(AttestationError::Model { text: text.to_owned() });
            assert_eq!(new(&[nonsense], &models(text)), refused);
        }
    }
}
