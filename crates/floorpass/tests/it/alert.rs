//! The real program's channels: mails in the data folder, a mail server that comes late, a webhook.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Server, command, fault, json, lasting_port};

/// Asks until what is told is as wanted; the program delivers in the background.
fn until(data: &Path, args: &[&str], wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let told = json(data, args);
        if wanted(&told) {
            return told;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{args:?} stays {}", json(data, args));
}

fn one_is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |rows| rows.as_array().unwrap().iter().any(|row| row["state"] == state)
}

#[test]
fn contact_set_by_the_operator_is_told_by_a_mail_in_the_folder() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    assert_eq!(fault(data, &["contact", "show", "nobody"]), (4, "NOT_FOUND".to_owned()));
    let bad = fault(data, &["contact", "set", "trader", "--mail", "a@b\r\nBcc: c@d.org"]);
    assert_eq!(bad, (4, "MAIL_INVALID".to_owned()));
    let set =
        ["contact", "set", "trader", "--mail", "ann@example.org", "--phone", "+44 20 79460000"];
    assert_eq!(json(data, &set)["mail"], "ann@example.org");
    let rows = until(data, &["delivery"], one_is("delivered"));
    assert_eq!(
        (&rows[0]["channel"], &rows[0]["target"]),
        (&"mail".into(), &"ann@example.org".into())
    );
    let files: Vec<_> = std::fs::read_dir(data.join("mail")).unwrap().flatten().collect();
    let texts: Vec<_> =
        files.iter().map(|one| std::fs::read_to_string(one.path()).unwrap()).collect();
    assert!(texts.iter().any(|text| text.contains("To: ann@example.org")), "{texts:?}");
    let messages = json(data, &["notice", "list", "trader"]);
    assert_eq!(messages[0]["topic"], "contact_changed");
    let id = messages[0]["notice"].as_str().unwrap();
    assert_eq!(json(data, &["notice", "not-me", id])["sessions"], 0);
    assert!(json(data, &["notice", "list", "trader"])[1]["not_me"].is_string());
    assert_eq!(json(data, &["contact", "set", "trader", "--no-phone"])["phone"], Value::Null);
    let removed = json(data, &["contact", "set", "trader", "--no-mail"]);
    assert_eq!(removed["former"][0]["mail"], "ann@example.org");
    let secret = json(data, &["webhook", "secret"])["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    assert_eq!(json(data, &["webhook", "secret"])["secret"], secret.as_str());
    assert_eq!(server.terminate(), 0);
}

/// One mail by SMTP in plain; gives what was in DATA.
fn take_mail(listener: &TcpListener) -> String {
    let (stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut stream = stream;
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
    say("220 test");
    let mut data = None;
    while let Some(Ok(line)) = lines.next() {
        match line.split([' ', ':']).next().unwrap_or_default() {
            "DATA" => {
                say("354 go on");
                let text: Vec<_> =
                    lines.by_ref().map_while(Result::ok).take_while(|one| one != ".").collect();
                data = Some(text.join("\n"));
                say("250 taken");
            }
            "QUIT" => {
                say("221 bye");
                break;
            }
            _ => say("250 ok"),
        }
    }
    data.unwrap()
}

/// One request of the webhook, answered with 204.
fn take_post(listener: &TcpListener) -> String {
    let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
    let mut text = String::new();
    let mut bytes = [0; 4_096];
    while !text.ends_with("\"}") {
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "{text}");
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    text
}

/// A configuration with a mail server at `smtp` and a webhook at `hook`.
fn configure(folder: &Path, smtp: u16, hook: u16) -> String {
    let port = lasting_port();
    let file = folder.join("floorpass.toml");
    let text = format!(
        "[portal]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://localhost:{port}\"\n\
         [mail]\nhost = \"127.0.0.1\"\nport = {smtp}\ntls = \"none\"\nfrom = \"Desk <desk@example.org>\"\n\
         [webhook]\nurl = \"http://localhost:{hook}/in\"\n"
    );
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn mail_waits_for_its_server_over_a_restart_and_the_webhook_does_not() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    let hook = TcpListener::bind("127.0.0.1:0").unwrap();
    // A port at which nobody listens yet.
    let smtp = SocketAddr::from(([127, 0, 0, 1], lasting_port()));
    let config = configure(temp.path(), smtp.port(), hook.local_addr().unwrap().port());
    json(&data, &["init", "--config", &config, "--person", "ada"]);
    let server = Server::start(command(&data, &["serve", "--config", &config]), temp.path(), &data);
    let secret = json(&data, &["webhook", "secret"]);
    json(&data, &["contact", "set", "ada", "--mail", "ada@example.org"]);
    let posted = take_post(&hook);
    assert!(posted.contains("notice.contact_changed") && posted.contains("webhook-signature: v1,"));
    let failed = |rows: &Value| {
        rows.as_array().unwrap().iter().any(|row| {
            row["channel"] == "mail" && row["tries"].as_u64() > Some(0) && row["fault"].is_string()
        })
    };
    until(&data, &["delivery", "--open"], failed);
    server.kill();
    let listener = TcpListener::bind(smtp).unwrap();
    let server = Server::start(command(&data, &["serve", "--config", &config]), temp.path(), &data);
    let mail = take_mail(&listener);
    assert!(mail.contains("From: Desk <desk@example.org>") && mail.contains("To: ada@example.org"));
    assert!(mail.contains("Subject: Floorpass: Mail address and phone number"), "{mail}");
    until(&data, &["delivery"], |rows| {
        rows.as_array().unwrap().iter().all(|row| row["state"] == "delivered")
    });
    assert_eq!(json(&data, &["webhook", "secret"]), secret, "the folder's own");
    assert_eq!(server.terminate(), 0);
}

#[test]
fn channels_that_cannot_work_are_refused_before_anything_starts() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    let config = configure(temp.path(), 25, 80);
    json(&data, &["init", "--config", &config, "--person", "ada"]);
    let serve = ["serve", "--config", &config];
    let text = std::fs::read_to_string(&config).unwrap();
    let refused = |text: String| {
        std::fs::write(&config, text).unwrap();
        assert_eq!(fault(&data, &serve), (2, "USAGE".to_owned()));
    };
    refused(text.replace("http://localhost:80/", "http://example.org/"));
    refused(text.replace("desk@example.org", "desk"));
    let password = temp.path().join("password");
    std::fs::write(&password, "secret\n").unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o644)).unwrap();
    let login = format!("user = \"u\"\npassword_file = \"{}\"\n[webhook]", password.display());
    refused(text.replace("[webhook]", &login));
}
