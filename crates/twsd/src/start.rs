//! The beginning of a connection: version, token, client id.

use std::net::IpAddr;
use std::time::Duration;

use access::{CredentialId, Secret};
use gate::{Admission, CredentialDoor};
use tokio::io::AsyncReadExt as _;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tws::frame::REQUEST_LIMIT;
use tws::inbound::StartApi;
use tws::outbound::ErrorCode;
use tws::{FrameError, FrameReader, HandshakeError, Hello, Inbound, ServerVersion, handshake};

use crate::listener::Shared;
use crate::outgoing::Outgoing;
use crate::roster::Claim;
use crate::{refusal, stamp};

/// How long a client has from its connection to its startApi.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes read at a time.
pub(crate) const READ: usize = 16 << 10;

/// A client that was let in.
pub(crate) struct Started {
    pub(crate) admission: Admission,
    pub(crate) claim: Claim,
    pub(crate) client_id: i32,
    pub(crate) program: String,
    pub(crate) reader: FrameReader,
    pub(crate) out: Outgoing,
}

/// A client that was not: what it is told, if anything.
pub(crate) struct Farewell(pub(crate) Option<Vec<u8>>);

/// Why the beginning failed.
enum Fault {
    /// The peer is gone.
    Gone,
    Frame(FrameError),
    Handshake(HandshakeError),
}

/// Reads handshake and startApi, and asks the gate whether the client may in.
pub(crate) async fn start(
    read: &mut ReadHalf<'_>,
    write: &WriteHalf<'_>,
    shared: &Shared,
    credential: CredentialId,
    address: IpAddr,
) -> Result<Started, Farewell> {
    let mut reader = FrameReader::new();
    let (hello, version) = hello(read, &mut reader).await.map_err(|fault| fault.farewell())?;
    // Clients of the ibapi family speak versions far above the ib_* clients, or below.
    let fragile = hello.min < 157 || hello.max > 178;
    let mut out = Outgoing::new(version, fragile);
    out.raw(|bytes| handshake::write_reply(version, &stamp::connection(shared.gate.wall()), bytes));
    out.flush(write).map_err(|_| Farewell(None))?;
    reader.set_limit(REQUEST_LIMIT);
    let farewell = |mut out: Outgoing, code, text: &str| {
        out.error(-1, code, text);
        Farewell(Some(out.take()))
    };
    let first = match frame(read, &mut reader, |frame| Inbound::decode(frame, version)).await {
        Ok(Ok(Inbound::StartApi(first))) => first,
        Ok(Ok(other)) => {
            let text = format!("The first message has to be startApi, not {}.", other.name());
            return Err(farewell(out, ErrorCode::VALIDATING, &text));
        }
        Ok(Err(error)) => {
            return Err(farewell(
                out,
                ErrorCode::VALIDATING,
                &format!("Error validating request: {error}"),
            ));
        }
        Err(fault) => return Err(fault.farewell()),
    };
    let token = token(&hello, &first);
    let door = CredentialDoor { credential, address, token: token.as_ref() };
    let admission = match shared.gate.admit_credential(&door) {
        Ok(admission) => admission,
        Err(refusal) => {
            return Err(farewell(out, ErrorCode::VENUE_LOST, &refusal::goodbye(&refusal)));
        }
    };
    let client_id = first.client_id;
    if client_id < 0 {
        let text = format!("The client id is {client_id}; use 0 or more.");
        shared.gate.note_refused(&admission, address, "CLIENT_ID_INVALID", text.clone());
        return Err(farewell(out, ErrorCode::VALIDATING, &text));
    }
    let Some(claim) = shared.roster.claim(credential, client_id) else {
        let text = format!(
            "Unable to connect as the client id is already in use. Retry with a unique client id; \
             {client_id} is connected."
        );
        shared.gate.note_refused(&admission, address, "CLIENT_ID_IN_USE", text.clone());
        return Err(farewell(out, ErrorCode::CLIENT_ID_IN_USE, &text));
    };
    let program = program(&hello, client_id, version);
    Ok(Started { admission, claim, client_id, program, reader, out })
}

/// What the greeting tells about the program. The ranges of the known libraries differ.
fn program(hello: &Hello, client_id: i32, version: ServerVersion) -> String {
    let library = match (hello.min, hello.max) {
        (157, 176) => "ib_insync or like it",
        (157, 178) => "ib_async or like it",
        (100, _) => "ibapi or like it",
        _ => "an unknown library",
    };
    format!("client {client_id}, {library} (v{}..{}, speaks {version})", hello.min, hello.max)
}

/// A token in the connect options, or in the capabilities of startApi for clients that lose their
/// options when they connect again.
fn token(hello: &Hello, first: &StartApi) -> Option<Secret> {
    let in_options = hello.option("token").map(str::to_owned);
    in_options
        .or_else(|| {
            let mut capabilities = first.optional_capabilities.split([' ', ',', ';']);
            capabilities.find_map(|one| one.strip_prefix("token=")).map(str::to_owned)
        })
        .filter(|token| !token.is_empty())
        .map(Secret::from_text)
}

async fn hello(
    read: &mut ReadHalf<'_>,
    reader: &mut FrameReader,
) -> Result<(Hello, ServerVersion), Fault> {
    let hello =
        frame(read, reader, |frame| Hello::parse(frame.0)).await?.map_err(Fault::Handshake)?;
    let version = hello.negotiate().map_err(Fault::Handshake)?;
    Ok((hello, version))
}

/// Waits for one frame and looks at it.
async fn frame<T>(
    read: &mut ReadHalf<'_>,
    reader: &mut FrameReader,
    look: impl FnOnce(tws::Frame<'_>) -> T,
) -> Result<T, Fault> {
    loop {
        if let Some(frame) = reader.next_frame().map_err(Fault::Frame)? {
            return Ok(look(frame));
        }
        let buffer = reader.buffer_mut();
        buffer.reserve(READ);
        match read.read_buf(buffer).await {
            Ok(0) | Err(_) => return Err(Fault::Gone),
            Ok(_) => {}
        }
    }
}

impl Fault {
    /// What the peer is told. A browser or another program that took the wrong port gets a text
    /// that it can show; a TWS client an error message, although the protocol has none here.
    fn farewell(&self) -> Farewell {
        let text = match self {
            Self::Gone => return Farewell(None),
            Self::Frame(error) => error.to_string(),
            Self::Handshake(error) => error.to_string(),
        };
        tracing::debug!(%text, "a connection was not begun");
        if text.contains("HTTP") {
            let page = format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{text}\n",
                text.len().saturating_add(1)
            );
            return Farewell(Some(page.into_bytes()));
        }
        let mut out = Outgoing::new(ServerVersion::OLDEST, false);
        out.error(-1, ErrorCode::READING, &text);
        Farewell(Some(out.take()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn first(capabilities: &str) -> StartApi {
        StartApi { client_id: 1, optional_capabilities: capabilities.to_owned() }
    }

    #[test]
    fn token_is_found_in_options_or_capabilities() {
        let hello = Hello::parse(b"v100..226 +PACEAPI token=fp_one").unwrap();
        let found = token(&hello, &first("token=fp_two")).unwrap();
        assert_eq!(found.expose(), b"fp_one");
        let bare = Hello::parse(b"v157..178").unwrap();
        assert_eq!(token(&bare, &first("x;token=fp_two")).unwrap().expose(), b"fp_two");
        assert!(token(&bare, &first("token=")).is_none());
        assert!(token(&bare, &first("")).is_none());
    }

    #[test]
    fn browser_at_the_wrong_port_gets_a_page_it_can_show() {
        let mut reader = FrameReader::new();
        reader.push(b"GET / HTTP/1.1\r\n\r\n");
        let fault = Fault::Frame(reader.next_frame().unwrap_err());
        let page = String::from_utf8(fault.farewell().0.unwrap()).unwrap();
        assert!(
            page.starts_with("HTTP/1.1 400 ") && page.contains("TWS socket protocol"),
            "{page}"
        );
    }
}
