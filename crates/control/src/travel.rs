//! Planned travel, as the operator sees and sets it.

use access::address::Network;
use access::travel::Plan;
use access::{Refusal, Span, Time};
use gate::Gate;
use serde_json::Value;

use crate::act::{Desk, instant, value};
use crate::answer::{Done, TravelNow, TravelRow};
use crate::fault::Fault;
use crate::person;
use crate::request::{Request, TravelWish};

/// Does what is asked about travel.
pub(crate) async fn act(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    match request {
        Request::TravelPlan(wish) => value(plan(desk, wish).await?),
        Request::TravelEnd { username } => {
            let (person, _) = desk.gate.travels().of(&username).await?;
            desk.gate.travels().end(&desk.actor, person).await?;
            let text = format!("the travel of {username} has ended");
            value(Done::new("travel_ended", text).with("username", username))
        }
        Request::TravelShow { username } => {
            let username = person::the(desk.gate, username).await?;
            value(show(desk.gate, username).await?)
        }
        _ => Err(Fault::astray()),
    }
}

async fn show(gate: &Gate, username: String) -> Result<TravelNow, Refusal> {
    let (_, plan) = gate.travels().of(&username).await?;
    Ok(TravelNow { username, plan: plan.map(|plan| row(&plan, gate.now())) })
}

fn row(plan: &Plan, now: Time) -> TravelRow {
    TravelRow {
        place: plan.place.to_string(),
        from: instant(plan.from),
        until: instant(plan.until),
        network: plan.network.map(|network| network.to_string()),
        state: if plan.from <= now { "now" } else { "ahead" }.to_owned(),
    }
}

async fn plan(desk: &Desk<'_>, wish: TravelWish) -> Result<TravelNow, Fault> {
    let (person, _) = desk.gate.travels().of(&wish.username).await?;
    // The last day belongs to it.
    let dates = (day(&wish.from)?, day(&wish.until)? + Span::days(1));
    let network = wish.network.as_deref().map(str::parse::<Network>).transpose();
    let network = network.map_err(|_| {
        Fault::new(
            "NETWORK_INVALID",
            "write the network like 192.0.2.0/24 or 2001:db8::/32".to_owned(),
        )
    })?;
    desk.gate.travels().plan(&desk.actor, person, dates, &wish.place, network).await?;
    Ok(show(desk.gate, wish.username).await?)
}

fn day(text: &str) -> Result<Time, Fault> {
    Time::of_date(text)
        .ok_or_else(|| Fault::new("DATE_INVALID", "write the day like 2026-12-24".to_owned()))
}
