//! What a demo says when it is ready: the first line is a link; secrets only where a person may be looking.

use crate::config::Durability;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::ready::{Ready, Socket};
use crate::server::Started;

/// Prints it. Without a terminal nothing secret is printed; with `--json` the ready file's content but for its people.
pub async fn show(
    started: &Started<'_>,
    ready: &Ready,
    durability: Durability,
    json: bool,
) -> Result<(), Failure> {
    if json {
        let public = serde_json::json!({
            "portal": ready.portal, "account": ready.account, "sockets": ready.sockets, "data": ready.data,
        });
        output::line(&public.to_string());
        return Ok(());
    }
    if !output::is_terminal() {
        output::line(&format!("portal {}", ready.portal));
        for socket in &ready.sockets {
            output::line(&format!("socket {} {}:{}", socket.name, socket.host, socket.port));
        }
        output::line(
            "Secrets are printed on a terminal only: use --ready-file FILE, or floorpass link NAME.",
        );
        return Ok(());
    }
    let issued = started.gate.demo_link().await;
    let issued = issued.map_err(|r| Failure::new(Exit::Refused, r.code(), r.caller_text()))?;
    let token = issued.token.expose_text().unwrap_or_default();
    let link = control::link_url(&ready.portal, token);
    output::line(&text(&link, ready, durability, started.fingerprint.as_deref()));
    Ok(())
}

fn text(link: &str, ready: &Ready, durability: Durability, fingerprint: Option<&str>) -> String {
    let mut lines = vec![
        link.to_owned(),
        "  Open this link within 15 minutes. It works once: it signs you in, trusts this browser and offers a passkey."
            .to_owned(),
        String::new(),
    ];
    for person in &ready.people {
        lines.push(format!("  user name    {}", person.username));
        lines.push(format!("  password     {}", person.password));
        lines.push(format!("  TOTP secret  {}", totp_secret(&person.totp_uri)));
        lines.push(format!(
            "  Shown only this once. You can always sign in with `floorpass link {0}` or `floorpass totp {0}`.",
            person.username
        ));
        lines.push(String::new());
    }
    lines.push(format!("  portal       {}", ready.portal));
    if let Some(fingerprint) = fingerprint {
        let file = crate::tls::local_certificate(&ready.data);
        lines.push(format!("  certificate  {}", file.display()));
        lines.push(format!("               SHA-256 {fingerprint}"));
        lines.push(
            "               Make it trusted in your browser or system: until then its sessions are view-only."
                .to_owned(),
        );
    }
    lines.push(format!("  account      {} (paper)", ready.account));
    for socket in &ready.sockets {
        lines.push(format!(
            "  socket       {}:{}  {}",
            socket.host,
            socket.port,
            words(&socket.name)
        ));
    }
    let outlives = match durability {
        Durability::Disk => "disk: accepted orders survive a power cut",
        Durability::Process => "process: accepted orders survive kill -9, but not a power cut",
    };
    lines.push(format!("  durability   {outlives}"));
    lines.push(format!("  data         {}", ready.data.display()));
    lines.push(String::new());
    lines.push("  A first order, from Python (pip install ib_async):".to_owned());
    lines.extend(program(ready.sockets.iter().find(|s| s.name == "trading")));
    lines.push(String::new());
    lines.push("  Ctrl-C stops it; the same command continues where it left off.".to_owned());
    lines.join("\n")
}

/// What each socket of a demo is for; its port proves nothing about who calls.
fn words(name: &str) -> String {
    let what = match name {
        "trading" => "the whole account",
        "read-only" => "view only, no orders",
        "narrow" => "AAPL only, up to 100 shares and 20,000 USD per order, 5 orders per second",
        _ => "made later, see the portal",
    };
    format!("{name}: {what}")
}

/// Three lines to paste. The defaults of `connect` are the default port.
fn program(socket: Option<&Socket>) -> [String; 3] {
    let place = match socket {
        Some(socket) if socket.port != 7497 => format!("'{}', {}", socket.host, socket.port),
        _ => String::new(),
    };
    [
        "    from ib_async import *".to_owned(),
        format!("    ib = IB(); ib.connect({place})"),
        "    trade = ib.placeOrder(Stock('AAPL', 'SMART', 'USD'), MarketOrder('BUY', 10)); ib.sleep(2); print(trade.orderStatus)"
            .to_owned(),
    ]
}

fn totp_secret(uri: &str) -> &str {
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    query.split('&').find_map(|pair| pair.strip_prefix("secret=")).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ready::Person;

    fn ready(port: u16) -> Ready {
        Ready {
            portal: "http://localhost:8080".into(),
            account: "DU1234567".into(),
            people: vec![Person {
                username: "trader".into(),
                password: "correct-horse".into(),
                totp_uri: "otpauth://totp/Floorpass:trader?secret=ABCDEF&issuer=Floorpass".into(),
            }],
            sockets: vec![Socket {
                name: "trading".into(),
                host: "127.0.0.1".into(),
                port,
                credential: "trading".into(),
            }],
            data: "/data".into(),
        }
    }

    #[test]
    fn banner_begins_with_the_link() {
        let text = text("http://localhost:8080/link/x", &ready(7497), Durability::Disk, None);
        assert!(text.starts_with("http://localhost:8080/link/x\n"));
        for word in ["trader", "correct-horse", "ABCDEF", "127.0.0.1:7497", "ib.connect()"] {
            assert!(text.contains(word), "{word} is missing in:\n{text}");
        }
    }

    #[test]
    fn banner_says_which_certificate_to_trust() {
        let text = text("x", &ready(7497), Durability::Disk, Some("AA:BB"));
        assert!(
            text.contains("/data/tls/localhost.pem") && text.contains("SHA-256 AA:BB"),
            "{text}"
        );
    }

    #[test]
    fn program_names_a_port_that_is_not_the_default() {
        let text = text("x", &ready(4555), Durability::Process, None);
        assert!(text.contains("ib.connect('127.0.0.1', 4555)") && text.contains("not a power cut"));
    }
}
