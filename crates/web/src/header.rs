//! What every answer carries, and which hosts are answered.

use access::refusal::Retry;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::html;
use url::{Host, Url};

use crate::portal::Portal;
use crate::shell;
use crate::visit::Reissues;

/// Scripts, styles, fonts and pictures of ours only; nothing inline; no script makes HTML but through the browser's own
/// sanitizer; forms go nowhere else; nobody frames us.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    worker-src 'self'; manifest-src 'self'; require-trusted-types-for 'script'; trusted-types floorpass";

/// `same-origin` and not `no-referrer`: with the latter a browser sends `Origin: null` with our own forms.
static ALWAYS: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
             publickey-credentials-get=(self), publickey-credentials-create=(self)",
        ),
    ),
];

/// A year, and every name below ours (ASVS 3.4.1).
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Whether browsers are to insist on HTTPS. Not for `localhost`: it would bind whatever else is developed there.
fn is_strict(origin: &Url) -> bool {
    origin.scheme() == "https" && origin.domain() != Some("localhost")
}

/// Whether an answer sets this line's cookie already.
fn sets(headers: &HeaderMap, line: &HeaderValue) -> bool {
    let name =
        |line: &HeaderValue| line.as_bytes().split(|byte| *byte == b'=').next().map(<[u8]>::to_vec);
    headers.get_all(header::SET_COOKIE).iter().any(|one| name(one) == name(line))
}

/// Answers only requests for the configured host, and marks every answer.
pub(crate) async fn guard(
    State(portal): State<Portal>,
    mut request: Request,
    next: Next,
) -> Response {
    let reissues = Reissues::default();
    request.extensions_mut().insert(reissues.clone());
    let origin = portal.origin();
    // These two tell nothing of anyone; the page about the right name needs its style.
    let path = request.uri().path();
    let open = path == "/healthz" || path.starts_with("/assets/");
    let mut response = if open || host_matches(&request, origin) {
        next.run(request).await
    } else {
        misdirected(&request, origin)
    };
    let retry = response.extensions().get::<Retry>().copied();
    let headers = response.headers_mut();
    // What the act itself says of the session's cookie stands: a sign-out, or a new session.
    if let Some(line) = reissues.take().filter(|line| !sets(headers, line)) {
        headers.append(header::SET_COOKIE, line);
    }
    if let Some(retry) = retry {
        headers.insert(header::RETRY_AFTER, retry.seconds(portal.gate().now()).into());
    }
    mark(headers, origin);
    response
}

fn mark(headers: &mut HeaderMap, origin: &Url) {
    headers.reserve(ALWAYS.len() + 2);
    for (name, value) in &ALWAYS {
        headers.insert(name, value.clone());
    }
    if is_strict(origin) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// An answer that the listener gives in the portal's place, marked as the portal's own answers are.
pub fn marked(mut response: Response, origin: &Url) -> Response {
    mark(response.headers_mut(), origin);
    response
}

/// `host` or `host:port` as the client sent it (HTTP/2 has it in the URI).
fn host_asked(request: &Request) -> Option<&str> {
    let one = |headers: &HeaderMap| headers.get_all(header::HOST).iter().count() <= 1;
    let named = request.uri().authority().map(axum::http::uri::Authority::as_str);
    named.or_else(|| {
        one(request.headers()).then(|| request.headers().get(header::HOST)?.to_str().ok())?
    })
}

fn host_matches(request: &Request, origin: &Url) -> bool {
    let Some(host) = host_asked(request) else { return false };
    if host == origin.authority() {
        return true; // as browsers write it
    }
    let asked = Url::parse(&format!("{}://{host}", origin.scheme())).ok();
    asked.is_some_and(|asked| asked.origin() == origin.origin() && asked.username().is_empty())
}

/// An address instead of the name gets a page that says which name; any other host a line.
fn misdirected(request: &Request<Body>, origin: &Url) -> Response {
    let asked = host_asked(request).unwrap_or("");
    let address = Url::parse(&format!("http://{asked}"))
        .is_ok_and(|url| matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))));
    let home = origin.as_str();
    if !address {
        let text = format!("This server is {home} and answers under no other name.\n");
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let path = crate::form::local_path(request.uri().path());
    let target = origin.join(path).map_or_else(|_| home.to_owned(), String::from);
    let body = html! {
        h1 { "Open this page by its name" }
        p { "A browser keeps passkeys and sign-ins for a name, and refuses them for an address like " code { (asked) } "." }
        p { "This portal is at:" }
        p { a.btn.main.wide href=(target) { (target) } }
    };
    (StatusCode::MISDIRECTED_REQUEST, shell::bare("Open this page by its name", &body))
        .into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn asks(host: &str, origin: &str) -> bool {
        let request = Request::builder().uri("/").header("Host", host).body(Body::empty()).unwrap();
        host_matches(&request, &Url::parse(origin).unwrap())
    }

    /// ASVS 3.4.1.
    #[test]
    fn https_is_insisted_on_but_for_localhost() {
        let strict = |text: &str| is_strict(&text.parse().unwrap());
        assert!(strict("https://portal.example") && strict("https://portal.example:8443"));
        assert!(!strict("https://localhost:8443") && !strict("http://localhost:8080"));
        let sent = STRICT;
        let value = sent.to_str().unwrap();
        assert!(value.contains("max-age=31536000") && value.contains("includeSubDomains"));
    }

    #[test]
    fn host_matches_only_the_configured_origin() {
        assert!(asks("localhost:8080", "http://localhost:8080"));
        assert!(asks("LOCALHOST:8080", "http://localhost:8080"));
        assert!(asks("pass.example", "https://pass.example"));
        assert!(asks("pass.example:443", "https://pass.example"));
        for bad in [
            "localhost",
            "localhost:8081",
            "127.0.0.1:8080",
            "evil.example",
            "x@localhost:8080",
            "",
        ] {
            assert!(!asks(bad, "http://localhost:8080"), "{bad}");
        }
    }
}
