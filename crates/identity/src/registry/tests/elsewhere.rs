//! Apps and people that have their ids from another issuer.

use super::*;

#[tokio::test]
async fn an_app_keeps_the_client_id_that_it_has_elsewhere() {
    let f = Fixture::new().await;
    let add = |id: &str, name: &str| f.registry.add_app_as(id.to_owned(), named(name), None);
    let app = add("Mail-App", "Mail").await.expect("added").app;
    assert_eq!(app.app_id, "mail-app");
    for name in ["mail-app", "MAIL-APP", "Mail"] {
        assert_eq!(f.registry.app(name.to_owned()).await.expect("found"), app);
    }
    let guid = "5D1A4A0E00004000800000000000A001";
    assert_eq!(add(guid, "By GUID").await.expect("added").app.app_id, "5d1a4a0e-0000-4000-8000-00000000a001");
    assert_eq!(add("own", "own").await.expect("its name is its own").app.display_name, "own");

    demand_refusal!(add("mail-APP", "Another").await, Conflict, "\"Mail\"");
    demand_refusal!(add("Mail", "Another").await, Conflict, "\"Mail\"");
    demand_refusal!(add(guid, "Another").await, Conflict, "\"By GUID\"");
    demand_refusal!(f.registry.add_app(named("mail-app"), None).await, Conflict, "another app's client id");
    for id in ["", "mail app", "mail\napp", "büro", &"x".repeat(257)] {
        demand_refusal!(add(id, "Another").await, Invalid, "is no client id");
    }
    assert_eq!(f.registry.apps(String::new()).await.expect("apps").0.len(), 3, "what is refused changes nothing");
    f.demand_order();
}

#[tokio::test]
async fn a_person_keeps_the_id_of_elsewhere() {
    let f = Fixture::new().await;
    let add = |name: &str, id: &str| {
        let user_principal_name = format!("{name}@contoso.com");
        f.registry.add_person(NewPerson { user_principal_name, id: Some(id.to_owned()), ..NewPerson::default() })
    };
    let id = "0d6a1b0e-0000-4000-8000-000000000007";
    let ada = add("ada", &id.to_uppercase()).await.expect("added");
    assert_eq!(ada.id, id);
    assert_eq!(f.registry.person(id.to_owned()).await.expect("found"), ada);
    demand_refusal!(add("eve", id).await, Conflict, "ada@contoso.com");
    for wrong in ["", "7", "00000000-0000-0000-0000-000000000000"] {
        demand_refusal!(add("eve", wrong).await, Invalid, "must be a GUID");
    }
    demand_refusal!(f.registry.person("eve@contoso.com".to_owned()).await, NotFound, "nobody");
    f.demand_order();
}
