//! Credentials, as the operator handles them.

use access::address::{Addresses, Network};
use access::credential::Credential;
use access::entitlements::{Hours, Rate, Sides, Symbols};
use access::id::each_of;
use access::refusal::CredentialRefusal;
use access::{
    CredentialId, Grade, PaperAccountId, Refusal, Scopes, Side, Span, SymbolId, Time, can_cannot,
};
use gate::{CredentialInfo, DoorWish, Gate, ListenerState, NewCredential};
use rust_decimal::Decimal;
use serde_json::Value;
use trade::instrument::{Instrument, Instruments};

use serde::{Deserialize, Serialize};

use crate::account;
use crate::answer::{
    ConnectionRow, CredentialChanged, CredentialDetail, CredentialMade, CredentialRotated,
    CredentialRow, LimitsRow, Revoked, SaysRow, ScopesRow, UseRow,
};
use crate::condition;
use crate::desk::{Desk, in_days, instant, value};
use crate::fault::Fault;

/// A credential by its id or by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialName {
    /// Its id.
    Id(CredentialId),
    /// Its name; must be the only one.
    Name(String),
}

/// What a new credential is to be; whatever is left out is not narrowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialWish {
    /// Its name.
    pub name: String,
    /// Its accounts; empty takes the only one.
    #[serde(default)]
    pub accounts: Vec<PaperAccountId>,
    /// The user name of the person whose program it becomes; none takes the first who can give it.
    #[serde(default)]
    pub person: Option<String>,
    /// What it may do.
    #[serde(default)]
    pub scopes: ScopesWish,
    /// Whether its clients show a token; none is the server's default.
    pub token: Option<bool>,
    /// The way in by which it is to be used.
    #[serde(default)]
    pub door: DoorName,
    /// The port of its socket; none takes the next free one.
    pub port: Option<u16>,
}

/// A way in by which programs use credentials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorName {
    /// A TWS socket of the credential's own.
    #[default]
    Socket,
    /// The HTTP API.
    Api,
}

impl DoorName {
    /// Every door, by its name.
    pub const ALL: [(&'static str, Self); 2] = [("socket", Self::Socket), ("api", Self::Api)];

    /// What a new credential asks for that names this door.
    fn wish(self, port: Option<u16>) -> Result<DoorWish, Fault> {
        match (self, port) {
            (Self::Socket, port) => Ok(DoorWish::Socket { port }),
            (Self::Api, None) => Ok(DoorWish::Api),
            (Self::Api, Some(port)) => Err(Fault::new(
                "DOOR_WITHOUT_PORT",
                format!(
                    "a credential for the HTTP API has no port of its own, and {port} was named; leave out --port"
                ),
            )),
        }
    }
}

/// What a credential may do, as far as it is to be another; what is left out stays as it is, which for a
/// new credential is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScopesWish {
    /// Limits that are taken off, before the others are set.
    pub clear: Vec<Clear>,
    /// Whether it may view and not trade.
    pub read_only: Option<bool>,
    /// `buy`, `sell` or `both`.
    pub side: Option<String>,
    /// The symbols that it may trade; empty leaves them.
    pub symbols: Vec<String>,
    /// The networks that it may come from; empty leaves them.
    pub addresses: Vec<Network>,
    /// The hours in which it may place orders: `mon-fri 13:30-20:00`, in UTC.
    pub hours: Option<String>,
    /// Shares per order.
    pub max_quantity: Option<u64>,
    /// The most that an order may be worth, in the account's base currency, as it was typed.
    pub max_notional: Option<String>,
    /// Order messages a second.
    pub per_second: Option<u32>,
    /// Orders open at once.
    pub max_open_orders: Option<u32>,
    /// How far a limit price may be beyond the market, in percent.
    pub collar: Option<Decimal>,
    /// Seconds within which an identical order is a duplicate.
    pub duplicate_seconds: Option<u32>,
    /// Further limits by name, `daily_loss=500`; `daily_loss=none` takes one off.
    pub controls: Vec<String>,
    /// The symbols that may only be reduced; `none` for none at all, and empty leaves them.
    pub restricted: Vec<String>,
    /// Days from now until it ends; none leaves its end, which for a new one is in 90 days.
    pub days: Option<u32>,
}

/// A limit that can be taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each field is the limit it names")]
pub enum Clear {
    Symbols,
    Addresses,
    Hours,
    MaxQuantity,
    MaxNotional,
    PerSecond,
    MaxOpenOrders,
    Collar,
    DuplicateSeconds,
}

impl Clear {
    /// Every limit that can be taken off, by its name.
    pub const ALL: [(&'static str, Self); 9] = [
        ("symbols", Self::Symbols),
        ("addresses", Self::Addresses),
        ("hours", Self::Hours),
        ("max-quantity", Self::MaxQuantity),
        ("max-notional", Self::MaxNotional),
        ("per-second", Self::PerSecond),
        ("max-open-orders", Self::MaxOpenOrders),
        ("collar", Self::Collar),
        ("duplicate-seconds", Self::DuplicateSeconds),
    ];
}

/// The credentials of programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CredentialRequest {
    /// The credentials.
    List,
    /// A new credential.
    Create(CredentialWish),
    /// Ends a credential.
    Revoke {
        /// Its id or name.
        credential: CredentialName,
        /// Whether its resting orders are cancelled too.
        #[serde(default = "yes")]
        cancel_orders: bool,
    },
    /// One credential, with all that it may do.
    Show {
        /// Its id or name.
        credential: CredentialName,
    },
    /// Refuses a credential until it is resumed.
    Pause {
        /// Its id or name.
        credential: CredentialName,
        /// Whether its resting orders are cancelled too.
        #[serde(default)]
        cancel_orders: bool,
    },
    /// Ends a pause.
    Resume {
        /// Its id or name.
        credential: CredentialName,
    },
    /// Gives a credential a new token.
    Rotate {
        /// Its id or name.
        credential: CredentialName,
        /// Minutes that the one before still works.
        grace_minutes: u32,
    },
    /// Gives a credential another name.
    Rename {
        /// Its id or name.
        credential: CredentialName,
        /// Its new name.
        name: String,
    },
    /// Changes what a credential may do.
    Edit {
        /// Its id or name.
        credential: CredentialName,
        /// What changes.
        scopes: ScopesWish,
    },
}

/// What a revocation does unless the request says otherwise.
const fn yes() -> bool {
    true
}

/// Days that a new credential lives unless told otherwise.
const DAYS: u32 = 90;

/// The word for a listener's state.
pub(crate) fn state_of(state: ListenerState) -> &'static str {
    match state {
        ListenerState::Open => "open",
        ListenerState::Paused { .. } => "paused",
        ListenerState::Revoked { .. } => "revoked",
    }
}

/// Does one request about credentials.
pub(crate) async fn act(desk: &Desk<'_>, request: CredentialRequest) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        CredentialRequest::List => value(list(gate).await?),
        CredentialRequest::Show { credential } => {
            value(detail(gate, &find(gate, &credential).await?, gate.now()))
        }
        CredentialRequest::Create(wish) => value(create(desk, wish).await?),
        CredentialRequest::Revoke { credential, cancel_orders } => {
            value(revoke(desk, &credential, cancel_orders).await?)
        }
        CredentialRequest::Pause { credential, cancel_orders } => {
            let id = find(gate, &credential).await?.credential.id;
            let paused = gate.credentials().pause(&desk.actor, id, cancel_orders).await?;
            value(changed(gate, id, paused.cancelled).await?)
        }
        CredentialRequest::Resume { credential } => {
            let id = find(gate, &credential).await?.credential.id;
            gate.credentials().resume(&desk.actor, id).await?;
            value(changed(gate, id, 0).await?)
        }
        CredentialRequest::Rotate { credential, grace_minutes } => {
            value(rotate(desk, &credential, grace_minutes).await?)
        }
        CredentialRequest::Rename { credential, name } => {
            let id = find(gate, &credential).await?.credential.id;
            gate.credentials().rename(&desk.actor, id, &name).await?;
            value(changed(gate, id, 0).await?)
        }
        CredentialRequest::Edit { credential, scopes } => {
            let found = find(gate, &credential).await?.credential;
            let accounts: Vec<_> = found.accounts().collect();
            let scopes = wished(gate, &scopes, (found.scopes, &accounts))?;
            gate.credentials().edit(&desk.actor, found.id, scopes).await?;
            value(changed(gate, found.id, 0).await?)
        }
    }
}

/// The credential of a name or id. What the operator is told to do next is a command.
pub(crate) async fn find(gate: &Gate, which: &CredentialName) -> Result<CredentialInfo, Fault> {
    let name = match which {
        CredentialName::Id(id) => id.to_string(),
        CredentialName::Name(name) => name.clone(),
    };
    gate.credentials().find(&name).await.map_err(|refusal| match refusal {
        Refusal::Credential(CredentialRefusal::CredentialUnknown) => {
            let shown: String = name.chars().take(64).filter(|c| !c.is_control()).collect();
            Fault::new(
                refusal.code(),
                format!(
                    "there is no credential \u{201c}{shown}\u{201d}; `floorpass credential list` shows them all"
                ),
            )
        }
        other => other.into(),
    })
}

async fn list(gate: &Gate) -> Result<Vec<CredentialRow>, Refusal> {
    let now = gate.now();
    Ok(gate.credentials().list(None).await?.iter().map(|info| row(info, now)).collect())
}

async fn changed(
    gate: &Gate,
    id: CredentialId,
    orders_cancelled: usize,
) -> Result<CredentialChanged, Refusal> {
    let info = gate.credentials().find(&id.to_string()).await?;
    Ok(CredentialChanged {
        credential: id,
        name: info.credential.name.to_string(),
        state: state(&info, gate.now()).to_owned(),
        orders_cancelled,
    })
}

/// The state of a credential in a word.
fn state(info: &CredentialInfo, now: Time) -> &'static str {
    let credential = &info.credential;
    match &info.entitlements {
        _ if credential.revoked.is_some() => "revoked",
        _ if credential.paused.is_some() => "paused",
        _ if credential.scopes.until <= now => "expired",
        _ if info.closed => "closed",
        Ok(given) if given.lock == Grade::None => "open",
        _ => "locked",
    }
}

fn row(info: &CredentialInfo, now: Time) -> CredentialRow {
    let credential = &info.credential;
    CredentialRow {
        credential: credential.id,
        name: credential.name.to_string(),
        username: info.username.to_string(),
        account: credential.account.to_string(),
        accounts: credential.accounts().map(|one| one.to_string()).collect(),
        door: info.door().word().to_owned(),
        port: info.door().port(),
        state: state(info, now).to_owned(),
        token_required: credential.token.is_some(),
        read_only: credential.scopes.read_only,
        created_at: instant(credential.created_at),
        until: instant(credential.scopes.until),
        last_use: info.last_use.as_ref().map(|used| UseRow {
            at: instant(used.at),
            address: used.address.to_string(),
            client: used.client.clone(),
        }),
        connections: info.connections.iter().map(connection).collect(),
        orders_today: info.today.orders,
        refused_today: info.today.refused(),
        refused_orders_today: info.today.refused_orders,
        refused_connections_today: info.today.refused_connections,
        refused_requests_today: info.today.refused_requests,
        open_orders: info.open_orders,
        old_token_until: credential
            .former
            .filter(|former| credential.revoked.is_none() && former.until > now)
            .map(|former| instant(former.until)),
    }
}

fn connection(connected: &gate::Connected) -> ConnectionRow {
    ConnectionRow {
        client: connected.client.clone(),
        address: connected.address.to_string(),
        since: instant(connected.since),
    }
}

fn detail(gate: &Gate, info: &CredentialInfo, now: Time) -> CredentialDetail {
    let sentences = match &info.entitlements {
        Ok(given) => {
            let name = |id| symbol(gate.markets().instruments(), id);
            let accounts: Vec<_> = info.credential.accounts().collect();
            let currency = gate.paper_accounts().currency_of(given.account);
            can_cannot(given, (&each_of(&accounts), currency), &name)
        }
        Err(_) => Vec::new(),
    };
    let says = sentences
        .into_iter()
        .map(|sentence| SaysRow { verdict: sentence.verdict.to_string(), text: sentence.text });
    CredentialDetail {
        row: row(info, now),
        host: gate::snippet::host(info.listening.map(|bound| bound.ip())),
        scopes: scopes_row(gate, &info.credential),
        says: says.collect(),
    }
}

fn scopes_row(gate: &Gate, credential: &Credential) -> ScopesRow {
    let (known, scopes) = (gate.markets().instruments(), &credential.scopes);
    let accounts: Vec<_> = credential.accounts().collect();
    let currency = gate.paper_accounts().common_currency(&accounts);
    ScopesRow {
        side: match scopes.sides {
            Sides::Both => "both".to_owned(),
            Sides::Only(side) => side.to_string(),
            Sides::Neither => "neither".to_owned(),
        },
        symbols: match &scopes.symbols {
            Symbols::All => None,
            Symbols::Only(symbols) => Some(symbols.iter().map(|id| symbol(known, *id)).collect()),
        },
        addresses: condition::addresses(&scopes.addresses),
        hours: condition::hours(&scopes.hours),
        limits: LimitsRow::of(&scopes.limits, currency, known),
        per_second: scopes.rate.map(|rate| rate.per_second),
        burst: scopes.rate.map(|rate| rate.burst),
    }
}

/// A contract's symbol.
pub(crate) fn symbol(known: &Instruments, id: SymbolId) -> String {
    known.get(id).map_or_else(|| id.to_string(), Instrument::key)
}

async fn create(desk: &Desk<'_>, wish: CredentialWish) -> Result<CredentialMade, Fault> {
    let gate = desk.gate;
    let now = gate.now();
    let accounts =
        if wish.accounts.is_empty() { vec![account::meant(gate, None)?] } else { wish.accounts };
    let usual = Scopes::trading(in_days(now, DAYS));
    let scopes = wished(gate, &wish.scopes, (usual, &accounts))?;
    let (until, on) = (instant(scopes.until), accounts.iter().map(ToString::to_string).collect());
    let new = NewCredential {
        name: wish.name.clone(),
        scopes,
        accounts,
        token_required: wish.token,
        door: wish.door.wish(wish.port)?,
    };
    let person = wish.person.as_deref();
    let made = gate.credentials().create_for(&desk.actor, new, person).await?;
    let info = gate.credentials().find(&made.credential.to_string()).await?;
    Ok(CredentialMade {
        credential: made.credential,
        name: wish.name,
        username: info.username.to_string(),
        door: made.door.word().to_owned(),
        port: made.door.port(),
        accounts: on,
        until,
        token: made.token.and_then(|t| t.expose_text().map(str::to_owned)),
    })
}

/// Scopes with what is wished in place of what they were, on these accounts.
fn wished(
    gate: &Gate,
    wish: &ScopesWish,
    (mut scopes, accounts): (Scopes, &[PaperAccountId]),
) -> Result<Scopes, Fault> {
    let currency = gate.paper_accounts().common_currency(accounts);
    let (now, known) = (gate.now(), gate.markets().instruments());
    wish.clear.iter().for_each(|limit| clear(&mut scopes, *limit));
    if let Some(days) = wish.days {
        scopes.until = in_days(now, days);
    }
    scopes.read_only = wish.read_only.unwrap_or(scopes.read_only);
    match wish.side.as_deref() {
        None => {}
        Some("buy") => scopes.sides = Sides::Only(Side::Buy),
        Some("sell") => scopes.sides = Sides::Only(Side::Sell),
        Some("both") => scopes.sides = Sides::Both,
        Some(_) => return Err(Fault::new("SIDE_UNKNOWN", "the side must be buy, sell or both")),
    }
    if !wish.symbols.is_empty() {
        let ids: Result<Vec<SymbolId>, Fault> =
            wish.symbols.iter().map(|one| condition::contract(known, one)).collect();
        scopes.symbols = Symbols::only(ids?);
    }
    if let Some(per_second) = wish.per_second {
        scopes.rate = Some(Rate { per_second, burst: per_second });
    }
    let typed = condition::Typed {
        addresses: &wish.addresses,
        hours: wish.hours.as_deref(),
        max_quantity: wish.max_quantity,
        max_notional: wish.max_notional.as_deref(),
        currency,
        max_open_orders: wish.max_open_orders,
        collar: wish.collar,
        duplicate_seconds: wish.duplicate_seconds,
        controls: &wish.controls,
        restricted: &wish.restricted,
        known,
    };
    typed.put(&mut scopes.addresses, &mut scopes.hours, &mut scopes.limits)?;
    Ok(scopes)
}

/// Takes a limit off.
fn clear(scopes: &mut Scopes, limit: Clear) {
    match limit {
        Clear::Symbols => scopes.symbols = Symbols::All,
        Clear::Addresses => scopes.addresses = Addresses::Any,
        Clear::Hours => scopes.hours = Hours::Always,
        Clear::MaxQuantity => scopes.limits.max_quantity = None,
        Clear::MaxNotional => scopes.limits.max_notional = None,
        Clear::PerSecond => scopes.rate = None,
        Clear::MaxOpenOrders => scopes.limits.max_open_orders = None,
        Clear::Collar => scopes.limits.collar_bps = None,
        Clear::DuplicateSeconds => scopes.limits.duplicate_window = None,
    }
}

async fn rotate(
    desk: &Desk<'_>,
    which: &CredentialName,
    grace_minutes: u32,
) -> Result<CredentialRotated, Fault> {
    let found = find(desk.gate, which).await?.credential;
    let grace = Span::minutes(grace_minutes.into());
    let rotated = desk.gate.credentials().rotate(&desk.actor, found.id, grace).await?;
    Ok(CredentialRotated {
        credential: found.id,
        name: found.name.to_string(),
        token: rotated.token.expose_text().unwrap_or_default().to_owned(),
        old_token_until: instant(rotated.until),
    })
}

async fn revoke(
    desk: &Desk<'_>,
    which: &CredentialName,
    cancel_orders: bool,
) -> Result<Revoked, Fault> {
    let found = find(desk.gate, which).await?;
    let credential = &found.credential;
    let done = desk.gate.credentials().revoke(&desk.actor, credential.id, cancel_orders).await?;
    Ok(Revoked {
        credential: credential.id,
        name: credential.name.to_string(),
        door: found.door().word().to_owned(),
        port: found.door().port(),
        orders_cancelled: done.cancelled,
    })
}
