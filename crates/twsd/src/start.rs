//! The beginning of a connection: version, token, client id.

use std::net::IpAddr;
use std::time::Duration;

use access::{CredentialId, Secret};
use gate::{Admission, SocketProof};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;
use tws::frame::REQUEST_LIMIT;
use tws::inbound::StartApi;
use tws::outbound::ErrorCode;
use tws::{
    FrameError, FrameReader, HandshakeError, Hello, Inbound, Refused, ServerVersion, handshake,
};

use crate::outgoing::Outgoing;
use crate::roster::Claim;
use crate::shared::Shared;
use crate::wire::Sink;
use crate::{refusal, stamp};

/// How long a client has from its connection to its startApi.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long a client that is turned away has to say who it is before it is told why.
const INTRODUCTION: Duration = Duration::from_secs(1);
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
    read: &mut (impl AsyncRead + Unpin),
    write: &impl Sink,
    shared: &Shared,
    credential: CredentialId,
    address: IpAddr,
) -> Result<Started, Farewell> {
    let mut reader = FrameReader::new();
    let (hello, version) = match hello(read, &mut reader).await {
        Ok(begun) => begun,
        Err(fault) => {
            let stranger = Stranger { shared, credential, address };
            return Err(stranger.turn_away(&fault, read, write, &mut reader).await);
        }
    };
    // Clients of the ibapi family speak versions far above the ib_* clients, or below.
    let fragile = hello.min < 157 || hello.max > 178;
    let mut out = Outgoing::new(version, fragile);
    out.raw(|bytes| handshake::write_reply(version, &stamp::connection(shared.gate.wall()), bytes));
    out.flush(write).map_err(|_| Farewell(None))?;
    reader.set_limit(REQUEST_LIMIT);
    // Never 321: `ib_async` takes that for a warning and hides it, and its program would not learn why.
    let farewell = |mut out: Outgoing, code, text: &str| {
        out.error(-1, code, text);
        Farewell(Some(out.take()))
    };
    let first = match frame(read, &mut reader, |frame| Inbound::decode(frame, version)).await {
        Ok(Ok(Inbound::StartApi(first))) => first,
        Ok(Ok(other)) => {
            let text = format!("The first message must be startApi, not {}.", other.name());
            return Err(farewell(out, ErrorCode::PROCESSING, &text));
        }
        Ok(Err(error)) => {
            let text = format!("Error reading request: {error}");
            return Err(farewell(out, ErrorCode::READING, &text));
        }
        // A version is agreed, so that the client reads what is wrong with its frame.
        Err(Fault::Frame(error)) => {
            return Err(farewell(out, ErrorCode::READING, &error.to_string()));
        }
        Err(_) => return Err(Farewell(None)),
    };
    let token = token(&hello, &first);
    let door = SocketProof { credential, address, token: token.as_ref() };
    let admission = match shared.gate.enter_socket(&door) {
        Ok(admission) => admission,
        Err(refusal) => {
            return Err(farewell(out, ErrorCode::VENUE_LOST, &refusal::goodbye(&refusal)));
        }
    };
    let client_id = first.client_id;
    if client_id < 0 {
        let text = format!("The client id is {client_id}; use 0 or more.");
        shared.gate.admissions().note_turned_away(
            credential,
            address,
            "CLIENT_ID_INVALID",
            text.clone(),
        );
        return Err(farewell(out, ErrorCode::PROCESSING, &text));
    }
    let Some(claim) = shared.roster.claim(credential, client_id) else {
        let text = format!(
            "Unable to connect as the client id is already in use. Retry with a unique client id; \
             {client_id} is connected."
        );
        shared.gate.admissions().note_turned_away(
            credential,
            address,
            "CLIENT_ID_IN_USE",
            text.clone(),
        );
        return Err(farewell(out, ErrorCode::CLIENT_ID_IN_USE, &text));
    };
    let program = program(&hello, client_id);
    Ok(Started { admission, claim, client_id, program, reader, out })
}

/// What the greeting tells about the program, like `ib_async (client 2)`. The ranges of versions that the
/// known libraries speak differ.
fn program(hello: &Hello, client_id: i32) -> String {
    let library = match (hello.min, hello.max) {
        (157, 176) => "ib_insync",
        (157, 178) => "ib_async",
        (100, _) => "ibapi",
        _ => "unknown library",
    };
    format!("{library} (client {client_id})")
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
    read: &mut (impl AsyncRead + Unpin),
    reader: &mut FrameReader,
) -> Result<(Hello, ServerVersion), Fault> {
    let hello =
        frame(read, reader, |frame| Hello::parse(frame.0)).await?.map_err(Fault::Handshake)?;
    let version = hello.negotiate().map_err(Fault::Handshake)?;
    Ok((hello, version))
}

/// Waits for one frame and looks at it.
async fn frame<T>(
    read: &mut (impl AsyncRead + Unpin),
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

/// A peer that has not begun as a client that is spoken to here.
struct Stranger<'a> {
    shared: &'a Shared,
    credential: CredentialId,
    address: IpAddr,
}

impl Stranger<'_> {
    /// Tells the peer what is wrong, in the form that it reads, and puts on record which client is
    /// too old or too new. Whatever came in place of the version reply would be read as that
    /// reply, so a peer whose form nobody knows is told nothing.
    async fn turn_away(
        &self,
        fault: &Fault,
        read: &mut (impl AsyncRead + Unpin),
        write: &impl Sink,
        reader: &mut FrameReader,
    ) -> Farewell {
        let (refused, code, text) = match fault {
            Fault::Gone => return Farewell(None),
            Fault::Frame(FrameError::Unframed { version }) => {
                (Refused::unframed(*version), "CLIENT_TOO_OLD", too_old(*version))
            }
            Fault::Handshake(HandshakeError::ClientTooOld { max }) => {
                (Refused::framed(*max), "CLIENT_TOO_OLD", too_old(*max))
            }
            Fault::Handshake(HandshakeError::ClientTooNew { min }) => {
                (Refused::framed(*min), "CLIENT_TOO_NEW", too_new(*min))
            }
            Fault::Frame(error @ FrameError::Greeting { .. }) => {
                return self.no_client(&error.to_string());
            }
            Fault::Frame(error) => return self.unknown(&error.to_string()),
            Fault::Handshake(error) => return self.unknown(&error.to_string()),
        };
        tracing::warn!(address = %self.address, %code, %text, "a program was turned away");
        self.shared.gate.admissions().note_turned_away(
            self.credential,
            self.address,
            code,
            text.clone(),
        );
        let now = self.shared.gate.now();
        let mut out = Outgoing::new(ServerVersion::OLDEST, false);
        out.raw(|bytes| refused.write_reply(&stamp::connection(now), bytes));
        if out.flush(write).is_err() {
            return Farewell(None);
        }
        // Some clients read the reply and throw away what came with it: the error waits until they
        // have said who they are, or for as long as they take.
        let introduced = async {
            if refused.has_frames() {
                frame(read, reader, |_| ()).await.is_ok()
            } else {
                introduction(read).await
            }
        };
        if !timeout(INTRODUCTION, introduced).await.unwrap_or(true) {
            return Farewell(None);
        }
        let milliseconds = now.0.div_euclid(1_000);
        out.raw(|bytes| {
            refused.write_error(ErrorCode::UNSUPPORTED_VERSION, &text, milliseconds, bytes);
        });
        Farewell(Some(out.take()))
    }

    /// It began as a client does, and nobody knows what it reads.
    fn unknown(&self, text: &str) -> Farewell {
        tracing::info!(address = %self.address, %text, "a connection was not started");
        Farewell(None)
    }

    /// It is no client: a browser that took the wrong port gets a page, another program a line.
    fn no_client(&self, text: &str) -> Farewell {
        tracing::info!(address = %self.address, %text, "a connection was not started");
        Farewell(Some(line_or_page(text)))
    }
}

fn line_or_page(text: &str) -> Vec<u8> {
    if !text.contains("HTTP") {
        return format!("{text}\n").into_bytes();
    }
    let page = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{text}\n",
        text.len().saturating_add(1)
    );
    page.into_bytes()
}

/// Waits for the client id of a client from before frames: what comes after its version.
async fn introduction(read: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut bytes = [0; 64];
    matches!(read.read(&mut bytes).await, Ok(count) if count > 0)
}

fn too_old(version: u16) -> String {
    let library = if version < 100 {
        "It dates from before 2013, like ib (npm), IbPy, ezibpy and the IB store of backtrader. "
    } else {
        ""
    };
    format!(
        "The client library speaks version {version} of the protocol, and the oldest supported is {}. {library}Use a newer one: ib_async or ibapi for Python, @stoqey/ib for TypeScript.",
        ServerVersion::OLDEST
    )
}

fn too_new(version: u16) -> String {
    format!(
        "The client library needs version {version} of the protocol or later, and the newest supported is {}. Use an older library (for Rust: ibapi 2.12), or one that speaks both.",
        ServerVersion::NEWEST
    )
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
        let text = reader.next_frame().unwrap_err().to_string();
        let page = String::from_utf8(line_or_page(&text)).unwrap();
        assert!(
            page.starts_with("HTTP/1.1 400 ") && page.contains("TWS socket protocol"),
            "{page}"
        );
        assert_eq!(line_or_page("this is TLS"), b"this is TLS\n");
    }

    #[test]
    fn client_that_is_too_old_or_too_new_is_named_with_what_to_use() {
        let text = too_old(63);
        for word in ["version 63", "157", "before 2013", "backtrader", "@stoqey/ib"] {
            assert!(text.contains(word), "{text}");
        }
        assert!(!too_old(156).contains("2013") && too_old(156).contains("156"));
        assert!(too_new(213).contains("213") && too_new(213).contains("178"));
    }
}
