//! Dovecot, as the keeper of mailboxes behind LMTP: what it files can be read back, octet for octet.

use super::{at, folder, free_port, until_greeted};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A Dovecot that runs. Every name has a mailbox.
pub struct Dovecot {
    home: TempDir,
    lmtp: SocketAddr,
}

impl Dovecot {
    /// Starts one.
    pub async fn start() -> Dovecot {
        let home = folder();
        let port = free_port();
        let mail = home.path().join("mail");
        fs::create_dir(&mail).expect("a folder can be made");
        let owner = Command::new("chown").arg("mail:mail").arg(&mail).status().expect("chown can be started");
        assert!(owner.success(), "the user mail is there");
        let dovecot = Dovecot { lmtp: at(port), home };
        fs::write(dovecot.settings(), dovecot.text(port)).expect("settings can be written");
        // It goes on in the background with what it was given to write to, so nobody may wait for the end of that.
        let said = File::create(dovecot.home.path().join("said")).expect("a file can be made");
        let status = Command::new("dovecot").arg("-c").arg(dovecot.settings()).stdout(Stdio::null()).stderr(said).status();
        let said = || fs::read_to_string(dovecot.home.path().join("said")).unwrap_or_default();
        assert!(status.expect("dovecot can be started; ./test installs it").success(), "dovecot: {}", said());
        until_greeted(dovecot.lmtp, &dovecot.home.path().join("log")).await;
        dovecot
    }

    /// Where it takes mail, over LMTP.
    pub fn lmtp(&self) -> SocketAddr {
        self.lmtp
    }

    /// What was filed for a name, in no order.
    pub fn filed(&self, name: &str) -> Vec<Vec<u8>> {
        let folder = self.home.path().join("mail").join(name).join("new");
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a message can be read")).collect()
    }

    /// Whether anything was filed for a name.
    pub fn has_filed(&self, name: &str) -> bool {
        let folder = self.home.path().join("mail").join(name).join("new");
        fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// What it has to say.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    fn settings(&self) -> PathBuf {
        self.home.path().join("dovecot.conf")
    }

    fn text(&self, port: u16) -> String {
        let home = self.home.path().display();
        format!(
            "protocols = lmtp\n\
             base_dir = {home}/run\n\
             state_dir = {home}/state\n\
             log_path = {home}/log\n\
             ssl = no\n\
             first_valid_uid = 1\n\
             mail_location = maildir:{home}/mail/%n\n\
             mail_save_crlf = yes\n\
             auth_username_format = %Ln\n\
             passdb {{\n  driver = static\n  args = nopassword=y\n}}\n\
             userdb {{\n  driver = static\n  args = uid=mail gid=mail home={home}/mail/%n allow_all_users=yes\n}}\n\
             service lmtp {{\n  inet_listener lmtp {{\n    address = 127.0.0.1\n    port = {port}\n  }}\n}}\n"
        )
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let _ = Command::new("doveadm").arg("-c").arg(self.settings()).arg("stop").output();
    }
}
