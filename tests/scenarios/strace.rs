//! A process watched by strace: which calls it made, in which order.

use kit::skipped;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Beginning or end of a call.
#[derive(Debug)]
pub struct Event {
    pub thread: String,
    /// The call's name.
    pub call: String,
    /// The file of its first argument, where that is one.
    pub file: String,
    /// The call as strace writes it, up to where it was interrupted.
    pub text: String,
    pub ended: bool,
    /// Whether its file was a folder when the trace was read.
    pub is_of_folder: bool,
}

impl Event {
    /// Whether the call makes a file durable.
    pub fn is_sync(&self) -> bool {
        matches!(self.call.as_str(), "fsync" | "fdatasync")
    }
}

/// strace, attached to a process.
pub struct Strace {
    child: Child,
    home: TempDir,
}

impl Strace {
    /// Attaches to all threads of a process; `None` where strace is not to be had, which is said aloud.
    pub async fn attach(process: u32, calls: &str) -> Option<Strace> {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let mut command = Command::new("strace");
        // Long enough to see a whole page of the database, to know whose it is.
        command.args(["-f", "-tt", "-y", "-s", "8192", "-e", "signal=none", "-e", &format!("trace={calls}")]);
        command.arg("-o").arg(trace_in(&home)).args(["-p", &process.to_string()]);
        command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                skipped(&format!("strace can't be started: {error}"));
                return None;
            }
        };
        let mut said = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut complaints = String::new();
        while let Some(line) = said.next_line().await.expect("strace writes text") {
            if line.contains(" attached") {
                // Each new thread is announced too; the pipe must not fill.
                tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
                return Some(Strace { child, home });
            }
            complaints.push_str(&line);
        }
        skipped(&format!("strace can't attach: {complaints}"));
        None
    }

    /// Detaches, and tells what was seen.
    pub async fn detach(mut self) -> Vec<Event> {
        let process = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).expect("strace runs");
        kill_process(process, Signal::INT).expect("strace can be asked to stop");
        self.child.wait().await.expect("strace ends");
        let trace = std::fs::read(trace_in(&self.home)).expect("strace wrote its trace");
        events(&String::from_utf8_lossy(&trace))
    }
}

fn trace_in(home: &TempDir) -> PathBuf {
    home.path().join("trace")
}

/// Reads lines of the form `THREAD TIME call(args) = result`, whole or in two pieces.
fn events(trace: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut begun: HashMap<String, (String, String)> = HashMap::new();
    for line in trace.lines() {
        let mut words = line.splitn(2, char::is_whitespace);
        let (Some(thread), Some(rest)) = (words.next(), words.next()) else { continue };
        let Some((_, text)) = rest.trim_start().split_once(' ') else { continue };
        let event = |call: &str, file: &str, ended| Event {
            thread: thread.to_owned(),
            call: call.to_owned(),
            file: file.to_owned(),
            text: text.to_owned(),
            ended,
            is_of_folder: Path::new(file).is_dir(),
        };
        if text.starts_with("<... ") {
            if let Some((call, file)) = begun.remove(thread) {
                events.push(event(&call, &file, true));
            }
        } else if let Some((call, arguments)) = text.split_once('(') {
            let file = file_of(arguments);
            events.push(event(call, file, false));
            if text.ends_with("<unfinished ...>") {
                begun.insert(thread.to_owned(), (call.to_owned(), file.to_owned()));
            } else {
                events.push(event(call, file, true));
            }
        }
    }
    events
}

/// `9</data/restante.db-wal>, …` is of `/data/restante.db-wal`.
fn file_of(arguments: &str) -> &str {
    let first = arguments.split([',', ')']).next().unwrap_or_default();
    first.split_once('<').and_then(|(_, file)| file.split_once('>')).map_or("", |(file, _)| file)
}

#[test]
fn calls_in_two_pieces_are_put_together() {
    let trace = "12 10:00:00.000001 fdatasync(9</data/restante.db-wal> <unfinished ...>\n\
                 13 10:00:00.000002 writev(5<socket:[7]>, [{iov_base=\"HTTP/1.1 202\", iov_len=12}], 1) = 12\n\
                 12 10:00:00.000003 <... fdatasync resumed>) = 0\n\
                 13 10:00:00.000004 --- SIGCHLD ---\n";
    let seen: Vec<(String, String, bool)> = events(trace).into_iter().map(|e| (e.call, e.file, e.ended)).collect();
    let event = |call: &str, file: &str, ended| (call.to_owned(), file.to_owned(), ended);
    let expected = [
        event("fdatasync", "/data/restante.db-wal", false),
        event("writev", "socket:[7]", false),
        event("writev", "socket:[7]", true),
        event("fdatasync", "/data/restante.db-wal", true),
    ];
    assert_eq!(seen, expected);
}
