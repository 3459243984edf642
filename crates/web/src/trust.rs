//! How a browser or phone comes to trust this server's certificate: the page, and the authority's file to download. By
//! plain HTTP both are served apart from the portal, for those who do not trust it yet.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use url::Url;

mod authority;

pub use authority::{Authority, Lan};

use crate::visit::Visit;
use crate::{app, asset, header as marks, shell};

/// Where the page lies.
pub(crate) const PATH: &str = "/trust";
/// Where the authority's certificate lies.
pub(crate) const FILE: &str = "/trust/floorpass-demo.crt";

struct Page {
    authority: Authority,
    portal: Url,
}

/// The page and the file alone, for plain HTTP: nothing of the account is here, and nothing is taken.
pub fn trust_router(authority: Authority, portal: Url) -> Router {
    let page = Arc::new(Page { authority, portal });
    let mark = |mut response: Response| async {
        marks::mark(response.headers_mut(), false);
        // Browsers complain of it where they do not keep to it.
        response.headers_mut().remove("cross-origin-opener-policy");
        response
    };
    Router::new()
        .route("/", get(alone))
        .route(PATH, get(alone))
        .route(FILE, get(async |State(page): State<Arc<Page>>| file_of(&page.authority)))
        .route("/assets/{name}", get(asset::file))
        .route("/favicon.ico", get(asset::icon))
        .route(app::MANIFEST, get(app::manifest))
        .fallback(async || {
            (StatusCode::NOT_FOUND, "Only the page on how to trust this server is here.\n")
        })
        .layer(middleware::map_response(mark))
        .with_state(page)
}

async fn alone(State(page): State<Arc<Page>>) -> Html<String> {
    let next = html! { p { "Done? " a.btn.main href=(page.portal) { "Open the portal" } } };
    shell::open("Trust this server", &trusting(&page.authority, &next))
}

/// `GET /trust`, on the portal itself.
pub(crate) async fn show(visit: Visit) -> Html<String> {
    let config = visit.portal.config();
    let body = config.authority.as_ref().map_or_else(
        || others(config.origin.scheme() == "https"),
        |authority| {
            let next = html! {
                @if let Some(lan) = &config.lan { p { "On another device, open this page at " a href=(lan.trust) { (lan.trust) } "." } }
            };
            trusting(authority, &next)
        },
    );
    shell::open("Trust this server", &body)
}

/// Where the certificate is not the server's own make, or there is none.
fn others(https: bool) -> Markup {
    html! {
        (shell::title("Trust this server", &html! {}))
        section.card.stack {
            @if https {
                p { "This server's certificate came from its operator. If your browser warns about it, ask the operator: it may have expired, be made for another name, or come from an authority that this device does not know." }
                p { a href=(crate::room::FRONT_DOOR) { "Its fingerprint" } }
            } @else {
                p { "There is nothing to trust here: at this address the portal uses no certificate." }
            }
        }
    }
}

/// `GET /trust/floorpass-demo.crt`, on the portal itself.
pub(crate) async fn file(visit: Visit) -> Response {
    match &visit.portal.config().authority {
        Some(authority) => file_of(authority),
        None => {
            (StatusCode::NOT_FOUND, "This server has no authority of its own.\n").into_response()
        }
    }
}

/// Under the one type that every system takes for an authority to install.
fn file_of(authority: &Authority) -> Response {
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/x-x509-ca-cert")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("inline; filename=\"floorpass-demo.crt\""),
        ),
    ];
    (head, authority.der.clone()).into_response()
}

fn trusting(authority: &Authority, next: &Markup) -> Markup {
    html! {
        (shell::title("Trust this server", &html! {}))
        div.stack {
            section.card.stack aria-labelledby="file" {
                h2 #file { "Add its certificate authority to this device" }
                p { "The demo made an authority of its own for its certificates. Without it, your browser warns of this server, keeps no key, and its sessions are view-only." }
                p { a.btn.main href=(FILE) { "Download " (authority.name) } }
                p { "Before you trust it, compare the SHA-256 fingerprint that your device shows with the one in the terminal where the demo runs. They must be equal:" }
                p.once { (authority.fingerprint) }
                p.small.dim { "It can vouch only for private networks and this server's own names, not for sites on the Internet. Its key never leaves the server's data folder. Remove it where you added it when you no longer need the demo." }
                (next)
            }
            section.card.stack aria-labelledby="systems" {
                h2 #systems { "How, on each system" }
                (systems(&authority.name))
            }
        }
    }
}

/// What to do, system by system, in the words of its own menus.
fn systems(name: &str) -> Markup {
    html! {
        details {
            summary { "iPhone and iPad" }
            ol.steps {
                li { "In Safari, tap Download above, then Allow." }
                li { "Settings, Profile Downloaded: tap Install. More Details shows the fingerprint." }
                li { "Settings, General, About, Certificate Trust Settings: turn on " b { (name) } "." }
            }
        }
        details {
            summary { "Android" }
            ol.steps {
                li { "Tap Download above." }
                li { "In Settings, search for " b { "CA certificate" } " (Security and privacy, Encryption and credentials, Install a certificate). Tap Install anyway and choose the file." }
                li { "Trusted credentials, User shows " b { (name) } " and its fingerprint." }
            }
            p.small.dim { "Chrome uses it at once. Firefox needs one more step: Settings, About Firefox, tap the logo five times; then Settings, Secret Settings, Use third party CA certificates." }
        }
        details {
            summary { "macOS" }
            ol.steps {
                li { "Open the downloaded file; Keychain Access adds it to the login keychain." }
                li { "Double-click " b { (name) } ", open Trust, and choose Always Trust. Details, at the end, shows the fingerprint." }
            }
        }
        details {
            summary { "Windows" }
            ol.steps {
                li { "Open the downloaded file: Install Certificate, Current User, Place all certificates in the following store, " b { "Trusted Root Certification Authorities" } "." }
                li { "Or in a terminal: " code { "certutil -user -addstore Root floorpass-demo.crt" } }
            }
            p.small.dim { "Fingerprint: " code { "certutil -hashfile floorpass-demo.crt SHA256" } }
        }
        details {
            summary { "Linux: Chrome, Chromium, Edge" }
            ol.steps {
                li { "Open " code { "chrome://certificate-manager" } ": Custom, Installed by you, Trusted Certificates, Import." }
                li { "Or in a terminal: " code { "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n floorpass-demo -i floorpass-demo.crt" } }
            }
            p.small.dim { "Fingerprint: " code { "sha256sum floorpass-demo.crt" } }
        }
        details {
            summary { "Firefox on a computer" }
            ol.steps {
                li { "Settings, Privacy and Security, View Certificates, Authorities, Import: choose the file." }
                li { "View shows the fingerprint. Check " b { "Trust this CA to identify websites" } "." }
            }
        }
    }
}
