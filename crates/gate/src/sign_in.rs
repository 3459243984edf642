//! Signing in: a form's fields become one access command each; the costly proof is made before it.

use std::time::Duration;

use access::authenticator::passkey::Assertion;
use access::authenticator::{Authenticator, PasswordCheck};
use access::binding::Beginner;
use access::link::Purpose;
use access::refusal::{PasskeyFault, ServerRefusal, SessionRefusal, SignInRefusal};
use access::sign_in::{self, Command as SignIn};
use access::stay::Stay;
use access::throttle::{self, Factor, Place};
use access::{
    Answer, AttemptId, AuthenticatorId, By, Digest, PersonId, Refusal, Secret, SessionId, Slice,
    Source, Time,
};
use store::Key;

use crate::Gate;
use crate::ask::Done;
use crate::passkey::{self, Ceremony};
use crate::password::Asker;

mod visit;

pub use visit::Browser;

/// Times that a proof is made again when its row has moved meanwhile.
const PROOFS: usize = 3;
/// A no to a name and a password comes no sooner than this. The hash takes a fifth of it; what the rows
/// of a known name cost beside would tell it from an unknown one.
const EVEN: Duration = Duration::from_millis(100);

/// What a step of a sign-in came to.
pub enum SignInStep {
    /// The password was right: a code of the TOTP app is next.
    Totp {
        /// Names the attempt in the next step; keep it in a cookie of this browser.
        attempt: Secret,
    },
    /// Both factors were right: this browser has to be activated by the code that was sent.
    Activate {
        /// Names the attempt in the next step; keep it in a cookie of this browser.
        attempt: Secret,
    },
    /// Signed in.
    Done(SignedIn),
}

/// A session that has just begun.
pub struct SignedIn {
    /// The person.
    pub person: PersonId,
    /// The session.
    pub session: SessionId,
    /// The session's token, for its cookie: shown this once.
    pub session_token: Secret,
    /// The device's new token, when the browser has to keep one: shown this once.
    pub device_token: Option<Secret>,
    /// When the session ends at the latest.
    pub until: Time,
    /// Nothing but enrolling is possible: a password and a TOTP app, or a passkey, come first.
    pub enrolling: bool,
    /// The person has no passkey yet, so that the page may offer one.
    pub offer_passkey: bool,
    /// How long it stays signed in.
    pub stay: Stay,
    /// Whether it was to stay longer, and may not.
    pub stay_refused: bool,
}

/// Whose sign-in is under way, for the page that asks for its next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptInfo {
    /// The name that was signed in with; its password was right.
    pub username: String,
    /// Where a code is sent, all but its first letter and its domain hidden.
    pub mail: Option<String>,
    /// Whether a phone could be asked instead of a code.
    pub phone: bool,
}

/// Signing in, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct SignInGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Signing in, through the gate.
    pub fn sign_ins(&self) -> SignInGate<'_> {
        SignInGate { gate: self }
    }
}

impl SignInGate<'_> {
    /// Whose sign-in this attempt is: all that its page shows.
    pub async fn attempt(
        self,
        attempt: &Secret,
        browser: &Browser,
    ) -> Result<AttemptInfo, Refusal> {
        let (slice, _) = self.gate.look_at_attempt(attempt, browser).await?;
        let person = slice.person.as_ref().ok_or(SignInRefusal::AttemptEnded)?;
        let mail = slice.mail().and_then(access::contact::Contact::mail);
        let hidden = |mail: &access::contact::MailAddress| {
            let (local, domain) = mail.as_str().split_once('@').unwrap_or_default();
            format!("{}\u{2026}@{domain}", local.chars().take(1).collect::<String>())
        };
        Ok(AttemptInfo {
            username: person.username.to_string(),
            mail: mail.map(hidden),
            phone: access::approval::phones(&slice, self.gate.now(), None).next().is_some(),
        })
    }

    /// The first step: user name and password. Unknown names get the same answers and cost the same.
    pub async fn password(
        self,
        username: &str,
        password: Secret,
        browser: &Browser,
    ) -> Result<SignInStep, Refusal> {
        in_even_time(Box::pin(self.try_password(username, password, browser))).await
    }

    async fn try_password(
        self,
        username: &str,
        password: Secret,
        browser: &Browser,
    ) -> Result<SignInStep, Refusal> {
        let key = Key::Username(username);
        for _ in 0..PROOFS {
            let slice = self.gate.load(key).await?;
            let site = self.gate.check_site(&slice, browser).await?;
            let proof = self.gate.prove_at(&slice, &password, &browser.source()).await?;
            let call = browser.call(SignIn::Password { proof });
            match self.gate.count_try(site, self.gate.run(key, Some(slice), &call).await).await {
                Err(Refusal::SignIn(SignInRefusal::ProofStale)) => {}
                done => return step(done?),
            }
        }
        Err(Refusal::SignIn(SignInRefusal::ProofStale))
    }

    /// The second step: a code of the TOTP app.
    pub async fn totp(
        self,
        attempt: &Secret,
        code: &str,
        browser: &Browser,
    ) -> Result<SignInStep, Refusal> {
        let of = |attempt, code| SignIn::Totp { attempt, code };
        self.code(attempt, code, browser, of).await
    }

    /// The second step by a recovery code, which is used up by it.
    pub async fn recovery_code(
        self,
        attempt: &Secret,
        code: &str,
        browser: &Browser,
    ) -> Result<SignInStep, Refusal> {
        let of = |attempt, code| SignIn::RecoveryCode { attempt, code };
        self.code(attempt, code, browser, of).await
    }

    /// The third step on a new browser: the one-time code.
    pub async fn activation(
        self,
        attempt: &Secret,
        code: &str,
        browser: &Browser,
    ) -> Result<SignInStep, Refusal> {
        let of = |attempt, code| SignIn::Activate { attempt, code };
        self.code(attempt, code, browser, of).await
    }

    /// A typed code that takes a sign-in one step on.
    async fn code(
        self,
        attempt: &Secret,
        code: &str,
        browser: &Browser,
        of: impl FnOnce(Secret, Secret) -> SignIn,
    ) -> Result<SignInStep, Refusal> {
        let (attempt, code) = (copy(attempt), Secret::from_text(code.to_owned()));
        let key = Key::Attempt(attempt.digest());
        self.guess(key, browser, of(attempt, code)).await
    }

    /// A step that may be guessed, counted by address too.
    async fn guess(
        self,
        key: Key<'_>,
        browser: &Browser,
        command: SignIn,
    ) -> Result<SignInStep, Refusal> {
        let slice = self.gate.load(key).await?;
        let site = self.gate.check_site(&slice, browser).await?;
        let done = self.gate.run(key, Some(slice), &browser.call(command)).await;
        step(self.gate.count_try(site, done).await?)
    }

    /// Sends another one-time code.
    pub async fn resend_activation(
        self,
        attempt: &Secret,
        browser: &Browser,
    ) -> Result<(), Refusal> {
        let attempt = copy(attempt);
        let key = Key::Attempt(attempt.digest());
        self.gate.run_done(key, &browser.call(SignIn::Resend { attempt })).await.map(drop)
    }

    /// What a link is for and until when, without using it up: a page shows it with one button.
    pub async fn link(self, token: &Secret) -> Result<(Purpose, Time), Refusal> {
        let digest = token.digest();
        let slice = self.gate.load(Key::Link(digest)).await?;
        let now = self.gate.0.people.clock.stamp();
        let link = slice.links.iter().find(|link| link.token == digest && now < link.until);
        link.map(|link| (link.purpose, link.until))
            .ok_or(Refusal::Session(SessionRefusal::LinkEnded))
    }

    /// Uses a link up: signs in and trusts this browser.
    pub async fn by_link(self, token: &Secret, browser: &Browser) -> Result<SignInStep, Refusal> {
        let token = copy(token);
        let key = Key::Link(token.digest());
        step(self.gate.run(key, None, &browser.call(SignIn::Link { token })).await?)
    }

    /// Starts a sign-in with a passkey.
    pub fn passkey_start(self, browser: &Browser) -> Result<Ceremony, Refusal> {
        let moment = self.gate.moment()?;
        let begun = Beginner::of(&browser.source());
        let (moment, address) = (&moment, browser.address);
        let opening = passkey::Opening { moment, address, purpose: None, begun };
        self.gate.0.people.passkeys.start_sign_in(&opening)
    }

    /// Finishes a sign-in with a passkey; a failed ceremony is on record too.
    pub async fn passkey_finish(
        self,
        ceremony: &Secret,
        answer: &str,
        browser: &Browser,
    ) -> Result<SignInStep, Refusal> {
        let handle = passkey::claimed_handle(answer).unwrap_or_default();
        let key = Key::Passkey(&handle);
        let slice = self.gate.load(key).await?;
        let outcome = self.gate.passkey_outcome(&slice, (ceremony, None), answer);
        let call = browser.call(SignIn::Passkey { outcome });
        step(self.gate.run(key, Some(slice), &call).await?)
    }

    /// The outcome of one Argon2id call, for a person with a password and for anybody else.
    async fn prove(
        self,
        slice: &Slice,
        password: &Secret,
        asker: Asker,
    ) -> Result<PasswordCheck, Refusal> {
        let people = &self.gate.0.people;
        let row = slice.password();
        let hash = row.map(|one| one.open_hash(&people.key)).transpose()?;
        let too_long = password.len() > access::authenticator::password::LONGEST;
        let stored = hash.as_ref().and_then(Secret::expose_text).filter(|_| !too_long);
        let right = people.passwords.verify_for(asker, copy(password), stored).await?;
        Ok(proof(row, right))
    }
}

impl Gate {
    /// The person of an attempt, and the attempt, for a page of the browser that began it; any other
    /// is refused on record.
    pub(crate) async fn look_at_attempt(
        &self,
        attempt: &Secret,
        browser: &Browser,
    ) -> Result<(Slice, AttemptId), Refusal> {
        let slice = self.load(Key::Attempt(attempt.digest())).await?;
        let now = self.now();
        let live = |one: &&sign_in::Attempt| one.token.is_of(attempt) && now < one.until;
        let found = slice.attempts.iter().find(live).ok_or(SignInRefusal::AttemptEnded)?;
        if found.begun.is(&browser.source()) {
            let id = found.id;
            return Ok((slice, id));
        }
        let call = browser.call(SignIn::Look { attempt: copy(attempt) });
        self.run(Key::Attempt(attempt.digest()), Some(slice), &call).await?;
        Err(Refusal::SignIn(SignInRefusal::AttemptElsewhere))
    }

    /// What a passkey's ceremony says, against the passkeys of `slice`.
    pub(crate) fn passkey_outcome(
        &self,
        slice: &Slice,
        ceremony: (&Secret, Option<Digest>),
        answer: &str,
    ) -> Result<Assertion, PasskeyFault> {
        let stored = |handle: &[u8]| slice.passkey(handle).map(|(_, passkey)| passkey.clone());
        let passkeys = &self.0.people.passkeys;
        passkeys.finish_sign_in(ceremony, answer, stored, self.now()).map_err(|refusal| {
            match refusal {
                Refusal::SignIn(SignInRefusal::PasskeyRefused { reason }) => reason,
                _ => PasskeyFault::Invalid,
            }
        })
    }

    /// The proof of a password against the row of `slice`, unless a try does not count now: then
    /// no name costs a hash.
    pub(crate) async fn prove_at(
        &self,
        slice: &Slice,
        password: &Secret,
        source: &Source,
    ) -> Result<PasswordCheck, Refusal> {
        let now = self.0.people.clock.stamp();
        let place = throttle::place(slice, source, now);
        if throttle::check(slice, Factor::Password, place, now).is_err() {
            return Ok(proof(slice.password(), false));
        }
        let asker = Asker { trusted: place != Place::Untrusted, address: source.address };
        self.sign_ins().prove(slice, password, asker).await
    }

    /// This instant with fresh randomness.
    pub(crate) fn moment(&self) -> Result<access::Moment, Refusal> {
        self.0.people.clock.moment().map_err(|error| {
            tracing::error!(%error, "no secret can be drawn");
            Refusal::Server(ServerRefusal::StoreFailed)
        })
    }
}

fn proof(row: Option<&Authenticator>, right: bool) -> PasswordCheck {
    let (authenticator, row_version): (Option<AuthenticatorId>, i64) =
        row.map_or((None, 0), |one| (Some(one.id), one.row_version));
    PasswordCheck { authenticator, row_version, right }
}

/// Does what a name and a password are asked for, and holds a no back until its even time.
pub(crate) async fn in_even_time<T>(
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let even = tokio::time::sleep(EVEN);
    let done = work.await;
    if done.is_err() {
        even.await;
    }
    done
}

pub(crate) fn step(done: Done) -> Result<SignInStep, Refusal> {
    done.read(By::Visitor, |answer, after| match answer {
        Answer::TotpNeeded { attempt } => Some(SignInStep::Totp { attempt }),
        Answer::ActivationNeeded { attempt } => Some(SignInStep::Activate { attempt }),
        Answer::SignedIn(signed_in) => Some(SignInStep::Done(begun(signed_in, after))),
        _ => None,
    })
}

fn begun(signed_in: sign_in::SignedIn, after: &Slice) -> SignedIn {
    let session = after.session(signed_in.session);
    SignedIn {
        person: signed_in.person,
        session: signed_in.session,
        session_token: signed_in.session_token,
        device_token: signed_in.device_token,
        until: session.map_or(Time::default(), |session| session.until),
        enrolling: session.is_some_and(|session| after.enrols_only(session)),
        offer_passkey: after.passkeys().next().is_none(),
        stay: signed_in.stay,
        stay_refused: signed_in.stay_refused,
    }
}

/// A secret again, for a command that keeps it.
pub(crate) fn copy(secret: &Secret) -> Secret {
    Secret::new(secret.expose().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long an answer takes whose work takes `work`, on a clock that stands still otherwise.
    async fn answered(work: Duration, done: Result<(), Refusal>) -> Duration {
        let asked = tokio::time::Instant::now();
        let work = async {
            tokio::time::sleep(work).await;
            done
        };
        drop(in_even_time(work).await);
        asked.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn no_to_a_password_comes_at_one_time_whatever_its_rows_cost() {
        for work in [20, 21, 99].map(Duration::from_millis) {
            assert_eq!(
                answered(work, Err(Refusal::SignIn(SignInRefusal::SignInFailed))).await,
                EVEN
            );
            assert_eq!(answered(work, Ok(())).await, work, "a yes does not wait");
        }
    }
}
