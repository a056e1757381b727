//! What a server has written, wherever it keeps it: looked at from beside, as somebody would who got hold of it.

use crate::{Server, sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The index of texts in the data directory.
const INDEX: [&str; 3] = ["search.db", "search.db-wal", "search.db-shm"];

impl Server {
    /// The files and objects in which these octets stand outside rows.
    pub fn places_of(&self, octets: &[u8]) -> Vec<PathBuf> {
        let hex = sha256(octets);
        let mut found = Vec::new();
        walk(&self.data_dir().join("blobs"), &mut found);
        found.retain(|path| !path.components().any(|part| part.as_os_str() == "cache")); // that is nobody's only place
        found.extend(self.place().octets().map(|bucket| bucket.objects()).unwrap_or_default());
        found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&hex)));
        found
    }

    /// All octets of the database.
    pub fn database(&self) -> Vec<u8> {
        if let Some(rows) = self.place().rows() {
            return rows.octets();
        }
        let mut found = Vec::new();
        walk(&self.data_dir(), &mut found);
        found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("restante.db")));
        found.iter().flat_map(|path| fs::read(path).expect("a file can be read")).collect()
    }

    /// The names of all files and objects.
    pub(crate) fn at_rest_names(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.data_dir(), &mut found);
        found.extend(self.place().octets().map(|bucket| bucket.objects()).unwrap_or_default());
        found.iter().map(|path| path.display().to_string()).collect()
    }

    /// All that is kept, by names that say where.
    pub fn at_rest(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        walk(&self.data_dir(), &mut found);
        found.extend(self.place().octets().map(|bucket| bucket.objects()).unwrap_or_default());
        let read = |path: PathBuf| (path.display().to_string(), fs::read(&path).expect("a file can be read"));
        found.into_iter().map(read).chain([("the database".to_owned(), self.database())]).collect()
    }

    /// Moves what a stopped server keeps in rows onto another disk, which `mount` puts in the place of an empty folder.
    pub fn move_onto<D>(&self, mount: impl FnOnce(&Path) -> D) -> D {
        if let Some(rows) = self.place().rows() {
            let folder = crate::peers::folder().keep(); // the disk removes it
            let disk = mount(&folder);
            rows.move_to(&folder.join("rows"));
            return disk;
        }
        let data = self.data_dir();
        let kept = data.with_extension("kept");
        fs::rename(&data, &kept).expect("a folder can be renamed");
        fs::create_dir(&data).expect("a folder can be made");
        let disk = mount(&data);
        let copied = Command::new("cp").arg("-a").arg(format!("{}/.", kept.display())).arg(&data).status();
        assert!(copied.expect("cp can be started").success());
        disk
    }

    /// Takes the index of texts away from a server that is stopped; or, where it stands in a file, puts this in its place.
    pub fn lose_index(&self, damage: Option<&str>) {
        if let Some(rows) = self.place().rows() {
            rows.ask("TRUNCATE search_mailbox, search_document, search_text");
            return;
        }
        for file in INDEX {
            let _ = fs::remove_file(self.data_dir().join(file)); // some are not there
        }
        if let Some(text) = damage {
            fs::write(self.data_dir().join("search.db"), text).expect("a file can be written");
        }
    }
}

/// The files in a folder and those within it.
pub(crate) fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}
