//! Random deeds against a model, seen by somebody who reads only delta queries; and deeds at the same time.

use super::deeds::World;
use super::follower::Follower;
use super::model::Model;
use super::picture::Picture;
use super::put;
use kit::{Rng, Server, aloud, is_long, plain, seed};
use std::collections::BTreeMap;
use std::time::Instant;

/// Deeds in all, and in the everyday run.
const DEEDS: usize = 10_000;
const A_FEW: usize = 400;

#[tokio::test]
async fn whoever_follows_sees_what_the_model_says() {
    let (seed, deeds) = (seed(), if is_long() { DEEDS } else { A_FEW });
    aloud(&format!("delta: {deeds} random deeds, RESTANTE_SEED={seed}"));
    let server = Server::start().await;
    let person = server.person("AdeleV");
    let model = Model::of_new(&person).await;
    let mut picture = Picture::new(&person);
    let mut world = World { person, model, rng: Rng::new(seed), deeds: 0 };
    let (began, mut rounds) = (Instant::now(), 0);
    while world.deeds < deeds {
        for _ in 0..=world.rng.below(40) {
            world.act().await;
            if world.rng.below(4) == 0 {
                picture.peek(&mut world.rng, &world.model).await; // what comes after is between two pages
            }
        }
        let page = usize::try_from(1 + world.rng.below(20)).unwrap();
        picture.catch_up(page).await;
        picture.demand(&world.model, &format!("after {} deeds, RESTANTE_SEED={seed}", world.deeds));
        rounds += 1;
    }
    aloud(&format!(
        "delta: RESTANTE_SEED={seed}: after each of {rounds} rounds among {} deeds the picture is the model's, of {} messages \
         in {} folders; {} entries were told; {} s",
        world.deeds,
        world.model.messages.len(),
        world.model.folders.len(),
        picture.entries,
        began.elapsed().as_secs()
    ));
    server.finish().await;
}

/// Deeds of each of those who work at the same time.
const EACH: usize = 40;

#[tokio::test]
async fn deeds_at_the_same_time_are_all_seen() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let mut followers =
        ["drafts", "archive"].map(|f| Follower::new(&adele, &format!("mailFolders/{f}/messages/delta?$select=subject")));
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..4 {
        let adele = adele.clone();
        workers.spawn(async move {
            for number in 0..EACH {
                let made = adele.draft(&plain("AdeleV", &["AlexW"], &format!("{worker} {number}"))).await;
                let id = made["id"].as_str().unwrap();
                match number % 4 {
                    0 => put(&adele, id, "archive").await,
                    1 => adele.delete(&format!("messages/{id}")).await.demand_empty(204),
                    2 => {
                        put(&adele, id, "archive").await;
                        put(&adele, id, "drafts").await;
                    }
                    _ => {}
                }
            }
        });
    }
    let mut rounds = 0;
    while !workers.is_empty() {
        for follower in &mut followers {
            follower.set_page(3);
            follower.page().await;
        }
        rounds += 1;
        if let Some(done) = workers.try_join_next() {
            done.expect("a worker ends well");
        }
    }
    assert!(rounds > 10, "they were followed while they worked");
    for (follower, folder) in followers.iter_mut().zip(["drafts", "archive"]) {
        follower.round().await;
        follower.round().await; // a first round may have been under way
        let there = adele.all(&format!("mailFolders/{folder}/messages?$select=subject&$top=1000")).await;
        let there: BTreeMap<&str, &str> =
            there.iter().map(|m| (m["id"].as_str().unwrap(), m["subject"].as_str().unwrap())).collect();
        let seen: BTreeMap<&str, &str> =
            follower.items.iter().map(|(id, m)| (id.as_str(), m["subject"].as_str().unwrap())).collect();
        assert_eq!(seen, there, "{folder}");
    }
    server.finish().await;
}
