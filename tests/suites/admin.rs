//! The admin API at a server outside development mode: what an operator does there holds at once, and nobody else does it.

use bytes::Bytes;
use hyper::Method;
use kit::{Answer, Person, Server, address, plain};
use serde_json::{Value, json};

const SCOPE: &str = "https://graph.microsoft.com/.default";

/// A call of the admin API.
async fn ask(person: &Person, server: &Server, method: Method, path: &str, body: Option<Value>) -> Answer {
    let octets = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    person.call(method, &format!("{}/admin/{path}", server.origin()), &[("content-type", "application/json")], octets).await
}

/// The token that an app gets for its secret.
async fn token(server: &Server, id: &str, secret: &str) -> Answer {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret), ("scope", SCOPE)];
    server.post_form("/contoso.com/oauth2/v2.0/token", &form).await
}

async fn bearer(server: &Server, id: &str, secret: &str) -> Person {
    let granted = token(server, id, secret).await.demand(200).json();
    server.bearer(Some(granted["access_token"].as_str().unwrap().to_owned()))
}

/// The operator's own app, registered by a command.
async fn operator(server: &Server) -> Person {
    let command = ["app", "add", "Operator", "--application-permission", "Restante.Admin", "--secret", "--json"];
    let done = server.restante(&command).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let made: Value = serde_json::from_slice(&done.stdout).unwrap();
    bearer(server, made["appId"].as_str().unwrap(), made["secret"]["secretText"].as_str().unwrap()).await
}

#[tokio::test]
async fn an_app_is_registered_narrowed_and_removed() {
    let server = Server::in_production("").await;
    let operator = operator(&server).await;
    let new = json!({
        "displayName": "Help desk", "applicationPermissions": ["Mail.Read", "Mail.Send"], "passwordCredential": {},
        "limits": {"mailboxes": [address("AdeleV")], "sendsPerMinute": 10},
    });
    let made = ask(&operator, &server, Method::POST, "apps", Some(new.clone())).await.demand(201).json();
    let (id, secret) = (made["appId"].as_str().unwrap(), made["secret"]["secretText"].as_str().unwrap());
    ask(&operator, &server, Method::POST, "apps", Some(new)).await.demand_error(409, "Conflict");
    let shown = ask(&operator, &server, Method::GET, "apps/Help%20desk", None).await.demand(200);
    assert!(!String::from_utf8_lossy(&shown.body).contains(secret), "a secret is told once");
    assert_eq!(shown.json()["limits"]["sendsPerMinute"], 10);
    let desk = bearer(&server, id, secret).await;
    desk.at("AdeleV").get("messages").await.demand(200);
    desk.at("AlexW").get("messages").await.demand_error(403, "ErrorAccessDenied");

    let wider = json!({"limits": {"mailboxes": null}});
    let changed = ask(&operator, &server, Method::PATCH, &format!("apps/{id}"), Some(wider)).await.demand(200).json();
    assert_eq!((&changed["limits"]["mailboxes"], &changed["limits"]["sendsPerMinute"]), (&Value::Null, &json!(10)));
    desk.at("AlexW").get("messages").await.demand(200);

    let second = ask(&operator, &server, Method::POST, &format!("apps/{id}/secrets"), None).await.demand(201).json();
    let first = made["secret"]["keyId"].as_str().unwrap();
    ask(&operator, &server, Method::DELETE, &format!("apps/{id}/secrets/{first}"), None).await.demand(200);
    token(&server, id, secret).await.demand(401);
    token(&server, id, second["secretText"].as_str().unwrap()).await.demand(200);
    ask(&operator, &server, Method::PATCH, &format!("apps/{id}"), Some(json!({"accountEnabled": false}))).await.demand(200);
    desk.at("AlexW").get("messages").await.demand_error(401, "InvalidAuthenticationToken");
    ask(&operator, &server, Method::DELETE, &format!("apps/{id}"), None).await.demand(204);
    ask(&operator, &server, Method::GET, &format!("apps/{id}"), None).await.demand_error(404, "ResourceNotFound");
    let chosen = json!({"appId": "5d1a4a0e-0000-4000-8000-00000000a001", "displayName": "From elsewhere"});
    let made = ask(&operator, &server, Method::POST, "apps", Some(chosen.clone())).await.demand(201).json();
    assert_eq!(made["appId"], chosen["appId"]);
    server.finish().await;
}

#[tokio::test]
async fn people_are_registered_and_let_in() {
    let server = Server::in_production("").await;
    let operator = operator(&server).await;
    let tool = kit::app("tool", "Mail.Send Mail.Read Mail.Read.Shared");
    server.register(&tool).await;
    let new = json!({"userPrincipalName": "ada@contoso.com", "givenName": "Ada", "surname": "Lovelace", "aliases": ["countess@contoso.com"]});
    let made = ask(&operator, &server, Method::POST, "users", Some(new.clone())).await.demand(201).json();
    assert_eq!((made["displayName"].as_str(), made["hasPassword"].as_bool()), (Some("Ada Lovelace"), Some(false)));
    ask(&operator, &server, Method::POST, "users", Some(new)).await.demand_error(409, "Conflict");
    let adele = server.through(&tool, "AdeleV", "Mail.Send").await;
    let octets = String::from_utf8(plain("AdeleV", &["AlexW"], "To the countess")).unwrap();
    let octets = octets.replace(&address("AlexW"), "countess@contoso.com");
    adele.send_mime(octets.as_bytes()).await.demand_empty(202);
    server.as_app(&tool, "Mail.Read").at("ada").arrived("To the countess").await;

    let too_short = json!({"password": "short"});
    ask(&operator, &server, Method::PUT, "users/ada@contoso.com/password", Some(too_short)).await.demand_error(400, "BadRequest");
    let good = json!({"password": "correct horse battery"});
    let told = ask(&operator, &server, Method::PUT, "users/ada@contoso.com/password", Some(good)).await.demand(200);
    assert!(!String::from_utf8_lossy(&told.body).contains("correct horse") && told.json()["hasPassword"] == true);

    let grant = json!({"access": "fullAccess", "user": address("AlexW"), "address": "ada@contoso.com"});
    let alex = server.through(&tool, "AlexW", "Mail.Read.Shared").await;
    alex.at("ada").get("messages").await.demand_error(403, "ErrorAccessDenied");
    ask(&operator, &server, Method::POST, "grants", Some(grant)).await.demand(201);
    alex.at("ada").get("messages").await.demand(200);
    let grants =
        ask(&operator, &server, Method::GET, &format!("users/{}/grants", address("AlexW")), None).await.demand(200).json();
    assert_eq!(grants["value"][0]["access"], "fullAccess");
    let gone = format!("grants?access=fullAccess&user={}&address=ada@contoso.com", address("AlexW"));
    ask(&operator, &server, Method::DELETE, &gone, None).await.demand(200);
    alex.at("ada").get("messages").await.demand_error(403, "ErrorAccessDenied");

    ask(&operator, &server, Method::DELETE, "users/ada@contoso.com/aliases/countess@contoso.com", None).await.demand(200);
    ask(&operator, &server, Method::PUT, "users/ada@contoso.com/aliases/ada.l@contoso.com", None).await.demand(200);
    let disabled = json!({"accountEnabled": false});
    let shown = ask(&operator, &server, Method::PATCH, "users/ada@contoso.com", Some(disabled)).await.demand(200).json();
    assert_eq!((shown["accountEnabled"].as_bool(), &shown["aliases"]), (Some(false), &json!(["ada.l@contoso.com"])));
    let people = ask(&operator, &server, Method::GET, "users", None).await.demand(200).json();
    assert_eq!(people["value"].as_array().unwrap().len(), 5);
    server.finish().await;
}

#[tokio::test]
async fn nobody_else_administers_and_bad_input_changes_nothing() {
    let server = Server::in_production("").await;
    let operator = operator(&server).await;
    let tool = kit::app("tool", "Mail.ReadWrite Mail.Send User.Read.All");
    server.register(&tool).await;
    let before = ask(&operator, &server, Method::GET, "users", None).await.demand(200).json();
    let new = json!({"userPrincipalName": "mallory@contoso.com"});
    let denied = [
        server.as_app(&tool, "Mail.ReadWrite Mail.Send User.Read.All"),
        server.as_app(&tool, "Restante.Admin"), // in a token, and not registered of the app
        server.through(&tool, "AdeleV", "Restante.Admin").await, // in the name of a person
    ];
    for caller in &denied {
        ask(caller, &server, Method::POST, "users", Some(new.clone())).await.demand_error(403, "Authorization_RequestDenied");
        ask(caller, &server, Method::GET, "apps", None).await.demand_error(403, "Authorization_RequestDenied");
        ask(caller, &server, Method::GET, "nothing", None).await.demand_error(403, "Authorization_RequestDenied");
    }
    let refused = ask(&server.anonymous(), &server, Method::GET, "apps", None).await;
    assert!(refused.header("www-authenticate").is_some_and(|field| field.starts_with("Bearer ")));
    refused.demand_error(401, "InvalidAuthenticationToken");

    for (method, path, body, status) in [
        (Method::POST, "users", json!({"userPrincipalName": "x@elsewhere.example"}), 400),
        (Method::POST, "users", json!({"userPrincipalName": "x@contoso.com", "isAdmin": true}), 400),
        (Method::POST, "users", json!([1]), 400),
        (Method::POST, "apps", json!({"displayName": "X", "applicationPermissions": ["Mail.Everything"]}), 400),
        (Method::POST, "apps", json!({"displayName": "X", "redirectUris": ["http://evil.example/x"]}), 400),
        (Method::POST, "apps", json!({}), 400),
        (Method::PATCH, "users/nobody@contoso.com", json!({"displayName": "X"}), 404),
        (Method::POST, "grants", json!({"access": "everything", "user": "a", "address": "b"}), 400),
        (Method::PUT, "apps", json!({}), 404),
        (Method::GET, "apps/", json!({}), 404),
    ] {
        let answer = ask(&operator, &server, method, path, Some(body)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {answer:?}");
        assert!(answer.json()["error"]["message"].as_str().is_some_and(|text| text.len() > 10), "{answer:?}");
    }
    assert_eq!(ask(&operator, &server, Method::GET, "users", None).await.demand(200).json(), before);
    server.finish().await;
}
