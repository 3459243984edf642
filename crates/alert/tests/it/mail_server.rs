//! A mail server that keeps what it is told: plain, by STARTTLS, or under TLS from the first byte.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;

/// One mail as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and body, dots undone.
    pub data: String,
    /// The login that came with it, as sent.
    pub login: Option<String>,
    /// Whether it came under TLS.
    pub tls: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Plain,
    Starttls,
    Tls,
    /// Refuses every recipient for good.
    NoSuchUser,
    /// Says that it is busy.
    Busy,
}

pub struct MailServer {
    pub port: u16,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailServer {
    pub async fn start(mode: Mode, authority: &Authority) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let arrived = Arc::<Mutex<Vec<Arrived>>>::default();
        let tls = TlsAcceptor::from(Arc::clone(&authority.server));
        let kept = Arc::clone(&arrived);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, kept) = (tls.clone(), Arc::clone(&kept));
                tokio::spawn(async move { serve(stream, mode, tls, kept).await });
            }
        });
        Self { port, arrived, task }
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    mode: Mode,
    tls: TlsAcceptor,
    kept: Arc<Mutex<Vec<Arrived>>>,
) {
    match mode {
        Mode::Tls => {
            let Ok(stream) = tls.accept(stream).await else { return };
            talk(stream, mode, true, true, &kept).await;
        }
        Mode::Starttls => {
            if talk(&mut stream, mode, false, true, &kept).await {
                let Ok(stream) = tls.accept(stream).await else { return };
                talk(stream, mode, true, false, &kept).await;
            }
        }
        Mode::Plain | Mode::NoSuchUser | Mode::Busy => {
            talk(stream, mode, false, true, &kept).await;
        }
    }
}

/// One conversation; true when TLS is to begin.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    mode: Mode,
    tls: bool,
    greet: bool,
    kept: &Mutex<Vec<Arrived>>,
) -> bool {
    let mut stream = BufReader::new(stream);
    if greet && say(&mut stream, "220 test ESMTP").await.is_err() {
        return false;
    }
    let mut mail = Arrived { tls, ..Arrived::default() };
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" if mode == Mode::Starttls && !tls => "250-test\r\n250 STARTTLS",
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "STARTTLS" => {
                say(&mut stream, "220 go").await.ok();
                return true;
            }
            "AUTH" => {
                mail.login = Some(line.to_owned());
                "235 ok"
            }
            "MAIL" if mode == Mode::Busy => "451 try again later",
            "MAIL" => {
                line.clone_into(&mut mail.from);
                "250 ok"
            }
            "RCPT" if mode == Mode::NoSuchUser => "550 no such user",
            "RCPT" => {
                mail.to.push(line.to_owned());
                "250 ok"
            }
            "DATA" => {
                if say(&mut stream, "354 go on").await.is_err() {
                    return false;
                }
                mail.data = data(&mut stream).await;
                kept.lock().unwrap().push(mail.clone());
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "500 what?",
        };
        if say(&mut stream, answer).await.is_err() {
            return false;
        }
    }
}

async fn data<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if line == ".\r\n" {
            return data;
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    text: &str,
) -> std::io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}
