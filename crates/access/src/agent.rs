//! What a browser says about itself: program, version, system and kind of device. It may lie, so
//! nothing is decided by it; it only helps people tell their own browsers apart.

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::refusal::Field;

/// Digits of a version that are taken.
const MOST_DIGITS: usize = 5;

/// A browser by its own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Program, version and system: `Firefox 140 on Linux`.
    pub name: Name,
    /// What it runs on.
    pub form: Form,
}

/// What a browser runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A desktop or laptop computer.
    Desktop,
    /// A phone.
    Phone,
    /// A tablet.
    Tablet,
    /// It does not say.
    Unknown,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Desktop, Self::Phone, Self::Tablet, Self::Unknown];

    /// Its name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Unknown => "unknown",
        }
    }

    /// In plain words; nothing where it is not known.
    pub const fn text(self) -> Option<&'static str> {
        match self {
            Self::Desktop => Some("computer"),
            Self::Phone => Some("phone"),
            Self::Tablet => Some("tablet"),
            Self::Unknown => None,
        }
    }
}

/// Programs by what marks them, and where their version is. The order matters: Edge says Chrome, and
/// Chrome says Safari.
const PROGRAMS: [(&str, &str, &str); 13] = [
    ("EdgA/", "EdgA/", "Edge"),
    ("EdgiOS/", "EdgiOS/", "Edge"),
    ("Edg/", "Edg/", "Edge"),
    ("OPR/", "OPR/", "Opera"),
    ("SamsungBrowser/", "SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "FxiOS/", "Firefox"),
    ("CriOS/", "CriOS/", "Chrome"),
    ("Firefox/", "Firefox/", "Firefox"),
    ("Chrome/", "Chrome/", "Chrome"),
    ("Safari/", "Version/", "Safari"),
    ("curl/", "curl/", "curl"),
    ("python-requests/", "python-requests/", "Python Requests"),
    ("python", "python/", "Python"),
];

/// Systems by what marks them: Android says Linux, and an iPhone says Mac OS X.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

impl Agent {
    /// Of a `User-Agent` header.
    pub fn of(text: &str) -> Self {
        let program = PROGRAMS.iter().find(|(mark, ..)| text.contains(mark));
        let program = program.map(|(_, version, name)| match version_after(text, version) {
            Some(version) => format!("{name} {version}"),
            None => (*name).to_owned(),
        });
        Self { name: called(program.as_deref(), system(text)), form: form(text) }
    }
}

/// What the browser is called whatever its version: `Firefox on Linux`.
pub fn family(text: &str) -> Name {
    let program = PROGRAMS.iter().find(|(mark, ..)| text.contains(mark));
    called(program.map(|(.., name)| *name), system(text))
}

fn system(text: &str) -> Option<&'static str> {
    SYSTEMS.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
}

/// The first number of a version. The rest of it changes by the week, and some browsers send zeros.
fn version_after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(mark)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end).filter(|digits| (1..=MOST_DIGITS).contains(&digits.len()))
}

fn form(text: &str) -> Form {
    match system(text) {
        Some("iPhone") => Form::Phone,
        Some("Android") if text.contains("Mobile") => Form::Phone,
        Some("iPad" | "Android") => Form::Tablet,
        Some(_) => Form::Desktop,
        None => Form::Unknown,
    }
}

fn called(program: Option<&str>, system: Option<&str>) -> Name {
    let text = match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Browser".to_owned(),
    };
    Name::new(Field::DeviceName, &text).unwrap_or_else(|_| Name::fixed("Browser"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, Form) {
        let Agent { name, form } = Agent::of(text);
        (name.to_string(), form)
    }

    #[test]
    fn agent_is_read_as_its_program_version_system_and_form() {
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ";
        for (agent, name, form) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome 131 on Linux",
                Form::Desktop,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51",
                "Edge 131 on Windows",
                Form::Desktop,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox 140 on Windows",
                Form::Desktop,
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
                "Chrome 131 on Android",
                Form::Phone,
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Safari/537.36",
                "Samsung Internet 27 on Android",
                Form::Tablet,
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
                "Chrome 130 on ChromeOS",
                Form::Desktop,
            ),
            (
                &format!("{mac}605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"),
                "Safari 18 on macOS",
                Form::Desktop,
            ),
            (
                &format!("{phone}Version/18.1 Mobile/15E148 Safari/604.1"),
                "Safari 18 on iPhone",
                Form::Phone,
            ),
            (
                &format!("{phone}CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1"),
                "Chrome 131 on iPhone",
                Form::Phone,
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
                "Safari 17 on iPad",
                Form::Tablet,
            ),
            ("curl/8.11.0", "curl 8", Form::Unknown),
            ("python-requests/2.32.3", "Python Requests 2", Form::Unknown),
            ("Firefox/", "Firefox", Form::Unknown),
            ("Firefox/1234567", "Firefox", Form::Unknown),
            ("Firefox/\u{ff11}", "Firefox", Form::Unknown),
            ("", "Browser", Form::Unknown),
        ] {
            assert_eq!(told(agent), (name.to_owned(), form), "{agent}");
        }
    }

    #[test]
    fn family_is_the_same_in_every_version() {
        for version in ["140.0", "141.0", ""] {
            let agent = format!("Mozilla/5.0 (X11; Linux x86_64) Firefox/{version}");
            assert_eq!(family(&agent).as_str(), "Firefox on Linux");
        }
    }
}
