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
async fn client_that_is_too_old_or_too_new_reads_a_version_then_the_reason() {
    let server = Server::start().await;
    for (min, max, answered, code, words) in [
        (100, 156, "156", "CLIENT_TOO_OLD", "the oldest supported is 157"),
        (179, 190, "179", "CLIENT_TOO_NEW", "needs version 179"),
    ] {
        let (mut raw, reply) = Raw::greet(server.address("trading"), min, max).await;
        let reply = reply.unwrap();
        assert_eq!((reply[0].as_str(), reply.len()), (answered, 2), "{reply:?}");
        raw.send(&tws::inbound::StartApi::default().into()).await;
        let told = errors(&raw.rest().await);
        assert_eq!((told.len(), told[0].0, told[0].1), (1, -1, 506), "{told:?}");
        assert!(told[0].2.contains(words), "{told:?}");
        let record = server.record().await;
        let entry = record.iter().find(|entry| entry.code.as_deref() == Some(code)).unwrap();
        assert!(entry.text.contains(words) && entry.who.contains("trading"), "{entry:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_too_new_for_text_reads_the_reason_as_protocol_buffers() {
    let server = Server::start().await;
    let (mut raw, reply) = Raw::greet(server.address("trading"), 213, 226).await;
    assert_eq!(reply.unwrap()[0], "213");
    raw.send_bytes(&[0, 0, 0, 8, 0, 0, 1, 15, 8, 1, 18, 0]).await;
    let bytes = raw.rest_of_bytes().await;
    assert_eq!(bytes[4..8], [0, 0, 0, 204], "{bytes:?}");
    assert!(String::from_utf8_lossy(&bytes).contains("the newest supported is 178"), "{bytes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_from_before_frames_reads_a_version_then_the_reason() {
    let server = Server::start().await;
    let mut raw = Raw::connect(server.address("trading")).await;
    raw.send_bytes(b"63\0").await;
    raw.send_bytes(b"0\0").await;
    let bytes = raw.rest_of_bytes().await;
    let text = String::from_utf8(bytes).unwrap();
    let fields: Vec<&str> = text.split('\0').collect();
    assert_eq!((fields[0], &fields[2..6]), ("63", &["4", "2", "-1", "506"][..]), "{fields:?}");
    assert!(fields[6].contains("before 2013") && fields[6].contains("@stoqey/ib"), "{fields:?}");
    let record = server.record().await;
    let entry = record.iter().find(|entry| entry.code.as_deref() == Some("CLIENT_TOO_OLD"));
    assert!(entry.unwrap().text.contains("version 63"), "{record:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_in_the_place_of_the_version() {
    let server = Server::start().await;
    for bytes in [&b"API\0\0\0\0\x05hello"[..], b"API\0\xff\xff\xff\xff", b"API\0\0\0\0\x04v1.9"] {
        let mut raw = Raw::connect(server.address("trading")).await;
        raw.send_bytes(bytes).await;
        assert!(raw.rest_of_bytes().await.is_empty(), "{bytes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_token_is_an_error_that_the_client_reads() {
    let server = Server::start().await;
    let new = gate::NewCredential {
        name: "bot".to_owned(),
        accounts: vec![server.gate.account()],
        scopes: access::Scopes::trading(server.gate.now() + access::Span::days(9)),
        token_required: Some(true),
        door: gate::DoorWish::Socket { port: None },
    };
    let operator = gate::Actor::Operator { uid: 0 };
    server.gate.credentials().create(&operator, new).await.unwrap();
    let mut raw = Raw::knock(server.later_address("bot").await, 1).await;
    let told = errors(&raw.rest().await);
    assert_eq!((told.len(), told[0].0, told[0].1), (1, -1, 1100), "{told:?}");
    assert!(told[0].2.contains("TOKEN_MISSING"), "{told:?}");
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
async fn beginning_that_is_refused_has_a_number_that_no_library_hides() {
    let server = Server::start().await;
    let cases: [(&[u8], i32, &str); 4] = [
        (b"\0\0\0\x0549\x001\0", 322, "startApi"),
        (b"\0\0\0\x0871\x002\0-1\0", 320, "optionalCapabilities"),
        (b"\0\0\0\x0971\x002\0-1\0\0", 322, "client id is -1"),
        (b"\0\0\0\x0871\x002\0x\0\0", 320, "clientId"),
    ];
    for (frame, code, word) in cases {
        let (mut raw, _) = Raw::greet(server.address("trading"), 157, 178).await;
        raw.send_bytes(frame).await;
        let told = errors(&raw.rest().await);
        assert_eq!((told.len(), told[0].0, told[0].1), (1, -1, code), "{word}: {told:?}");
        assert!(told[0].2.contains(word), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn start_of_a_session_is_on_record_with_library_client_id_and_address() {
    let server = Server::start().await;
    let _client = server.client("trading", 31).await;
    let record = server.record().await;
    let entry = record.iter().find(|entry| entry.what == "program_connected").unwrap();
    assert!(entry.text.starts_with("Connected: ib_async (client 31)"), "{}", entry.text);
    assert!(entry.text.ends_with(", from 127.0.0.1."), "{}", entry.text);
    assert!(entry.who.contains("trading") && entry.code.is_none(), "{entry:?}");
}
