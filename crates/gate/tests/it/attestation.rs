//! A policy for passkeys, with an authority of our own: a root, a maker's certificate under it, and
//! packed attestations signed by that, through the real ceremony.

#![expect(clippy::disallowed_methods, reason = "an authority of the test's own draws its keys")]

use std::collections::BTreeMap;

use access::Refusal;
use access::refusal::{PasskeyFault, SignInRefusal};
use gate::disk::LocalDisk;
use gate::{Attestation, Clock, Config, Gate, SessionTicket};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use crate::place::{AWAY, HOME, ORIGIN, browser, config, done, from, shows, start, text};
use crate::soft_passkey::{SoftPasskey, cbor_bytes};

const GOOD: [u8; 16] = [0x11; 16];
const OTHER: [u8; 16] = [0x22; 16];

/// A maker of authenticators.
struct Maker {
    root: String,
    certificate: Vec<u8>,
    key: EcdsaKeyPair,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    let parts = [
        (DnType::CountryName, "SE"),
        (DnType::OrganizationName, "Keys Ltd"),
        (DnType::OrganizationalUnitName, "Authenticator Attestation"),
        (DnType::CommonName, name),
    ];
    for (kind, value) in parts {
        params.distinguished_name.push(kind, value);
    }
    params
}

impl Maker {
    /// A maker whose certificate is for one model.
    fn of(model: [u8; 16]) -> Self {
        let mut root = named(&format!("Root {}", model[0])); // roots are told apart by their names
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root_key = KeyPair::generate().unwrap();
        let pem = root.self_signed(&root_key).unwrap().pem();
        let mut leaf = named("Batch 7");
        leaf.is_ca = IsCa::ExplicitNoCa;
        // id-fido-gen-ce-aaguid: an octet string with the model.
        let extension = CustomExtension::from_oid_content(
            &[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4],
            [&[4, 16], model.as_slice()].concat(),
        );
        leaf.custom_extensions.push(extension);
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
        let der = key.serialize_der();
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der, &random).unwrap();
        Self { root: pem, certificate: certificate.der().to_vec(), key }
    }

    /// `"packed"`, and `{"alg": -7, "sig": .., "x5c": [..]}` over what was signed.
    fn attest(&self, signed: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(&SystemRandom::new(), signed).unwrap();
        let mut statement = b"\x66packed\x67attStmt\xa3\x63alg\x26\x63sig".to_vec();
        statement.extend(cbor_bytes(signature.as_ref()));
        statement.extend(b"\x63x5c\x81");
        statement.extend(cbor_bytes(&self.certificate));
        statement
    }
}

struct Place {
    gate: Gate,
    ticket: SessionTicket,
    _folder: tempfile::TempDir,
}

impl Place {
    /// A folder that takes the model [`GOOD`] under a root, and a person who is signed in.
    async fn with(root: &str) -> Self {
        let models = BTreeMap::from([(
            "11111111-1111-1111-1111-111111111111".to_owned(),
            "Good Key 5".to_owned(),
        )]);
        // A file may hold several.
        let roots = [format!("{}{root}", Maker::of(OTHER).root)];
        let policy = Attestation::new(&roots, &models).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = Config { passkeys: Some(policy), ..config(folder.path(), true) };
        let clock = Clock::manual(start());
        let gate = Gate::open_with(config, clock, std::sync::Arc::new(LocalDisk)).await.unwrap();
        let link = gate.demo().link().await.unwrap();
        let signed_in = done(gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap());
        let ticket =
            gate.sessions().by_token(text(&signed_in.session_token), HOME, shows()).unwrap();
        Self { gate, ticket, _folder: folder }
    }

    async fn register(
        &self,
        model: [u8; 16],
        attest: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<SoftPasskey, Refusal> {
        let start = self.gate.authenticators().passkey_start(&self.ticket).await.unwrap();
        assert!(start.options.contains(r#""attestation":"direct""#), "{}", start.options);
        assert!(start.options.contains(r#""residentKey":"required""#), "{}", start.options);
        let (passkey, answer) =
            SoftPasskey::create_as(&start.options, ORIGIN, b"handle", model, attest);
        let ceremony = &start.ceremony;
        self.gate
            .authenticators()
            .passkey_finish(&self.ticket, ceremony, &answer, "Key")
            .await
            .map(|_| passkey)
    }

    async fn refused(&self, model: [u8; 16], maker: &Maker) -> PasskeyFault {
        match self.register(model, |signed| maker.attest(signed)).await.err() {
            Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { reason })) => reason,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn model_on_the_list_is_taken_shown_by_name_and_signs_in() {
    let maker = Maker::of(GOOD);
    let place = Place::with(&maker.root).await;
    let passkey = place.register(GOOD, |signed| maker.attest(signed)).await;
    let Ok(mut passkey) = passkey else { panic!("{:?}", passkey.err()) };
    let list = place.gate.authenticators().list(place.ticket.person).await.unwrap();
    let model = list.iter().find(|one| one.kind == "passkey").unwrap().model.clone();
    assert_eq!(model.as_deref(), Some("Good Key 5"));
    let away = from(AWAY, None);
    let start = place.gate.sign_ins().passkey_start(&away).unwrap();
    let answer = passkey.get(&start.options);
    done(place.gate.sign_ins().passkey_finish(&start.ceremony, &answer, &away).await.unwrap());
}

#[tokio::test]
async fn model_that_is_not_on_the_list_is_refused_by_its_name_and_on_record() {
    let maker = Maker::of(OTHER);
    let place = Place::with(&maker.root).await;
    let reason = place.refused(OTHER, &maker).await;
    assert_eq!(reason, PasskeyFault::ModelNotAllowed { model: OTHER });
    let text = Refusal::SignIn(SignInRefusal::PasskeyRefused { reason }).to_string();
    assert!(text.contains("its model 22222222-2222-2222-2222-222222222222 is not on"), "{text}");
    let filter = gate::ActivityFilter { limit: 100, ..gate::ActivityFilter::default() };
    let page = place.gate.activity().page(&crate::place::OPERATOR, &filter, None).await.unwrap();
    assert!(page.entries.iter().any(|entry| entry.text.contains(&text)), "{:?}", page.entries);
    assert!(place.gate.authenticators().passkeys_are_possible());
}

#[tokio::test]
async fn attestation_of_another_root_model_or_key_or_none_at_all_is_refused() {
    let maker = Maker::of(GOOD);
    let place = Place::with(&maker.root).await;
    let stranger = Maker::of(GOOD);
    assert_eq!(place.refused(GOOD, &stranger).await, PasskeyFault::NotAttested, "another root");
    // The certificate is for one model and the authenticator says that it is another.
    let mixed = Maker::of(OTHER);
    assert_eq!(place.refused(GOOD, &mixed).await, PasskeyFault::NotAttested, "another model");
    let forged = Maker { key: stranger.key, ..Maker::of(GOOD) };
    assert_eq!(place.refused(GOOD, &forged).await, PasskeyFault::NotAttested, "another key");
    let none = |_: &[u8]| b"\x64none\x67attStmt\xa0".to_vec();
    for (model, reason) in [
        ([0; 16], PasskeyFault::NotAttested),
        (GOOD, PasskeyFault::NotAttested),
        (OTHER, PasskeyFault::ModelNotAllowed { model: OTHER }),
    ] {
        let refusal = place.register(model, none).await.err();
        assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { reason })));
    }
    let list = place.gate.authenticators().list(place.ticket.person).await.unwrap();
    assert!(list.iter().all(|one| one.kind != "passkey"));
    place.register(GOOD, |signed| maker.attest(signed)).await.ok().unwrap();
}
