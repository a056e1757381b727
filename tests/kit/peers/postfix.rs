//! Postfix, as a server between others: it takes mail from this machine and passes it on, and changes as little as it can.

use super::{at, folder, free_port, until_greeted};
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// A Postfix that runs.
pub struct Postfix {
    home: TempDir,
    address: SocketAddr,
}

impl Postfix {
    /// Takes mail for these domains, and passes it on by these transports, such as `smtp:[127.0.0.1]:2525`.
    pub async fn start(transports: &[(&str, String)]) -> Postfix {
        let home = folder();
        let port = free_port();
        let (etc, queue, data) = (home.path().join("etc"), home.path().join("queue"), home.path().join("data"));
        for folder in [&etc, &queue, &data] {
            fs::create_dir(folder).expect("a folder can be made");
        }
        let owner = Command::new("chown").arg("postfix").arg(&data).status().expect("chown can be started");
        assert!(owner.success(), "the user postfix is there");
        fs::write(etc.join("main.cf"), main(&home, transports)).expect("settings can be written");
        fs::write(etc.join("master.cf"), master(port)).expect("settings can be written");
        let postfix = Postfix { home, address: at(port) };
        postfix.command("start");
        until_greeted(postfix.address, &postfix.log_file()).await;
        postfix
    }

    /// Where it takes mail.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has to say.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("data/log")
    }

    fn command(&self, deed: &str) {
        let output = Command::new("postfix").arg("-c").arg(self.home.path().join("etc")).arg(deed).output();
        let output = output.expect("postfix can be started; ./test installs it");
        assert!(output.status.success(), "postfix {deed}: {}{}", String::from_utf8_lossy(&output.stderr), self.log());
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new("postfix").arg("-c").arg(self.home.path().join("etc")).arg("stop").output();
    }
}

/// What is passed on is left as it is: no header is added, dropped or rewritten, no line cut, no encoding changed.
fn main(home: &TempDir, transports: &[(&str, String)]) -> String {
    let home = home.path().display();
    let domains: Vec<&str> = transports.iter().map(|(domain, _)| *domain).collect();
    let maps = transports.iter().fold(String::new(), |mut text, (domain, transport)| {
        let _ = write!(text, " {{{domain} = {transport}}}");
        text
    });
    format!(
        "compatibility_level = 3.6\n\
         queue_directory = {home}/queue\n\
         data_directory = {home}/data\n\
         maillog_file = {home}/data/log\n\
         maillog_file_prefixes = {home}\n\
         mail_owner = postfix\n\
         setgid_group = postdrop\n\
         command_directory = /usr/sbin\n\
         daemon_directory = /usr/lib/postfix/sbin\n\
         inet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\n\
         myhostname = postfix.example\n\
         mydestination =\n\
         mynetworks = 127.0.0.0/8\n\
         smtpd_relay_restrictions = permit_mynetworks, reject\n\
         smtpd_peername_lookup = no\n\
         smtpd_client_connection_count_limit = 0\n\
         relay_domains = {}\n\
         transport_maps = inline:{{{maps} }}\n\
         disable_dns_lookups = yes\n\
         smtp_host_lookup = native\n\
         smtp_tls_security_level = none\n\
         message_size_limit = 0\n\
         mailbox_size_limit = 0\n\
         header_size_limit = 100000000\n\
         smtp_line_length_limit = 0\n\
         lmtp_line_length_limit = 0\n\
         local_header_rewrite_clients =\n\
         always_add_missing_headers = no\n\
         message_drop_headers =\n\
         disable_mime_input_processing = yes\n\
         disable_mime_output_conversion = yes\n\
         smtpd_forbid_bare_newline = no\n\
         in_flow_delay = 0\n\
         minimal_backoff_time = 2s\n\
         maximal_backoff_time = 2s\n\
         queue_run_delay = 2s\n",
        domains.join(", ")
    )
}

fn master(port: u16) -> String {
    let mut text = format!("127.0.0.1:{port} inet n - n - - smtpd\n");
    for (name, kind, wakeup, most, command) in [
        ("cleanup", "unix", "-", "0", "cleanup"),
        ("qmgr", "unix", "300", "1", "qmgr"),
        ("rewrite", "unix", "-", "-", "trivial-rewrite"),
        ("bounce", "unix", "-", "0", "bounce"),
        ("defer", "unix", "-", "0", "bounce"),
        ("trace", "unix", "-", "0", "bounce"),
        ("proxymap", "unix", "-", "-", "proxymap"),
        ("smtp", "unix", "-", "-", "smtp"),
        ("lmtp", "unix", "-", "-", "lmtp"),
        ("retry", "unix", "-", "-", "error"),
        ("error", "unix", "-", "-", "error"),
        ("discard", "unix", "-", "-", "discard"),
        ("anvil", "unix", "-", "1", "anvil"),
        ("scache", "unix", "-", "1", "scache"),
        ("flush", "unix", "1000?", "0", "flush"),
        ("tlsmgr", "unix", "1000?", "1", "tlsmgr"),
        ("showq", "unix", "-", "-", "showq"),
        ("postlog", "unix-dgram", "-", "1", "postlogd"),
    ] {
        let private = if matches!(name, "cleanup" | "qmgr" | "flush" | "showq" | "postlog") { "n" } else { "-" };
        let _ = writeln!(text, "{name} {kind} {private} - n {wakeup} {most} {command}");
    }
    text
}
