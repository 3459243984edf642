//! Planned travel, as the operator sees and sets it.

use access::address::Network;
use access::travel::Plan;
use access::{Refusal, Span, Time};
use gate::Gate;
use serde_json::Value;

use serde::{Deserialize, Serialize};

use crate::answer::Done;
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::person;

/// Travel that is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TravelWish {
    /// User name of the person.
    pub username: String,
    /// Where to, in the person's words.
    pub place: String,
    /// The start of the first day, in UTC.
    pub from: Time,
    /// The start of the last day, which belongs to it.
    pub until: Time,
    /// The only network that is expected, `192.0.2.0/24`; any for none.
    pub network: Option<Network>,
}

/// Planned travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TravelRequest {
    /// The travel that a person planned.
    Show {
        /// Whose; none is the only person's.
        username: Option<String>,
    },
    /// Plans it, in place of one planned before.
    Plan(TravelWish),
    /// Ends it early.
    End {
        /// User name of the person.
        username: String,
    },
}

/// What travel a person planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TravelNow {
    /// The name that they sign in with.
    pub username: String,
    /// The plan, if there is one and it has not ended.
    pub plan: Option<TravelRow>,
}

/// Planned travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TravelRow {
    /// Where to, in the person's words.
    pub place: String,
    /// From when.
    pub from: String,
    /// Until when; it ends by itself.
    pub until: String,
    /// The only network that is expected.
    pub network: Option<String>,
    /// `ahead` or `now`.
    pub state: String,
}

/// Does what is asked about travel.
pub(crate) async fn act(desk: &Desk<'_>, request: TravelRequest) -> Result<Value, Fault> {
    match request {
        TravelRequest::Plan(wish) => value(plan(desk, wish).await?),
        TravelRequest::End { username } => {
            let (person, _) = desk.gate.travels().of(&username).await?;
            desk.gate.travels().end(&desk.actor, person).await?;
            let text = format!("the travel of {username} has ended");
            value(Done::new("travel_ended", text).with("username", username))
        }
        TravelRequest::Show { username } => {
            let username = person::the(desk.gate, username).await?;
            value(show(desk.gate, username).await?)
        }
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
    let dates = (wish.from, wish.until + Span::days(1));
    desk.gate.travels().plan(&desk.actor, person, dates, &wish.place, wish.network).await?;
    Ok(show(desk.gate, wish.username).await?)
}
