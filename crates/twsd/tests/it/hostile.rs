//! What no client sends, and clients that do not behave.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tws::inbound::ContractDetails;

use crate::desk::{Raw, Server, errors, order, statuses, stock};

/// All that a server sends to these bytes before it closes.
async fn answer(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address("trading")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut all = Vec::new();
    drop(stream.read_to_end(&mut all).await);
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_before_the_handshake_gets_what_can_be_read_of_it_and_harms_nobody() {
    let server = Server::start().await;
    let mut bystander = server.client("trading", 1).await;
    for (bytes, word) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], "HTTP/1.1 400"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "TLS"),
        (b"hello there", "not \"API\""),
        (b"API\0\xff\xff\xff\xff", ""),
        (b"API\0\x00\x00\x00\x04nope", ""),
        (b"API\0\x00\x00\x00\x09v213..225", "the newest supported is 178"),
    ] {
        let told = answer(&server, bytes).await;
        // Who began as a client would read anything as the version.
        assert_eq!(told.is_empty(), word.is_empty(), "{told}");
        assert!(told.contains(word), "{word}: {told}");
        assert!(bystander.barrier().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frame_of_4_gib_ends_the_connection_with_a_reason() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    client.send_bytes(b"\xff\xff\xff\xff49\x001\0").await;
    let told = errors(&client.rest().await);
    assert!(told[0].1 == 320 && told[0].2.contains("4294967295"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_before_a_broken_frame_are_still_taken() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let mut bytes = Vec::new();
    tws::Inbound::from(order(1, |_| {})).encode(client.version, &mut bytes);
    bytes.extend_from_slice(b"\xff\xff\xff\xff");
    client.send_bytes(&bytes).await;
    let messages = client.rest().await;
    assert_eq!(statuses(&messages, 1), ["Submitted"]);
    assert_eq!(server.gate.view().await.unwrap().open_orders.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn truncated_frame_and_a_hang_up_harm_nobody() {
    let server = Server::start().await;
    let mut bystander = server.client("trading", 1).await;
    for bytes in [&b"AP"[..], b"API\0\0\0", b"API\0\0\0\0\x09v157", b""] {
        let mut stream = TcpStream::connect(server.address("trading")).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        drop(stream);
    }
    let mut client = server.client("trading", 2).await;
    client.send_bytes(b"\0\0\x10\0half of it").await;
    drop(client);
    assert!(bystander.barrier().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_requests_get_an_error_with_their_id() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    for (payload, id, code, word) in [
        (&b"7\x003\x0041\0x\0"[..], 41, 320, "clientId"),
        (b"20\x0042\0\0", 42, 320, "reqHistoricalData"),
        (b"62\x001\0x\0All\0\0", -1, 320, "reqId"),
        (b"3\x0043\0\0AAPL\0STK\0", 43, 201, "placeOrder"),
        (b"3\0", -1, 201, "placeOrder"),
        (b"9999\0a\0", -1, 321, "9999"),
        (b"\0", -1, 320, "message id"),
        (b"x", -1, 320, "message id"),
    ] {
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(payload);
        client.send_bytes(&frame).await;
        let messages = client.barrier().await;
        let told = errors(&messages);
        assert_eq!((told.len(), told[0].0, told[0].1), (1, id, code), "{told:?}");
        assert!(told[0].2.contains(word), "{told:?}");
        if code == 201 && id > 0 {
            assert_eq!(statuses(&messages, id), ["Inactive"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_does_not_read_stops_only_itself() {
    let server = Server::start().await;
    let mut deaf = server.client("trading", 1).await;
    let request = ContractDetails { request_id: 1, contract: stock("AAPL") };
    let mut bytes = Vec::new();
    for _ in 0..2_000 {
        tws::Inbound::from(request.clone()).encode(deaf.version, &mut bytes);
    }
    let flood = tokio::spawn(async move {
        // It cannot all be taken: the server stops reading, so the write waits.
        for _ in 0..200 {
            deaf.send_bytes(&bytes).await;
        }
        deaf
    });
    let mut other = server.client("trading", 2).await;
    for id in 1..=20 {
        let messages = other.ask(order(id, |_| {})).await;
        assert_eq!(statuses(&messages, id), ["Submitted"]);
    }
    assert!(!flood.is_finished(), "the server went on reading for a client that does not");
    flood.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_keep_nobody_out() {
    let server = Server::start().await;
    let mut silent = Vec::new();
    for _ in 0..400 {
        silent.push(TcpStream::connect(server.address("trading")).await.unwrap());
    }
    let mut client = server.client("trading", 1).await;
    assert!(client.barrier().await.is_empty());
    let mut oldest = silent.remove(0);
    assert_eq!(oldest.read(&mut [0; 8]).await.unwrap_or(0), 0, "the oldest was closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_connections_that_stay_keep_nobody_out() {
    let server = Server::start().await;
    let mut refused = Vec::new();
    for _ in 0..300 {
        refused.push(Raw::knock(server.address("trading"), -1).await);
    }
    let mut client = server.client("trading", 1).await;
    assert!(client.barrier().await.is_empty());
    let told = errors(&refused.pop().unwrap().rest().await);
    assert!(told[0].2.contains("client id is -1"), "{told:?}");
}
