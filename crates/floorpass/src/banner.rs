//! What a demo says when it is ready: the first line is a link; secrets only where a person may be looking.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use web::Authority;

use crate::config::Durability;
use crate::exit::Failure;
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
            "lan": ready.lan,
        });
        output::line(&public.to_string());
        return Ok(());
    }
    if !output::is_terminal() {
        output::line(&format!("portal {}", ready.portal));
        if let Some(lan) = &ready.lan {
            output::line(&format!("lan {} trust {}", lan.portal, lan.trust));
        }
        for socket in &ready.sockets {
            output::line(&format!("socket {} {}:{}", socket.name, socket.host, socket.port));
        }
        output::line(
            "Secrets are printed on a terminal only: use --ready-file FILE, or floorpass link NAME.",
        );
        return Ok(());
    }
    let issued = started.gate.demo().link().await?;
    let token = issued.token.expose_text().unwrap_or_default();
    let link = control::link_url(&ready.portal, token);
    output::line(&text(&link, ready, durability, started.authority.as_ref()));
    Ok(())
}

fn text(
    link: &str,
    ready: &Ready,
    durability: Durability,
    authority: Option<&Authority>,
) -> String {
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
    if let Some(authority) = authority {
        lines.extend(to_trust(authority, ready));
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
        _ => "created later; see the portal",
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

/// What other devices and browsers have to trust, and how they come to it.
fn to_trust(authority: &Authority, ready: &Ready) -> Vec<String> {
    let mut lines = Vec::new();
    let how = match &ready.lan {
        Some(lan) => {
            lines.push(format!("  on phones    {}", lan.portal));
            format!("On your phone, open {} first and trust it as described there:", lan.trust)
        }
        None => format!(
            "Trust it as described at {}/trust: until then your browser's sessions are view-only.",
            ready.portal
        ),
    };
    let file = crate::authority::certificate(&ready.data);
    lines.push(format!("  authority    {}, {}", authority.name, file.display()));
    lines.push(format!("               SHA-256 {}", authority.fingerprint));
    lines.push(format!("               {how}"));
    if let Some(lan) = &ready.lan {
        lines.push(String::new());
        lines.extend(picture(&lan.trust));
        lines.push(String::new());
        lines.push(
            "               Then add it here, in the portal: Access, Phone. This demo is open to your network until you stop it."
                .to_owned(),
        );
    }
    lines
}

/// A QR code of half blocks: black on white whatever the terminal's colours are, for some phones read no other.
fn picture(text: &str) -> Vec<String> {
    let Ok(code) = QrCode::new(text) else { return Vec::new() };
    let drawn = code.render::<Dense1x2>().build();
    drawn.lines().map(|line| format!("               \x1b[30;107m{line}\x1b[0m")).collect()
}

fn totp_secret(uri: &str) -> &str {
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    query.split('&').find_map(|pair| pair.strip_prefix("secret=")).unwrap_or("")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::ready::{self, Person};

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
            lan: None,
        }
    }

    fn authority() -> Authority {
        Authority { name: "Floorpass demo A1".into(), fingerprint: "AA:BB".into(), der: Vec::new() }
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
    fn banner_says_what_to_trust_and_where() {
        let text = text("x", &ready(7497), Durability::Disk, Some(&authority()));
        for word in ["/data/tls/authority.pem", "SHA-256 AA:BB", "http://localhost:8080/trust"] {
            assert!(text.contains(word), "{word} is missing in:\n{text}");
        }
        assert!(!text.contains('\u{2588}'), "a picture without a phone that could open it");
    }

    #[test]
    fn banner_shows_phones_the_page_to_trust_it_at() {
        let (portal, trust) = ("https://192.168.1.5:8443", "http://192.168.1.5:8444");
        let lan = ready::Lan { portal: portal.into(), trust: trust.into() };
        let text = text(
            "x",
            &Ready { lan: Some(lan), ..ready(7497) },
            Durability::Disk,
            Some(&authority()),
        );
        for word in [portal, trust, "SHA-256 AA:BB", "Access, Phone"] {
            assert!(text.contains(word), "{word} is missing in:\n{text}");
        }
        let rows: Vec<&str> = text.lines().filter(|line| line.contains("\x1b[30;107m")).collect();
        let code = QrCode::new(trust).unwrap();
        // A quiet zone of four modules on each side, two modules per line.
        assert_eq!(rows.len(), (code.width() + 8).div_ceil(2));
        assert_eq!(picture(trust), rows);
    }

    #[test]
    fn program_names_a_port_that_is_not_the_default() {
        let text = text("x", &ready(4555), Durability::Process, None);
        assert!(text.contains("ib.connect('127.0.0.1', 4555)") && text.contains("not a power cut"));
    }
}
