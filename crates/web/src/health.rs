//! `GET /healthz`: whether the server can do its work, for a supervisor.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::portal::Portal;

/// 200 while orders can be taken, 503 with the reason while not.
pub(crate) async fn show(State(portal): State<Portal>) -> Response {
    let gate = portal.gate();
    let failing = |code: &str, text: &str| {
        let body = json!({ "status": "failing", "code": code, "text": text });
        (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
    };
    if let Some(stops) = gate.conditions().into_iter().find(|one| one.stops) {
        return failing(&stops.code, &stops.text);
    }
    match gate.flush().await {
        Ok(()) => Json(json!({ "status": "ok" })).into_response(),
        Err(why) => failing(why.code(), &why.caller_text()),
    }
}
