//! The record searched: pages of evidence and of decisions about orders, by what people look for.

use access::evidence::{Entry, Index, Topic};
use access::id::{CredentialId, DeviceId, Holder, PersonId, SessionId};
use access::moment::Time;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

use crate::Store;
use crate::error::StoreError;
use crate::evidence::{self, SHARD, number};
use crate::field::Fields;
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
    FIRST = "SELECT seq FROM evidence WHERE happened_at >= $1 ORDER BY happened_at, seq LIMIT 1";
    FIRST_ORDER = "SELECT seq FROM order_decision WHERE happened_at >= $1 \
                   ORDER BY happened_at, seq LIMIT 1";
    BACK = "SELECT happened_at FROM evidence WHERE shard = 0 AND seq < $1 \
            ORDER BY seq DESC LIMIT 1 OFFSET $2";
    BACK_ORDER = "SELECT happened_at FROM order_decision WHERE seq < $1 \
                  ORDER BY seq DESC LIMIT 1 OFFSET $2";
    FORTH = "SELECT happened_at FROM evidence WHERE shard = 0 AND seq > $1 \
             ORDER BY seq LIMIT 1 OFFSET $2";
    FORTH_ORDER = "SELECT happened_at FROM order_decision WHERE seq > $1 \
                   ORDER BY seq LIMIT 1 OFFSET $2";
}

/// Two commits at one time may be recorded in the other order: a day's entries are looked for a little
/// beyond its edges, and then by their times.
const EDGE: i64 = 64;

/// What is looked for. All of it must hold.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Of evidence only what concerns this person.
    pub of: Option<PersonId>,
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

/// Where a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The newest entries below this sequence.
    Below(u64),
    /// The oldest entries above this sequence.
    Above(u64),
    /// The newest entries below the first sequence, and at or above the second.
    DownTo(u64, u64),
    /// The oldest entries above the first sequence, and at or below the second.
    UpTo(u64, u64),
}

impl Position {
    /// The same page, which ends at this sequence.
    #[must_use]
    pub const fn to(self, last: u64) -> Self {
        match self {
            Self::Below(seq) | Self::DownTo(seq, _) => Self::DownTo(seq, last),
            Self::Above(seq) | Self::UpTo(seq, _) => Self::UpTo(seq, last),
        }
    }
}

/// How far one page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The last sequence of evidence that it looks at; the greatest there is when that is beyond the newest.
    pub access: u64,
    /// The same of the decisions about orders.
    pub orders: u64,
    /// The time that it looks back to, or up to.
    pub time: Time,
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

    fn equal(&mut self, column: &str, value: Option<impl ToString>) -> bool {
        let Some(value) = value else { return false };
        let place = self.put(Value::Text(value.to_string()));
        self.and(&format!("{column} = {place}"));
        true
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    fn compare(&mut self, column: &str, sign: &str, number: i64) {
        let place = self.put(Value::Number(number));
        self.and(&format!("{column} {sign} {place}"));
    }

    fn bound(&self) -> Query<'_, Any, AnyArguments> {
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
        self.bound().fetch_all(connection).await
    }
}

impl Search {
    /// Whether no index leads to what is looked for, so that entries have to be gone through one by one.
    pub fn is_slow(&self) -> bool {
        !self.text.trim().is_empty() || self.holder.is_some()
    }

    /// The statement for a page of at most `limit` rows.
    fn statement(
        &self,
        record: Record,
        position: Position,
        limit: u32,
        edges: (Option<i64>, Option<i64>),
    ) -> Result<Statement, StoreError> {
        let (columns, table) = match record {
            Record::Access => (evidence::COLUMNS, "evidence"),
            Record::Orders => (order_decision::COLUMNS, "order_decision"),
        };
        let sql = format!("SELECT {columns} FROM {table} WHERE 1 = 1");
        let mut statement = Statement { sql, values: Vec::new() };
        let narrow = self.narrow(record, &mut statement);
        if record == Record::Access {
            // Without another index it is the primary key that gives the order.
            let shard = if narrow { "shard + 0" } else { "shard" };
            statement.and(&format!("{shard} = {SHARD}"));
        }
        if !self.minor {
            statement.and("minor = 0");
        }
        // One bound on each side: an engine goes by the first that it meets.
        let mut above = edges.0.map_or(i64::MIN, |seq| seq.saturating_sub(EDGE));
        let mut below = edges.1.map_or(i64::MAX, |seq| seq.saturating_add(EDGE));
        let order = match position {
            Position::Below(seq) => {
                below = below.min(number(seq)?);
                "DESC"
            }
            Position::Above(seq) => {
                above = above.max(number(seq)?);
                "ASC"
            }
            Position::DownTo(seq, last) => {
                below = below.min(number(seq)?);
                above = above.max(number(last)?.saturating_sub(1));
                "DESC"
            }
            Position::UpTo(seq, last) => {
                above = above.max(number(seq)?);
                below = below.min(number(last)?.saturating_add(1));
                "ASC"
            }
        };
        statement.compare("seq", ">", above);
        statement.compare("seq", "<", below);
        self.between(&mut statement);
        self.words(record, &mut statement);
        let place = statement.put(Value::Number(i64::from(limit)));
        statement.sql = format!("{} ORDER BY seq {order} LIMIT {place}", statement.sql);
        Ok(statement)
    }

    /// The conditions that have an index; whether there is one.
    fn narrow(&self, record: Record, statement: &mut Statement) -> bool {
        let of = self.of.filter(|_| record == Record::Access && self.of != self.person);
        let mut narrow = statement.equal("person", of);
        narrow |= statement.equal("person", self.person);
        narrow |= statement.equal("credential", self.credential);
        narrow |= statement.equal("device", self.device);
        narrow |= statement.equal("topic", self.topic.map(Topic::name));
        if self.refused {
            statement.and("code IS NOT NULL");
            narrow = true;
        }
        match self.holder {
            Some(Holder::Operator) => statement.and("actor LIKE 'operator%'"),
            holder => drop(statement.equal("actor", holder)),
        }
        narrow
    }

    /// The exact times of the days, whose edges are sequences already: no index is wanted for them.
    fn between(&self, statement: &mut Statement) {
        if let Some(from) = self.from {
            statement.compare("happened_at + 0", ">=", from.0);
        }
        if let Some(until) = self.until {
            statement.compare("happened_at + 0", "<", until.0);
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
    /// Entries of evidence, in the order of the position.
    pub async fn search_evidence(
        &self,
        search: &Search,
        position: Position,
        limit: u32,
    ) -> Result<Vec<(Entry, Option<Index>)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let Some(edges) = edges(&mut connection, FIRST, search).await? else {
            return Ok(Vec::new());
        };
        let statement = search.statement(Record::Access, position, limit, edges)?;
        let rows = statement.rows(&mut connection).await?;
        rows.iter().map(evidence::read_both).collect()
    }

    /// Decisions about orders, in the order of the position.
    pub async fn search_orders(
        &self,
        search: &Search,
        position: Position,
        limit: u32,
    ) -> Result<Vec<OrderDecision>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let Some(edges) = edges(&mut connection, FIRST_ORDER, search).await? else {
            return Ok(Vec::new());
        };
        let statement = search.statement(Record::Orders, position, limit, edges)?;
        let rows = statement.rows(&mut connection).await?;
        rows.iter().map(order_decision::read).collect()
    }

    /// How far a page goes that looks through about `most` entries of each record: to one time in both, so
    /// that pages follow each other. None when all that is looked for is nearer than that.
    pub async fn reach(
        &self,
        search: &Search,
        (access, orders): (Position, Position),
        most: u32,
    ) -> Result<Option<Reach>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let is_down = matches!(access, Position::Below(_) | Position::DownTo(..));
        let skipped = i64::from(most.saturating_sub(1));
        let mut times = Vec::new();
        for (position, first, back, forth) in
            [(access, FIRST, BACK, FORTH), (orders, FIRST_ORDER, BACK_ORDER, FORTH_ORDER)]
        {
            let Some((from, until)) = edges(&mut connection, first, search).await? else {
                continue;
            };
            let (statement, start) = match position {
                Position::Below(seq) | Position::DownTo(seq, _) => {
                    let until = until.map_or(i64::MAX, |seq| seq.saturating_add(EDGE));
                    (back, number(seq)?.min(until))
                }
                Position::Above(seq) | Position::UpTo(seq, _) => {
                    let from = from.map_or(i64::MIN, |seq| seq.saturating_sub(EDGE));
                    (forth, number(seq)?.max(from))
                }
            };
            if let Some(row) = row!(connection, statement, start, skipped)? {
                times.push(Fields::new("evidence", &row).int()?);
            }
        }
        let time = if is_down { times.into_iter().max() } else { times.into_iter().min() };
        let is_wanted = |time: &i64| {
            let (from, until) = (search.from.map(|time| time.0), search.until.map(|time| time.0));
            if is_down {
                from.is_none_or(|from| *time > from)
            } else {
                until.is_none_or(|until| *time < until)
            }
        };
        let Some(time) = time.filter(is_wanted) else { return Ok(None) };
        // Down to the first of that time; up to the last, which is in front of the first behind it.
        let behind = i64::from(!is_down);
        let mut last = [i64::MAX; 2];
        for (last, first) in last.iter_mut().zip([FIRST, FIRST_ORDER]) {
            if let Some(row) = row!(connection, first, time.saturating_add(behind))? {
                *last = Fields::new("evidence", &row).int()?.saturating_sub(behind);
            }
        }
        if !is_down && last == [i64::MAX; 2] {
            // All that is left is of one time.
            return Ok(None);
        }
        let [access, orders] = last.map(i64::cast_unsigned);
        Ok(Some(Reach { access, orders, time: Time(time) }))
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

/// The sequences at which the days of a search begin and end; none when nothing is so new.
async fn edges(
    connection: &mut AnyConnection,
    first: &'static str,
    search: &Search,
) -> Result<Option<(Option<i64>, Option<i64>)>, StoreError> {
    let mut found = [None, None];
    for (edge, at) in found.iter_mut().zip([search.from, search.until]) {
        let Some(at) = at else { continue };
        if let Some(row) = row!(connection, first, at.0)? {
            *edge = Some(Fields::new("evidence", &row).int()?);
        }
    }
    let [from, until] = found;
    let is_beyond = search.from.is_some() && from.is_none();
    Ok((!is_beyond).then_some((from, until)))
}
