//! Deeds to folders.

use super::World;
use crate::delta::model::Folder;
use serde_json::json;

impl World {
    pub(super) async fn create_folder(&mut self) -> Option<()> {
        let parent = self.model.any_folder(&mut self.rng);
        let name = format!("Folder {}", self.deeds);
        let path = format!("mailFolders/{parent}/childFolders");
        let made = self.person.post_json(&path, &json!({"displayName": name})).await.demand(201).json();
        let id = made["id"].as_str().unwrap().to_owned();
        self.model.folders.insert(id, Folder { name, parent, is_hidden: false });
        Some(())
    }
}
