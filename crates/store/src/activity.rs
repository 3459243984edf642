//! The record searched: pages of evidence and of decisions about orders, by what people look for.

use std::collections::BTreeSet;

use access::evidence::{Entry, Index, Topic};
use access::id::{CredentialId, DeviceId, Holder, PaperAccountId, PersonId, SessionId};
use access::moment::Time;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

use crate::Store;
use crate::error::StoreError;
use crate::evidence;
use crate::field::{Fields, number};
use crate::order_decision::{self, OrderDecision};

statements! {
    PERSONS = "SELECT id, username FROM person ORDER BY username, id";
    CREDENTIALS = "SELECT id, name, person FROM credential ORDER BY name, created_at, id";
    DEVICES = "SELECT id, name, person FROM device ORDER BY name, created_at, id";
    SESSIONS = "SELECT session.id, person.username FROM session JOIN person \
                ON person.id = session.person WHERE session.ended_at IS NULL";
    BEGUN = "SELECT person, device FROM evidence \
             WHERE session = $1 AND kind = 'session.started' LIMIT 1";
    MADE = "SELECT person FROM evidence \
            WHERE credential = $1 AND kind = 'credential.created' LIMIT 1";
    BACK = "SELECT happened_at FROM evidence WHERE (happened_at, shard, seq) < ($1, $2, $3) \
            ORDER BY happened_at DESC, shard DESC, seq DESC LIMIT 1 OFFSET $4";
    BACK_ORDER = "SELECT happened_at FROM order_decision WHERE (happened_at, seq) < ($1, $2) \
                  ORDER BY happened_at DESC, seq DESC LIMIT 1 OFFSET $3";
    FORTH = "SELECT happened_at FROM evidence WHERE (happened_at, shard, seq) > ($1, $2, $3) \
             ORDER BY happened_at, shard, seq LIMIT 1 OFFSET $4";
    FORTH_ORDER = "SELECT happened_at FROM order_decision WHERE (happened_at, seq) > ($1, $2) \
                   ORDER BY happened_at, seq LIMIT 1 OFFSET $3";
}

/// Ids in one statement, well below what either engine takes.
const AT_ONCE: usize = 500;

/// Of which account decisions about orders are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrdersOf {
    /// The first, which records do not name, with what concerns no account.
    First(PaperAccountId),
    /// Another.
    Other(PaperAccountId),
}

/// What is looked for. All of it must hold.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Of evidence only what concerns this person.
    pub of: Option<PersonId>,
    /// Of decisions about orders only those on this account.
    pub account: Option<OrdersOf>,
    /// What this person did, or what was done for them.
    pub person: Option<PersonId>,
    /// What this credential did, or what was done to it.
    pub credential: Option<CredentialId>,
    /// What was done on this device, or to it.
    pub device: Option<DeviceId>,
    /// Who acted.
    pub holder: Option<Holder>,
    /// What it is about.
    pub topic: Option<Topic>,
    /// Only what was refused.
    pub refused: bool,
    /// Also what only says how something else was done.
    pub minor: bool,
    /// A text that is in the entry or in a name that it has.
    pub text: String,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub until: Option<Time>,
}

/// A place in the record, in the order in which it is shown: by time; at one time the decisions about orders
/// come first, then the shards of evidence by their numbers, each in its sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordCursor {
    /// The time of the entry there.
    pub at: Time,
    /// Its shard; none for a decision about orders.
    pub shard: Option<u32>,
    /// Its sequence, of its shard or of the journal.
    pub seq: u64,
}

/// The greatest sequence that the tables can hold.
const LAST: u64 = i64::MAX as u64;

impl RecordCursor {
    /// Before every entry.
    pub const START: Self = Self::before(Time(i64::MIN));
    /// Behind every entry.
    pub const END: Self = Self::behind(Time(i64::MAX));

    /// Before all entries of a time, and behind all earlier ones.
    pub const fn before(at: Time) -> Self {
        Self { at, shard: None, seq: 0 }
    }

    /// Behind all entries of a time, and before all later ones.
    pub const fn behind(at: Time) -> Self {
        Self { at, shard: Some(u32::MAX), seq: LAST }
    }

    /// Its columns in the table of evidence. A decision about orders comes before every shard.
    fn of_evidence(self) -> Result<[i64; 3], StoreError> {
        Ok([self.at.0, self.shard.map_or(-1, i64::from), number(self.seq)?])
    }

    /// Its columns in the table of decisions about orders. Every shard comes behind those.
    fn of_orders(self) -> Result<[i64; 2], StoreError> {
        let seq = if self.shard.is_none() { number(self.seq)? } else { i64::MAX };
        Ok([self.at.0, seq])
    }
}

/// A part of the record between two places, which are not in it themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Entries behind this.
    pub after: RecordCursor,
    /// Entries before this.
    pub before: RecordCursor,
    /// Whether the oldest come first.
    pub ascends: bool,
}

impl Stretch {
    /// The newest entries before a place, the newest first.
    pub const fn below(before: RecordCursor) -> Self {
        Self { after: RecordCursor::START, before, ascends: false }
    }

    /// The oldest entries behind a place, the oldest first.
    pub const fn above(after: RecordCursor) -> Self {
        Self { after, before: RecordCursor::END, ascends: true }
    }

    /// The same, to the end of this time or, downwards, to its beginning.
    #[must_use]
    pub fn to(self, time: Time) -> Self {
        if self.ascends {
            Self { before: self.before.min(RecordCursor::behind(time)), ..self }
        } else {
            Self { after: self.after.max(RecordCursor::before(time)), ..self }
        }
    }
}

/// Names by ids: a few short tables, whole.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// People.
    pub persons: Vec<(PersonId, String)>,
    /// Credentials, whose they are in the end.
    pub credentials: Vec<(CredentialId, String, PersonId)>,
    /// Devices, whose they are in the end.
    pub devices: Vec<(DeviceId, String, PersonId)>,
    /// People by their live sessions.
    pub sessions: Vec<(SessionId, String)>,
}

/// Which of the two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    Access,
    Orders,
}

enum Value {
    Number(i64),
    Text(String),
}

/// A statement that grows by conditions.
struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    /// The place of one more value.
    fn put(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn equal(&mut self, column: &str, value: Option<impl ToString>) {
        let Some(value) = value else { return };
        let place = self.put(Value::Text(value.to_string()));
        self.and(&format!("{column} = {place}"));
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Compares columns with a place, in their order.
    fn bound(&mut self, columns: &[&str], sign: &str, values: &[i64]) {
        let places: Vec<_> = values.iter().map(|value| self.put(Value::Number(*value))).collect();
        self.and(&format!("({}) {sign} ({})", columns.join(", "), places.join(", ")));
    }

    fn query(&self) -> Query<'_, Any, AnyArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql.clone()));
        for value in &self.values {
            query = match value {
                Value::Number(number) => query.bind(*number),
                Value::Text(text) => query.bind(text.clone()),
            };
        }
        query
    }

    async fn rows(&self, connection: &mut AnyConnection) -> Result<Vec<AnyRow>, sqlx::Error> {
        self.query().fetch_all(connection).await
    }
}

impl Search {
    /// Whether no index leads to what is looked for, so that entries have to be gone through one by one.
    pub fn is_slow(&self) -> bool {
        !self.text.trim().is_empty() || self.holder.is_some()
    }

    /// The part of a stretch that is within the days of the search.
    fn within(&self, stretch: Stretch) -> Stretch {
        let from = self.from.map_or(RecordCursor::START, RecordCursor::before);
        let until = self.until.map_or(RecordCursor::END, RecordCursor::before);
        let (after, before) = (stretch.after.max(from), stretch.before.min(until));
        Stretch { after, before, ..stretch }
    }

    /// The statement for a page of at most `limit` rows.
    fn statement(
        &self,
        record: Record,
        stretch: Stretch,
        limit: u32,
    ) -> Result<Statement, StoreError> {
        let (columns, table, order) = match record {
            Record::Access => {
                (evidence::COLUMNS, "evidence", ["happened_at", "shard", "seq"].as_slice())
            }
            Record::Orders => {
                (order_decision::COLUMNS, "order_decision", ["happened_at", "seq"].as_slice())
            }
        };
        let sql = format!("SELECT {columns} FROM {table} WHERE 1 = 1");
        let mut statement = Statement { sql, values: Vec::new() };
        self.narrow(record, &mut statement);
        if !self.minor {
            statement.and("minor = 0");
        }
        // One bound on each side: an engine goes by the first that it meets.
        let Stretch { after, before, ascends } = self.within(stretch);
        for (sign, place) in [(">", after), ("<", before)] {
            let values = match record {
                Record::Access => place.of_evidence()?.to_vec(),
                Record::Orders => place.of_orders()?.to_vec(),
            };
            statement.bound(order, sign, &values);
        }
        self.words(record, &mut statement);
        let way = if ascends { "ASC" } else { "DESC" };
        let order: Vec<_> = order.iter().map(|column| format!("{column} {way}")).collect();
        let place = statement.put(Value::Number(i64::from(limit)));
        statement.sql = format!("{} ORDER BY {} LIMIT {place}", statement.sql, order.join(", "));
        Ok(statement)
    }

    /// The conditions that have an index.
    fn narrow(&self, record: Record, statement: &mut Statement) {
        let of = self.of.filter(|_| record == Record::Access && self.of != self.person);
        statement.equal("person", of);
        statement.equal("person", self.person);
        statement.equal("credential", self.credential);
        statement.equal("device", self.device);
        statement.equal("topic", self.topic.map(Topic::name));
        match self.account.filter(|_| record == Record::Orders) {
            Some(OrdersOf::First(account)) => {
                let place = statement.put(Value::Text(account.to_string()));
                statement.and(&format!("(account IS NULL OR account = {place})"));
            }
            Some(OrdersOf::Other(account)) => statement.equal("account", Some(account)),
            None => {}
        }
        if self.refused {
            statement.and("code IS NOT NULL");
        }
        match self.holder {
            Some(Holder::Operator) => statement.and("actor LIKE 'operator%'"),
            holder => statement.equal("actor", holder),
        }
    }

    /// The text, in small letters and as typed: SQLite makes only letters of English small.
    fn words(&self, record: Record, statement: &mut Statement) {
        let text = self.text.trim();
        if text.is_empty() {
            return;
        }
        let typed = statement.put(Value::Text(pattern(text)));
        let small = statement.put(Value::Text(pattern(&text.to_lowercase())));
        let has = |column: &str| {
            format!("LOWER({column}) LIKE {small} ESCAPE '\\' OR {column} LIKE {typed} ESCAPE '\\'")
        };
        let mut any = match record {
            Record::Access => ["body", "kind", "source", "code"].map(has).to_vec(),
            // They are in small letters already.
            Record::Orders => vec![format!("words LIKE {small} ESCAPE '\\'")],
        };
        for (column, table, name) in [
            ("person", "person", "username"),
            ("credential", "credential", "name"),
            ("device", "device", "name"),
        ] {
            any.push(format!("{column} IN (SELECT id FROM {table} WHERE {})", has(name)));
        }
        statement.and(&format!("({})", any.join(" OR ")));
    }
}

/// A pattern of `LIKE` for what has this text in it.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

impl Store {
    /// Entries of evidence of all shards, in the order of the stretch.
    pub async fn search_evidence(
        &self,
        search: &Search,
        stretch: Stretch,
        limit: u32,
    ) -> Result<Vec<(Entry, Option<Index>)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let statement = search.statement(Record::Access, stretch, limit)?;
        let rows = statement.rows(&mut connection).await?;
        rows.iter().map(evidence::read_both).collect()
    }

    /// Decisions about orders, in the order of the stretch.
    pub async fn search_orders(
        &self,
        search: &Search,
        stretch: Stretch,
        limit: u32,
    ) -> Result<Vec<OrderDecision>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let statement = search.statement(Record::Orders, stretch, limit)?;
        let rows = statement.rows(&mut connection).await?;
        rows.iter().map(order_decision::read).collect()
    }

    /// The time to which a page goes that looks through about `most` entries of each record: to the end of it in
    /// both, or downwards to its beginning, so that pages follow each other. None when all that is looked for is
    /// nearer than that.
    pub async fn reach(
        &self,
        search: &Search,
        stretch: Stretch,
        most: u32,
    ) -> Result<Option<Time>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let Stretch { after, before, ascends } = search.within(stretch);
        let skipped = most.saturating_sub(1);
        let start = if ascends { after } else { before };
        let times = times(&mut connection, start, ascends, skipped).await?;
        let [access, orders] = times;
        let found = match (access, orders) {
            (Some(one), Some(other)) if ascends => Some(one.min(other)),
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        let Some(time) = found else { return Ok(None) };
        if !ascends {
            return Ok(Some(time).filter(|time| RecordCursor::before(*time) > after));
        }
        let end = RecordCursor::behind(time);
        // Where nothing is behind that time, all that is left is of it.
        let is_more = end < before && is_behind(&mut connection, end).await?;
        Ok(is_more.then_some(time))
    }

    /// The names that there are.
    pub async fn names(&self) -> Result<Names, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let mut names = Names::default();
        for row in &rows!(connection, PERSONS)? {
            let mut fields = Fields::new("person", row);
            names.persons.push((fields.parsed()?, fields.text()?));
        }
        for row in &rows!(connection, CREDENTIALS)? {
            let mut fields = Fields::new("credential", row);
            names.credentials.push((fields.parsed()?, fields.text()?, fields.parsed()?));
        }
        for row in &rows!(connection, DEVICES)? {
            let mut fields = Fields::new("device", row);
            names.devices.push((fields.parsed()?, fields.text()?, fields.parsed()?));
        }
        for row in &rows!(connection, SESSIONS)? {
            let mut fields = Fields::new("session", row);
            names.sessions.push((fields.parsed()?, fields.text()?));
        }
        Ok(names)
    }

    /// What the persons, credentials and devices of some ids are called; devices of one person alone, if `of`
    /// says whose. An id that nothing has is left out.
    pub async fn called(
        &self,
        ids: &BTreeSet<String>,
        of: Option<PersonId>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let ids: Vec<_> = ids.iter().cloned().collect();
        let mut called = Vec::new();
        for (table, name) in [("person", "username"), ("credential", "name"), ("device", "name")] {
            for some in ids.chunks(AT_ONCE) {
                let sql = format!("SELECT id, {name} FROM {table} WHERE 1 = 1");
                let mut statement = Statement { sql, values: Vec::new() };
                let places: Vec<_> =
                    some.iter().map(|id| statement.put(Value::Text(id.clone()))).collect();
                statement.and(&format!("id IN ({})", places.join(", ")));
                if table == "device" {
                    statement.equal("person", of);
                }
                for row in &statement.rows(&mut connection).await? {
                    let mut fields = Fields::new(table, row);
                    called.push((fields.text()?, fields.text()?));
                }
            }
        }
        Ok(called)
    }

    /// Whose a holder is and on which device, by the entry of its beginning: also long after it ended.
    pub async fn owner_of(
        &self,
        holder: Holder,
    ) -> Result<(Option<PersonId>, Option<DeviceId>), StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let (statement, id) = match holder {
            Holder::Session(id) => (BEGUN, id.to_string()),
            Holder::Credential(id) => (MADE, id.to_string()),
            Holder::Operator | Holder::System => return Ok((None, None)),
        };
        let Some(row) = row!(connection, statement, id)? else { return Ok((None, None)) };
        let mut fields = Fields::new("evidence", &row);
        let person = fields.maybe_parsed()?;
        let device =
            if matches!(holder, Holder::Session(_)) { fields.maybe_parsed()? } else { None };
        Ok((person, device))
    }
}

/// The times of the entries behind or before a place, after some that are skipped, in both records.
async fn times(
    connection: &mut AnyConnection,
    from: RecordCursor,
    ascends: bool,
    skipped: u32,
) -> Result<[Option<Time>; 2], StoreError> {
    let (evidence, orders) = if ascends { (FORTH, FORTH_ORDER) } else { (BACK, BACK_ORDER) };
    let ([at, shard, seq], skipped) = (from.of_evidence()?, i64::from(skipped));
    let access = row!(connection, evidence, at, shard, seq, skipped)?;
    let [at, seq] = from.of_orders()?;
    let orders = row!(connection, orders, at, seq, skipped)?;
    let read = |row: AnyRow| Fields::new("evidence", &row).time();
    Ok([access.map(read).transpose()?, orders.map(read).transpose()?])
}

/// Whether there is anything behind a place, in either record.
async fn is_behind(connection: &mut AnyConnection, from: RecordCursor) -> Result<bool, StoreError> {
    Ok(times(connection, from, true, 0).await?.iter().any(Option::is_some))
}
