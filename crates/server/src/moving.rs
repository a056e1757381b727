//! `restante move`: tells how far it is, and what came of it.

use crate::cli::MoveCommand;
use crate::{app_certificate, certificate, config, protecting};
use anyhow::{Context, bail};
use identity::KEYS;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use store::{Moved, Secret, Step, StoreError};

/// What the command ends with where the move goes on.
const FOLLOWED: u8 = 3;
/// Between two lines that tell how far it is.
const OFTEN: Duration = Duration::from_secs(5);

/// All that a server makes up once and keeps.
const SECRETS: [Secret; 6] = [
    owners(KEYS[0]),
    owners(KEYS[1]),
    owners(app_certificate::FILE),
    owners(certificate::KEY),
    owners(protecting::OF_DEVELOPMENT),
    Secret { name: certificate::FILE, mode: certificate::FOR_ALL },
];

const fn owners(name: &'static str) -> Secret {
    Secret { name, mode: 0o600 }
}

/// `restante move`: 0 once all is moved, or the move is given up; 3 where it goes on.
///
/// # Errors
/// Where either place can't be used, or what is in it contradicts itself.
pub async fn run(command: &MoveCommand) -> anyhow::Result<ExitCode> {
    let scratch = tempfile::tempdir().context("there is no place for temporary files")?;
    let from = config::end_of_move(&command.from(), &scratch.path().join("from"))?;
    if command.abandon {
        match store::stay(from.clone()).await {
            Err(StoreError::NotFound) => bail!("the store {from} is not being moved"),
            stayed => {
                stayed.map_err(explained).with_context(|| format!("the store {from}"))?;
                println!("The move is given up. The store {from} can be served.");
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let to = config::end_of_move(&command.to(), &scratch.path().join("to"))?;
    let mut teller = Teller { last: Instant::now() };
    let moved = store::move_store(from.clone(), to.clone(), command.end, &SECRETS, move |step| teller.tell(&step)).await;
    let moved = moved.map_err(explained).with_context(|| format!("the store {from} can't be moved; the other place is {to}"))?;
    Ok(match moved {
        Moved::Whole => {
            println!("The store is moved: it is {to}. What is {from} is of this time, and nobody can serve it any more.");
            ExitCode::SUCCESS
        }
        Moved::Followed => {
            println!("What the store had is brought. To end the move, stop its servers and say this again with --end.");
            ExitCode::from(FOLLOWED)
        }
    })
}

fn explained(error: StoreError) -> anyhow::Error {
    let why = match &error {
        StoreError::Conflict => "there is mail at the other place already, which this move has not brought",
        StoreError::InUse => "the other place is served, or is this one; or another \"restante move\" is at work on one of them",
        StoreError::Missing => "there is no store to be moved",
        _ => return error.into(),
    };
    anyhow::anyhow!(why)
}

/// Tells on stderr how far it is, and on stdout what is the same at both places.
struct Teller {
    last: Instant,
}

impl Teller {
    fn tell(&mut self, step: &Step) {
        match step {
            Step::Round { number, is_last: false } => eprintln!("Round {number}; the store may be served meanwhile."),
            Step::Round { number, is_last: true } => eprintln!("Round {number}; nobody serves the store any more."),
            Step::Rows { table, done, of } => {
                if self.last.elapsed() >= OFTEN {
                    self.last = Instant::now();
                    eprintln!("{table}: {done} of {of} rows are there.");
                }
            }
            Step::Changes { rows } => eprintln!("{rows} rows were otherwise or not there."),
            Step::Same(same) => println!("{:20} {:>12} {}", same.table, same.rows, same.digest),
            Step::Octets { octets } => println!("{octets} octets were read at their new place; all give their digests."),
        }
    }
}
