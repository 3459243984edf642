//! The one table of nouns, and what follows from it: what can be asked, and what can happen.
//!
//! A noun has a file of its name with its `Command`, its `Event` and the functions `decide` and
//! `apply`; its event has a `kind` and a `text`. Everything that goes through all nouns is made
//! from the table by [`for_each_noun!`](crate::for_each_noun), here and in `store`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::evidence::event::TEXT_LIMIT;
use crate::name::tidy;
pub(crate) use crate::{
    account::event as account, approval::event as approval, authenticator::event as authenticator,
    brokerage::event as brokerage, contact::event as contact, credential::event as credential,
    device::event as device, evidence::event as evidence, large_order::event as large_order,
    link::event as link, lock::event as lock, mandate::event as mandate, network::event as network,
    notice::event as notice, person::event as person, policy::event as policy, push::event as push,
    recovery::event as recovery, session::event as session, sign_in::event as sign_in,
    step_up::event as step_up, throttle::event as throttle, travel::event as travel,
    trustee::event as trustee, window::event as window,
};

/// Hands the table of nouns to a macro: `both` are asked for and have events, `asked` have only
/// commands, whose events are those of other nouns, and `told` have only events, which the
/// decisions of other nouns make.
#[macro_export]
macro_rules! for_each_noun {
    ($callback:ident) => {
        $callback! {
            both {
                person Person;
                account Account;
                mandate Mandate;
                sign_in SignIn;
                link Link;
                session Session;
                device Device;
                push Push;
                approval Approval;
                authenticator Authenticator;
                credential Credential;
                lock Lock;
                contact Contact;
                network Network;
                policy Policy;
                large_order LargeOrder;
                brokerage Brokerage;
                travel Travel;
                recovery Recovery;
                trustee Trustee;
                notice Notice;
                evidence Evidence;
            }
            asked {
                step_up StepUp;
                window Window;
            }
            told {
                throttle Throttle;
            }
        }
    };
}

macro_rules! nouns {
    (
        both { $($both:ident $Both:ident;)* }
        asked { $($asked:ident $Asked:ident;)* }
        told { $($told:ident $Told:ident;)* }
    ) => {
        /// What is asked.
        #[expect(missing_docs, reason = "each is the command of the noun that it names")]
        pub enum Command {
            $($Both($both::Command),)*
            $($Asked($asked::Command),)*
        }

        /// What happened: what the store writes to the tables and to evidence. No secret is ever in
        /// it, only digests and sealed secrets.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each is the event of the noun that it names")]
        pub enum Event {
            $($Both($both::Event),)*
            $($Told($told::Event),)*
        }

        $(impl From<$both::Event> for Event {
            fn from(event: $both::Event) -> Self {
                Self::$Both(event)
            }
        })*
        $(impl From<$told::Event> for Event {
            fn from(event: $told::Event) -> Self {
                Self::$Told(event)
            }
        })*

        impl Event {
            /// What happened, as `noun.verb`.
            pub fn kind(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$Both(event) => event.kind().into(),)*
                    $(Self::$Told(event) => event.kind().into(),)*
                }
            }

            /// The same in plain words: no control characters, at most 2,000 bytes.
            pub fn text(&self) -> String {
                let words = match self {
                    $(Self::$Both(event) => event.text(),)*
                    $(Self::$Told(event) => event.text(),)*
                };
                tidy(&words, TEXT_LIMIT)
            }
        }
    };
}

for_each_noun!(nouns);

impl Event {
    /// Whether it changes a table of facts, so that the slice's version must rise with it.
    pub const fn changes_tables(&self) -> bool {
        !matches!(self, Self::Notice(_) | Self::Evidence(_))
    }

    /// Whether it brings an entry of evidence: all but the counter of a name that nobody has, which
    /// the refusal beside it tells of. Names are free to make up, so it must not fill the disk.
    pub const fn is_evidence(&self) -> bool {
        !matches!(self, Self::Throttle(throttle::Event::StrangerFailed(_)))
    }
}
