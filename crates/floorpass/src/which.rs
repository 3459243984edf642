//! What a `show` or a `list` is about: one thing by its id, or what one person or everybody has.

use std::fmt::Display;
use std::str::FromStr;

use control::{Done, Request};

use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::output;

/// What is shown.
#[derive(Debug, PartialEq, Eq)]
pub enum Which<I> {
    /// The one of this id.
    One(I),
    /// All of this person, or of everybody.
    Of(Option<String>),
}

/// Reads it: what begins as an id of this kind is one, anything else is a user name.
pub fn which<I>(typed: Option<String>, prefix: &str) -> Result<Which<I>, Failure>
where
    I: FromStr<Err: Display>,
{
    match typed {
        Some(text) if text.starts_with(prefix) => {
            text.parse().map(Which::One).map_err(Failure::usage)
        }
        name => Ok(Which::Of(name)),
    }
}

/// The one row that was asked for.
pub fn only<T>(
    rows: Vec<T>,
    noun: &str,
    id: impl Display,
    is_meant: impl Fn(&T) -> bool,
) -> Result<T, Failure> {
    rows.into_iter().find(is_meant).ok_or_else(|| {
        let text = format!("there is no {noun} {id}; see `floorpass {noun} list`");
        Failure::new(Exit::Refused, "NOT_FOUND", text)
    })
}

/// Asks for an act and says what was done.
pub fn done(global: &Global, request: &Request) -> Result<(), Failure> {
    let done: Done = control::ask(global.data(), request)?;
    output::show(global.json, &done, |done| done.text.clone())
}

#[cfg(test)]
mod tests {
    use access::SessionId;

    use super::*;

    #[test]
    fn id_names_one_and_a_name_all_of_that_person() {
        let read = |typed: Option<&str>| which::<SessionId>(typed.map(str::to_owned), "ses_").ok();
        assert_eq!(read(None), Some(Which::Of(None)));
        assert_eq!(read(Some("trader")), Some(Which::Of(Some("trader".to_owned()))));
        let id = SessionId([7; 16]);
        assert_eq!(read(Some(&id.to_string())), Some(Which::One(id)));
        // A copied id that lost its end is no user name.
        assert_eq!(read(Some("ses_0123")), None);
    }
}
