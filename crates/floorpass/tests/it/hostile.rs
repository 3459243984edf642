//! Bad input at a socket of the real program: a clear error for who sent it, nothing for anybody else, no panic.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use tws::place_order::PlaceOrder;
use tws::{Inbound, ServerVersion};

use crate::program::{Server, json};
use crate::trader::Trader;

/// An order as bytes, with one of its fields replaced by a text.
fn frame(order: PlaceOrder, field: &str, text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let version = ServerVersion::new(176).unwrap();
    Inbound::from(Box::new(order)).encode(version, &mut bytes);
    let payload = String::from_utf8(bytes[4..].to_vec()).unwrap();
    let payload = payload.replacen(&format!("\0{field}\0"), &format!("\0{text}\0"), 1);
    let length = u32::try_from(payload.len()).unwrap();
    [&length.to_be_bytes()[..], payload.as_bytes()].concat()
}

#[test]
fn order_with_an_absurd_field_is_refused_with_its_id_and_a_reason() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let mut trader = Trader::connect(server.port("trading"), 1);
    let mut bystander = Trader::connect(server.port("trading"), 2);
    let long = "x".repeat(40_000);
    // Quantity 123 and price 20.00 mark their fields.
    let cases = [
        ("AAPL", "NOSUCH"),
        ("AAPL", ""),
        ("AAPL", long.as_str()),
        ("AAPL", "\u{1f600}"),
        ("USD", "XXX"),
        ("BUY", "HOLD"),
        ("BUY", ""),
        ("LMT", "WISH"),
        ("GTC", "SOON"),
        ("123", "0"),
        ("123", "-123"),
        ("123", "1.5"),
        ("123", "NaN"),
        ("123", "inf"),
        ("123", "1e400"),
        ("123", "99999999999999999999999999999999999999"),
        ("123", "9223372036854775807"),
        ("20.00", "-20.00"),
        ("20.00", "0"),
        ("20.00", "nan"),
        ("20.00", "-inf"),
        ("20.00", "20.001"),
        ("20.00", "1e308"),
        ("20.00", "twenty"),
    ];
    for (at, (field, text)) in cases.iter().enumerate() {
        let id = i32::try_from(at).unwrap() + 1;
        trader.send_bytes(&frame(Trader::placing(id, "BUY", 123, Some("20.00")), field, text));
        let short: String = text.chars().take(40).collect();
        trader.wait("an error", |told| told.errors.iter().any(|(of, ..)| *of == id));
        let (_, code, why) = trader.told.errors.iter().find(|(of, ..)| *of == id).unwrap();
        assert!((100..=499).contains(code) && why.len() > 15, "{field} as {short}: {code} {why}");
        assert!(why.len() < 1_000, "{field} as {short}: {} bytes of text", why.len());
    }
    let mut other = Trader::placing(90, "BUY", 123, Some("20.00"));
    other.order.account = "DU0000001".to_owned();
    trader.send(&Inbound::from(Box::new(other)));
    trader.wait("an error", |told| told.errors.iter().any(|(of, ..)| *of == 90));
    assert_eq!(json(&server.data, &["orders"]).as_array().unwrap().len(), 0);
    // Neither of them was harmed.
    for one in [&mut trader, &mut bystander] {
        one.send(&Trader::order(100, "BUY", 1, None));
        one.wait("a fill", |told| !told.executions.is_empty());
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert_eq!(server.terminate(), 0);
}

#[test]
fn bytes_that_are_no_session_end_their_connection_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let port = server.port("trading");
    let mut bystander = Trader::connect(port, 1);
    let mut count = 0;
    for (bytes, word) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], "HTTP/1.1 400"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "TLS"),
        (b"hello there", "not \"API\""),
        // Who began as a client would read anything as the version.
        (b"API\0\xff\xff\xff\xff", ""),
        (b"API\0\x00\x00\x00\x04nope", ""),
        // Cut off in the middle: nobody is left to be told.
        (b"API\0\x00\x00\x00\x09v157", ""),
        (b"AP", ""),
    ] {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut told = Vec::new();
        stream.read_to_end(&mut told).ok();
        let told = String::from_utf8_lossy(&told);
        assert!(told.contains(word) && told.is_empty() == word.is_empty(), "{word}: {told}");
        count += 1;
        bystander.send(&Trader::order(count, "BUY", 1, None));
        let fills = usize::try_from(count).unwrap();
        bystander.wait("a fill", |told| told.executions.len() == fills);
    }
    // After the handshake: a frame of 4 GiB, and one that never ends.
    let mut huge = Trader::connect(port, 2);
    huge.send_bytes(b"\xff\xff\xff\xff49\x001\0");
    huge.wait_closed();
    assert!(huge.told.errors.iter().any(|(_, _, text)| text.contains("4294967295")));
    let mut cut = Trader::connect(port, 3);
    cut.send_bytes(b"\0\0\x10\0half of it");
    drop(cut);
    bystander.send(&Trader::order(90, "SELL", 1, None));
    bystander.wait("a fill", |told| told.executions.len() == 8);
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert_eq!(server.terminate(), 0);
}
