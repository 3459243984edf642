//! `GET /healthz`: whether the server can do its work, for a supervisor.

use access::Refusal;
use access::refusal::ServerRefusal;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::portal::Portal;

/// 200 while orders can be taken, 503 with the reason while not. What else is not as it should be is listed by its
/// code; its text is for the operator.
pub(crate) async fn show(State(portal): State<Portal>) -> Response {
    let gate = portal.gate();
    if let Some(progress) = gate.markets().progress() {
        let why = Refusal::Server(ServerRefusal::CatchingUp { at: progress.at, to: progress.to });
        let body = json!({
            "status": "catching_up",
            "code": why.code(),
            "text": why.caller_text(),
            "percent": progress.percent(),
        });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    }
    let conditions = gate.vitals().conditions();
    let codes: Vec<_> = conditions.iter().map(|one| one.code).collect();
    if let Err(why) = gate.orders().flush().await {
        let body = json!({
            "status": "failing", "code": why.code(), "text": why.caller_text(), "conditions": codes,
        });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    }
    if let Some(stops) = conditions.iter().find(|one| one.stops) {
        let text = "ask `floorpass status` on the server";
        let body =
            json!({ "status": "failing", "code": stops.code, "text": text, "conditions": codes });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    }
    if codes.is_empty() {
        return Json(json!({ "status": "ok" })).into_response();
    }
    Json(json!({ "status": "degraded", "conditions": codes })).into_response()
}
