//! What can be asked about notices, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::Notice;
use crate::id::NoticeId;
use crate::moment::Time;
use crate::slice::Slice;

/// What is asked about notices.
pub enum Command {
    /// 'This was not me': stops what the notice tells. It may be asked by anyone who may lock, for a
    /// lock does more.
    Disown {
        /// Which, as it was written.
        notice: Box<Notice>,
    },
}

/// What happened to notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Put in the outbox.
    Queued(Notice),
    /// Its person said that it was not them.
    Disowned {
        /// The message.
        notice: NoticeId,
        /// When it happened.
        at: Time,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Queued(_) => "notice.queued",
            Self::Disowned { .. } => "notice.disowned",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Queued(one) => {
                let to = match one.mail.len() {
                    0 => String::new(),
                    1 => ", to 1 mail address".to_owned(),
                    more => format!(", to {more} mail addresses"),
                };
                format!("Message {} queued{to}", one.topic.name())
            }
            Self::Disowned { notice, .. } => {
                format!("Message {notice} answered 'this was not me'")
            }
        }
    }
}

/// A slice holds no notices.
pub(crate) fn apply(_: &mut Slice, _: &Event) {}
