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
        self.model.folders.insert(id, Folder { name, parent, is_hidden: false, is_well_known: false });
        Some(())
    }

    pub(super) async fn rename_folder(&mut self) -> Option<()> {
        let id = self.model.any_made_folder(&mut self.rng)?;
        let name = format!("Folder {}", self.deeds);
        self.person.patch_json(&format!("mailFolders/{id}"), &json!({"displayName": name})).await.demand(200);
        self.model.folders.get_mut(&id).unwrap().name = name;
        Some(())
    }

    pub(super) async fn move_folder(&mut self) -> Option<()> {
        let id = self.model.any_made_folder(&mut self.rng)?;
        let parent = self.model.any_folder(&mut self.rng);
        if self.model.is_within(&parent, &id) {
            return None;
        }
        self.person.post_json(&format!("mailFolders/{id}/move"), &json!({"destinationId": parent})).await.demand(200);
        self.model.folders.get_mut(&id).unwrap().parent = parent;
        Some(())
    }

    pub(super) async fn delete_folder(&mut self) -> Option<()> {
        let id = self.model.any_made_folder(&mut self.rng)?;
        self.person.delete(&format!("mailFolders/{id}")).await.demand_empty(204);
        self.model.delete_folder(&id);
        Some(())
    }

    pub(super) async fn remove_folder(&mut self) -> Option<()> {
        let id = self.model.any_made_folder(&mut self.rng)?;
        self.person.post_nothing(&format!("mailFolders/{id}/permanentDelete")).await.demand_empty(204);
        self.model.remove_folder(&id);
        Some(())
    }
}
