//! Recovery contacts: named, agreed, asked, heard once.

use access::approval::Say;
use access::decision::{Answer, Command};
use access::link::Purpose;
use access::moment::Span;
use access::name::Username;
use access::notice::{self, Topic};
use access::recovery::{self, RecoveryEnd, RecoveryPolicy, Stage, WAIT};
use access::refusal::{AuthorityRefusal, InputRefusal, RecoveryRefusal, SessionRefusal};
use access::trustee::{self, Attested, MOST, attest};
use access::{By, Call, Event, PersonId, RecoveryId, Refusal, Secret};

use crate::desk::{Desk, browser, copy};

/// Another person of the server, signed in, on a slice of their own.
struct Other {
    desk: Desk,
    by: By,
}

impl Other {
    fn new(number: u8) -> Self {
        let mut desk = Desk::enrolled();
        let by = By::Session(desk.signed_in().session);
        let person = desk.slice.person.as_mut().unwrap();
        person.id = PersonId([number; 16]);
        person.username = Username::new(&format!("bob{number}")).unwrap();
        let id = person.id;
        desk.slice.mandates.iter_mut().for_each(|one| one.person = id);
        Self { desk, by }
    }

    fn attested(&mut self) -> Result<Attested, Refusal> {
        let moment = self.desk.moment();
        attest(&self.desk.slice, (self.by, &browser(None)), &moment, &self.desk.key)
    }
}

fn help(desk: &mut Desk, by: By, command: trustee::Command) -> Result<Answer, Refusal> {
    desk.by(by, Command::Trustee(command))
}

fn name(desk: &mut Desk, by: By, number: u8) -> Result<Answer, Refusal> {
    let (username, found) = (format!("bob{number}"), Some(PersonId([number; 16])));
    help(desk, by, trustee::Command::Name { username, found })
}

fn agree(desk: &mut Desk, other: &mut Other, yes: bool) -> Result<Answer, Refusal> {
    let attested = other.attested().unwrap();
    help(desk, other.by, trustee::Command::Agree { attested, yes })
}

fn choose(desk: &mut Desk, by: By, needed: u32, waits: bool) -> Result<Answer, Refusal> {
    let policy = RecoveryPolicy { needed, waits, ..RecoveryPolicy::default() };
    desk.by(by, Command::Recovery(recovery::Command::Choose(policy)))
}

fn begin(desk: &mut Desk) -> (Secret, RecoveryId) {
    let proof = desk.proof(true);
    let command = Command::Recovery(recovery::Command::Begin { proof });
    match desk.call(&Call { by: By::Visitor, source: browser(None), command }) {
        Ok(Answer::RecoveryBegun(begun)) => (begun.token, begun.recovery),
        Ok(_) => panic!("another answer"),
        Err(refusal) => panic!("{refusal}"),
    }
}

fn finish(desk: &mut Desk, token: &Secret) -> Result<Answer, Refusal> {
    let command = Command::Recovery(recovery::Command::Finish { token: copy(token) });
    desk.call(&Call { by: By::Visitor, source: browser(None), command })
}

/// The number that the recovering page shows for a contact.
fn number(desk: &Desk, other: u8) -> String {
    let open = desk.slice.open_recovery().unwrap();
    let ask = open.asks.iter().find(|ask| ask.trustee == PersonId([other; 16])).unwrap();
    let number = trustee::open_number(open, ask, &desk.key).unwrap();
    number.expose_text().unwrap().to_owned()
}

fn vouch(
    desk: &mut Desk,
    other: &mut Other,
    recovery: RecoveryId,
    (say, number): (Say, &str),
) -> Result<Answer, Refusal> {
    let attested = other.attested().unwrap();
    let number = Secret::from_text(number.to_owned());
    help(desk, other.by, trustee::Command::Vouch { attested, recovery, say, number })
}

/// A person with three contacts who agreed, two of whom are needed.
fn with_contacts(waits: bool) -> (Desk, By, [Other; 3]) {
    let mut desk = Desk::enrolled();
    let owner = By::Session(desk.signed_in().session);
    let mut others = [Other::new(1), Other::new(2), Other::new(3)];
    for (number, other) in (1..).zip(&mut others) {
        name(&mut desk, owner, number).ok().unwrap();
        agree(&mut desk, other, true).ok().unwrap();
    }
    choose(&mut desk, owner, 2, waits).ok().unwrap();
    (desk, owner, others)
}

fn told(desk: &Desk, topic: Topic) -> usize {
    let is_topic = |event: &&Event| matches!(event, Event::Notice(notice::Event::Queued(one)) if one.topic == topic);
    desk.events.iter().filter(is_topic).count()
}

#[test]
fn so_many_contacts_as_are_needed_open_a_recovery_at_once() {
    let (mut desk, _, [mut one, mut two, _]) = with_contacts(false);
    let (token, recovery) = begin(&mut desk);
    let waits = finish(&mut desk, &token).err();
    assert_eq!(
        waits,
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryUnvouched { yes: 0, needed: 2 }))
    );
    let right = number(&desk, 1);
    assert!(vouch(&mut desk, &mut one, recovery, (Say::Yes, &right)).is_ok());
    let waits = finish(&mut desk, &token).err();
    assert_eq!(
        waits,
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryUnvouched { yes: 1, needed: 2 }))
    );
    let right = number(&desk, 2);
    assert!(vouch(&mut desk, &mut two, recovery, (Say::Yes, &right)).is_ok());
    assert!(matches!(finish(&mut desk, &token), Ok(Answer::SignedIn(_))));
    assert_eq!(told(&desk, Topic::Recovery), 3, "the beginning, and each answer");
    let kinds: Vec<_> = desk.events.iter().map(|event| event.kind().into_owned()).collect();
    assert!(kinds.iter().any(|kind| kind == "trustee.agreed"));
    let session = desk.slice.sessions.iter().find(|one| one.held_until.is_some());
    assert!(session.is_some(), "it is held like any other");
}

/// ASVS 6.6.2: a number counts for one contact and one recovery, once, and few wrong ones end it.
#[test]
fn yes_needs_the_contacts_own_number_and_is_given_once() {
    let (mut desk, _, [mut one, mut two, _]) = with_contacts(false);
    let (token, recovery) = begin(&mut desk);
    let (first, second) = (number(&desk, 1), number(&desk, 2));
    let wrong = if first == second { "000".to_owned() } else { second };
    for tries_left in [2, 1, 0] {
        let missed = vouch(&mut desk, &mut one, recovery, (Say::Yes, &wrong)).err();
        assert_eq!(
            missed,
            Some(Refusal::Recovery(RecoveryRefusal::VouchNumberWrong { tries_left }))
        );
    }
    let late = vouch(&mut desk, &mut one, recovery, (Say::Yes, &first)).err();
    assert_eq!(
        late,
        Some(Refusal::Recovery(RecoveryRefusal::VouchEnded)),
        "three wrong ones end it"
    );
    let right = number(&desk, 2);
    assert!(vouch(&mut desk, &mut two, recovery, (Say::Yes, &right)).is_ok());
    for say in [Say::Yes, Say::No] {
        let again = vouch(&mut desk, &mut two, recovery, (say, &right)).err();
        assert_eq!(again, Some(Refusal::Recovery(RecoveryRefusal::VouchEnded)), "once");
    }
    let waits = finish(&mut desk, &token).err();
    assert_eq!(
        waits,
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryUnvouched { yes: 1, needed: 2 }))
    );
}

#[test]
fn somebody_who_is_not_a_contact_or_no_longer_one_says_nothing() {
    let (mut desk, owner, [mut one, mut two, mut three]) = with_contacts(false);
    let (_, recovery) = begin(&mut desk);
    let mut stranger = Other::new(9);
    let refused = vouch(&mut desk, &mut stranger, recovery, (Say::Yes, "100")).err();
    assert_eq!(refused, Some(Refusal::not_found("recovery contact")));
    let refused = agree(&mut desk, &mut stranger, true).err();
    assert_eq!(refused, Some(Refusal::not_found("recovery contact")));
    let removed = desk.slice.trustees.iter().find(|one| one.trustee == Some(PersonId([1; 16])));
    let trustee = removed.unwrap().id;
    let right = number(&desk, 1);
    help(&mut desk, owner, trustee::Command::Remove { trustee }).ok().unwrap();
    let refused = vouch(&mut desk, &mut one, recovery, (Say::Yes, &right)).err();
    assert_eq!(refused, Some(Refusal::not_found("recovery contact")));
    let right = number(&desk, 2);
    let other = RecoveryId([8; 16]);
    let refused = vouch(&mut desk, &mut two, other, (Say::Yes, &right)).err();
    assert_eq!(
        refused,
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
        "it is for one recovery"
    );
    let cancel = Command::Recovery(recovery::Command::Cancel { recovery });
    desk.by(owner, cancel).ok().unwrap();
    let refused = vouch(&mut desk, &mut two, recovery, (Say::Yes, &right)).err();
    assert_eq!(refused, Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)));
    // The numbers of the one before are worth nothing in the next.
    let (_, next) = begin(&mut desk);
    let asked: Vec<_> =
        desk.slice.open_recovery().unwrap().asks.iter().map(|one| one.trustee).collect();
    assert_eq!(asked, [PersonId([2; 16]), PersonId([3; 16])]);
    let (old, new) = (right, number(&desk, 2));
    assert!(old == new || vouch(&mut desk, &mut two, next, (Say::Yes, &old)).is_err());
    assert!(vouch(&mut desk, &mut three, next, (Say::No, "")).is_ok(), "a no needs no number");
}

#[test]
fn word_of_a_contact_who_goes_counts_no_longer() {
    let (mut desk, owner, [mut one, mut two, mut three]) = with_contacts(false);
    let (token, recovery) = begin(&mut desk);
    let right = number(&desk, 1);
    vouch(&mut desk, &mut one, recovery, (Say::Yes, &right)).ok().unwrap();
    let first = desk.slice.trustees.iter().find(|one| one.trustee == Some(PersonId([1; 16])));
    let trustee = first.unwrap().id;
    help(&mut desk, owner, trustee::Command::Remove { trustee }).ok().unwrap();
    let right = number(&desk, 2);
    vouch(&mut desk, &mut two, recovery, (Say::Yes, &right)).ok().unwrap();
    let waits = finish(&mut desk, &token).err();
    assert_eq!(
        waits,
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryUnvouched { yes: 1, needed: 2 }))
    );
    // Another declines, and those who are left are too few: then the wait opens it.
    agree(&mut desk, &mut three, false).ok().unwrap();
    let open = desk.slice.open_recovery().unwrap();
    assert!(open.needed == 0 && open.asks.is_empty() && open.waits);
    assert!(matches!(
        finish(&mut desk, &token),
        Err(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { .. }))
    ));
    let refused = vouch(&mut desk, &mut two, recovery, (Say::Yes, &right)).err();
    assert!(refused.is_some());
}

/// Who is removed by the owner.
fn remove(desk: &mut Desk, owner: By, other: u8) {
    let named = |one: &&access::trustee::Trustee| one.trustee == Some(PersonId([other; 16]));
    let trustee = desk.slice.trustees.iter().find(named).unwrap().id;
    help(desk, owner, trustee::Command::Remove { trustee }).ok().unwrap();
}

#[test]
fn recovery_that_words_opened_is_closed_again_when_too_few_are_left() {
    for waits in [true, false] {
        let (mut desk, owner, [mut one, mut two, _]) = with_contacts(waits);
        let (token, recovery) = begin(&mut desk);
        for (number_of, other) in [(1, &mut one), (2, &mut two)] {
            let right = number(&desk, number_of);
            vouch(&mut desk, other, recovery, (Say::Yes, &right)).ok().unwrap();
        }
        assert!(matches!(desk.slice.open_recovery().unwrap().stage, Stage::Ready { .. }));
        remove(&mut desk, owner, 2);
        let text = desk.events.iter().rev().find_map(|event| match event {
            Event::Notice(notice::Event::Queued(one)) if one.topic == Topic::Recovery => {
                Some(one.text.clone())
            }
            _ => None,
        });
        assert!(text.unwrap().contains("once 2 of your recovery contacts vouch"), "{waits}");
        let refused = finish(&mut desk, &token).err();
        let expected = match refused {
            Some(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { .. })) => waits,
            Some(Refusal::Recovery(RecoveryRefusal::RecoveryUnvouched { yes: 1, needed: 2 })) => {
                !waits
            }
            _ => false,
        };
        assert!(expected, "{waits} {refused:?}");
    }
}

#[test]
fn recovery_that_enough_words_hold_open_stays_open_and_says_so() {
    let (mut desk, owner, [mut one, mut two, mut three]) = with_contacts(false);
    let (token, recovery) = begin(&mut desk);
    for (number_of, other) in [(1, &mut one), (2, &mut two), (3, &mut three)] {
        let right = number(&desk, number_of);
        vouch(&mut desk, other, recovery, (Say::Yes, &right)).ok().unwrap();
    }
    remove(&mut desk, owner, 2);
    let told = desk.events.iter().any(|event| matches!(event, Event::Notice(notice::Event::Queued(one)) if one.text.contains("can sign in now, until ")));
    assert!(told);
    assert!(matches!(finish(&mut desk, &token), Ok(Answer::SignedIn(_))));
}

#[test]
fn wait_in_the_place_of_contacts_is_whole_and_told() {
    let (mut desk, _, [mut one, mut two, _]) = with_contacts(false);
    let (token, _) = begin(&mut desk);
    let tick = |desk: &mut Desk| {
        desk.system(Command::Recovery(recovery::Command::Tick)).ok().unwrap();
    };
    desk.wait(Span::hours(37));
    tick(&mut desk);
    agree(&mut desk, &mut one, false).ok().unwrap();
    assert!(!desk.slice.open_recovery().unwrap().waits, "two are left, and two are needed");
    let before = told(&desk, Topic::Recovery);
    agree(&mut desk, &mut two, false).ok().unwrap();
    assert_eq!(told(&desk, Topic::Recovery), before + 1, "with the link that stops it");
    let from = desk.now;
    let Err(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { ready_at })) =
        finish(&mut desk, &token)
    else {
        panic!("it does not wait")
    };
    assert_eq!(ready_at, from + recovery::WAIT);
    for hours in [35, 36] {
        desk.wait(Span::hours(hours));
        tick(&mut desk);
        assert!(finish(&mut desk, &token).is_err(), "{hours}");
    }
    desk.wait(Span::hours(38));
    tick(&mut desk);
    assert!(matches!(finish(&mut desk, &token), Ok(Answer::SignedIn(_))));
}

#[test]
fn contact_acts_in_a_live_session_that_was_proven_lately() {
    let mut other = Other::new(1);
    assert!(other.attested().is_ok());
    other.desk.wait(Span::minutes(16));
    assert!(matches!(
        other.attested().err(),
        Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))
    ));
    other.desk.wait(Span::hours(12));
    assert!(matches!(
        other.attested().err(),
        Some(Refusal::Session(SessionRefusal::SessionEnded { .. }))
    ));
    let mut nobody = Other { by: By::Visitor, ..Other::new(1) };
    assert_eq!(nobody.attested().err(), Some(Refusal::Session(SessionRefusal::NotSignedIn)));
    for by in [By::Operator { uid: 0 }, By::System] {
        let mut server = Other { by, ..Other::new(1) };
        assert_eq!(
            server.attested().err(),
            Some(Refusal::Session(SessionRefusal::NotSignedIn)),
            "{by}"
        );
    }
    let mut held = Other::new(1);
    for session in &mut held.desk.slice.sessions {
        session.held_until = Some(access::Time::FAR);
    }
    assert!(matches!(
        held.attested().err(),
        Some(Refusal::Authority(AuthorityRefusal::RecoveryHolds { .. }))
    ));
    let mut plain = Other::new(1);
    for session in &mut plain.desk.slice.sessions {
        session.key = None;
    }
    assert!(matches!(
        plain.attested().err(),
        Some(Refusal::Authority(AuthorityRefusal::SessionUnbound { .. }))
    ));
}

#[test]
fn naming_tells_nothing_and_is_bounded() {
    let mut desk = Desk::enrolled();
    let owner = By::Session(desk.signed_in().session);
    let named = |desk: &mut Desk, username: &str, found| {
        let username = username.to_owned();
        help(desk, owner, trustee::Command::Name { username, found }).err()
    };
    assert_eq!(named(&mut desk, "bob1", Some(PersonId([1; 16]))), None);
    assert_eq!(named(&mut desk, "nobody", None), None, "a name that nobody has is taken alike");
    for taken in ["ann", "BOB1", " bob1 "] {
        let refusal = named(&mut desk, taken, None);
        assert!(
            matches!(refusal, Some(Refusal::Input(InputRefusal::NameTaken { .. }))),
            "{taken} {refusal:?}"
        );
    }
    let evil = named(&mut desk, "<script>alert(1)</script>", None);
    assert!(matches!(evil, Some(Refusal::Input(InputRefusal::UsernameInvalid { .. }))));
    for number in 0..MOST - 2 {
        assert_eq!(named(&mut desk, &format!("more{number}"), None), None);
    }
    assert!(matches!(
        named(&mut desk, "last", None),
        Some(Refusal::Input(InputRefusal::TooMany { .. }))
    ));
    assert_eq!(desk.slice.willing().count(), 0, "nobody agreed");
    let many = choose(&mut desk, owner, 6, true).err();
    assert!(matches!(many, Some(Refusal::Input(InputRefusal::OutOfRange { .. }))));
    desk.wait(Span::minutes(16));
    assert!(matches!(
        named(&mut desk, "late", None),
        Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))
    ));
}

#[test]
fn contacts_alone_are_not_replaced_by_time() {
    let (mut desk, ..) = with_contacts(false);
    let (token, _) = begin(&mut desk);
    for _ in 0..2 {
        desk.wait(Span(WAIT.0 / 2 + 1_000_000));
        desk.system(Command::Recovery(recovery::Command::Tick)).ok().unwrap();
    }
    assert_eq!(
        finish(&mut desk, &token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver))
    );
    let stage = desk.slice.recoveries[0].stage;
    assert!(matches!(stage, Stage::Over { why: RecoveryEnd::Lapsed, .. }), "{stage:?}");
}

#[test]
fn wait_opens_it_where_it_was_allowed_or_where_too_few_agreed() {
    for too_few in [false, true] {
        let (mut desk, _, [mut one, mut two, _]) = with_contacts(!too_few);
        if too_few {
            agree(&mut desk, &mut one, false).ok().unwrap();
            agree(&mut desk, &mut two, false).ok().unwrap();
        }
        let (token, _) = begin(&mut desk);
        assert_eq!(desk.slice.open_recovery().unwrap().asks.is_empty(), too_few);
        for _ in 0..2 {
            desk.wait(Span(WAIT.0 / 2 + 1_000_000));
            desk.system(Command::Recovery(recovery::Command::Tick)).ok().unwrap();
        }
        assert!(finish(&mut desk, &token).is_ok(), "{too_few}");
    }
}

#[test]
fn contact_who_agrees_after_the_beginning_is_not_asked() {
    let (mut desk, owner, _) = with_contacts(false);
    name(&mut desk, owner, 4).ok().unwrap();
    let mut four = Other::new(4);
    let (_, recovery) = begin(&mut desk);
    agree(&mut desk, &mut four, true).ok().unwrap();
    let refused = vouch(&mut desk, &mut four, recovery, (Say::Yes, "100")).err();
    assert_eq!(refused, Some(Refusal::not_found("recovery contact")));
}

#[test]
fn link_of_an_operator_does_not_make_a_contact_of_anybody() {
    let mut other = Other::new(1);
    let token = other.desk.link(Purpose::Enrolment);
    other.by = By::Session(other.desk.open(&token).unwrap().session);
    other.desk.slice.authenticators.clear();
    assert!(other.attested().is_err(), "it may only enrol");
}
