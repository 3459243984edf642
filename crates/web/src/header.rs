//! What every answer carries, and which hosts are answered.

use std::future::poll_fn;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use access::refusal::Retry;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use maud::html;
use url::{Host, Url};

use crate::portal::Portal;
use crate::shell;
use crate::visit::Carried;

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
    let carried = Carried::default();
    request.extensions_mut().insert(carried.clone());
    let origin = portal.origin();
    // These two tell nothing of anyone; the page about the right name needs its style.
    let path = request.uri().path();
    let open = path == "/healthz" || path.starts_with("/assets/");
    let mut response = if open || host_matches(&request, origin) {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        caught(next.run(request)).await.unwrap_or_else(|()| broken(&method, uri.path()))
    } else {
        misdirected(&request, origin)
    };
    let retry = response.extensions().get::<Retry>().copied();
    let headers = response.headers_mut();
    for (name, line) in carried.take() {
        // What the act itself says of the session's cookie is kept: a sign-out, or a new session.
        if name != header::SET_COOKIE || !sets(headers, &line) {
            headers.append(name, line);
        }
    }
    if let Some(retry) = retry {
        headers.insert(header::RETRY_AFTER, retry.seconds(portal.gate().now()).into());
    }
    mark(headers, portal.config().is_strict());
    response
}

/// The answer, or that making it ended in a panic: the connection and all others go on.
async fn caught(answer: impl Future<Output = Response>) -> Result<Response, ()> {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled.map_or(Poll::Ready(Err(())), |poll| poll.map(Ok))
    })
    .await
}

/// The page of a fault of ours. What went wrong is in the log alone, under the reference that the page shows.
fn broken(method: &Method, path: &str) -> Response {
    // Drawn by the hasher's own seed: it only has to differ from the others in one log.
    let drawn = RandomState::new().build_hasher().finish();
    let reference = HEXLOWER.encode(&drawn.to_be_bytes()).chars().take(10).collect::<String>();
    tracing::error!(%reference, %method, path, "a page failed; the panic is the message before this one");
    let body = html! {
        h1 { "Something went wrong" }
        p { "The server failed; it was nothing you did. What you sent may or may not have been done: check before you send it again." }
        p { "Tell the operator this reference; the server's log has the details under it: " b.mono { (reference) } }
        p { a.btn.main href="/" { "Go to the overview" } }
        p { a.btn href="/activity" { "See what was done" } }
    };
    (StatusCode::INTERNAL_SERVER_ERROR, shell::bare("Something went wrong", &body)).into_response()
}

pub(crate) fn mark(headers: &mut HeaderMap, strict: bool) {
    headers.reserve(ALWAYS.len() + 2);
    for (name, value) in &ALWAYS {
        headers.insert(name, value.clone());
    }
    if strict {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// An answer that the listener gives in the portal's place, marked as the portal's own answers are.
pub fn marked(mut response: Response, strict: bool) -> Response {
    mark(response.headers_mut(), strict);
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
        h1 data-misdirected { "Open this page by its name" }
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

    #[tokio::test]
    async fn page_that_fails_says_a_reference_and_no_details() {
        let fails = async {
            tokio::task::yield_now().await;
            let header: Result<HeaderValue, _> = "secret\u{7f}detail".parse();
            header.unwrap();
            StatusCode::OK.into_response()
        };
        assert_eq!(caught(fails).await.err(), Some(()));
        assert!(caught(async { StatusCode::OK.into_response() }).await.is_ok());
        let page = broken(&Method::POST, "/orders");
        assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(page.into_body(), 1 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        let reference = |body: &str| {
            body.split("<b class=\"mono\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
        };
        let this = reference(&body);
        assert!(this.len() == 10 && this.bytes().all(|one| one.is_ascii_hexdigit()), "{this}");
        assert!(!body.contains("secret") && !body.contains("/orders"), "{body}");
        let other = broken(&Method::POST, "/orders");
        let other = axum::body::to_bytes(other.into_body(), 1 << 20).await.unwrap();
        assert_ne!(reference(&String::from_utf8_lossy(&other)), this);
    }

    /// ASVS 3.4.1.
    #[test]
    fn https_is_insisted_on_but_for_localhost_and_demos() {
        let strict = |text: &str, demo: bool| {
            let config = crate::Config {
                origin: text.parse().unwrap(),
                folder: String::new(),
                demo,
                durability: gate::Durability::Process,
                proxy: None,
                authority: None,
                lan: None,
            };
            config.is_strict()
        };
        assert!(strict("https://portal.example", false));
        assert!(strict("https://portal.example:8443", false));
        assert!(
            !strict("https://localhost:8443", false) && !strict("http://localhost:8080", false)
        );
        assert!(
            !strict("https://studio.local:8443", true) && !strict("https://192.168.1.5:8443", true)
        );
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
