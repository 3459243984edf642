//! Every route, in one table: the router is made from it, and so is the list that the tests go through.

use std::pin::Pin;
use std::sync::Arc;

use access::Act;
use axum::extract::{FromRequest as _, Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{self, MethodRouter};
use axum::{Extension, Router};

use crate::fault::{Cause, Fault, Wants};
use crate::need::{ByItself, Needs};
use crate::portal::Portal;
use crate::visit::Signed;
use crate::{
    activity, app, approval, asset, authenticator, binding, brokerage, contact, contract,
    credential, device, enrol, events, execution, front_door, health, large_order, link, lock,
    notice, order, outbox, overview, performance, phone, policy, push, recovery, recovery_code,
    risk, room, search, session, sign_in, step_up, ticket, travel, trust, trustee,
};

/// Who may come in by a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admits {
    /// Anyone; nothing of a person is behind it.
    Open,
    /// Somebody who is signing in: the step is bound to a cookie of the attempt.
    Attempt,
    /// The browser itself, for a key in its device's hardware: a session's cookie says which, a signature proves it.
    Browser,
    /// A signed-in person, whose session may do this act where one is named; a form carries its session's token.
    Session(Option<Act>),
}

/// Forms that change nothing but the page that comes back, mark messages as read, or end the session that sends them.
const LOOKS: [&str; 12] = [
    "/activity/export",
    "/orders/{order}/preview",
    "/ticket/preview",
    "/ticket/edit",
    "/credentials/preview",
    "/credentials/edit",
    "/sign-out",
    "/sign-out/forget",
    "/step-up",
    "/step-up/passkey/start",
    "/messages/read",
    "/messages/{notice}/read",
];

/// Forms whose handler checks what else could refuse them before the code that comes with them is used up.
const PROVES_LATE: [&str; 1] = ["/large-orders/prove"];

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: Method,
    /// Its path, with `{id}` where something is named.
    pub path: &'static str,
    /// Who may come in.
    pub admits: Admits,
}

/// Every route of the portal.
pub fn routes() -> Vec<Route> {
    table().into_iter().map(|(route, _)| route).collect()
}

pub(crate) fn router() -> Router<Portal> {
    let mut router = Router::new();
    for (route, handler) in table() {
        let handler = match route.admits {
            Admits::Session(act) => {
                let looks = LOOKS.contains(&route.path);
                let proves_late = PROVES_LATE.contains(&route.path);
                handler.layer(Extension(Needs { act, looks, proves_late }))
            }
            Admits::Open | Admits::Attempt | Admits::Browser => handler,
        };
        router = router.route(route.path, handler);
    }
    router.fallback(missing).method_not_allowed_fallback(wrong_method)
}

async fn missing(State(portal): State<Portal>, request: Request) -> Fault {
    stray(&portal, request, Cause::Missing).await
}

async fn wrong_method(State(portal): State<Portal>, request: Request) -> Fault {
    let nearest = nearest(request.uri().path());
    stray(&portal, request, Cause::Method(nearest)).await
}

/// What is answered where no handler is: anyone who is signed in keeps their navigation.
async fn stray(portal: &Portal, mut request: Request, cause: Cause) -> Fault {
    let wants = Wants::of(request.headers());
    request.extensions_mut().insert(Needs { act: None, looks: true, proves_late: false });
    match Signed::from_request(request, portal).await {
        Ok(signed) => signed.fault(cause),
        Err(_) => Fault::new(cause, wants),
    }
}

/// The page whose form goes to an address, by the longest beginning of it that is a page.
fn nearest(path: &str) -> &'static str {
    let pages = table().into_iter().map(|(route, _)| route);
    let pages = pages.filter(|route| route.method == Method::GET && !route.path.contains('{'));
    let above = |page: &str| path.strip_prefix(page).is_some_and(|rest| rest.starts_with('/'));
    let page = pages.filter(|route| above(route.path)).max_by_key(|route| route.path.len());
    page.map_or("/", |route| route.path)
}

type Row = (Route, MethodRouter<Portal>);

fn row(method: Method, path: &'static str, admits: Admits, handler: MethodRouter<Portal>) -> Row {
    (Route { method, path, admits }, handler)
}

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Any handler as one type: the router's own machinery is compiled once, and not for each of them.
#[derive(Clone)]
struct Erased(Arc<dyn Fn(Request, Portal) -> Answer + Send + Sync>);

impl Erased {
    fn new<T: 'static>(handler: impl Handler<T, Portal>) -> Self {
        Self(Arc::new(move |request, portal| Box::pin(handler.clone().call(request, portal))))
    }
}

impl Handler<(), Portal> for Erased {
    type Future = Answer;

    fn call(self, request: Request, portal: Portal) -> Answer {
        (self.0)(request, portal)
    }
}

fn get<T: 'static>(handler: impl Handler<T, Portal>) -> MethodRouter<Portal> {
    routing::get(Erased::new(handler))
}

fn post<T: 'static>(handler: impl Handler<T, Portal>) -> MethodRouter<Portal> {
    routing::post(Erased::new(handler))
}

fn table() -> Vec<Row> {
    let mut rows = signing_in();
    rows.extend(trading());
    rows.extend(access());
    rows.extend(reaching());
    rows.extend(choosing());
    rows.extend(recovering());
    rows
}

fn signing_in() -> Vec<Row> {
    use Admits::{Attempt, Open};
    let own = Admits::Session(Some(Act::ManageAuthenticators));
    let (g, p) = (Method::GET, Method::POST);
    vec![
        row(g.clone(), "/healthz", Open, get(health::show)),
        row(g.clone(), room::FRONT_DOOR, Open, get(front_door::show)),
        row(g.clone(), "/assets/{name}", Open, get(asset::file)),
        row(g.clone(), "/favicon.ico", Open, get(asset::icon)),
        row(g.clone(), "/sw.js", Open, get(asset::worker)),
        row(g.clone(), app::MANIFEST, Open, get(app::manifest)),
        row(g.clone(), app::OFFLINE, Open, get(app::offline)),
        row(g.clone(), trust::PATH, Open, get(trust::show)),
        row(g.clone(), trust::FILE, Open, get(trust::file)),
        row(g.clone(), "/sign-in", Open, get(sign_in::show)),
        row(p.clone(), "/sign-in", Open, post(sign_in::password)),
        row(g.clone(), "/sign-in/code", Attempt, get(sign_in::code_form)),
        row(p.clone(), "/sign-in/code", Attempt, post(sign_in::code)),
        row(g.clone(), "/sign-in/recovery", Attempt, get(recovery_code::form)),
        row(p.clone(), "/sign-in/recovery", Attempt, post(recovery_code::sign_in)),
        row(g.clone(), "/sign-in/activate", Attempt, get(sign_in::activate_form)),
        row(p.clone(), "/sign-in/activate", Attempt, post(sign_in::activate)),
        row(p.clone(), "/sign-in/activate/resend", Attempt, post(sign_in::resend)),
        row(p.clone(), "/sign-in/passkey/start", Open, post(sign_in::passkey_start)),
        row(p.clone(), "/sign-in/passkey/finish", Open, post(sign_in::passkey_finish)),
        row(g.clone(), "/link/{token}", Open, get(link::show)),
        row(p.clone(), "/link", Open, post(link::redeem)),
        row(g.clone(), "/enrol", own, get(enrol::show)),
        row(p.clone(), "/enrol", own, post(enrol::password)),
        row(g.clone(), "/enrol/mail", own, get(enrol::mail_form)),
        row(p.clone(), "/enrol/mail", own, post(enrol::mail)),
        row(p.clone(), "/enrol/mail/confirm", own, post(enrol::mail_confirm)),
        row(p.clone(), "/enrol/mail/resend", own, post(enrol::mail_resend)),
        row(g.clone(), "/enrol/totp", own, get(enrol::totp_form)),
        row(p.clone(), "/enrol/totp", own, post(enrol::totp)),
        row(p.clone(), "/sign-out", Admits::Session(None), post(sign_in::out)),
        row(p.clone(), "/session/bind", Admits::Browser, post(binding::bind)),
        row(p.clone(), "/session/refresh", Admits::Browser, post(binding::refresh)),
        row(p.clone(), "/session/renew", Admits::Browser, post(binding::renew)),
        row(p.clone(), "/sign-out/forget", Admits::Session(None), post(sign_in::forget)),
        row(p.clone(), "/sign-in/approval/ask", Attempt, post(approval::ask_sign_in)),
        row(g.clone(), "/sign-in/approval", Attempt, get(approval::sign_in)),
        row(p.clone(), "/sign-in/approval", Attempt, post(approval::sign_in_approved)),
        row(g, "/step-up", Admits::Session(None), get(step_up::show)),
        row(p.clone(), "/step-up", Admits::Session(None), post(step_up::password)),
        row(p.clone(), "/step-up/passkey/start", Admits::Session(None), post(step_up::start)),
        row(p, "/step-up/passkey/finish", Admits::Session(None), post(step_up::finish)),
    ]
}

fn trading() -> Vec<Row> {
    let (account, market) =
        (Admits::Session(Some(Act::ViewAccount)), Admits::Session(Some(Act::ViewMarketData)));
    let (g, p) = (Method::GET, Method::POST);
    vec![
        row(g.clone(), "/", account, get(overview::show)),
        row(g.clone(), "/events", account, get(events::stream).layer(Extension(ByItself))),
        row(g.clone(), "/ticket", market, get(ticket::show)),
        row(p.clone(), "/ticket/preview", market, post(ticket::preview)),
        row(p.clone(), "/ticket/edit", market, post(ticket::edit)),
        row(p.clone(), "/ticket/confirm", market, post(ticket::place)),
        row(p.clone(), "/large-orders/ask", account, post(large_order::ask)),
        row(p.clone(), "/large-orders/prove", account, post(large_order::prove)),
        row(p.clone(), "/large-orders/passkey/start", account, post(large_order::start)),
        row(p.clone(), "/large-orders/passkey/finish", account, post(large_order::finish)),
        row(g.clone(), "/large-orders/{approval}", account, get(large_order::wait)),
        row(p.clone(), "/large-orders/{approval}", account, post(large_order::approved)),
        row(g.clone(), "/contracts", market, get(contract::search)),
        row(g.clone(), "/contracts/{symbol}", market, get(contract::show)),
        row(g.clone(), "/chain/{symbol}", market, get(contract::option_chain)),
        row(g.clone(), "/search", account, get(search::show)),
        row(g.clone(), "/orders", account, get(order::list)),
        row(p.clone(), "/orders/cancel-all", account, post(order::cancel_all)),
        row(g.clone(), "/orders/{order}", account, get(order::show)),
        row(p.clone(), "/orders/{order}/preview", account, post(order::preview)),
        row(p.clone(), "/orders/{order}/modify", account, post(order::modify)),
        row(p, "/orders/{order}/cancel", account, post(order::cancel)),
        row(g.clone(), "/performance", account, get(performance::show)),
        row(g.clone(), "/risk", account, get(risk::show)),
        row(g.clone(), "/executions", account, get(execution::list)),
        row(g, "/executions.csv", account, get(execution::csv)),
    ]
}

fn access() -> Vec<Row> {
    let (account, any) = (Admits::Session(Some(Act::ViewAccount)), Admits::Session(None));
    let (sessions, devices) =
        (Admits::Session(Some(Act::ManageSessions)), Admits::Session(Some(Act::ManageDevices)));
    let own = Admits::Session(Some(Act::ManageAuthenticators));
    let makes = Admits::Session(Some(Act::ManageCredentials));
    let record = Admits::Session(Some(Act::ViewEvidence));
    let (g, p) = (Method::GET, Method::POST);
    vec![
        row(g.clone(), "/session", any, get(session::this)),
        row(g.clone(), "/sessions", sessions, get(session::list)),
        row(p.clone(), "/sessions/{session}/end", sessions, post(session::end)),
        row(p.clone(), "/sessions/end-others", sessions, post(session::end_others)),
        row(g.clone(), "/approvals", any, get(approval::list)),
        row(g.clone(), "/approvals/events", any, get(approval::events).layer(Extension(ByItself))),
        row(p.clone(), "/approvals/{approval}", any, post(approval::answer)),
        row(p.clone(), "/step-up/approval/ask", any, post(approval::ask_step_up)),
        row(g.clone(), "/step-up/approval", any, get(approval::step_up)),
        row(p.clone(), "/step-up/approval", any, post(approval::step_up_approved)),
        row(g.clone(), "/phone", devices, get(phone::show)),
        row(p.clone(), "/phone/link", devices, post(phone::link)),
        row(p.clone(), "/phone/{device}/confirm", devices, post(phone::confirm)),
        row(g.clone(), "/lock/events", any, get(lock::events::stream).layer(Extension(ByItself))),
        row(g.clone(), "/phone/events", any, get(phone::events).layer(Extension(ByItself))),
        row(g.clone(), "/phone/move", any, get(phone::move_page)),
        row(p.clone(), "/phone/move", any, post(phone::move_link)),
        row(p.clone(), "/phone/{device}/move", any, post(phone::move_on)),
        row(p.clone(), "/phone/push", any, post(push::on)),
        row(p.clone(), "/phone/push/off", any, post(push::off)),
        row(g.clone(), "/devices", devices, get(device::list)),
        row(p.clone(), "/devices/{device}/rename", devices, post(device::rename)),
        row(p.clone(), "/devices/{device}/remove", devices, post(device::remove)),
        row(p.clone(), "/devices/{device}/block", devices, post(device::block)),
        row(p.clone(), "/devices/{device}/role", devices, post(device::set_role)),
        row(p.clone(), "/devices/{device}/succeed", devices, post(device::succeed)),
        row(p.clone(), "/devices/remove-others", devices, post(device::remove_others)),
        row(g.clone(), "/credentials", account, get(credential::list)),
        row(p.clone(), "/credentials", makes, post(credential::create)),
        row(g.clone(), "/credentials/new", makes, get(credential::new)),
        row(p.clone(), "/credentials/preview", makes, post(credential::preview)),
        row(p.clone(), "/credentials/edit", makes, post(credential::back)),
        row(g.clone(), "/credentials/{credential}", account, get(credential::show)),
        row(g.clone(), "/credentials/{credential}/created", account, get(credential::created)),
        row(g.clone(), "/credentials/{credential}/edit", account, get(credential::edit)),
        row(p.clone(), "/credentials/{credential}/rotate", makes, post(credential::rotate)),
        row(p.clone(), "/credentials/{credential}/edit", account, post(credential::change)),
        row(p.clone(), "/credentials/{credential}/pause", account, post(credential::pause)),
        row(p.clone(), "/credentials/{credential}/resume", makes, post(credential::resume)),
        row(p.clone(), "/credentials/{credential}/rename", makes, post(credential::rename)),
        row(p.clone(), "/credentials/{credential}/revoke", account, post(credential::revoke)),
        row(g.clone(), "/authenticators", own, get(authenticator::list)),
        row(g.clone(), recovery_code::PATH, own, get(recovery_code::show)),
        row(p.clone(), recovery_code::PATH, own, post(recovery_code::make)),
        row(p.clone(), "/authenticators/passkey/start", own, post(authenticator::start)),
        row(p.clone(), "/authenticators/passkey/finish", own, post(authenticator::finish)),
        row(p.clone(), "/authenticators/app", own, post(authenticator::replace_app)),
        row(p.clone(), "/authenticators/password", own, post(authenticator::change)),
        row(p.clone(), "/authenticators/{authenticator}/rename", own, post(authenticator::rename)),
        row(p.clone(), "/authenticators/{authenticator}/remove", own, post(authenticator::remove)),
        row(g.clone(), "/activity", record, get(activity::list)),
        row(p.clone(), "/activity/export", record, post(activity::export)),
        row(g.clone(), "/outbox", account, get(outbox::list)),
        row(g.clone(), "/lock", any, get(lock::show)),
        row(p.clone(), "/lock", any, post(lock::lock)),
        row(g, "/lock/everything", any, get(lock::everything)),
        row(p, "/lock/lift", Admits::Session(Some(Act::Lock)), post(lock::lift)),
    ]
}

fn recovering() -> Vec<Row> {
    let any = Admits::Session(None);
    let own = Admits::Session(Some(Act::ManageRecovery));
    let (g, p) = (Method::GET, Method::POST);
    vec![
        row(g.clone(), "/recover", Admits::Open, get(recovery::show)),
        row(p.clone(), "/recover", Admits::Open, post(recovery::begin)),
        row(p.clone(), "/recover/finish", Admits::Open, post(recovery::finish)),
        row(g.clone(), "/recover/claim/{token}", Admits::Open, get(recovery::claim_form)),
        row(p.clone(), "/recover/claim", Admits::Open, post(recovery::claim)),
        row(g.clone(), "/recover/stop/{token}", Admits::Open, get(recovery::stop_form)),
        row(p.clone(), "/recover/stop", Admits::Open, post(recovery::stop)),
        row(g.clone(), "/recovery", any, get(recovery::of_person)),
        row(p.clone(), "/recovery/cancel", any, post(recovery::cancel)),
        row(p.clone(), "/recovery/policy", own, post(recovery::choose)),
        row(p.clone(), "/recovery/trustees", own, post(trustee::name)),
        row(p.clone(), "/recovery/trustees/{trustee}/remove", own, post(trustee::remove)),
        row(g, "/recovery/contacts", own, get(trustee::list)),
        row(p.clone(), "/recovery/contacts/agree", own, post(trustee::agree)),
        row(p, "/recovery/contacts/answer", own, post(trustee::answer)),
    ]
}

fn reaching() -> Vec<Row> {
    let (account, lock) =
        (Admits::Session(Some(Act::ViewAccount)), Admits::Session(Some(Act::Lock)));
    let own = Admits::Session(Some(Act::ManageContact));
    let (g, p) = (Method::GET, Method::POST);
    vec![
        row(g.clone(), "/messages", account, get(notice::list)),
        row(p.clone(), "/messages/read", account, post(notice::read_all)),
        row(g.clone(), "/messages/{notice}", account, get(notice::show)),
        row(p.clone(), "/messages/{notice}/read", account, post(notice::read)),
        row(p.clone(), "/messages/{notice}/not-me", lock, post(notice::disown)),
        row(g.clone(), "/travel", own, get(travel::show)),
        row(p.clone(), "/travel", own, post(travel::plan)),
        row(p.clone(), "/travel/end", own, post(travel::end)),
        row(g, "/contact", own, get(contact::show)),
        row(p.clone(), "/contact/mail", own, post(contact::set)),
        row(p.clone(), "/contact/mail/confirm", own, post(contact::confirm)),
        row(p.clone(), "/contact/mail/resend", own, post(contact::resend)),
        row(p.clone(), "/contact/mail/remove", own, post(contact::remove)),
        row(p, "/contact/phone", own, post(contact::phone_number)),
    ]
}

fn choosing() -> Vec<Row> {
    let (account, any) = (Admits::Session(Some(Act::ViewAccount)), Admits::Session(None));
    let own = Admits::Session(Some(Act::ManagePolicy));
    let (g, p) = (Method::GET, Method::POST);
    vec![
        row(g.clone(), "/policies", account, get(policy::show)),
        row(p.clone(), "/policies/window", own, post(policy::set_window)),
        row(p.clone(), "/policies/brokerage", own, post(policy::set_brokerage)),
        row(p.clone(), "/policies/large-orders", own, post(policy::set_large_orders)),
        row(p.clone(), "/policies/{interface}", own, post(policy::set)),
        row(g, "/session/take-over", any, get(brokerage::show)),
        row(p, "/session/take-over", any, post(brokerage::take_over)),
    ]
}
