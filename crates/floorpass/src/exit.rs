//! How the program ends: exit codes that scripts may rely on, and what it says when it failed.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use access::Refusal;
use access::refusal::Field;
use control::ClientError;

/// Exit codes. They are part of the command line's contract: docs/operations.md lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did not work, for none of the reasons below.
    Failed = 1,
    /// The command line or the configuration file is wrong.
    Usage = 2,
    /// No server runs on the data folder.
    NotRunning = 3,
    /// The server, or the data folder, refused.
    Refused = 4,
    /// The evidence was altered, or entries are missing.
    Evidence = 5,
    /// A port or the data folder is in use.
    InUse = 6,
    /// It is in force, and not yet on record.
    NotOnRecord = 7,
}

/// The codes, for `--help`.
pub const HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 no running server, 4 refused, 5 evidence altered or missing, 6 port or data folder in use, 7 in effect but not yet recorded.";

/// What went wrong: for scripts a code, for people a sentence.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// Stable, upper case.
    pub code: String,
    /// What happened and what to do.
    pub text: String,
    /// The field that it is about, by its stable name.
    pub field: Option<String>,
}

impl Failure {
    /// A failure with its own code.
    pub fn new(exit: Exit, code: &str, text: impl fmt::Display) -> Self {
        Self { exit, code: code.to_owned(), text: text.to_string(), field: None }
    }

    /// A refusal of the data folder that this program opened itself.
    pub fn refused(exit: Exit, why: &Refusal) -> Self {
        let field = why.field().map(|field| field.name().to_owned());
        Self { field, ..Self::new(exit, why.code(), control::words(why)) }
    }

    /// Something that has no better code.
    pub fn failed(text: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, "FAILED", text)
    }

    /// A wrong command line or configuration.
    pub fn usage(text: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, "USAGE", text)
    }

    /// Says it: on standard error for people, with `--json` on standard output for scripts.
    pub fn report(self, json: bool) -> ExitCode {
        if json {
            let mut error = serde_json::json!({"code": self.code, "text": self.text});
            if let (Some(error), Some(field)) = (error.as_object_mut(), self.field) {
                error.insert("field".to_owned(), field.into());
            }
            let error = serde_json::json!({ "error": error });
            crate::output::line(&error.to_string());
        } else {
            crate::log::flush();
            // A caller who closed it hears nothing; that is no failure of ours.
            writeln!(std::io::stderr(), "floorpass: {}", self.text).ok();
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<Refusal> for Failure {
    fn from(why: Refusal) -> Self {
        Self::refused(Exit::Refused, &why)
    }
}

/// The option of the command line at which a field is typed; none where it is the command's own argument, or where no
/// command has it.
pub const fn option(field: Field) -> Option<&'static str> {
    match field {
        Field::Accounts => Some("--account"),
        Field::Addresses => Some("--address"),
        Field::Cash => Some("--cash"),
        Field::Collar => Some("--collar"),
        Field::Control => Some("--limit"),
        Field::ContactsNeeded => Some("--contacts"),
        Field::DuplicateWindow => Some("--duplicate-seconds"),
        Field::End => Some("--days"),
        Field::FirstDay => Some("--from"),
        Field::Hours | Field::RecoveryWait => Some("--hours"),
        Field::IdleTime => Some("--idle-minutes"),
        Field::LargeOrders => Some("--large-orders"),
        Field::LastDay | Field::MandateEnd => Some("--until"),
        Field::Mail => Some("--mail"),
        Field::MaxNotional => Some("--max-notional"),
        Field::MaxOpenOrders => Some("--max-open-orders"),
        Field::MaxQuantity => Some("--max-quantity"),
        Field::Network => Some("--network"),
        Field::Phone => Some("--phone"),
        Field::Place => Some("--to"),
        Field::Port => Some("--port"),
        Field::Purpose => Some("--purpose"),
        Field::Rate | Field::Burst => Some("--per-second"),
        Field::Symbols => Some("--symbol"),
        Field::TokenGrace => Some("--grace-minutes"),
        Field::TotalTime => Some("--absolute-hours"),
        Field::Weekday | Field::WindowTime | Field::Zone => Some("--window"),
        Field::AuthenticatorName
        | Field::ContactName
        | Field::CredentialName
        | Field::DeviceName
        | Field::Name
        | Field::PasskeyName
        | Field::Password
        | Field::Username => None,
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let text = error.to_string();
        match error {
            ClientError::NoFolder { .. } => Self::new(Exit::NotRunning, "NO_DATA_FOLDER", text),
            ClientError::NotYours { .. } => Self::new(Exit::Refused, "NOT_YOURS", text),
            ClientError::NotRunning { .. } => Self::new(Exit::NotRunning, "NOT_RUNNING", text),
            ClientError::Io { .. } => Self::new(Exit::Failed, "CONTROL_SOCKET", text),
            ClientError::Foreign { .. } => Self::new(Exit::Failed, "FOREIGN_ANSWER", text),
            ClientError::Fault(fault) => {
                let done = fault.code == "IN_FORCE_NOT_ON_RECORD";
                let exit = match fault.code.as_str() {
                    _ if done => Exit::NotOnRecord,
                    control::NAME_NEEDED | "PRICE_MISSING" | "PRICE_NOT_TAKEN" => Exit::Usage,
                    _ => Exit::Refused,
                };
                let field = fault.field.as_deref().and_then(Field::named);
                let text = match field.and_then(option) {
                    Some(option) => format!("{text} ({option})"),
                    None => text,
                };
                Self { field: fault.field, ..Self::new(exit, &fault.code, text) }
            }
        }
    }
}
