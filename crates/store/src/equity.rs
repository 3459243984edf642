//! What an account was worth at the end of each trading day.

use access::id::PaperAccountId;

use crate::Store;
use crate::error::StoreError;
use crate::field::Fields;

statements! {
    PUT = "INSERT INTO equity (account, day, value) VALUES ($1, $2, $3) \
           ON CONFLICT (account, day) DO NOTHING";
    SINCE = "SELECT day, value FROM equity WHERE account = $1 AND day >= $2 ORDER BY day";
}

impl Store {
    /// Keeps the values of days, which count from 1970-01-01. The first value of a day stays.
    pub async fn put_equity(
        &self,
        account: PaperAccountId,
        days: &[(i32, String)],
    ) -> Result<(), StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        for (day, value) in days {
            run!(connection, PUT, account.to_string(), i64::from(*day), value.as_str())?;
        }
        Ok(())
    }

    /// The values since a day, oldest first.
    pub async fn equity_since(
        &self,
        account: PaperAccountId,
        day: i32,
    ) -> Result<Vec<(i32, String)>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, SINCE, account.to_string(), i64::from(day))?;
        let read = |row| {
            let mut fields = Fields::new("equity", row);
            Ok((fields.number()?, fields.text()?))
        };
        rows.iter().map(read).collect()
    }
}
