//! Fields of forms: a label, an input, its help and its error, tied together for screen readers.

use std::collections::BTreeMap;

use maud::{Markup, Render, html};

/// What is wrong with a form, by the name of its field.
pub(crate) type Errors = BTreeMap<&'static str, String>;

/// One line of text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) value: &'a str,
    /// What to type, below the field; may be empty.
    pub(crate) help: &'a str,
    /// What is wrong with what was typed.
    pub(crate) error: Option<&'a str>,
    /// `numeric` or `decimal` for the keyboard of a phone; empty for letters.
    pub(crate) mode: &'a str,
    /// The name of a list of suggestions on the page; may be empty.
    pub(crate) list: &'a str,
    pub(crate) required: bool,
    /// What the browser takes, as a regular expression, and in words; empty for anything.
    pub(crate) pattern: (&'a str, &'a str),
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        let (help, error) = (format!("{}-help", self.name), format!("{}-err", self.name));
        let described = described(self.name, self.help, self.error.is_some());
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        html! {
            div {
                label for=(self.name) { (self.label) }
                input id=(self.name) name=(self.name) value=(self.value) autocomplete="off" spellcheck="false"
                    inputmode=[some(self.mode)] list=[some(self.list)] required[self.required]
                    pattern=[some(self.pattern.0)] title=[some(self.pattern.1)]
                    aria-invalid=[self.error.map(|_| "true")] aria-describedby=[described];
                @if let Some(text) = self.error { p.err id=(error) { (text) } }
                @if !self.help.is_empty() { p.help id=(help) { (self.help) } }
            }
        }
    }
}

/// A choice from a list: `(value, text)` each.
pub(crate) fn select(name: &str, label: &str, chosen: &str, options: &[(&str, &str)]) -> Markup {
    html! {
        div {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
        }
    }
}

/// A choice of a few, all of them shown.
pub(crate) fn choice(name: &str, label: &str, chosen: &str, options: &[(&str, &str)]) -> Markup {
    html! {
        fieldset {
            legend { (label) }
            div.opts {
                @for (value, text) in options {
                    label { input type="radio" name=(name) value=(value) checked[*value == chosen] required; (text) }
                }
            }
        }
    }
}

/// A box to tick.
pub(crate) fn tick(name: &str, label: &str, ticked: bool) -> Markup {
    html! { label.check { input type="checkbox" name=(name) value="yes" checked[ticked]; span { (label) } } }
}

/// A password to type; never filled in by the server.
pub(crate) fn password(name: &str, label: &str, autocomplete: &str, help: &str) -> Markup {
    new_password(name, label, autocomplete, help, None)
}

/// A password to type, and what is wrong with the one that was typed before.
pub(crate) fn new_password(
    name: &str,
    label: &str,
    autocomplete: &str,
    help: &str,
    error: Option<&String>,
) -> Markup {
    let (described, wrong) = (described(name, help, error.is_some()), format!("{name}-err"));
    html! {
        div {
            label for=(name) { (label) }
            input id=(name) name=(name) type="password" autocomplete=(autocomplete) required
                aria-invalid=[error.map(|_| "true")] aria-describedby=[described];
            (show(name))
            @if let Some(text) = error { p.err id=(wrong) { (text) } }
            @if !help.is_empty() { p.help id={ (name) "-help" } { (help) } }
        }
    }
}

/// The name of a row of a list, to be typed anew, and what is wrong with the one that was typed.
pub(crate) fn rename(id: &str, label: &str, value: &str, error: Option<&String>) -> Markup {
    html! {
        label.sr for=(id) { (label) }
        input id=(id) name="name" value=(value) maxlength="60" required
            aria-invalid=[error.map(|_| "true")] aria-describedby=[described(id, "", error.is_some())];
        @if let Some(text) = error { p.err id={ (id) "-err" } { (text) } }
    }
}

/// The ids of what is said of a field: its error, its help.
pub(crate) fn described(name: &str, help: &str, wrong: bool) -> Option<String> {
    match (help.is_empty(), wrong) {
        (true, false) => None,
        (false, false) => Some(format!("{name}-help")),
        (true, true) => Some(format!("{name}-err")),
        (false, true) => Some(format!("{name}-err {name}-help")),
    }
}

/// The box that shows what was typed into a password's field; without script there is none.
pub(crate) fn show(name: &str) -> Markup {
    html! { div.help data-show=(name) hidden { label.check.small { input type="checkbox"; span { "Show" } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_escapes_what_was_typed() {
        let field = Field { name: "name", label: "Name", value: "\"><script>", ..Field::default() };
        let text = field.render().into_string();
        assert!(text.contains("&quot;&gt;&lt;script&gt;"), "{text}");
    }

    #[test]
    fn field_with_error_points_to_it() {
        let field =
            Field { name: "n", error: Some("too large"), help: "a number", ..Field::default() };
        let text = field.render().into_string();
        assert!(
            text.contains(r#"aria-describedby="n-err n-help""#) && text.contains("aria-invalid"),
            "{text}"
        );
    }
}
