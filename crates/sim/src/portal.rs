//! People at the portal: they sign in, look at pages, place orders, and find their sessions ended.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use access::SessionId;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use gate::BrowserKey;
use serde_json::{Value, json};
use sha2::Digest as _;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

use crate::finding::{Finding, Ran, demand};
use crate::machine::ORIGIN;
use crate::visitor::PortalUser;
use crate::world::World;

const HOST: &str = "localhost:8080";
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// Pages that are looked at.
const PAGES: [&str; 8] = [
    "/orders",
    "/executions",
    "/activity",
    "/sessions",
    "/credentials",
    "/messages",
    "/session",
    "/lock",
];
/// Bytes of a page.
const LARGEST: usize = 1 << 22;

/// What came back.
struct Page {
    status: StatusCode,
    to: String,
    body: String,
}

impl Page {
    /// The value of the first hidden field of this name.
    fn hidden(&self, name: &str) -> Option<String> {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&mark)?;
        rest.split('"').next().map(str::to_owned)
    }

    /// The order whose page it leads to.
    fn order(&self) -> Option<u64> {
        let rest = self.to.strip_prefix("/orders/")?;
        rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
    }
}

impl World {
    /// Somebody does something at the portal.
    pub async fn browse(&mut self) -> Ran {
        if self.visitors.is_empty() || (self.visitors.len() < 4 && self.dice.chance(1, 4)) {
            return self.sign_in().await;
        }
        let at = self.dice.roll(self.visitors.len());
        match self.dice.roll(10) {
            0..=4 => self.ticket(at).await,
            5 => {
                let page = self.page_of(at).await?;
                let Some(token) = page else { return Ok(()) };
                self.count("portal: all orders cancelled");
                self.post(at, "/orders/cancel-all", &[("form", &token)]).await.map(drop)
            }
            6 => self.sign_out(at).await,
            7 => self.session_ends(at).await,
            _ => {
                let path = self.dice.pick(&PAGES).copied().unwrap_or("/");
                let page = self.get(at, path).await?;
                self.count("portal: page");
                demand(!page.status.is_server_error() || self.is_broken(), || {
                    format!("{path} answered {}", page.status)
                })
            }
        }
    }

    /// Whether something fails on purpose, so that answers may say so.
    fn is_broken(&self) -> bool {
        self.failing > 0 || self.life.gate.health().is_err()
    }

    async fn sign_in(&mut self) -> Ran {
        let person = self.dice.pick(&["trader", "ann"]).copied().unwrap_or("trader").to_owned();
        let link = self.ask(&json!({"person": {"link": {"username": person}}})).await?;
        let Ok(link) = link else { return Ok(()) };
        let url = link.get("url").and_then(Value::as_str).unwrap_or_default();
        let token = url.rsplit('/').next().unwrap_or_default().to_owned();
        let before = self.sessions().await?;
        let key = BrowserKey::generate().map_err(|error| Finding::of("a browser's key", error))?;
        let (cookies, session) = (Vec::new(), SessionId([0; 16]));
        self.visitors.push(PortalUser { person: person.clone(), session, cookies, key });
        let at = self.visitors.len().saturating_sub(1);
        let page = self.post(at, "/link", &[("token", &token)]).await?;
        let after = self.sessions().await?;
        let new = after.into_iter().find(|one| !before.contains(one));
        if page.status == StatusCode::SEE_OTHER
            && let (Some(new), Some(browser)) = (new, self.visitors.get_mut(at))
        {
            browser.session = new;
            self.model.sessions.insert(new, person);
            self.count("portal: signed in");
        } else {
            self.visitors.truncate(at);
        }
        Ok(())
    }

    async fn sessions(&self) -> Ran<Vec<SessionId>> {
        let listed = self.life.ask(&json!({"session": {"list": {}}})).await?;
        let listed = listed.unwrap_or_default();
        let rows = listed.as_array().cloned().unwrap_or_default();
        let ids = rows.into_iter().filter_map(|row| row.get("session").cloned());
        Ok(ids.filter_map(|id| serde_json::from_value(id).ok()).collect())
    }

    /// Whether a browser is shown its pages.
    pub async fn is_signed_in(&mut self, at: usize) -> Ran<bool> {
        Ok(self.get(at, "/").await?.status == StatusCode::OK)
    }

    /// The token of the forms for one of the person's accounts, unless the browser is turned away.
    async fn page_of(&mut self, at: usize) -> Ran<Option<String>> {
        let person = self.visitors.get(at).map(|one| one.person.clone()).unwrap_or_default();
        let theirs = self.model.mandates.iter().filter(|(name, _)| *name == person);
        let accounts: Vec<_> = theirs.map(|(_, account)| *account).collect();
        let Some(account) = self.dice.pick(&accounts).copied() else { return Ok(None) };
        let page = self.get(at, &format!("/?account={account}")).await?;
        Ok(page.hidden("form"))
    }

    /// A ticket: preview, and what its page asks for.
    async fn ticket(&mut self, at: usize) -> Ran {
        let Some(token) = self.page_of(at).await? else { return Ok(()) };
        let instruments = std::sync::Arc::clone(&self.machine.instruments);
        let few = instruments.all().len().min(4);
        let Some(instrument) = instruments.all().get(self.dice.roll(few)) else { return Ok(()) };
        let mark = self.life.stepper.exchange(|exchange| exchange.mark(instrument.id)).1;
        let away = self.dice.between(-(mark.0 / 50).max(3), (mark.0 / 50).max(3));
        let price = instrument.price(trade::Ticks(mark.0.saturating_add(away))).to_string();
        let most = if self.dice.chance(1, 4) { 20_000 } else { 200 };
        let steps = u64::try_from(self.dice.between(1, most)).unwrap_or(1);
        let quantity = instrument.quantity(steps).to_string();
        let side = if self.dice.chance(1, 2) { "buy" } else { "sell" };
        let kind = if self.dice.chance(1, 2) { "MKT" } else { "LMT" };
        let mut form = vec![
            ("form", token),
            ("symbol", instrument.symbol.clone()),
            ("side", side.to_owned()),
            ("quantity", quantity),
            ("type", kind.to_owned()),
            ("tif", "DAY".to_owned()),
        ];
        if kind == "LMT" {
            form.push(("price", price));
        }
        self.count("portal: ticket");
        let page = self.post_form(at, "/ticket/preview", &form).await?;
        let Some(key) = page.hidden("key") else { return Ok(()) };
        form.push(("key", key));
        let path = match page.hidden("bound") {
            None => "/ticket/confirm",
            Some(bound) => {
                self.count("portal: large order");
                form.push(("bound", bound));
                let code = self.life.gate.authenticators().totp_now("trader").await;
                form.push(("prove_password", self.password.clone().unwrap_or_default()));
                form.push(("prove_code", code.unwrap_or_default()));
                "/large-orders/prove"
            }
        };
        let answer = self.post_form(at, path, &form).await?;
        let Some(order) = answer.order() else { return Ok(()) };
        self.log.0.shown(order);
        self.count(if path == "/ticket/confirm" {
            "portal: placed"
        } else {
            "portal: large order placed"
        });
        // Sent twice, it is one order.
        let again = self.post_form(at, path, &form).await?;
        demand(again.order().is_none_or(|one| one == order), || {
            format!("a ticket that was sent twice placed orders {order} and {:?}", again.order())
        })
    }

    async fn sign_out(&mut self, at: usize) -> Ran {
        let page = self.get(at, "/session").await?;
        let Some(token) = page.hidden("form") else { return Ok(()) };
        let answer = self.post(at, "/sign-out", &[("form", &token)]).await?;
        let ended = answer.status == StatusCode::SEE_OTHER && answer.to.starts_with("/sign-in");
        self.is_over(at, ended).await
    }

    async fn session_ends(&mut self, at: usize) -> Ran {
        let Some(session) = self.visitors.get(at).map(|one| one.session) else { return Ok(()) };
        let answer = self.ask(&json!({"session": {"end": {"session": session}}})).await?;
        self.is_over(at, answer.is_ok()).await
    }

    /// The next request of a session that was ended is refused.
    async fn is_over(&mut self, at: usize, ended: bool) -> Ran {
        let Some(session) = self.visitors.get(at).map(|one| one.session).filter(|_| ended) else {
            return Ok(());
        };
        self.cut("portal: session ended", |model| {
            model.over.insert(session);
        })?;
        let is_in = self.is_signed_in(at).await?;
        demand(!is_in, || format!("session {session} was ended and goes on"))
    }

    async fn get(&mut self, at: usize, path: &str) -> Ran<Page> {
        self.request(at, "GET", path, String::new()).await
    }

    async fn post(&mut self, at: usize, path: &str, fields: &[(&str, &str)]) -> Ran<Page> {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(at, "POST", path, body).await
    }

    async fn post_form(&mut self, at: usize, path: &str, form: &[(&str, String)]) -> Ran<Page> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        self.request(at, "POST", path, body).await
    }

    async fn request(&mut self, at: usize, method: &str, path: &str, body: String) -> Ran<Page> {
        let now = self.life.gate.now();
        let Some(browser) = self.visitors.get_mut(at) else {
            return Err(Finding("there is no such browser".to_owned()));
        };
        let proof = browser.key.proof(method, path, body.as_bytes(), now);
        let proof = proof.map_err(|error| Finding::of("a proof", error))?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("floorpass-proof", proof)
            .header(header::HOST, HOST)
            .header(header::USER_AGENT, AGENT)
            .header(header::ORIGIN, ORIGIN)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, browser.cookie_line())
            .extension(ConnectInfo(SocketAddr::new(HOME, 50_000)))
            .body(Body::from(body))
            .map_err(|error| Finding::of("a request", error))?;
        let answer = self.life.portal.clone().oneshot(request).await;
        let answer = answer.map_err(|error| Finding::of("the portal", error))?;
        let (parts, body) = answer.into_parts();
        browser.keep(&parts.headers);
        let body = to_bytes(body, LARGEST).await.map_err(|error| Finding::of("a page", error))?;
        let to = parts.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
        let to = to.unwrap_or_default().to_owned();
        self.log.1.update(parts.status.as_str());
        self.log.1.update(&to);
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Page { status: parts.status, to, body })
    }
}
