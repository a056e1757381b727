//! A disk that is full while mail leaves: what was accepted leaves nevertheless, once there is room to write that it did.

use super::{to, towards};
use kit::{Act, EXTENSIONS, Peer, Server, may_start_peers};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A small disk in memory, as long as this is.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Disk {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(at).status();
        assert!(status.expect("mount can be started").success(), "a disk in memory can be had");
        Disk(at.to_owned())
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let filler = self.0.join("filler");
        let mut size = 1024 * 1024;
        let mut octets = Vec::new();
        while size > 512 {
            octets.resize(octets.len() + size, 0);
            if fs::write(&filler, &octets).is_err() {
                octets.truncate(octets.len() - size);
                size /= 2;
            }
        }
        let _ = fs::write(&filler, &octets); // the last attempt may have left less
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).expect("it is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0); // it may have gone with its server
    }
}

/// Refusals after which the disk is full for certain. Each may take a while: a database is asked more than once.
const ENOUGH: usize = 3;

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_accepted() {
    if !may_start_peers() {
        return; // it takes root to mount a disk
    }
    let is_open = Arc::new(AtomicBool::new(false));
    let open = is_open.clone();
    let peer = Peer::with(&EXTENSIONS, move |_, line| match line == "GREETING" && !open.load(Ordering::SeqCst) {
        true => Act::Say("421 4.3.2 not yet".to_owned()),
        false => Act::Usual,
    })
    .await;
    let mut server = Server::with_config(&towards(&peer)).await;
    server.stop().await;
    let disk = server.move_onto(Disk::mount);
    server.restart().await;
    let adele = server.person("AdeleV");
    let mut accepted = 0;
    for number in 0..10 {
        assert_eq!(adele.send_mime(&to(&[&format!("a{number}@elsewhere.example")], "Before")).await.status, 202);
        accepted += 1;
    }
    disk.fill();
    let mut refused = 0;
    for number in 10..200 {
        let octets = to(&[&format!("a{number}@elsewhere.example")], &"x".repeat(4000));
        match adele.send_mime(&octets).await.status.as_u16() {
            202 => accepted += 1,
            status => {
                assert!(status >= 500, "{status}");
                refused += 1;
            }
        }
        if refused == ENOUGH {
            break;
        }
    }
    assert!(refused > 0, "the disk was never full");
    is_open.store(true, Ordering::SeqCst);
    // What can't be written down is not tried: nothing may go twice for want of room.
    assert_eq!(peer.count(), 0);
    disk.make_room();
    kit::until("all are relayed, and that is written", async || {
        let listed = server.restante(&["queue", "list", "--json"]).await;
        (listed.status.success() && listed.stdout.trim_ascii() == b"[]").then_some(())
    })
    .await;
    let mut reached: Vec<String> = peer.taken().iter().flat_map(|one| one.rcpts.clone()).collect();
    reached.sort();
    reached.dedup();
    assert_eq!(reached.len(), accepted, "each that was accepted, and none that was refused");
    server.finish().await;
    drop(disk);
}
