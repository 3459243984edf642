//! What somebody looks for in the activity: the fields of the filter, and the links that keep them.

use access::{Holder, Span, Time};
use gate::ActivityFilter;

use crate::field::Errors;
use crate::form::Fields;

pub(super) use gate::activity::Names;

/// The fields of the filter.
const FIELDS: [&str; 9] =
    ["text", "from", "to", "kind", "person", "credential", "device", "refused", "steps"];
/// Those that are not always in sight.
const MORE: [&str; 6] = ["kind", "person", "credential", "device", "refused", "steps"];
/// Characters that may be searched for.
const LONGEST: usize = 100;

/// What was asked for.
pub(super) struct Wanted {
    pub(super) filter: ActivityFilter,
    pub(super) errors: Errors,
    values: Vec<(&'static str, String)>,
}

impl Wanted {
    pub(super) fn of(fields: &Fields) -> Self {
        let mut values: Vec<_> = FIELDS
            .into_iter()
            .filter(|name| !fields.get(name).is_empty())
            .map(|name| (name, fields.get(name).to_owned()))
            .collect();
        let mut errors = Errors::new();
        let mut filter = ActivityFilter {
            refused_only: fields.has("refused"),
            hides_minor: !fields.has("steps"),
            text: fields.get("text").to_owned(),
            ..ActivityFilter::default()
        };
        if filter.text.chars().count() > LONGEST {
            let length = filter.text.chars().count();
            let text =
                format!("{length} characters are too many to search for; use up to {LONGEST}.");
            errors.insert("text", text);
        }
        for name in ["from", "to"] {
            match day(fields.get(name)) {
                Ok(Some(day)) if name == "from" => filter.from = Some(day),
                Ok(day) if name == "to" => filter.until = day.map(|day| day + Span::days(1)),
                Ok(_) => {}
                Err(text) => drop(errors.insert(name, text)),
            }
        }
        if let (Some(from), Some(until)) = (filter.from, filter.until)
            && from >= until
        {
            errors.insert("to", "The last day is before the first; swap them.".to_owned());
        }
        filter.topic = chosen("kind", fields, &mut errors);
        filter.person = chosen("person", fields, &mut errors);
        filter.credential = chosen("credential", fields, &mut errors);
        filter.device = chosen("device", fields, &mut errors);
        let holder = fields.get("holder");
        match holder {
            "operator" => filter.holder = Some(Holder::Operator),
            "system" => filter.holder = Some(Holder::System),
            id => match id.parse() {
                Ok(credential) => {
                    filter.credential = Some(credential);
                    values.push(("credential", id.to_owned()));
                }
                Err(_) => filter.holder = id.parse().map(Holder::Session).ok(),
            },
        }
        if filter.holder.is_some() {
            values.push(("holder", holder.to_owned()));
        }
        Self { filter, errors, values }
    }

    /// The text of a field.
    pub(super) fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| value)
    }

    pub(super) fn error(&self, name: &str) -> Option<&str> {
        self.errors.get(name).map(String::as_str)
    }

    pub(super) fn holder(&self) -> Option<&str> {
        Some(self.value("holder")).filter(|holder| !holder.is_empty())
    }

    pub(super) fn is_narrow(&self) -> bool {
        !self.values.is_empty()
    }

    /// Whether a filter is on that is not always in sight.
    pub(super) fn has_more(&self) -> bool {
        MORE.iter().any(|name| !self.value(name).is_empty())
    }

    /// Names and values of all that is asked for.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The address of the same list with other values; an empty one is left out.
    pub(super) fn link(&self, other: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let kept = self.pairs().filter(|(name, _)| other.iter().all(|(one, _)| one != name));
        for (name, value) in kept.chain(other.iter().copied()) {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { "/activity".to_owned() } else { format!("/activity?{query}") }
    }

    /// What is asked for, in words for the record.
    pub(super) fn sentence(&self) -> String {
        if self.values.is_empty() {
            return "all of it".to_owned();
        }
        let parts = self.pairs().map(|(name, value)| format!("{name} {value}"));
        parts.collect::<Vec<_>>().join(", ")
    }
}

fn day(text: &str) -> Result<Option<Time>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let short: String = text.chars().take(20).collect();
    let wrong = || format!("\"{short}\" is not a date; write it like 2026-12-24.");
    Time::of_date(text).map(Some).ok_or_else(wrong)
}

/// A choice from a list, which no form of ours gets wrong.
fn chosen<T: std::str::FromStr<Err = E>, E>(
    name: &'static str,
    fields: &Fields,
    errors: &mut Errors,
) -> Option<T> {
    let text = fields.get(name);
    if text.is_empty() {
        return None;
    }
    let value = text.parse().ok();
    if value.is_none() {
        errors.insert(name, "Choose one from the list.".to_owned());
    }
    value
}

/// Choices by id and name.
pub(super) fn labels<I: ToString>(all: &[(I, String)]) -> Vec<(String, String)> {
    distinct(&all.iter().map(|(id, name)| (id.to_string(), name.clone())).collect::<Vec<_>>())
}

/// The same of what belongs to people.
pub(super) fn labels_of<I: ToString, P>(all: &[(I, String, P)]) -> Vec<(String, String)> {
    distinct(&all.iter().map(|(id, name, _)| (id.to_string(), name.clone())).collect::<Vec<_>>())
}

/// Names that come twice get the end of their id.
fn distinct(all: &[(String, String)]) -> Vec<(String, String)> {
    let is_double = |name: &String| all.iter().filter(|(_, other)| other == name).count() > 1;
    all.iter()
        .map(|(id, name)| {
            let end = id.get(id.len().saturating_sub(4)..).unwrap_or_default();
            let label =
                if is_double(name) { format!("{name} (\u{2026}{end})") } else { name.clone() };
            (id.clone(), label)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(pairs: &[(&str, &str)]) -> Wanted {
        Wanted::of(&Fields::of(pairs))
    }

    #[test]
    fn days_are_whole_and_what_is_no_day_is_said() {
        let day = wanted(&[("from", "2026-12-24"), ("to", "2026-12-24")]);
        let (from, until) = (day.filter.from, day.filter.until);
        assert_eq!(from.zip(until).map(|(from, until)| until.since(from)), Some(Span::days(1)));
        for (from, to, field) in [
            ("24.12.2026", "", "from"),
            ("", "2026-02-30", "to"),
            ("2026-12-25", "2026-12-24", "to"),
        ] {
            assert!(wanted(&[("from", from), ("to", to)]).error(field).is_some(), "{from} {to}");
        }
    }

    #[test]
    fn link_keeps_the_filter_and_drops_the_page() {
        let query = [("text", "a&b"), ("kind", "orders"), ("before", "1-2"), ("from", "")];
        let wanted = wanted(&query);
        assert_eq!(
            wanted.link(&[("from", "2026-12-24")]),
            "/activity?text=a%26b&kind=orders&from=2026-12-24"
        );
        assert_eq!(wanted.link(&[("text", ""), ("kind", "")]), "/activity");
    }

    #[test]
    fn names_that_come_twice_are_told_apart() {
        let all = vec![
            ("crd_1234".to_owned(), "bot".to_owned()),
            ("crd_5678".to_owned(), "bot".to_owned()),
        ];
        let labels: Vec<_> = distinct(&all).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["bot (\u{2026}1234)", "bot (\u{2026}5678)"]);
    }
}
