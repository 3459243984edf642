//! Backup, restore, checkpoints.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use gate::{Config, Durability, Gate, Hours, OrderRequest, SocketProof};
use trade::{NewOrder, OrderType, Origin, Side, Ticks, TimeInForce};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn open(data: &Path) -> Result<Gate, gate::OpenError> {
    Gate::open(Config {
        data: data.to_owned(),
        database: None,
        durability: Durability::Disk,
        demo: true,
        seed: Some(7),
        hours: Hours::RoundTheClock,
        portal_origin: "http://localhost:8080".parse().unwrap(),
        passkeys: None,
        token_required_by_default: false,
    })
    .await
}

/// Places a buy that rests and returns its number once it is durable.
async fn place(gate: &Gate) -> trade::OrderId {
    let trading = gate.credentials().listeners().borrow()[0].credential;
    let door = SocketProof { credential: trading, address: HERE, token: None };
    let who = gate.enter_socket(&door).unwrap();
    let symbol = gate.markets().instruments().named("AAPL").unwrap().id;
    let bid = gate.markets().quotes().get(symbol).unwrap().bid().unwrap().price;
    let order = NewOrder {
        account: gate.account(),
        symbol,
        side: Side::Buy,
        quantity: 1,
        order_type: OrderType::Limit { price: Ticks(bid.0 / 2) },
        tif: TimeInForce::Gtc,
        outside_hours: false,
        origin: Origin { holder: who.holder(), client_id: 0, order_id: 1 },
        parent: None,
        oca: None,
        reference: None,
    };
    let submitted = gate.orders().submit(&who, HERE, OrderRequest::Place(vec![order])).unwrap();
    gate.orders().flush().await.unwrap();
    submitted.orders()[0].id
}

#[tokio::test]
async fn backup_restored_has_all_up_to_its_point_and_needs_the_key_file() {
    let temp = tempfile::tempdir().unwrap();
    let (data, copy, again) =
        (temp.path().join("data"), temp.path().join("copy"), temp.path().join("again"));
    let gate = open(&data).await.unwrap();
    let before = place(&gate).await;
    gate.records().checkpoint().await.unwrap();
    let report = gate.records().backup(&copy).await.unwrap();
    assert!(
        gate.records().backup(&copy).await.err().unwrap().to_string().contains("already exists")
    );
    assert!(!copy.join("key").exists(), "the key file is never in a backup");
    let after = place(&gate).await;
    gate.close().await.unwrap();
    drop(gate);
    let other = temp.path().join("other");
    std::fs::write(&other, [7; 32]).unwrap();
    let wrong = gate::backup::restore(&copy, &other, &again).await.err().unwrap().to_string();
    assert!(wrong.contains("does not belong to this data folder"), "{wrong}");
    assert!(!again.exists(), "a wrong key wrote something");
    let restored = gate::backup::restore(&copy, &data.join("key"), &again).await.unwrap();
    assert_eq!(restored.journal_seq, report.journal_seq);
    let gate = open(&again).await.unwrap();
    assert!(gate.demo().secrets().is_none(), "secrets are shown by the first start alone");
    let view = gate.view().await.unwrap();
    assert!(view.order(before).is_some() && view.order(after).is_none());
    assert_eq!(gate.credentials().listeners().borrow().len(), 3);
    place(&gate).await;
    gate.close().await.unwrap();
    let report = gate::evidence::evidence_verify(&again, None).await.unwrap();
    assert!(report.faults.is_empty(), "{report}");
}

#[tokio::test]
async fn checkpoint_file_holds_signed_places_of_both_chains() {
    let temp = tempfile::tempdir().unwrap();
    let gate = open(temp.path()).await.unwrap();
    let first = gate.records().checkpoint().await.unwrap();
    place(&gate).await;
    let second = gate.records().checkpoint().await.unwrap();
    let mut read = gate::checkpoint::read_file(&temp.path().join(gate::checkpoint::FILE)).unwrap();
    assert_eq!(read, [first.clone(), second.clone()]);
    assert!(read.iter().all(gate::checkpoint::is_signed));
    assert_eq!(first.signer, second.signer);
    assert!(second.checkpoint.journal_seq > first.checkpoint.journal_seq);
    read[0].checkpoint.journal_seq += 1;
    assert!(!gate::checkpoint::is_signed(&read[0]));
    gate.close().await.unwrap();
}

/// A disk that was full tears a line off; the next one begins behind it, not in it.
#[tokio::test]
async fn checkpoint_after_a_torn_line_is_a_line_of_its_own() {
    let temp = tempfile::tempdir().unwrap();
    let gate = open(temp.path()).await.unwrap();
    gate.records().checkpoint().await.unwrap();
    let path = temp.path().join(gate::checkpoint::FILE);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let second = gate.records().checkpoint().await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let last = text.lines().last().unwrap();
    std::fs::write(&path, format!("{last}\n")).unwrap();
    assert_eq!(gate::checkpoint::read_file(&path).unwrap(), [second]);
    gate.close().await.unwrap();
}

#[tokio::test]
async fn journal_that_lost_its_end_behind_a_checkpoint_does_not_start() {
    let temp = tempfile::tempdir().unwrap();
    let gate = open(temp.path()).await.unwrap();
    place(&gate).await;
    gate.close().await.unwrap();
    drop(gate);
    std::fs::remove_dir_all(temp.path().join("snapshots")).unwrap();
    let folder = gate::open::journal_folder(temp.path());
    let (_, segment) = gate::journal::segments(&folder).unwrap().remove(0);
    let mut bytes = std::fs::read(&segment).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[last - 100..].fill(0);
    std::fs::write(&segment, bytes).unwrap();
    let error = open(temp.path()).await.err().unwrap().to_string();
    assert!(error.contains("its end is lost"), "{error}");
}

#[tokio::test]
async fn backup_is_not_made_inside_the_folder_nor_restored_inside_the_backup() {
    let temp = tempfile::tempdir().unwrap();
    let (data, copy) = (temp.path().join("data"), temp.path().join("copy"));
    let gate = open(&data).await.unwrap();
    for inside in [data.join("backup"), data.join("journal/backup")] {
        let refused = gate.records().backup(&inside).await.unwrap_err();
        assert!(refused.to_string().contains("inside"), "{refused}");
        assert!(!inside.exists());
    }
    gate.records().backup(&copy).await.unwrap();
    let (key, inside) = (data.join("key"), copy.join("data"));
    let refused = gate::backup::restore(&copy, &key, &inside).await.unwrap_err();
    assert!(refused.to_string().contains("inside") && !inside.exists(), "{refused}");
}
