//! Versions, client ids, and what is no client.

use crate::desk::{Raw, Server, errors};

#[tokio::test(flavor = "multi_thread")]
async fn clients_get_the_version_of_their_family_and_their_session() {
    let server = Server::start().await;
    for (min, max, version) in
        [(157, 176, "176"), (157, 178, "178"), (100, 226, "178"), (100, 173, "173")]
    {
        let (_, reply) = Raw::greet(server.address("trading"), min, max).await;
        let reply = reply.unwrap();
        assert_eq!((reply[0].as_str(), reply.len()), (version, 2), "{reply:?}");
    }
    let mut client = Raw::knock(server.address("trading"), 5).await;
    let begun = client.until("9").await;
    let account = server.gate.view().await.unwrap().account.to_string();
    assert_eq!(begun[0], ["15", "1", &account]);
    assert_eq!(begun[1], ["9", "1", "1"]);
    let notices = errors(&client.barrier().await);
    assert_eq!(notices.iter().map(|error| error.1).collect::<Vec<_>>(), [2104, 2106, 2158]);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_is_too_old_is_told_and_closed() {
    let server = Server::start().await;
    let (mut raw, reply) = Raw::greet(server.address("trading"), 100, 156).await;
    assert!(reply.unwrap()[4].contains("the oldest spoken here is 157"));
    assert_eq!(raw.rest().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn second_connection_of_a_client_id_gets_326_and_the_first_lives_on() {
    let server = Server::start().await;
    let mut first = server.client("trading", 7).await;
    let mut second = Raw::knock(server.address("trading"), 7).await;
    let told = errors(&second.rest().await);
    assert_eq!((told.len(), told[0].0, told[0].1), (1, -1, 326), "{told:?}");
    assert!(first.barrier().await.is_empty());
    server.client("read-only", 7).await;
    drop(first);
    for _ in 0..200 {
        let mut again = Raw::knock(server.address("trading"), 7).await;
        if again.next().await.unwrap()[0] == "15" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the client id did not become free");
}

#[tokio::test(flavor = "multi_thread")]
async fn request_before_startapi_is_refused() {
    let server = Server::start().await;
    let (mut raw, _) = Raw::greet(server.address("trading"), 157, 178).await;
    raw.send(&tws::inbound::CurrentTime {}.into()).await;
    let told = errors(&raw.rest().await);
    assert!(told[0].1 == 321 && told[0].2.contains("startApi"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn start_of_a_session_is_on_record_with_client_id_address_and_version() {
    let server = Server::start().await;
    let client = server.client("trading", 31).await;
    let record = server.record().await;
    let entry = record.iter().find(|entry| entry.what == "program_connected").unwrap();
    assert!(entry.text.starts_with("Connected: client 31, "), "{}", entry.text);
    assert!(entry.text.contains(&format!("speaks {})", client.version)), "{}", entry.text);
    assert!(entry.text.ends_with(", from 127.0.0.1."), "{}", entry.text);
    assert!(entry.who.contains("trading") && entry.code.is_none(), "{entry:?}");
}
