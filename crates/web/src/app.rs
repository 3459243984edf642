//! The portal as an installed app: its manifest, and the page that a browser shows while nothing can be reached.

use axum::Json;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use maud::html;
use serde_json::{Value, json};

pub(crate) use crate::asset::{MANIFEST, OFFLINE};
use crate::shell;

/// `GET /manifest.webmanifest`
pub(crate) async fn manifest() -> Response {
    let head = [
        (header::CONTENT_TYPE, "application/manifest+json"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (head, Json(described()).0.to_string()).into_response()
}

/// What an app store would say. Nothing of a person: it is the same for everybody.
fn described() -> Value {
    let icon = |file: &str, sizes: &str, kind: &str, purpose: &str| json!({ "src": format!("/assets/{file}"), "sizes": sizes, "type": kind, "purpose": purpose });
    json!({
        "id": "/",
        "name": "Floorpass",
        "short_name": "Floorpass",
        "description": "Signs you in to your paper brokerage account, and asks you before others get in.",
        "lang": "en",
        "dir": "ltr",
        "start_url": "/approvals",
        "scope": "/",
        "display": "standalone",
        "background_color": "#12161b",
        "theme_color": "#181d24",
        "icons": [
            icon("icon.svg", "any", "image/svg+xml", "any"),
            icon("icon-192.png", "192x192", "image/png", "any"),
            icon("icon-512.png", "512x512", "image/png", "any"),
            icon("icon-maskable.png", "512x512", "image/png", "maskable"),
        ],
        "shortcuts": [
            { "name": "Overview", "url": "/" },
            { "name": "Lock", "url": "/lock" },
        ],
    })
}

/// `GET /offline`: kept by the worker, so nothing of the account is in it.
pub(crate) async fn offline() -> Response {
    let body = html! {
        h1 { "No connection" }
        p { "Floorpass cannot be reached. Your browser kept this page; it shows nothing of your account, and what you saw before may be out of date." }
        p { "If you were just sending something, it may or may not have arrived: check before you send it again." }
        p { a.btn.main.wide href="/" { "Try again" } }
        p.small.dim { "Open orders stay, and programs with their own credentials keep running." }
    };
    let Html(page) = shell::bare("No connection", &body);
    ([(header::CACHE_CONTROL, "no-cache")], Html(page)).into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::asset::{self, THEME};

    #[test]
    fn manifest_names_icons_that_are_there() {
        let described = described();
        for icon in described["icons"].as_array().unwrap() {
            let file = icon["src"].as_str().unwrap().strip_prefix("/assets/").unwrap();
            let (kind, bytes) = asset::named(file).unwrap();
            assert_eq!(icon["type"].as_str(), Some(kind), "{file}");
            let Some((width, height)) = icon["sizes"].as_str().unwrap().split_once('x') else {
                continue;
            };
            // The head of a PNG: signature, length, IHDR, width, height.
            let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            assert_eq!((side(16), side(20)), (width.parse().unwrap(), height.parse().unwrap()));
        }
    }

    #[test]
    fn offline_page_and_style_have_one_pair_of_colours() {
        let style = include_str!("../assets/floorpass.css");
        for (_, colour) in THEME {
            let short = if colour == "#ffffff" { "#fff" } else { colour };
            assert!(style.contains(&format!("--card: {short};")), "{colour}");
        }
    }
}
