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

/// Runs `restante` with nothing to read, and tells the most octets of memory that were resident at once, as the system
/// counts them for a process that has ended.
pub fn restante_measured(arguments: &[&str]) -> (Output, u64) {
    const MEASURE: &str = "import resource, subprocess, sys\n\
        code = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL).returncode\n\
        open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n\
        sys.exit(code)";
    let peak = tempfile::NamedTempFile::new().expect("a file can be made");
    let mut command = Command::new("python3");
    command.args(["-c", MEASURE]).arg(peak.path()).arg(crate::settings::binary()).args(arguments);
    let output = command.env_remove("RESTANTE_P12_PASSPHRASE").output().expect("python3 can be started");
    let kilobytes = std::fs::read_to_string(peak.path()).expect("it was measured");
    let kilobytes: u64 = kilobytes.parse().unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output, kilobytes * 1024)
}

/// Whether `restante` is a release build, for tests that would take too long with another.
pub fn restante_is_release() -> bool {
    crate::settings::binary().parent().is_some_and(|folder| folder.ends_with("release"))
}
