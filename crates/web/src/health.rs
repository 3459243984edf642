//! `GET /healthz`: whether the server can do its work, for a supervisor.

use access::Refusal;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::portal::Portal;

/// 200 while orders can be taken, 503 with the reason while not.
pub(crate) async fn show(State(portal): State<Portal>) -> Response {
    if let Some(progress) = portal.gate().progress() {
        let why = Refusal::CatchingUp { at: progress.at, to: progress.to };
        let body = json!({
            "status": "catching_up",
            "code": why.code(),
            "text": why.caller_text(),
            "percent": progress.percent(),
        });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    }
    match portal.gate().flush().await {
        Ok(()) => Json(json!({ "status": "ok" })).into_response(),
        Err(why) => {
            let body =
                json!({ "status": "failing", "code": why.code(), "text": why.caller_text() });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}
