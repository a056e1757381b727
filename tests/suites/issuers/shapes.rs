//! Tokens as Entra ID and Keycloak shape them, and those that must be refused though everything else is right.

use super::*;

/// A server that trusts two providers, and what they sign with.
struct Stage {
    server: Server,
    entra: (Provider, SigningKey),
    keycloak: (Provider, SigningKey),
}

impl Stage {
    async fn set() -> Stage {
        let entra = (Provider::start().await, SigningKey::rs256("entra"));
        let keycloak = (Provider::start().await, SigningKey::es256("keycloak"));
        entra.0.publish(&[&entra.1]);
        keycloak.0.publish(&[&keycloak.1]);
        let settings = trusting(&entra.0.issuer(), "tenant = \"T\"") + &trusting(&keycloak.0.issuer(), "person = \"email\"");
        let server = Server::in_production(&settings).await;
        register(&server, APP).await;
        register(&server, "mail-app").await;
        Stage { server, entra, keycloak }
    }

    fn by_entra(&self, over: &Value) -> kit::Person {
        let (provider, key) = &self.entra;
        self.server.bearer(Some(key.sign(&claims(&provider.issuer(), over))))
    }

    fn by_keycloak(&self, over: &Value) -> kit::Person {
        let (provider, key) = &self.keycloak;
        self.server.bearer(Some(key.sign(&claims(&provider.issuer(), over))))
    }
}

/// These claims, with others in their place.
fn with(claims: &Value, changes: &Value) -> Value {
    let mut changed = claims.as_object().unwrap().clone();
    changed.extend(changes.as_object().unwrap().clone());
    Value::Object(changed)
}

fn keycloaks_adele() -> Value {
    json!({"azp": "mail-app", "typ": "Bearer", "scope": "openid email Mail.Read", "sub": "b0d3", "preferred_username": "adele",
        "email": address("AdeleV"), "email_verified": true, "aud": [AUDIENCE, "account"], "tid": null,
        "realm_access": {"roles": ["Mail.Send"]}})
}

#[tokio::test]
async fn entra_and_keycloak_are_understood() {
    let stage = Stage::set().await;
    let adele = stage.by_entra(&of_adele());
    adele.send_mime(&plain("AdeleV", &["AdeleV"], "To myself")).await.demand_empty(202);
    adele.arrived("To myself").await;
    let v1 = json!({"appid": APP, "scp": "Mail.Read", "upn": address("AdeleV").to_uppercase(), "aud": "other", "ver": "1.0"});
    assert_eq!(stage.by_entra(&v1).inbox().await.len(), 1);
    assert_eq!(stage.by_keycloak(&keycloaks_adele()).inbox().await.len(), 1);

    let entras_app = json!({"azp": APP, "oid": "o", "sub": "o", "roles": ["Mail.Read"]});
    let keycloaks_app = json!({"azp": "mail-app", "client_id": "mail-app", "preferred_username": "service-account-mail-app",
        "scope": "email", "roles": ["Mail.Read"], "tid": null});
    for app in [stage.by_entra(&entras_app), stage.by_keycloak(&keycloaks_app)] {
        assert_eq!(app.at("AdeleV").inbox().await.len(), 1);
        let letter = plain("AdeleV", &["AlexW"], "x");
        app.at("AdeleV").send_mime(&letter).await.demand_error(403, "ErrorAccessDenied");
    }
    stage.server.finish().await;
}

#[tokio::test]
async fn a_permission_that_is_not_in_the_token_is_not_had() {
    let stage = Stage::set().await;
    let letter = plain("AdeleV", &["AlexW"], "x");
    let refused = async |person: &kit::Person| person.send_mime(&letter).await.demand_error(403, "ErrorAccessDenied");
    refused(&stage.by_keycloak(&keycloaks_adele())).await; // a role in the realm is none here
    refused(&stage.by_entra(&with(&of_adele(), &json!({"scp": "Mail.Read", "roles": ["Mail.Send"]})))).await;
    let nothing = stage.by_entra(&with(&of_adele(), &json!({"scp": null})));
    refused(&nothing).await;
    nothing.get("messages").await.demand_error(403, "ErrorAccessDenied");
    let adele = stage.by_entra(&of_adele());
    adele.at("AlexW").get("messages").await.demand_error(403, "ErrorAccessDenied");
    // An ID token for the API itself lists its person's roles, and is no app's.
    let id_token = json!({"azp": APP, "roles": ["Mail.Read"], "oid": "o", "sub": "s", "preferred_username": address("AdeleV")});
    stage.by_entra(&id_token).at("AlexW").get("messages").await.demand_error(403, "ErrorAccessDenied");
    stage.server.finish().await;
}

/// An issuer may say what it likes of an app: what is registered here bounds it.
#[tokio::test]
async fn what_is_registered_here_bounds_what_a_token_says() {
    let stage = Stage::set().await;
    let mailbox = address("AlexW");
    let narrow = ["app", "add", "Narrow", "--client-id", "narrow", "--delegated-permission", "Mail.Read"];
    let limited = ["--application-permission", "Mail.Read", "--mailbox", &mailbox];
    let added = stage.server.restante(&[&narrow[..], &limited].concat()).await;
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let letter = plain("AdeleV", &["AlexW"], "x");
    let adele = stage.by_entra(&with(&of_adele(), &json!({"azp": "narrow", "scp": "Mail.Read Mail.Send Restante.Admin"})));
    adele.send_mime(&letter).await.demand_error(403, "ErrorAccessDenied");
    let app = json!({"azp": "narrow", "idtyp": "app", "roles": ["Mail.Read", "Mail.Send", "Restante.Admin"]});
    let app = stage.by_entra(&app);
    app.at("AlexW").get("messages").await.demand(200);
    app.at("AlexW").send_mime(&plain("AlexW", &["AdeleV"], "x")).await.demand_error(403, "ErrorAccessDenied");
    app.at("AdeleV").get("messages").await.demand_error(403, "ErrorAccessDenied");

    let disabled = stage.server.restante(&["app", "disable", "narrow"]).await;
    assert!(disabled.status.success(), "{}", String::from_utf8_lossy(&disabled.stderr));
    app.at("AlexW").get("messages").await.demand(401); // at once, though the token was proven
    stage.server.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_little_is_said_of_it() {
    let stage = Stage::set().await;
    let (entra, keycloak) = (&stage.entra, &stage.keycloak);
    let adele = || claims(&entra.0.issuer(), &of_adele());
    let good = entra.1.sign(&adele());
    let encode = |value: &Value| encodify::base64::URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = good.split('.').nth(1).unwrap();
    let headed = |header: Value, signature: &str| format!("{}.{payload}.{signature}", encode(&header));
    let mut sentences = Vec::new();
    for (what, token) in [
        ("no signature", headed(json!({"alg": "none", "kid": "entra"}), "")),
        ("HS256", headed(json!({"alg": "HS256", "kid": "entra"}), &encode(&json!("signature")))),
        ("another's key of this name", SigningKey::rs256("entra").sign(&adele())),
        ("another kind of key of this name", SigningKey::es256("entra").sign(&adele())),
        ("the key of another issuer", keycloak.1.sign(&adele())),
        ("an issuer that isn't trusted", entra.1.sign(&claims("https://login.example", &of_adele()))),
        ("another trusted issuer", entra.1.sign(&claims(&keycloak.0.issuer(), &of_adele()))),
        ("another tenant", entra.1.sign(&claims(&entra.0.issuer(), &with(&of_adele(), &json!({"tid": "u"}))))),
        ("no end", entra.1.sign(&claims(&entra.0.issuer(), &with(&of_adele(), &json!({"exp": null}))))),
    ] {
        let answer = stage.server.bearer(Some(token)).get("messages").await;
        assert!(answer.header("www-authenticate").is_some_and(|field| field.starts_with("Bearer")), "{what}: RFC 6750 §3");
        sentences.push(answer.demand_error(401, "InvalidAuthenticationToken"));
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "which check failed is nobody's business: {sentences:?}");

    let refused = async |over: Value| {
        let answer = stage.by_entra(&with(&of_adele(), &over)).get("messages").await;
        answer.demand_error(401, "InvalidAuthenticationToken")
    };
    assert!(refused(json!({"aud": "api://elsewhere"})).await.contains("audience"));
    assert!(refused(json!({"exp": seconds() - 100})).await.contains("expired"));
    assert!(refused(json!({"nbf": seconds() + 600})).await.contains("expired"));
    let unknown = refused(json!({"azp": "another-app"})).await;
    assert_eq!(refused(json!({"preferred_username": "eve@contoso.com"})).await, unknown);
    assert!(unknown.contains("not registered"), "{unknown}");
    let unverified = with(&keycloaks_adele(), &json!({"email_verified": false}));
    stage.by_keycloak(&unverified).get("messages").await.demand_error(401, "InvalidAuthenticationToken");
    stage.server.bearer(Some(good)).get("messages").await.demand(200);
    stage.server.finish().await;
}
