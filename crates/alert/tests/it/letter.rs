//! Letters to send.

use access::notice::{Subject, Topic};
use access::{DeviceId, NoticeId, Secret, Time};
use alert::Letter;

pub fn now() -> Time {
    Time::from_seconds(1_800_000_000)
}

pub fn letter(text: &str, code: Option<&str>) -> Letter {
    Letter {
        id: NoticeId([7; 16]),
        username: "ann".to_owned(),
        to: "ann@example.org".to_owned(),
        topic: if code.is_some() { Topic::ActivationCode } else { Topic::NewDevice },
        text: text.to_owned(),
        code: code.map(|code| Secret::from_text(code.to_owned())),
        stop: None,
        subject: Subject {
            device: Some(DeviceId([3; 16])),
            session: None,
            address: Some("192.0.2.7".parse().unwrap()),
        },
        at: now(),
    }
}
