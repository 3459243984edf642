//! Each request goes to the file of its noun.

use serde_json::Value;

use crate::desk::Desk;
use crate::fault::Fault;
use crate::request::Request;
use crate::{
    account, activity, authenticator, contact, credential, device, lock, notice, person, policy,
    portfolio, push, recovery, server, session, ticket, travel,
};

/// Does one request.
pub(crate) async fn act(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    match request {
        Request::Server(request) => server::act(desk, request).await,
        Request::Person(request) => person::act(desk, request).await,
        Request::Account(request) => account::act(desk, request).await,
        Request::Credential(request) => credential::act(desk, request).await,
        Request::Session(request) => session::act(desk, request).await,
        Request::Policy(request) => policy::act(desk, request).await,
        Request::Authenticator(request) => authenticator::act(desk, request).await,
        Request::Device(request) => device::act(desk, request).await,
        Request::Travel(request) => travel::act(desk, request).await,
        Request::Push(request) => push::act(desk, request).await,
        Request::Contact(request) => contact::act(desk, request).await,
        Request::Notice(request) => notice::act(desk, request).await,
        Request::Recovery(request) => recovery::act(desk, request).await,
        Request::Lock(request) => lock::act(desk, request).await,
        Request::Portfolio(request) => portfolio::act(desk, request).await,
        Request::Ticket(request) => ticket::act(desk, request).await,
        Request::Activity(request) => activity::act(desk, request).await,
    }
}
