//! The style sheet, the script and the fonts, compiled in.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// The mark of the product: a gate.
pub(crate) const MARK: &str = "M3 21V11a9 9 0 0 1 18 0v10h-5V11a4 4 0 0 0-8 0v10z";

/// A bell, for messages.
pub(crate) const BELL: &str =
    "M12 3a6 6 0 0 0-6 6v4.5L4 17v1h16v-1l-2-3.5V9a6 6 0 0 0-6-6zm-2.2 16.5a2.3 2.3 0 0 0 4.4 0z";

/// A padlock, so that no colour alone tells the lock from a button that sells.
pub(crate) const PADLOCK: &str = "M7 10V7a5 5 0 0 1 10 0v3h1a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1zm2.3 0h5.4V7a2.7 2.7 0 0 0-5.4 0z";

/// A magnifying glass, for the search.
pub(crate) const GLASS: &str = "M10 2a8 8 0 1 0 4.9 14.3l5.4 5.4 1.4-1.4-5.4-5.4A8 8 0 0 0 10 2zm0 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12z";

/// A person, in place of a name that has no room.
pub(crate) const PERSON: &str = "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 8a8 8 0 0 1 16 0z";

const ICON: &str = concat!(
    r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="#1b2026"/>"##,
    r##"<path transform="translate(4.8 4.2) scale(.6)" fill="#f2c14e" d="M3 21V11a9 9 0 0 1 18 0v10h-5V11a4 4 0 0 0-8 0v10z"/></svg>"##
);

/// Both begin with what they share. A worker that loaded it as a file of its own would need leave of the content policy,
/// and could run beside another version of it.
const APPROVE: &str =
    concat!(include_str!("../assets/key.js"), include_str!("../assets/approve.js"));
const SIGNER: &str = concat!(
    include_str!("../assets/key.js"),
    include_str!("../assets/session_key.js"),
    include_str!("../assets/sw.js")
);

const FILES: [(&str, &str, &[u8]); 22] = [
    ("access.css", "text/css; charset=utf-8", include_bytes!("../assets/access.css")),
    ("activity.css", "text/css; charset=utf-8", include_bytes!("../assets/activity.css")),
    ("approve.js", "text/javascript; charset=utf-8", APPROVE.as_bytes()),
    ("floorpass.css", "text/css; charset=utf-8", include_bytes!("../assets/floorpass.css")),
    ("head.css", "text/css; charset=utf-8", include_bytes!("../assets/head.css")),
    ("lines.css", "text/css; charset=utf-8", include_bytes!("../assets/lines.css")),
    ("rows.css", "text/css; charset=utf-8", include_bytes!("../assets/rows.css")),
    ("floorpass.js", "text/javascript; charset=utf-8", include_bytes!("../assets/floorpass.js")),
    ("live.js", "text/javascript; charset=utf-8", include_bytes!("../assets/live.js")),
    ("lock.js", "text/javascript; charset=utf-8", include_bytes!("../assets/lock.js")),
    ("market.css", "text/css; charset=utf-8", include_bytes!("../assets/market.css")),
    ("search.js", "text/javascript; charset=utf-8", include_bytes!("../assets/search.js")),
    ("copy.js", "text/javascript; charset=utf-8", include_bytes!("../assets/copy.js")),
    ("credential.css", "text/css; charset=utf-8", include_bytes!("../assets/credential.css")),
    ("trade.css", "text/css; charset=utf-8", include_bytes!("../assets/trade.css")),
    ("inter.woff2", "font/woff2", include_bytes!("../assets/fonts/inter.woff2")),
    ("jetbrains-mono.woff2", "font/woff2", include_bytes!("../assets/fonts/jetbrains-mono.woff2")),
    ("icon.svg", "image/svg+xml", ICON.as_bytes()),
    ("icon-192.png", "image/png", include_bytes!("../assets/icons/icon-192.png")),
    ("icon-512.png", "image/png", include_bytes!("../assets/icons/icon-512.png")),
    ("icon-maskable.png", "image/png", include_bytes!("../assets/icons/icon-maskable.png")),
    ("apple-touch-icon.png", "image/png", include_bytes!("../assets/icons/apple-touch-icon.png")),
];

/// A compiled-in file: its type and its bytes.
pub(crate) fn named(name: &str) -> Option<(&'static str, &'static [u8])> {
    FILES.iter().find(|(file, _, _)| *file == name).map(|(_, kind, bytes)| (*kind, *bytes))
}

/// One tag for all: what is compiled in changes together.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (_, _, bytes) in FILES {
        hash.update(bytes);
    }
    hash.update(SIGNER);
    HEXLOWER.encode(&hash.finalize()).chars().take(12).collect()
});

/// `GET /assets/{name}`: kept by the browser for a day, then asked again by tag; the pages name style and script with
/// their version.
pub(crate) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((kind, bytes)) = named(&name) else {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    };
    let tag = format!("\"{}\"", *VERSION);
    let known =
        headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let head = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CACHE_CONTROL, "public, max-age=86400".to_owned()),
        (header::ETAG, tag),
    ];
    if known {
        (StatusCode::NOT_MODIFIED, head).into_response()
    } else {
        (head, bytes).into_response()
    }
}

/// The worker with the version and the list of files that it keeps.
static WORKER: LazyLock<String> = LazyLock::new(|| {
    let kept = serde_json::Value::from(kept()).to_string();
    SIGNER.replace("%VERSION%", &VERSION).replace("[\"%KEPT%\"]", &kept)
});

/// `GET /sw.js`: the worker that signs requests. It lies at the root, so that it serves every page;
/// browsers ask for it anew at each start.
pub(crate) async fn worker() -> Response {
    let head = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (head, WORKER.as_str()).into_response()
}

/// `GET /favicon.ico`: the same picture, for browsers that ask before they read the page.
pub(crate) async fn icon() -> Response {
    (
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")],
        ICON,
    )
        .into_response()
}

/// Where the manifest lies; every page names it.
pub(crate) const MANIFEST: &str = "/manifest.webmanifest";
/// The page without network; the worker keeps it.
pub(crate) const OFFLINE: &str = "/offline";
/// The page's colour, light and dark, as in the style sheet.
pub(crate) const THEME: [(&str, &str); 2] = [("light", "#ffffff"), ("dark", "#181d24")];

/// What the worker keeps for the page without network: files of this version, and that page.
pub(crate) fn kept() -> Vec<String> {
    let version = &*VERSION;
    vec![
        OFFLINE.to_owned(),
        format!("/assets/floorpass.css?v={version}"),
        format!("/assets/head.css?v={version}"),
        format!("/assets/floorpass.js?v={version}"),
        "/assets/inter.woff2".to_owned(),
        "/assets/icon.svg".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn worker_says_its_version_and_what_it_keeps() {
        assert!(WORKER.contains(&format!("\"floorpass-{}\"", *VERSION)) && !WORKER.contains('%'));
        for one in kept() {
            assert!(WORKER.contains(&format!("{one:?}")), "{one}");
        }
    }

    #[test]
    fn worker_takes_words_of_its_own_origin_alone_and_pages_take_none() {
        // ASVS 3.5.5; the browser stage sends wrong words and wrong origins.
        let listens = |text: &str| text.matches("\"message\"").count();
        let (_, handler) = SIGNER.split_once("addEventListener(\"message\", ").unwrap();
        let handler = handler.split_once("});").unwrap().0;
        assert!(listens(SIGNER) == 1 && !SIGNER.contains("onmessage"));
        assert!(handler.contains("event.origin === location.origin && words.get(event.data)"));
        let scripts = [
            include_str!("../assets/floorpass.js"),
            include_str!("../assets/live.js"),
            include_str!("../assets/lock.js"),
            include_str!("../assets/search.js"),
        ];
        for script in [APPROVE].into_iter().chain(scripts) {
            assert!(listens(script) == 0 && !script.contains("onmessage"));
        }
    }

    #[test]
    fn assets_stay_within_their_budget() {
        // Proofs, keys of a session, renewal of keys, the page without network and notifications.
        assert!(SIGNER.len() <= 12 * 1024, "{}", SIGNER.len());
        for (name, most) in [
            ("floorpass.css", 16 * 1024),
            ("floorpass.js", 15 * 512),
            // Of the page's own account, whichever another tab has switched to.
            ("live.js", 11 * 512),
            ("market.css", 5 * 1024),
            ("lock.js", 3 * 1024),
            ("search.js", 3 * 1024),
            ("copy.js", 1024),
            ("credential.css", 1024),
            ("trade.css", 2 * 1024),
            ("access.css", 4 * 1024),
            ("lines.css", 3 * 1024),
            ("activity.css", 3 * 1024),
        ] {
            let size = named(name).map(|(_, bytes)| bytes.len());
            assert!(size.is_some_and(|size| size <= most), "{name}: {size:?} bytes, limit {most}");
        }
    }
}
