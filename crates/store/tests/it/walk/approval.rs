//! Phones and what they approve, in whatever order.

use access::approval::{self, Approval, Say};
use access::call::{By, Call};
use access::decision::{Answer, Command};
use access::link::{self, Purpose};
use access::secret::Secret;
use access::{DeviceId, SessionId, device, push, sign_in, step_up};
use store::Key;

use super::Walk;
use crate::history::copy;
use crate::push::{phone_key, phone_source, wish};

impl Walk {
    async fn by_phone(&mut self, session: SessionId, command: Command) -> bool {
        let call = Call { by: By::Session(session), source: phone_source(), command };
        let done = self.history.ask(Key::Person(self.history.person), call).await.is_ok();
        self.done += u32::from(done);
        done
    }

    /// Sessions on devices that a link made a phone, confirmed or not.
    async fn phones(&self) -> Vec<(SessionId, DeviceId)> {
        let slice = self.history.slice().await;
        let is_phone =
            |id| slice.device(id).is_some_and(|device| device.approver != device::Approver::No);
        let all = slice.sessions.iter().filter(|one| is_phone(one.device));
        all.map(|one| (one.id, one.device)).collect()
    }

    /// Links a phone, confirms one, moves one to another, has one told.
    pub(super) async fn phone(&mut self) {
        let phones = self.phones().await;
        let phone = self.pick(&phones);
        let done = match (self.roll(6), phone) {
            (0 | 1, _) | (_, None) => self.link_phone().await,
            (2 | 3, Some((_, device))) => self.confirm_phone(device).await,
            (4, Some((session, _))) => {
                let endpoint = format!("https://push.example.net/{}", self.roll(9));
                let shows = self.roll(2) == 0;
                self.by_phone(session, wish(&endpoint, shows)).await
            }
            (_, Some((session, device))) => {
                let stop = Command::Push(push::Command::Stop { device });
                self.by_phone(session, stop).await
            }
        };
        self.tally.phones += u32::from(done);
    }

    async fn link_phone(&mut self) -> bool {
        let issue = Command::Link(link::Command::Issue { purpose: Purpose::Phone });
        let Ok(Answer::Link { token, .. }) = self.history.by_system(issue).await else {
            return false;
        };
        let key = Key::Link(token.digest());
        let command = Command::SignIn(sign_in::Command::Link { token });
        let call = Call { by: By::Visitor, source: phone_source(), command };
        let done = self.history.ask(key, call).await.is_ok();
        self.done += u32::from(done);
        done
    }

    /// The number of an offered phone, typed on another device, which may be the phone before it.
    async fn confirm_phone(&mut self, device: DeviceId) -> bool {
        let slice = self.history.slice().await;
        let offered = slice.device(device).unwrap();
        let number = device::phone_number(offered, self.history.key()).unwrap();
        let number = number.filter(|_| self.roll(4) > 0);
        let number = number.unwrap_or_else(|| Secret::from_text("000000".to_owned()));
        let moves = self.roll(3) == 0;
        let others = slice.sessions.iter().filter(|one| one.device != device);
        let others: Vec<_> = others.map(|one| (one.id, one.device)).collect();
        let confirm =
            |instead| Command::Device(device::Command::ConfirmPhone { device, number, instead });
        match self.pick(&others) {
            Some((session, old)) if moves => self.by_phone(session, confirm(Some(old))).await,
            _ => {
                let confirm = confirm(None);
                let Ok(session) = self.history.by_link(self.history.person).await else {
                    return false;
                };
                let done = self.history.by(By::Session(session), confirm).await.is_ok();
                self.done += u32::from(done);
                done
            }
        }
    }

    /// The phone is asked from the page of a sign-in, and may answer at once.
    pub(super) async fn ask_phone(&mut self, attempt: Secret) {
        let ask = sign_in::Command::AskApproval { attempt: copy(&attempt) };
        self.visit(Key::Attempt(attempt.digest()), ask).await;
        if self.roll(4) > 0 {
            self.answer().await;
        }
        let before = self.done;
        let approved = sign_in::Command::Approved { attempt: copy(&attempt) };
        self.visit(Key::Attempt(attempt.digest()), approved).await;
        self.tally.approved += u32::from(self.done > before);
    }

    /// Answers what waits, or asks from a session and uses the answer.
    pub(super) async fn approve(&mut self) {
        let slice = self.history.slice().await;
        if let Some(session) = self.session(&slice) {
            let ask = Command::Approval(approval::Command::AskStepUp);
            let asked = self.history.by(By::Session(session), ask).await;
            self.done += u32::from(asked.is_ok());
            if self.roll(4) > 0 {
                self.answer().await;
            }
            let used = Command::StepUp(step_up::Command::Approved);
            let used = self.history.by(By::Session(session), used).await;
            self.done += u32::from(used.is_ok());
            self.tally.approved += u32::from(used.is_ok());
        } else {
            self.answer().await;
        }
    }

    /// The phones that can answer now.
    async fn able(&self) -> Vec<SessionId> {
        let (slice, now) = (self.history.slice().await, self.history.now);
        let answers = |id| slice.device(id).is_some_and(|one| one.answers(now));
        let able = slice.sessions.iter().filter(|one| answers(one.device) && now < one.until);
        able.map(|one| one.id).collect()
    }

    /// Some phone says something to some approval, mostly to the newest.
    async fn answer(&mut self) {
        if self.able().await.is_empty()
            && self.link_phone().await
            && let Some((_, device)) = self.phones().await.pop()
        {
            self.confirm_phone(device).await;
        }
        let (able, slice) = (self.able().await, self.history.slice().await);
        let newest = slice.approvals.iter().max_by_key(|one| one.asked_at);
        let ids: Vec<_> = slice.approvals.iter().map(|one| one.id).collect();
        let other = self.pick(&ids).and_then(|id| slice.approval(id));
        let asked: Option<&Approval> = if self.roll(5) == 0 { other } else { newest };
        let (Some(session), Some(asked)) = (self.pick(&able), asked) else { return };
        let number = asked.open_number(self.history.key()).unwrap();
        let number = number.filter(|_| self.roll(5) > 0);
        let number = number.unwrap_or_else(|| Secret::from_text("7".to_owned()));
        let say = self.pick(&[Say::Yes, Say::Yes, Say::Yes, Say::Yes, Say::No, Say::NotMe]);
        let command = Command::Approval(approval::Command::Answer {
            approval: asked.id,
            say: say.unwrap(),
            number,
            signed_by: phone_key(),
        });
        self.by_phone(session, command).await;
        let before = (asked.tries_left, asked.until, asked.answered);
        let after = self.history.slice().await;
        let after = after.approval(asked.id).unwrap();
        let counted = before != (after.tries_left, after.until, after.answered);
        self.tally.answered += u32::from(counted);
    }
}
