//! Single-use links. Opening one changes nothing, so that a previewer does not use it up; its button does.

use access::Secret;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use gate::SignInStep;
use maud::html;

use crate::fault::Fault;
use crate::form;
use crate::prompt;
use crate::refusal;
use crate::shell;
use crate::sign_in::forward;
use crate::visit::{Visit, go_with};

/// Where a phone answers.
pub(crate) const APPROVALS: &str = "/approvals";

/// `GET /link/{token}`
pub(crate) async fn show(Path(token): Path<String>, visit: Visit) -> Response {
    let phone = form::local_path(visit.query.get("next")) == APPROVALS;
    let title = if phone { "Make this your phone" } else { "Open Floorpass in this browser" };
    let body = html! {
        h1 { (title) }
        (prompt::line(&visit, None))
        @if phone { p { "This link works once. It signs you in here and lets this phone answer approvals, so open it only on your own phone. Keep the page where you made the link: the next step is there." } }
        @else { p { "This link works once. It signs you in here and makes this a trusted browser, so open it only on your own device." } }
        form.f method="post" action="/link" {
            input type="hidden" name="next" value=(form::local_path(visit.query.get("next")));
            input type="hidden" name="token" value=(token);
            button.main.wide autofocus { "Sign in and trust this browser" }
        }
        p.small.dim { "Not yours? Close the page; nothing happens until the button is pressed, and the link expires." }
    };
    shell::bare(title, &body).into_response()
}

/// `POST /link`
pub(crate) async fn redeem(visit: Visit) -> Result<Response, Fault> {
    let token = Secret::from_text(visit.fields.get("token").to_owned());
    let next = form::local_path(visit.fields.get("next"));
    match visit.portal.gate().sign_ins().by_link(&token, &visit.browser()).await {
        // A phone goes on to the number that makes it one.
        Ok(SignInStep::Done(signed)) if !signed.enrolling && next == APPROVALS => {
            Ok(go_with(next, visit.welcome(&signed)))
        }
        Ok(step) => Ok(forward(&visit, step, next)),
        Err(why) => {
            let body = html! {
                h1 { (refusal::heading(&why)) }
                (refusal::note(&why))
                p { a.btn.main href="/sign-in" { "Sign in with your password" } }
            };
            let page = shell::bare(refusal::heading(&why), &body);
            Ok(refusal::told(&why, page))
        }
    }
}
