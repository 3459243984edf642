//! Recovery contacts: other people on this server who can vouch that somebody is who they say they
//! are. Enough of them (m of n) open a recovery at once, without the wait.
//!
//! Each is named by the person and has to agree in their own session. An unknown name is accepted
//! like any other and never agrees, so naming reveals nothing. What a contact says is their own
//! act: it is decided on the slice of the person they help, with an [`Attested`] that only a check
//! of the contact's own slice can make.

use crate::approval::{Say, TRIES};
use crate::call::{By, Source};
use crate::contact::Reach;
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::id::{PersonId, RecoveryId, TrusteeId};
use crate::moment::{Moment, Span, Time};
use crate::name::Username;
use crate::notice::{self, Topic};
use crate::recovery::{FINISH, Recovery, Stage, changed, from, number as count, opens, tell};
use crate::refusal::{
    ChangeRefusal, Field, InputRefusal, RecoveryRefusal, Refusal, ServerRefusal, SessionRefusal,
};
use crate::secret::{SealKey, Secret};
use crate::slice::Slice;
use crate::typed;

pub(crate) mod event;
mod record;

pub use event::{Command, Event};
pub use record::{Ask, Attested, MOST, Trustee};

/// Looks at the slice of somebody who acts for another person.
pub fn attest(
    slice: &Slice,
    (by, source): (By, &Source),
    moment: &Moment,
    key: &SealKey,
) -> Result<Attested, Refusal> {
    let reach = Reach::of(slice, moment.now);
    let ground = Ground { by, source, moment, key, device: None, reach };
    ground.session(slice)?;
    ground.authorise(slice, Act::ManageRecovery, Resource::Person)?;
    ground.check_recent(slice)?;
    let person = slice.person.as_ref().ok_or(SessionRefusal::NotSignedIn)?;
    Ok(Attested { person: person.id, username: person.username.clone(), reads: slice.reads() })
}

type Decided = Result<Decision, Refusal>;

pub(crate) fn decide(slice: &Slice, ground: &Ground<'_>, command: &Command) -> Decided {
    match command {
        Command::Name { username, found } => name(slice, ground, username, *found),
        Command::Remove { trustee } => remove(slice, ground, *trustee),
        Command::Agree { attested, yes } => agree(slice, ground, attested, *yes),
        Command::Tell { whom, recovers } => told(slice, ground, whom, *recovers),
        Command::Vouch { attested, recovery, say, number } => {
            vouch(slice, ground, attested, (*recovery, *say, number))
        }
    }
}

impl Slice {
    /// The contacts who agreed.
    pub fn willing(&self) -> impl Iterator<Item = (&Trustee, PersonId)> {
        self.trustees
            .iter()
            .filter(|one| one.agreed_at.is_some())
            .filter_map(|one| one.trustee.map(|trustee| (one, trustee)))
    }
}

fn name(slice: &Slice, ground: &Ground<'_>, typed: &str, found: Option<PersonId>) -> Decided {
    ground.authorise(slice, Act::ManageRecovery, Resource::Person)?;
    ground.check_recent(slice)?;
    let person = slice.owner()?;
    let username = Username::new(typed)?;
    let taken = slice.trustees.iter().any(|one| one.username == username);
    if taken || username == person.username {
        let name = username.to_string();
        return Err(Refusal::Input(InputRefusal::NameTaken { field: Field::ContactName, name }));
    }
    if slice.trustees.len() >= MOST {
        let limit = count(MOST);
        return Err(Refusal::Input(InputRefusal::TooMany {
            what: "recovery contacts",
            count: limit,
            limit,
        }));
    }
    let text = format!(
        "{username} was named as your recovery contact, and counts once they accept. If that was not you, remove them and change your password."
    );
    let trustee = Trustee {
        id: TrusteeId(ground.moment.draw("trustee")),
        person: person.id,
        username,
        trustee: found,
        agreed_at: None,
        named_at: ground.moment.now,
    };
    let notice = notice::queue(ground, person.id, Topic::RecoveryChanged, text, None);
    Ok(Decision::new(vec![Event::Changed(trustee).into(), notice], Answer::Done))
}

fn remove(slice: &Slice, ground: &Ground<'_>, id: TrusteeId) -> Decided {
    ground.authorise(slice, Act::ManageRecovery, Resource::Person)?;
    ground.check_recent(slice)?;
    let one = slice.trustees.iter().find(|one| one.id == id);
    let one = one.ok_or(Refusal::not_found("recovery contact"))?;
    let text = format!("{} is no longer your recovery contact.", one.username);
    Ok(Decision::new(taken_away(slice, ground, one, text)?, Answer::Done))
}

/// A contact goes, and their word with them, also from a recovery that is under way.
fn taken_away(
    slice: &Slice,
    ground: &Ground<'_>,
    one: &Trustee,
    text: String,
) -> Result<Vec<decision::Event>, Refusal> {
    let mut events = vec![Event::Removed { trustee: one.id }.into()];
    let asked = |open: &&Recovery| {
        one.trustee.is_some_and(|who| open.asks.iter().any(|ask| ask.trustee == who))
    };
    if let Some(open) = slice.open_recovery().filter(asked) {
        let after = without(open, one.trustee, ground.moment.now);
        let told = format!(
            "{text} The recovery of your access started {} no longer asks them; the person who started it can sign in {}. If that recovery is not yours, stop it.",
            from(&after),
            opens(&after)
        );
        events.push(tell(ground, &after, told)?);
        events.push(changed(after));
    }
    events.push(notice::queue(ground, one.person, Topic::RecoveryChanged, text, None));
    Ok(events)
}

/// The recovery without a contact. Fewer contacts than are needed open nothing: then the wait does, the
/// whole of it from now, for its person was told of no wait before. What words had opened is closed
/// again where too few of them are left.
fn without(open: &Recovery, contact: Option<PersonId>, now: Time) -> Recovery {
    let mut after = open.clone();
    after.asks.retain(|ask| Some(ask.trustee) != contact);
    let few = count(after.asks.len()) < after.needed;
    let ready = matches!(open.stage, Stage::Ready { .. });
    let closes = ready && open.is_vouched() && !after.is_vouched();
    if closes || (few && !open.waits) {
        after.stage = Stage::Begun { half_at: now + Span(open.wait.0 / 2) };
    }
    if few {
        after.needed = 0;
        after.waits = true;
        after.asks.clear();
    }
    after
}

fn told(slice: &Slice, ground: &Ground<'_>, whom: &Username, recovers: bool) -> Decided {
    if ground.by != By::System {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    let person = slice.owner()?.id;
    let text = if recovers {
        format!(
            "{whom} is recovering their access and asks you to vouch for them. If they call you and read you a number, type it on the portal's recovery contacts page. If they did not call, say no there."
        )
    } else {
        format!(
            "{whom} named you as a recovery contact. Accept or decline on the portal's recovery contacts page."
        )
    };
    let notice = notice::queue(ground, person, Topic::RecoveryHelp, text, None);
    Ok(Decision::new(vec![notice], Answer::Done))
}

/// The row of the person who acts.
fn own<'s>(slice: &'s Slice, attested: &Attested) -> Result<&'s Trustee, ChangeRefusal> {
    let mine = |one: &&Trustee| one.trustee == Some(attested.person);
    slice.trustees.iter().find(mine).ok_or(ChangeRefusal::NotFound { what: "recovery contact" })
}

fn agree(slice: &Slice, ground: &Ground<'_>, attested: &Attested, yes: bool) -> Decided {
    let one = own(slice, attested)?;
    if !yes {
        let text = format!("{} declined to be your recovery contact.", attested.username);
        return Ok(Decision::new(taken_away(slice, ground, one, text)?, Answer::Done));
    }
    let agreed = Trustee { agreed_at: Some(ground.moment.now), ..one.clone() };
    let text = format!("{} agreed to be your recovery contact.", attested.username);
    let notice = notice::queue(ground, one.person, Topic::RecoveryChanged, text, None);
    Ok(Decision::new(vec![Event::Changed(agreed).into(), notice], Answer::Done))
}

/// What the number for a contact is sealed for.
fn purpose(recovery: RecoveryId, trustee: PersonId) -> String {
    format!("recovery {recovery} {trustee}")
}

/// What a recovery that begins now asks of the contacts who agreed: each has a number of their own.
pub(crate) fn asks(slice: &Slice, ground: &Ground<'_>, recovery: RecoveryId) -> Vec<Ask> {
    let ask = |(one, trustee): (&Trustee, PersonId)| {
        let drawn = ground.moment.draw_below(&format!("number {trustee}"), 900) + 100;
        let number = Secret::from_text(drawn.to_string());
        Ask {
            trustee,
            username: one.username.clone(),
            number: ground.key.seal(&number, &purpose(recovery, trustee), ground.moment),
            tries_left: TRIES,
            said: None,
        }
    };
    let mut asks: Vec<_> = slice.willing().map(ask).collect();
    asks.sort_by(|one, two| one.username.cmp(&two.username));
    asks
}

/// The number of a contact, for the recovering page.
pub fn open_number(one: &Recovery, ask: &Ask, key: &SealKey) -> Result<Secret, ServerRefusal> {
    key.open(&ask.number, &purpose(one.id, ask.trustee)).map_err(|_| ServerRefusal::KeyMismatch)
}

/// A contact's answer: once, while the recovery waits, and a yes with the number that is theirs.
fn vouch(
    slice: &Slice,
    ground: &Ground<'_>,
    attested: &Attested,
    (id, say, typed): (RecoveryId, Say, &Secret),
) -> Decided {
    let now = ground.moment.now;
    let open =
        slice.open_recovery().filter(|one| one.id == id).ok_or(RecoveryRefusal::RecoveryOver)?;
    let ask = open.asks.iter().find(|one| one.trustee == attested.person);
    let ask = ask.ok_or(Refusal::not_found("recovery contact"))?;
    // A contact removed in the meantime has no say any more.
    own(slice, attested)?;
    if ask.said.is_some() || ask.tries_left == 0 {
        return Err(Refusal::Recovery(RecoveryRefusal::VouchEnded));
    }
    let with = |changed: Ask| {
        let asks = open.asks.iter();
        let put =
            |one: &Ask| if one.trustee == changed.trustee { changed.clone() } else { one.clone() };
        Recovery { asks: asks.map(put).collect(), ..open.clone() }
    };
    let number = open_number(open, ask, ground.key)?;
    if say == Say::Yes && !number.matches(typed::digits(typed, number.len())?.expose()) {
        let tries_left = ask.tries_left.saturating_sub(1);
        let missed = with(Ask { tries_left, ..ask.clone() });
        let events = vec![changed(missed)];
        return Ok(Decision::refused(
            events,
            Refusal::Recovery(RecoveryRefusal::VouchNumberWrong { tries_left }),
        ));
    }
    let mut after = with(Ask { said: Some((say, now)), ..ask.clone() });
    let yes = count(after.yes());
    let opens = after.is_vouched() && !matches!(after.stage, Stage::Ready { .. });
    if opens {
        after.stage = Stage::Ready { until: now + FINISH };
    }
    let said = if say == Say::Yes { "vouched for" } else { "did not vouch for" };
    let open_now = if opens { " The person who started it can sign in now." } else { "" };
    let text = format!(
        "{} {said} the recovery of your access started {} at {}: {yes} of {} needed.{open_now} If that recovery is not yours, stop it.",
        attested.username,
        from(open),
        open.begun_at,
        after.needed
    );
    let notice = tell(ground, &after, text)?;
    let events: Vec<decision::Event> = vec![changed(after), notice];
    Ok(Decision::new(events, Answer::Done))
}
