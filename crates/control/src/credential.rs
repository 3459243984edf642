//! Credentials, as the operator handles them.

use access::entitlements::{Rate, Symbols};
use access::{Refusal, Scopes, SymbolId, Verdict, can_cannot};
use gate::{CredentialInfo, Gate, ListenerState, NewCredential};
use trade::contract::Contracts;

use crate::act::{Desk, in_days, instant};
use crate::answer::{CredentialMade, CredentialRow, Revoked};
use crate::fault::Fault;
use crate::request::{CredentialName, CredentialWish};

/// The word for a listener's state.
pub(crate) fn state_of(state: ListenerState) -> &'static str {
    match state {
        ListenerState::Open => "open",
        ListenerState::Revoked { .. } => "revoked",
    }
}

pub(crate) async fn list(gate: &Gate) -> Result<Vec<CredentialRow>, Refusal> {
    Ok(gate.credentials(None).await?.iter().map(row).collect())
}

fn row(info: &CredentialInfo) -> CredentialRow {
    let one = &info.credential;
    let (state, may) = match &info.entitlements {
        Ok(given) => {
            let sentences = can_cannot(given, &symbol);
            let words = sentences.into_iter().map(|s| match s.verdict {
                Verdict::Cannot => format!("cannot {}", s.text),
                Verdict::Can | Verdict::Until => s.text,
            });
            ("open".to_owned(), words.collect::<Vec<_>>().join("; "))
        }
        Err(refusal) => (refusal.code().to_lowercase(), refusal.caller_text()),
    };
    CredentialRow {
        credential: one.id,
        name: one.name.to_string(),
        account: one.account.to_string(),
        port: info.port(),
        state,
        token_required: one.token.is_some(),
        may,
        until: instant(one.scopes.until),
        last_use: info
            .last_use
            .as_ref()
            .map(|used| format!("{} from {} ({})", instant(used.at), used.address, used.client)),
    }
}

/// A contract's symbol.
pub(crate) fn symbol(id: SymbolId) -> String {
    Contracts::builtin().get(id).map_or_else(|| id.to_string(), |c| c.symbol.to_string())
}

pub(crate) async fn create(desk: &Desk<'_>, wish: CredentialWish) -> Result<CredentialMade, Fault> {
    let gate = desk.gate;
    let until = in_days(gate.now(), wish.days);
    let mut scopes = if wish.read_only { Scopes::read_only(until) } else { Scopes::trading(until) };
    if !wish.symbols.is_empty() {
        let ids: Result<Vec<SymbolId>, Fault> = wish.symbols.iter().map(|s| contract(s)).collect();
        scopes.symbols = Symbols::only(ids?);
    }
    scopes.limits.max_quantity = wish.max_quantity;
    scopes.limits.max_notional = wish.max_notional;
    scopes.rate = wish.per_second.map(|n| Rate { per_second: n, burst: n });
    let made = gate
        .create_credential(
            &desk.actor,
            NewCredential {
                name: wish.name.clone(),
                account: wish.account.unwrap_or_else(|| gate.account()),
                scopes,
                token_required: wish.token,
                port: wish.port,
            },
        )
        .await?;
    Ok(CredentialMade {
        credential: made.credential,
        name: wish.name,
        port: made.port,
        token: made.token.and_then(|t| t.expose_text().map(str::to_owned)),
    })
}

fn contract(symbol: &str) -> Result<SymbolId, Fault> {
    let known = Contracts::builtin().named(&symbol.to_uppercase());
    known.map(|c| c.id).ok_or_else(|| {
        Fault::new(
            "SYMBOL_UNKNOWN",
            format!("there is no contract {symbol} here; see the portal's contract search"),
        )
    })
}

pub(crate) async fn revoke(
    desk: &Desk<'_>,
    which: &CredentialName,
    cancel_orders: bool,
) -> Result<Revoked, Refusal> {
    let name = match which {
        CredentialName::Id(id) => id.to_string(),
        CredentialName::Name(name) => name.clone(),
    };
    let found = desk.gate.find_credential(&name).await?;
    let one = &found.credential;
    let done = desk.gate.revoke_credential(&desk.actor, one.id, cancel_orders).await?;
    Ok(Revoked {
        credential: one.id,
        name: one.name.to_string(),
        port: found.port(),
        orders_cancelled: done.cancelled,
    })
}
