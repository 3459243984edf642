//! Each way to sign in does what its description says.

use access::authenticator::passkey::Assertion;
use access::authenticator::{self, passkey::Passkey};
use access::binding::Beginner;
use access::decision::{Answer, Command};
use access::lock::{self, LockTarget};
use access::moment::Span;
use access::way::{self, Kind, Stand, Step, Way};
use access::{By, Refusal, Secret, device, sign_in};

use crate::approval::Home;
use crate::authenticator::add_passkey;
use crate::desk::{Desk, browser, copy};

/// A person with every way, one trusted browser, and what was done to them since.
struct Case {
    desk: Desk,
    device: Secret,
    codes: Vec<Secret>,
}

impl Case {
    fn new() -> Self {
        let Home { mut desk, browser, .. } = Home::new();
        let by = By::Session(browser.session);
        add_passkey(&mut desk, by).unwrap();
        let make = Command::Authenticator(authenticator::Command::MakeRecoveryCodes);
        let Ok(Answer::RecoveryCodes { codes, .. }) = desk.by(by, make) else { panic!("no codes") };
        Self { desk, device: browser.device_token.unwrap(), codes }
    }

    fn at(&self, trusted: bool) -> Option<Secret> {
        trusted.then(|| copy(&self.device))
    }

    fn told(&self, kind: Kind, trusted: bool) -> Way {
        let source = browser(self.at(trusted).as_ref());
        let ways = way::ways(&self.desk.slice, &source, self.desk.now);
        ways.into_iter().find(|way| way.kind == kind).unwrap()
    }

    /// Takes a way, with all that is typed right: the refusal, or the steps that it took.
    fn take(&mut self, kind: Kind, trusted: bool) -> Result<Vec<Step>, Refusal> {
        let at = self.at(trusted);
        if kind == Kind::Link {
            let token = self.desk.link(access::link::Purpose::SignIn);
            self.desk.visit(at.as_ref(), sign_in::Command::Link { token })?;
            return Ok(vec![Step::Link]);
        }
        if kind == Kind::Passkey {
            let outcome = Ok(assertion(self.desk.slice.passkeys().next().unwrap().1, &self.desk));
            self.desk.visit(at.as_ref(), sign_in::Command::Passkey { outcome })?;
            return Ok(vec![Step::Passkey]);
        }
        let Answer::TotpNeeded { attempt } = self.desk.password(at.as_ref(), true)? else {
            panic!("another step")
        };
        let (second, answer) = match kind {
            Kind::Phone => {
                let ask = sign_in::Command::AskApproval { attempt };
                self.desk.visit(at.as_ref(), ask)?;
                return Ok(vec![Step::Password, Step::Phone]);
            }
            Kind::Code => {
                let code = self.desk.code();
                (Step::Code, self.desk.totp(at.as_ref(), &attempt, code)?)
            }
            _ => {
                let code = copy(&self.codes[9]);
                let command = sign_in::Command::RecoveryCode { attempt, code };
                (Step::RecoveryCode, self.desk.visit(at.as_ref(), command)?)
            }
        };
        let mut steps = vec![Step::Password, second];
        if let Answer::ActivationNeeded { .. } = answer {
            steps.push(Step::Activation);
        }
        Ok(steps)
    }
}

fn assertion(passkey: &Passkey, desk: &Desk) -> Assertion {
    Assertion {
        handle: passkey.handle.clone(),
        user_verified: true,
        backed_up: passkey.backed_up,
        counter: passkey.counter + 1,
        data: None,
        began_at: desk.now,
        begun: Beginner { key: Some(crate::desk::key()), ..Beginner::default() },
    }
}

type Harm = (&'static str, fn(&mut Case));

fn guess(case: &mut Case, at: Option<&Secret>, times: u32) {
    for _ in 0..times {
        case.desk.wait(Span::minutes(16));
        case.desk.password(at, false).err().unwrap();
    }
}

fn guess_codes(case: &mut Case) {
    for _ in 0..6 {
        let attempt = case.desk.at_totp(None);
        let wrong = Secret::from_text("000000".into());
        case.desk.totp(None, &attempt, wrong).err().unwrap();
    }
}

const HARMS: [Harm; 10] = [
    ("nothing", |_| {}),
    ("five wrong passwords from elsewhere", |case| guess(case, None, 5)),
    ("a hundred wrong passwords from elsewhere", |case| guess(case, None, 100)),
    ("five wrong passwords at the trusted browser", |case| {
        let device = copy(&case.device);
        guess(case, Some(&device), 5);
    }),
    ("wrong codes from elsewhere", guess_codes),
    ("a lock of everything", |case| {
        let target = LockTarget::Person(case.desk.person());
        let set = lock::Command::Set { target, grade: lock::Grade::All };
        case.desk.system(Command::Lock(set)).ok().unwrap();
    }),
    ("a lock of new orders", |case| {
        let target = LockTarget::Person(case.desk.person());
        let set = lock::Command::Set { target, grade: lock::Grade::NoNew };
        case.desk.system(Command::Lock(set)).ok().unwrap();
    }),
    ("the browser blocked", |case| {
        let device = case.desk.slice.device_of(Some(case.device.digest())).unwrap().id;
        case.desk.system(Command::Device(device::Command::Block { device })).ok().unwrap();
    }),
    ("a passkey whose counter fell", |case| {
        case.desk.wait(Span::seconds(1));
        let mut outcome = assertion(case.desk.slice.passkeys().next().unwrap().1, &case.desk);
        outcome.counter = 9;
        let used = sign_in::Command::Passkey { outcome: Ok(outcome) };
        case.desk.visit(None, used).ok().unwrap();
        let mut outcome = assertion(case.desk.slice.passkeys().next().unwrap().1, &case.desk);
        outcome.counter = 3;
        let copied = sign_in::Command::Passkey { outcome: Ok(outcome) };
        case.desk.visit(None, copied).err().unwrap();
    }),
    ("a phone that was asked too often", |case| {
        for _ in 0..5 {
            let attempt = case.desk.at_totp(None);
            let ask = sign_in::Command::AskApproval { attempt };
            case.desk.visit(None, ask).map(drop).ok();
        }
    }),
];

#[test]
fn way_told_is_the_way_that_a_sign_in_goes() {
    let mut refused = 0;
    for (harm, make) in HARMS {
        for kind in Kind::ALL {
            for trusted in [true, false] {
                let mut case = Case::new();
                case.desk.wait(Span::minutes(1));
                make(&mut case);
                let told = case.told(kind, trusted);
                let name = format!("{kind:?} after {harm}, trusted browser: {trusted}");
                match (told.stand, case.take(kind, trusted)) {
                    (Stand::Open, Ok(steps)) => assert_eq!(told.steps, steps, "{name}"),
                    (Stand::Refused(told), Err(refusal)) => {
                        refused += 1;
                        assert_eq!(told.code(), refusal.code(), "{name}");
                    }
                    (told, taken) => panic!("{name}: told {told:?}, was {taken:?}"),
                }
            }
        }
    }
    assert!(refused >= 20, "the cases refuse too little to mean anything: {refused}");
}

#[test]
fn way_never_set_up_says_so_and_comes_last() {
    let desk = Desk::enrolled();
    let ways = way::ways(&desk.slice, &browser(None), desk.now);
    let stands: Vec<_> = ways.iter().map(|way| (way.kind, &way.stand)).collect();
    assert_eq!(
        stands,
        [
            (Kind::Code, &Stand::Open),
            (Kind::Link, &Stand::Open),
            (Kind::Passkey, &Stand::NotSetUp),
            (Kind::Phone, &Stand::NotSetUp),
            (Kind::RecoveryCode, &Stand::NotSetUp),
        ]
    );
    let bare = Desk::bare();
    let ways = way::ways(&bare.slice, &browser(None), bare.now);
    let open: Vec<_> = ways.iter().filter(|way| way.stand == Stand::Open).collect();
    assert_eq!(open.len(), 1, "the operator's link alone");
}
