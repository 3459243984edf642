//! Reading rows: each value in its turn, into its type. What does not fit is
//! damage, and says in which table.

use std::fmt::Display;
use std::str::FromStr;

use access::moment::Time;
use access::secret::{Digest, SealedSecret};
use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;

/// The fields of one row, from left to right.
pub(crate) struct Fields<'r> {
    table: &'static str,
    row: &'r AnyRow,
    next: usize,
}

type Field<T> = Result<T, StoreError>;

impl<'r> Fields<'r> {
    pub fn new(table: &'static str, row: &'r AnyRow) -> Self {
        Self { table, row, next: 0 }
    }

    pub fn damaged(&self, what: impl Display) -> StoreError {
        StoreError::Damaged { table: self.table, what: format!("column {}: {what}", self.next) }
    }

    pub fn text(&mut self) -> Field<String> {
        self.maybe_text()?.ok_or_else(|| self.damaged("a value is missing"))
    }

    pub fn maybe_text(&mut self) -> Field<Option<String>> {
        let value = self.row.try_get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    pub fn int(&mut self) -> Field<i64> {
        self.maybe_int()?.ok_or_else(|| self.damaged("a number is missing"))
    }

    pub fn maybe_int(&mut self) -> Field<Option<i64>> {
        let value = self.row.try_get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// A number of a smaller type.
    pub fn number<T: TryFrom<i64>>(&mut self) -> Field<T> {
        self.maybe_number()?.ok_or_else(|| self.damaged("a number is missing"))
    }

    pub fn maybe_number<T: TryFrom<i64>>(&mut self) -> Field<Option<T>> {
        let Some(value) = self.maybe_int()? else { return Ok(None) };
        let read = T::try_from(value);
        read.map(Some).map_err(|_| self.damaged(format_args!("{value} is out of range")))
    }

    pub fn truth(&mut self) -> Field<bool> {
        Ok(self.int()? != 0)
    }

    pub fn time(&mut self) -> Field<Time> {
        self.int().map(Time)
    }

    pub fn maybe_time(&mut self) -> Field<Option<Time>> {
        Ok(self.maybe_int()?.map(Time))
    }

    /// A value that is written as its text.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self) -> Field<T> {
        self.text()?.parse().map_err(|error| self.damaged(error))
    }

    pub fn maybe_parsed<T: FromStr<Err: Display>>(&mut self) -> Field<Option<T>> {
        let text = self.maybe_text()?;
        text.map(|text| text.parse()).transpose().map_err(|error| self.damaged(error))
    }

    /// A value that is written as its text, and in no other way.
    pub fn exact<T: FromStr<Err: Display> + Display>(&mut self) -> Field<T> {
        self.maybe_exact()?.ok_or_else(|| self.damaged("a value is missing"))
    }

    pub fn maybe_exact<T: FromStr<Err: Display> + Display>(&mut self) -> Field<Option<T>> {
        let Some(text) = self.maybe_text()? else { return Ok(None) };
        let value: T = text.parse().map_err(|error| self.damaged(error))?;
        if value.to_string() == text {
            Ok(Some(value))
        } else {
            Err(self.damaged(format_args!("{text:?} is written otherwise")))
        }
    }

    /// The value, whatever it is, to name a row by.
    pub fn told(&mut self) -> String {
        let number = self.row.try_get::<i64, _>(self.next).map(|number| number.to_string());
        let told = number.or_else(|_| self.row.try_get::<String, _>(self.next));
        self.next += 1;
        told.unwrap_or_else(|_| "unreadable".to_owned())
    }

    /// A value that is written as JSON.
    pub fn json<T: DeserializeOwned>(&mut self) -> Field<T> {
        serde_json::from_str(&self.text()?).map_err(|error| self.damaged(error))
    }

    /// A value that checks itself.
    pub fn checked<T, E: Display>(&mut self, check: impl Fn(&str) -> Result<T, E>) -> Field<T> {
        check(&self.text()?).map_err(|error| self.damaged(error))
    }

    pub fn maybe_checked<T, E: Display>(
        &mut self,
        check: impl Fn(&str) -> Result<T, E>,
    ) -> Field<Option<T>> {
        let text = self.maybe_text()?;
        text.map(|text| check(&text)).transpose().map_err(|error| self.damaged(error))
    }

    /// One of a list, by its name.
    pub fn named<T: Copy>(&mut self, all: &[T], name: impl Fn(T) -> &'static str) -> Field<T> {
        let text = self.text()?;
        let found = all.iter().copied().find(|one| name(*one) == text);
        found.ok_or_else(|| self.damaged(format_args!("{text} is unknown")))
    }

    pub fn digest(&mut self) -> Field<Digest> {
        self.maybe_digest()?.ok_or_else(|| self.damaged("a digest is missing"))
    }

    pub fn maybe_digest(&mut self) -> Field<Option<Digest>> {
        let Some(bytes) = self.maybe_bytes()? else { return Ok(None) };
        let bytes = bytes.try_into().map_err(|_| self.damaged("a digest has 32 bytes"))?;
        Ok(Some(Digest(bytes)))
    }

    pub fn sealed(&mut self) -> Field<SealedSecret> {
        self.maybe_sealed()?.ok_or_else(|| self.damaged("a sealed secret is missing"))
    }

    pub fn maybe_sealed(&mut self) -> Field<Option<SealedSecret>> {
        Ok(self.maybe_bytes()?.map(SealedSecret))
    }

    pub fn maybe_bytes(&mut self) -> Field<Option<Vec<u8>>> {
        let text = self.maybe_text()?;
        text.map(|text| HEXLOWER.decode(text.as_bytes()))
            .transpose()
            .map_err(|error| self.damaged(error))
    }
}

/// Bytes as they are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// A value as JSON.
pub(crate) fn json<T: serde::Serialize>(table: &'static str, value: &T) -> Field<String> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Damaged { table, what: error.to_string() })
}

/// A sequence number as the engines keep it.
pub(crate) fn number(seq: u64) -> Result<i64, StoreError> {
    let what = || format!("{seq} is above the largest number that the database can hold");
    i64::try_from(seq).map_err(|_| StoreError::Damaged { table: "evidence", what: what() })
}
