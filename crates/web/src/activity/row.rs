//! Rows of the activity: days, repeats with their count, names in place of ids.

use access::{Holder, Time};
use gate::activity::{Called as Names, Piece, pieces, plain};
use gate::{ActivityEntry, ActivityPage};
use maud::{Markup, html};

use crate::figure;
use crate::refusal;

/// Entries that say the same one after another on one day.
struct Row<'a> {
    newest: &'a ActivityEntry,
    oldest: &'a ActivityEntry,
    count: u64,
}

/// The table of a page, with a heading for each day.
pub(super) fn table(page: &ActivityPage, now: Time) -> Markup {
    let names = &page.names;
    html! {
        table.trail {
            thead { tr { th.at { "Time" } th.by { "Who" } th.event { "Event" } th { "What happened" } } }
            @for (day, rows) in days(page) {
                tbody {
                    tr.day { th colspan="4" scope="rowgroup" { (heading(&day, now)) } }
                    @for one in &rows { (row(one, names)) }
                }
            }
        }
    }
}

fn heading(day: &str, now: Time) -> Markup {
    let name = if figure::day(now) == day {
        "Today, "
    } else if figure::day(now - access::Span::days(1)) == day {
        "Yesterday, "
    } else {
        ""
    };
    html! { (name) (day) }
}

fn days(page: &ActivityPage) -> Vec<(String, Vec<Row<'_>>)> {
    let mut days: Vec<(String, Vec<Row<'_>>)> = Vec::new();
    for entry in &page.entries {
        let day = figure::day(entry.at);
        if days.last().is_none_or(|(last, _)| *last != day) {
            days.push((day, Vec::new()));
        }
        let Some((_, rows)) = days.last_mut() else { continue };
        match rows.last_mut().filter(|row| is_the_same(row.newest, entry, &page.names)) {
            Some(row) => {
                row.oldest = entry;
                row.count += entry.count;
            }
            None => rows.push(Row { newest: entry, oldest: entry, count: entry.count }),
        }
    }
    days
}

fn is_the_same(one: &ActivityEntry, other: &ActivityEntry, names: &Names) -> bool {
    one.what == other.what
        && one.holder == other.holder
        && one.source == other.source
        && one.code == other.code
        && plain(&one.text, names) == plain(&other.text, names)
}

fn row(row: &Row<'_>, names: &Names) -> Markup {
    let entry = row.newest;
    let refused = entry.code.is_some();
    html! {
        tr {
            td.at { (clock(entry.at)) @if row.oldest.at != entry.at { span.sub { "from " (clock(row.oldest.at)) } } }
            td.by { (who(entry)) (whence(entry, names)) }
            td.event {
                span.tag.down[refused] { (entry.what.replace(['_', '.'], " ")) }
                @if let Some(code) = &entry.code { span.sub.mono { (code) } }
            }
            td.says {
                (says(entry, names))
                @if row.count > 1 { " " span.times { "\u{d7}\u{2009}" (figure::count(row.count)) } }
            }
        }
    }
}

fn clock(at: Time) -> Markup {
    let text = at.to_string();
    let short = text.trim_end_matches(" UTC");
    let time = short.split_once(' ').map_or(short, |(_, time)| time);
    html! { time.mono datetime=(short.replacen(' ', "T", 1) + "Z") { (time) } }
}

fn who(entry: &ActivityEntry) -> Markup {
    html! {
        @match (entry.holder, entry.person) {
            (Some(Holder::Credential(id)), _) => a href={ "/credentials/" (id) } { (entry.who) },
            (Some(Holder::Session(_)), Some(person)) => a href={ "/activity?person=" (person) } { (entry.who) },
            _ => (entry.who),
        }
    }
}

/// The device and the address.
fn whence(entry: &ActivityEntry, names: &Names) -> Markup {
    let device = entry.device.filter(|_| matches!(entry.holder, Some(Holder::Session(_))));
    let device = device.and_then(|id| names.get(&id.to_string())).map(String::as_str);
    let source = match entry.source.as_str() {
        "local" if matches!(entry.holder, Some(Holder::System)) => "",
        "local" => "command line",
        source => source,
    };
    let parts: Vec<_> =
        [device, Some(source)].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    html! { @if !parts.is_empty() { span.sub { (parts.join(" \u{b7} ")) } } }
}

/// What happened: the orders that were refused first, each as it was asked for; then why.
fn says(entry: &ActivityEntry, names: &Names) -> Markup {
    let text = bare(&entry.text, entry.code.as_deref().unwrap_or("\0"));
    let asked = entry.asked.join("; ") + ": ";
    let why = if entry.asked.is_empty() { text } else { text.strip_prefix(&asked).unwrap_or(text) };
    let why = bare(why, entry.code.as_deref().unwrap_or("\0"));
    html! {
        @for order in &entry.asked { span.asked { (order) } }
        (linked(&sentence(why), names))
    }
}

/// A sentence, whose first letter is not made large where it is an id's.
fn sentence(text: &str) -> String {
    let sentence = refusal::sentence(text);
    match (pieces(text, &Names::new()).first(), text.chars().next()) {
        (Some(Piece::Text("")), Some(first)) => {
            sentence.chars().skip(1).fold(String::from(first), |mut text, letter| {
                text.push(letter);
                text
            })
        }
        _ => sentence,
    }
}

/// A text of the record without its code in front, which is shown beside it.
fn bare<'a>(text: &'a str, code: &str) -> &'a str {
    text.strip_prefix(code).map_or(text, |rest| rest.trim_start_matches([':', ' ']))
}

fn linked(text: &str, names: &Names) -> Markup {
    html! {
        @for piece in pieces(text, names) {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Named { id, name } if id.starts_with("crd_") => a href={ "/credentials/" (id) } { (name) },
                Piece::Named { id, name } if id.starts_with("dev_") => a href={ "/activity?device=" (id) } { (name) },
                Piece::Named { id, name } if id.starts_with("per_") => a href={ "/activity?person=" (id) } { (name) },
                Piece::Named { name, .. } => (name),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_begins_large_but_for_an_id() {
        let id = format!("per_{}", "0".repeat(26));
        assert_eq!(sentence(&format!("{id} became owner")), format!("{id} became owner."));
        assert_eq!(sentence("per person, one"), "Per person, one.");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn name_of_an_id_is_linked_and_escaped() {
        let id = format!("crd_{}", "0".repeat(26));
        let names: Names = [(id.clone(), "<b>".to_owned())].into();
        let link = linked(&format!("{id}<i>"), &names).into_string();
        assert_eq!(link, format!("<a href=\"/credentials/{id}\">&lt;b&gt;</a>&lt;i&gt;"));
    }
}
