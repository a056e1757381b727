//! The binary as a command that ends by itself.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs `restante` with arguments, and nothing to read.
pub fn restante(arguments: &[&str]) -> Output {
    restante_with(arguments, &[], b"")
}

/// Runs `restante` with arguments, variables and an input.
pub fn restante_with(arguments: &[&str], variables: &[(&str, &str)], input: &[u8]) -> Output {
    let mut command = Command::new(crate::settings::binary());
    command.args(arguments).env_remove("RESTANTE_P12_PASSPHRASE").envs(variables.iter().copied());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary can be started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input)); // what isn't read breaks the pipe, as it should
    let output = child.wait_with_output().expect("it ends");
    let _ = writer.join().expect("the writer ends");
    output
}
