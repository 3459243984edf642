//! Text that people and programs hand in: ids, tokens, networks, requests of the operator's door. What is taken is
//! written back as it was.
#![no_main]

use std::str::FromStr;

use access::token::{Kind, is_well_formed};
use libfuzzer_sys::fuzz_target;

fn canonical<T: FromStr + ToString>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text, "two texts for one id");
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<control::Request>(data) {
        let again = serde_json::to_vec(&request).expect("a request is JSON");
        assert_eq!(serde_json::from_slice::<control::Request>(&again).expect("our own request"), request);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    canonical::<access::PersonId>(text);
    canonical::<access::DeviceId>(text);
    canonical::<access::SessionId>(text);
    canonical::<access::CredentialId>(text);
    canonical::<access::PaperAccountId>(text);
    if let Ok(network) = text.parse::<access::address::Network>() {
        assert_eq!(network.to_string().parse(), Ok(network));
    }
    for kind in [Kind::Session, Kind::Device, Kind::Attempt, Kind::Link, Kind::Credential] {
        if is_well_formed(kind, text) {
            assert!(text.starts_with(kind.prefix()));
        }
    }
});
