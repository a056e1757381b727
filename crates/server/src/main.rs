//! `restante`: one subcommand after the other.

use clap::Parser;
use server::cli::{Cli, Command};
use server::{admin, allocator, config, keys, log, moving, open_files, queue, register, serve, subscriptions, trust};
use std::process::ExitCode;
use std::time::Duration;

/// How long the end of the process waits for work that can't be cancelled. What it would write is a transaction: it
/// happens or it doesn't.
const LAST_WAIT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let command = Cli::parse().command.unwrap_or_default();
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            for line in format!("{error:#}").lines() {
                eprintln!("restante: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    log::start(config::log_filter().as_deref())?;
    allocator::return_large_pieces();
    open_files::allow_many();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        match command {
            Command::App(command) => register::app(command).await,
            Command::Check(store) => admin::check(&store),
            Command::Grant(command) => register::grant(command).await,
            Command::Key(command) => keys::run(command).await,
            Command::Move(command) => moving::run(&command).await,
            Command::Queue(command) => queue::run(command).await,
            Command::Serve(flags) => serve::run(&flags).await,
            Command::Smime(command) => client::smime::run(command),
            Command::Subscription(command) => subscriptions::run(command).await,
            Command::Token(token) => admin::token(&token).await,
            Command::Trust(flags) => trust::run(&flags),
            Command::User(command) => register::user(command).await,
        }
    });
    runtime.shutdown_timeout(LAST_WAIT);
    outcome
}
