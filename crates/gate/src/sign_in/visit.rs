//! What a browser sends along.

use std::net::IpAddr;
use std::sync::Arc;

use access::sign_in::Command as SignIn;
use access::stay::Stay;
use access::{By, Call, Command, Secret, Source};

use crate::binding::Shown;

/// What a browser sends along with every step.
pub struct Browser {
    /// The token of its device cookie, when it has one.
    pub device_token: Option<Secret>,
    /// Where it connects from.
    pub address: IpAddr,
    /// The key that signed the request, if one did.
    pub key: Option<Shown>,
    /// Its User-Agent header, as sent; a new device's first name is made from it.
    pub user_agent: String,
    /// How long its person wants to stay signed in; asked at the first step.
    pub stay: Stay,
}

impl Browser {
    pub(crate) fn source(&self) -> Source {
        let key = self.key.and_then(|shown| shown.own_key());
        let device = self.device_token.as_ref();
        let source = Source::browser(self.address, device, key, &self.user_agent);
        Source { stay: self.stay, ..source }
    }

    pub(crate) fn call(&self, command: SignIn) -> Arc<Call> {
        let command = Command::SignIn(command);
        Arc::new(Call { by: By::Visitor, source: self.source(), command })
    }
}
