//! What goes on record without changing anything, and what never does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::noted::Kind;

fn refused(journal: &[Stamped], wanted: &str) -> Vec<(Holder, String)> {
    let of = |stamped: &Stamped| match &stamped.command {
        Command::Refused { holder, code, text, .. } if code == wanted => {
            Some((*holder, text.clone()))
        }
        _ => None,
    };
    journal.iter().filter_map(of).collect()
}

#[tokio::test]
async fn refusals_at_the_door_are_recorded_with_the_address_they_came_from() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let unknown = CredentialId([9; 16]);
    let door = crate::CredentialDoor { credential: unknown, address: HERE, token: None };
    assert_eq!(bench.gate.admit_credential(&door).unwrap_err().code(), "CREDENTIAL_UNKNOWN");
    bench.gate.note_refused(&who, HERE, "FIELD_INVALID", "x\0\n".repeat(1_000));
    bench.gate.flush().await.unwrap();
    let journal = bench.journal();
    let (holder, text) = refused(&journal, "CREDENTIAL_UNKNOWN").remove(0);
    assert_eq!(holder, Holder::Credential(unknown));
    assert!(text.ends_with("; asked from 127.0.0.1"), "{text}");
    let expected = (who.holder(), format!("{}; asked from 127.0.0.1", "x".repeat(300)));
    assert_eq!(refused(&journal, "FIELD_INVALID"), [expected]);
}

#[tokio::test]
async fn programs_let_in_are_recorded_once_a_second_with_their_number() {
    let bench = Bench::new().await;
    let who = bench.trading();
    for client in 0..40 {
        bench.gate.note_connected(&who, HERE, &format!("client {client}"));
    }
    bench.gate.close().await.unwrap();
    let of = |stamped: Stamped| match stamped.command {
        Command::Connected { holder, clients, count } => Some((holder, clients, count)),
        _ => None,
    };
    let found: Vec<_> = bench.journal().into_iter().filter_map(of).collect();
    assert_eq!(found[0], (who.holder(), "client 0, from 127.0.0.1".to_owned(), 1));
    assert_eq!((found.len(), found[1].2), (2, 39));
}

#[tokio::test]
async fn command_that_was_cut_off_is_never_written() {
    let bench = Bench::new().await;
    let kind = Kind::Refused { holder: Holder::System, code: "HALF", symbol: None, address: None };
    let cut = catch_unwind(AssertUnwindSafe(|| {
        let mut turn = bench.gate.0.sequencer.turn(START).unwrap();
        turn.note(kind, String::new);
        panic!("cut off in the middle");
    }));
    assert!(cut.is_err());
    assert_eq!(bench.gate.flush().await, Err(Refusal::JournalFailed));
    assert!(bench.gate.0.sequencer.freeze().is_err());
    assert_eq!(refused(&bench.journal(), "HALF"), []);
}
