//! The machine that a server runs on, and one life of that server: opened, stopped, or killed.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use access::{Span, Time};
use gate::clock::Hands;
use gate::{Config, Durability, Gate, Hours, Stepper};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trade::Instruments;
use twsd::Streams;

use crate::dice::Dice;
use crate::disk::SimDisk;
use crate::finding::{Finding, Ran};

/// The user that the operator's door sees.
const ROOT: u32 = 0;

/// Where browsers reach the portal.
pub const ORIGIN: &str = "http://localhost:8080";

fn origin() -> Ran<url::Url> {
    url::Url::parse(ORIGIN).map_err(|error| Finding::of("an address", error))
}

/// The machine: it goes on when the server dies.
pub struct Machine {
    /// Its clocks.
    pub hands: Arc<Hands>,
    /// What its exchange trades.
    pub instruments: Arc<Instruments>,
    durability: Durability,
    hours: Hours,
    market: u64,
}

/// A server that runs.
pub struct Life {
    /// The gate.
    pub gate: Gate,
    /// What moves it.
    pub stepper: Stepper,
    /// The door of programs.
    pub door: Streams,
    /// Its disk.
    pub disk: SimDisk,
    /// The portal.
    pub portal: axum::Router,
    control: control::ControlStreams,
    folder: TempDir,
}

/// Why a request at the operator's door was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorRefusal {
    /// The stable code.
    pub code: String,
    /// The sentence.
    pub text: String,
}

impl Machine {
    /// A machine that is switched on, so many days later than usual.
    pub fn new(dice: &mut Dice, later: u32) -> Ran<Self> {
        // A weekday, at some hour of it.
        let start = Time::from_seconds(1_795_000_000) + Span::seconds(dice.between(0, 500_000));
        let start = start + Span::days(later.into());
        let instruments = if dice.chance(1, 2) { Instruments::builtin() } else { others()? };
        let durability = if dice.chance(1, 8) { Durability::Process } else { Durability::Disk };
        let hours = if dice.chance(1, 2) { Hours::RoundTheClock } else { Hours::Real };
        let (hands, market) = (Hands::new(start, dice.bytes()), dice.next());
        let instruments = Arc::clone(instruments);
        Ok(Self { hands, instruments, durability, hours, market })
    }

    /// Whether an acknowledgement outlives a loss of power.
    pub fn is_durable(&self) -> bool {
        self.durability == Durability::Disk
    }

    /// Opens a folder, made when there is nothing in it.
    pub async fn open(&self, folder: TempDir, dice: &mut Dice) -> Ran<Life> {
        let config = Config {
            data: folder.path().to_owned(),
            database: None,
            durability: self.durability,
            demo: true,
            seed: Some(self.market),
            hours: self.hours,
            portal_origin: origin()?,
            passkeys: None,
            token_required_by_default: false,
        };
        let disk = SimDisk::new(Dice::new(dice.next()));
        let instruments = Arc::clone(&self.instruments);
        let opened =
            Box::pin(Gate::open_stepped(config, &self.hands, Arc::new(disk.clone()), instruments));
        let (gate, stepper) = opened.await.map_err(|error| Finding::of("the start", error))?;
        let door = Streams::new(gate.clone());
        let control = control::ControlStreams::new(gate.clone(), folder.path(), ORIGIN, ORIGIN);
        let portal = web::Config {
            origin: origin()?,
            folder: "0123456789".to_owned(),
            demo: true,
            durability: self.durability,
            proxy: None,
            authority: None,
            lan: None,
        };
        let portal = web::router(gate.clone(), portal);
        Ok(Life { gate, stepper, door, disk, portal, control, folder })
    }
}

/// Other instruments than those that every exchange has: of several currencies, steps and ticks, one of which may
/// trade below zero.
fn others() -> Ran<&'static Arc<Instruments>> {
    static OTHERS: LazyLock<Result<Arc<Instruments>, String>> = LazyLock::new(|| {
        let text = include_str!("../../../tests/instruments.csv");
        Instruments::read("tests/instruments.csv", text).map(Arc::new).map_err(|e| e.to_string())
    });
    OTHERS.as_ref().map_err(|error| Finding::of("the instruments", error))
}

/// A new folder, in memory where the machine has such a place: nothing here is to outlive a run.
pub fn new_folder() -> Ran<TempDir> {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.map_err(|error| Finding::of("a new folder", error))
}

impl Life {
    /// Where its data is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Asks at the operator's door.
    pub async fn ask(&self, request: &Value) -> Ran<Result<Value, DoorRefusal>> {
        let (mut near, far) = tokio::io::duplex(1 << 16);
        let (line, mut answer) = (format!("{request}\n"), Vec::new());
        let asks = async {
            near.write_all(line.as_bytes()).await?;
            near.shutdown().await?;
            near.read_to_end(&mut answer).await
        };
        let (served, asked) =
            tokio::join!(self.control.converse(tokio::io::split(far), ROOT), asks);
        served.map_err(|error| Finding::of("the operator's door", error))?;
        asked.map_err(|error| Finding::of("the operator's door", error))?;
        let mut answer: Value = serde_json::from_slice(&answer)
            .map_err(|error| Finding::of("an answer at the operator's door", error))?;
        if let Some(ok) = answer.get_mut("ok") {
            return Ok(Ok(ok.take()));
        }
        let said = |name: &str| {
            let said = answer.pointer(&format!("/error/{name}"));
            said.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Ok(Err(DoorRefusal { code: said("code"), text: said("text") }))
    }

    /// Stops it as a signal does.
    pub async fn stop(&self) -> Result<(), String> {
        self.gate.close().await.map_err(|refusal| refusal.to_string())
    }

    /// Its folder, once it is stopped.
    pub fn into_folder(self) -> TempDir {
        self.folder
    }

    /// Kills it: what is left of its folder, in a new one. Of what was not synced, some is lost where the power
    /// fails with it.
    pub fn kill(self, loses: bool) -> Ran<TempDir> {
        let to = new_folder()?;
        copy(self.folder.path(), to.path(), loses.then_some(&self.disk))
            .map_err(|error| Finding::of("the folder of a server that was killed", error))?;
        Ok(to)
    }
}

fn copy(from: &Path, to: &Path, lost: Option<&SimDisk>) -> std::io::Result<()> {
    let mut all: Vec<_> = std::fs::read_dir(from)?.collect::<Result<_, _>>()?;
    all.sort_by_key(std::fs::DirEntry::file_name);
    for entry in all {
        let (name, path) = (entry.file_name(), entry.path());
        let into = to.join(&name);
        let text = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            private::folder(&into)?;
            copy(&path, &into, lost)?;
        } else if path.extension().is_some_and(|ending| ending == "seg") {
            let mut bytes = std::fs::read(&path)?;
            if let Some(disk) = lost {
                disk.left_of(&path, &mut bytes);
            }
            let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let file = private::create(&into)?;
            std::os::unix::fs::FileExt::write_all_at(
                &file,
                bytes.get(..used).unwrap_or(&bytes),
                0,
            )?;
            file.set_len(u64::try_from(bytes.len()).unwrap_or(0))?;
        } else if text != "lock" && text != "control.sock" && !text.ends_with("-shm") {
            std::fs::copy(&path, &into)?;
        }
    }
    Ok(())
}
