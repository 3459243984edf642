//! Recoveries and their contacts, in whatever order.

use access::approval::Say;
use access::call::{By, Call, Source};
use access::decision::{Answer, Command};
use access::recovery::{self, RecoveryPolicy};
use access::secret::Secret;
use access::trustee::{self, Attested, attest, open_number};
use access::{Span, trustee::Ask};
use store::Key;

use super::Walk;
use crate::history::{browser, copy};

impl Walk {
    /// Asks about recoveries; tells whether it was allowed.
    async fn ask_recovery(&mut self, key: Key<'_>, by: By, command: recovery::Command) -> bool {
        let source = if by == By::System { Source::local() } else { browser(None) };
        let call = Call { by, source, command: Command::Recovery(command) };
        let answer = self.history.ask(key, call).await;
        self.done += u32::from(answer.is_ok());
        let allowed = answer.is_ok();
        match answer {
            Ok(Answer::RecoveryBegun(begun)) => {
                self.tally.begun += 1;
                self.begun.push(begun.token);
            }
            Ok(Answer::SignedIn(done)) => {
                self.tally.recovered += 1;
                self.device = done.device_token.or(self.device.take());
            }
            _ => {}
        }
        allowed
    }

    /// What waits, waits: half of its time, all of it, or too long; and the server does what is due.
    async fn wait(&mut self) {
        let key = Key::Person(self.history.person);
        for _ in 0..self.roll(4) {
            let slice = self.history.slice().await;
            let Some(due) = slice.open_recovery().and_then(recovery::Recovery::due_at) else {
                return;
            };
            self.history.now = self.history.now.max(due);
            self.ask_recovery(key, By::System, recovery::Command::Tick).await;
        }
    }

    /// One of the tokens that it was told, the newest more often.
    fn token(&mut self) -> Option<Secret> {
        let newest = self.begun.len().checked_sub(1)?;
        let older = usize::try_from(self.roll(self.begun.len() as u64)).unwrap();
        let at = if self.roll(4) == 0 { older } else { newest };
        self.begun.get(at).map(copy)
    }

    async fn finish(&mut self) {
        let Some(mut token) = self.token() else { return };
        // The operator's is finished by the browser that took it up.
        let open = self.history.slice().await.open_recovery().cloned();
        if open.is_some_and(|one| one.is_unclaimed() && one.token.is_of(&token)) {
            let key = Key::Recovery(token.digest());
            let claim = recovery::Command::Claim { token };
            self.ask_recovery(key, By::Visitor, claim).await;
            token = self.begun.last().map(copy).unwrap();
        }
        let key = Key::Recovery(token.digest());
        let finish = recovery::Command::Finish { token };
        self.ask_recovery(key, By::Visitor, finish).await;
    }

    pub(super) async fn recover(&mut self) {
        let person = Key::Person(self.history.person);
        if self.roll(3) == 0 {
            self.wait().await;
            self.finish().await;
        }
        match self.roll(10) {
            0..=2 => {
                let right = self.roll(4) > 0;
                let proof = self.history.proof(right).await;
                let begin = recovery::Command::Begin { proof };
                self.ask_recovery(Key::Username("ann"), By::Visitor, begin).await;
            }
            3 => {
                self.ask_recovery(person, By::System, recovery::Command::Assist).await;
            }
            4 => {
                let Some(token) = self.token() else { return };
                let key = Key::Recovery(token.digest());
                let claim = recovery::Command::Claim { token };
                self.ask_recovery(key, By::Visitor, claim).await;
            }
            5..=7 => self.finish().await,
            8 => {
                let Some(token) = self.history.stop_token().await else { return };
                let key = Key::Recovery(token.digest());
                let stop = recovery::Command::Stop { token };
                self.ask_recovery(key, By::Visitor, stop).await;
            }
            _ => {
                let slice = self.history.slice().await;
                let all: Vec<_> = slice.recoveries.iter().map(|one| one.id).collect();
                let by = self.session(&slice).map_or(By::System, By::Session);
                let Some(recovery) = self.pick(&all) else { return };
                self.ask_recovery(person, by, recovery::Command::Cancel { recovery }).await;
            }
        }
    }

    /// A session of the person, or sometimes the server itself.
    async fn recent(&mut self) -> By {
        let slice = self.history.slice().await;
        let session = self.session(&slice);
        session.filter(|_| self.roll(3) > 0).map_or(By::System, By::Session)
    }

    /// The friend, in a session of their own; none while a lock holds the account.
    async fn friend(&mut self) -> Option<(By, Attested)> {
        let session = self.history.by_link(self.friend).await.ok()?;
        let slice = self.history.store.slice(Key::Person(self.friend)).await.unwrap();
        let (by, moment) = (By::Session(session), self.history.moment());
        let attested = attest(&slice, (by, &browser(None)), &moment, self.history.key());
        attested.ok().map(|attested| (by, attested))
    }

    /// What is said and done about recovery contacts.
    pub(super) async fn help(&mut self) {
        let slice = self.history.slice().await;
        let named: Vec<_> = slice.trustees.iter().map(|one| one.id).collect();
        let by = self.recent().await;
        let (by, command) = match self.roll(9) {
            0 | 1 => {
                let name = self.pick(&["bob", "Bob ", "nobody", "eve", "ann", "<b>"]).unwrap();
                let found = (name.trim().eq_ignore_ascii_case("bob")).then_some(self.friend);
                let username = name.to_owned();
                (by, Command::Trustee(trustee::Command::Name { username, found }))
            }
            2 => {
                let Some(trustee) = self.pick(&named) else { return };
                (by, Command::Trustee(trustee::Command::Remove { trustee }))
            }
            3 | 4 => {
                let Some((by, attested)) = self.friend().await else { return };
                let yes = self.roll(4) > 0;
                (by, Command::Trustee(trustee::Command::Agree { attested, yes }))
            }
            5 | 6 => {
                let wait = Span::hours(i64::try_from(20 + self.roll(60)).unwrap());
                let needed = u32::try_from(self.roll(3)).unwrap();
                let policy = RecoveryPolicy { wait, needed, waits: self.roll(2) == 0 };
                (by, Command::Recovery(recovery::Command::Choose(policy)))
            }
            7 => return self.tell().await,
            _ => return self.vouch().await,
        };
        let answer = self.history.by(by, command).await;
        self.done += u32::from(answer.is_ok());
        self.tally.trustees += u32::from(answer.is_ok());
    }

    async fn tell(&mut self) {
        let (whom, recovers) = (access::name::Username::new("ann").unwrap(), self.roll(2) == 0);
        let command = Command::Trustee(trustee::Command::Tell { whom, recovers });
        let call = Call { by: By::System, source: Source::local(), command };
        self.history.ask(Key::Person(self.friend), call).await.ok().unwrap();
        self.done += 1;
    }

    /// A recovery that asks the friend, whatever stood before.
    async fn ask_friend(&mut self) {
        let username = "bob".to_owned();
        let found = Some(self.friend);
        let name = Command::Trustee(trustee::Command::Name { username, found });
        self.history.by_system(name).await.ok();
        if let Some((by, attested)) = self.friend().await {
            let agree = Command::Trustee(trustee::Command::Agree { attested, yes: true });
            self.history.by(by, agree).await.ok();
        }
        let policy =
            RecoveryPolicy { needed: 1, waits: self.roll(2) == 0, ..RecoveryPolicy::default() };
        let choose = Command::Recovery(recovery::Command::Choose(policy));
        self.history.by_system(choose).await.ok();
        let person = Key::Person(self.history.person);
        self.ask_recovery(person, By::System, recovery::Command::Assist).await;
    }

    /// The friend's word; where nothing asks for it, a recovery is begun first.
    async fn vouch(&mut self) {
        if self.history.slice().await.open_recovery().is_none() {
            self.ask_friend().await;
        }
        let slice = self.history.slice().await;
        let Some(open) = slice.open_recovery() else { return };
        let mine = |ask: &&Ask| ask.trustee == self.friend;
        let right =
            open.asks.iter().find(mine).map(|ask| open_number(open, ask, self.history.key()));
        let wrong = Secret::from_text("1".to_owned());
        let number = right.filter(|_| self.roll(3) > 0).map_or(wrong, Result::unwrap);
        let say = self.pick(&[Say::Yes, Say::Yes, Say::No, Say::NotMe]).unwrap();
        let Some((by, attested)) = self.friend().await else { return };
        let vouch = trustee::Command::Vouch { attested, recovery: open.id, say, number };
        let before = open.asks.clone();
        let answer = self.history.by(by, Command::Trustee(vouch)).await;
        self.done += u32::from(answer.is_ok());
        let after = self.history.slice().await;
        let counted = after.recoveries.iter().any(|one| one.id == open.id && one.asks != before);
        self.tally.vouched += u32::from(counted);
        if self.roll(2) == 0 {
            self.finish().await;
        }
    }
}
