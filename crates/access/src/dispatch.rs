//! The one function that decides.

use crate::authenticator::{self, totp};
use crate::call::{By, Call};
use crate::contact::Reach;
use crate::decision::{Decision, Ground};
use crate::draft::Draft;
use crate::id::DeviceId;
use crate::moment::Moment;
use crate::noun::Command;
use crate::refusal::{Refusal, SignInRefusal};
use crate::secret::SealKey;
use crate::slice::Slice;
use crate::{
    account, approval, brokerage, contact, credential, device, evidence, large_order, link, lock,
    mandate, network, notice, person, policy, push, recovery, session, sign_in, step_up, travel,
    trustee, window,
};

macro_rules! dispatch {
    (
        both { $($both:ident $Both:ident;)* }
        asked { $($asked:ident $Asked:ident;)* }
        told { $($told:ident $Told:ident;)* }
    ) => {
        fn dispatch(
            slice: &Slice,
            ground: &Ground<'_>,
            command: &Command,
        ) -> Result<Decision, Refusal> {
            match command {
                $(Command::$Both(command) => $both::decide(slice, ground, command),)*
                $(Command::$Asked(command) => $asked::decide(slice, ground, command),)*
            }
        }
    };
}

for_each_noun!(dispatch);

/// The device of the session that asks, or the one whose token came with the call.
fn asking_device(slice: &Slice, call: &Call) -> Option<DeviceId> {
    match call.by {
        By::Session(id) => slice.session(id).map(|session| session.device),
        By::Visitor => slice.device_of(call.source.device).map(|device| device.id),
        By::Credential(_) | By::Operator { .. } | By::System => None,
    }
}

/// Decides. A refusal is recorded as an event too, but for a stale proof: the caller loads again,
/// proves again and asks again.
pub fn decide(slice: &Slice, call: &Call, moment: &Moment, key: &SealKey) -> Decision {
    let ground = Ground {
        by: call.by,
        source: &call.source,
        moment,
        key,
        device: asking_device(slice, call),
        reach: Reach::of(slice, moment.now),
    };
    let decided = dispatch(slice, &ground, &call.command);
    let Decision { events, answer, .. } =
        decided.unwrap_or_else(|refusal| Decision::refused(Vec::new(), refusal));
    let mut draft = Draft::of(slice);
    draft.extend(events);
    device::forget_lent(slice, &mut draft);
    let mut decision = match answer {
        Ok(answer) => draft.decide(answer),
        Err(refusal) => {
            if refusal != Refusal::SignIn(SignInRefusal::ProofStale) {
                draft.push(evidence::refused(&refusal));
            }
            draft.refuse(refusal)
        }
    };
    decision.reads = slice.reads_with(&call.command);
    decision
}

/// The code that an enrolled TOTP app shows now, for demo folders' command line.
pub fn totp_now(slice: &Slice, moment: &Moment, key: &SealKey) -> Result<String, Refusal> {
    let totp = slice.totp().ok_or(Refusal::not_found("authenticator app"))?;
    let seed = totp.open_seed(key)?;
    Ok(totp::code(seed.expose(), totp::step(moment.wall)))
}
