//! Mails, in a folder and by SMTP.

use std::os::unix::fs::PermissionsExt;

use access::Secret;
use alert::{Channel, Letter, MailFolder, Smtp, SmtpConfig, SmtpTls};

use crate::authority::Authority;
use crate::letter::{letter, now};
use crate::mail_server::{Arrived, MailServer, Mode};

fn smtp(server: &MailServer, tls: SmtpTls, authority: &Authority) -> Smtp {
    Smtp::new(SmtpConfig {
        host: "localhost".to_owned(),
        port: server.port,
        tls,
        authorities: Some(authority.file.clone()),
        login: Some(("floorpass".to_owned(), Secret::from_text("s3cret".to_owned()))),
        from: "Floorpass <floorpass@example.org>".to_owned(),
    })
    .unwrap()
}

/// The lines of the head, folded ones joined, and the body.
fn parts(data: &str) -> (Vec<String>, String) {
    let (head, body) = data.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    (unfolded.split("\r\n").map(str::to_owned).collect(), body.to_owned())
}

fn header(head: &[String], name: &str) -> String {
    let mark = format!("{name}: ");
    let mut found = head.iter().filter_map(|line| line.strip_prefix(mark.as_str()));
    let value = found.next().unwrap_or_else(|| panic!("no {name} in {head:?}")).to_owned();
    assert!(found.next().is_none(), "two of {name}");
    value
}

async fn sent(tls: SmtpTls, mode: Mode, letter: &Letter) -> Arrived {
    let authority = Authority::new();
    let server = MailServer::start(mode, &authority).await;
    smtp(&server, tls, &authority).deliver(letter, now()).await.unwrap();
    let mut arrived = server.arrived();
    assert_eq!(arrived.len(), 1);
    arrived.remove(0)
}

#[tokio::test]
async fn mail_arrives_in_plain_by_starttls_and_under_tls() {
    for (tls, mode, encrypted) in [
        (SmtpTls::None, Mode::Plain, false),
        (SmtpTls::Starttls, Mode::Starttls, true),
        (SmtpTls::Tls, Mode::Tls, true),
    ] {
        let text = "Firefox on Linux at 192.0.2.7 is now trusted until 2027-04-15 08:00:00 UTC.";
        let mail = sent(tls, mode, &letter(text, None)).await;
        assert_eq!(mail.tls, encrypted);
        assert_eq!(mail.from, "MAIL FROM:<floorpass@example.org>");
        assert_eq!(mail.to, ["RCPT TO:<ann@example.org>"]);
        assert!(mail.login.unwrap().starts_with("AUTH PLAIN "));
        let (head, body) = parts(&mail.data);
        assert_eq!(header(&head, "From"), "Floorpass <floorpass@example.org>");
        assert_eq!(header(&head, "To"), "ann@example.org");
        assert_eq!(header(&head, "Subject"), "Floorpass: A new browser");
        assert_eq!(header(&head, "Date"), "Fri, 15 Jan 2027 08:00:00 +0000");
        assert_eq!(header(&head, "Auto-Submitted"), "auto-generated");
        assert!(header(&head, "Content-Type").starts_with("text/plain"));
        let plain = body.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains(text), "{body}");
        assert!(plain.contains("message centre") && !body.contains("Code"), "{body}");
    }
}

#[tokio::test]
async fn mail_with_a_code_tells_it_once_and_holds_no_link() {
    let mail = sent(SmtpTls::None, Mode::Plain, &letter("A code.", Some("123456"))).await;
    let (head, body) = parts(&mail.data);
    assert_eq!(mail.data.matches("123456").count(), 1);
    assert!(!header(&head, "Subject").contains("123456"), "lock screens show subjects");
    for link in ["http", "www.", "href", "://"] {
        assert!(!body.contains(link), "{link}");
    }
}

// ASVS 1.3.11: no header or command can be made by what people type.
#[tokio::test]
async fn name_with_line_breaks_or_html_adds_no_header_and_no_command() {
    let evil = "x\r\nBcc: thief@example.net\r\n\r\n.\r\nRCPT TO:<thief@example.net>\r\n<script>alert(1)</script> https://evil.example/sign-in";
    let mut one = letter(evil, None);
    one.username = "ann\r\nSubject: urgent".to_owned();
    let mail = sent(SmtpTls::None, Mode::Plain, &one).await;
    assert_eq!(mail.to, ["RCPT TO:<ann@example.org>"]);
    let (head, body) = parts(&mail.data);
    assert_eq!(header(&head, "Subject"), "Floorpass: A new browser");
    assert!(head.iter().all(|line| !line.starts_with("Bcc")), "{head:?}");
    assert!(header(&head, "Content-Type").starts_with("text/plain"), "HTML stays text");
    assert!(body.contains("https[://]evil[.]example/sign-in"), "{body}");
}

#[tokio::test]
async fn address_with_line_breaks_is_refused_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let channel = MailFolder::new(folder.path().join("mail")).unwrap();
    for bad in ["ann@example.org\r\nBcc: x@example.net", "", "ann", "<ann@example.org>\n"] {
        let one = Letter { to: bad.to_owned(), ..letter("x", None) };
        assert!(channel.deliver(&one, now()).await.unwrap_err().lasting, "{bad:?}");
    }
    assert!(!folder.path().join("mail").exists());
}

#[tokio::test]
async fn mail_to_nobody_fails_for_good_and_to_a_busy_server_for_now() {
    let authority = Authority::new();
    for (mode, lasting) in [(Mode::NoSuchUser, true), (Mode::Busy, false)] {
        let server = MailServer::start(mode, &authority).await;
        let channel = smtp(&server, SmtpTls::None, &authority);
        let fault = channel.deliver(&letter("x", None), now()).await.unwrap_err();
        assert_eq!(fault.lasting, lasting, "{fault}");
        assert!(server.arrived().is_empty());
    }
}

#[tokio::test]
async fn mail_server_without_tls_or_with_another_certificate_gets_nothing() {
    let (authority, other) = (Authority::new(), Authority::new());
    let plain = MailServer::start(Mode::Plain, &authority).await;
    let channel = smtp(&plain, SmtpTls::Starttls, &authority);
    assert!(!channel.deliver(&letter("x", None), now()).await.unwrap_err().lasting);
    assert!(plain.arrived().is_empty(), "no mail and no login in plain");
    let stranger = MailServer::start(Mode::Tls, &other).await;
    let channel = smtp(&stranger, SmtpTls::Tls, &authority);
    let fault = channel.deliver(&letter("x", None), now()).await.unwrap_err();
    assert!(fault.text.contains("certificate"), "{fault}");
}

#[tokio::test]
async fn mail_in_the_folder_is_one_file_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("mail");
    let channel = MailFolder::new(place.clone()).unwrap();
    // Tried again after a restart, it is the same file.
    for _ in 0..2 {
        channel.deliver(&letter("It is \u{201c}trusted\u{201d}.", None), now()).await.unwrap();
    }
    let other = Letter { to: "old@example.org".to_owned(), ..letter("x", Some("123456")) };
    channel.deliver(&other, now()).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(&place).unwrap().map(|one| one.unwrap()).collect();
    assert_eq!(files.len(), 2);
    for file in &files {
        assert_eq!(file.path().extension().unwrap(), "eml");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(std::fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
    let texts: Vec<_> =
        files.iter().map(|one| std::fs::read_to_string(one.path()).unwrap()).collect();
    assert!(texts.iter().any(|text| text.contains("Code: 123456")), "{texts:?}");
    assert!(texts.iter().all(|text| text.starts_with("From: ")), "{texts:?}");
}
