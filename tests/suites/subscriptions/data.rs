//! Messages that are sent along, encrypted: opened and checked by OpenSSL, which knows nothing of how they were made.

use super::{minutes_from_now, subscribe, subscribed, to_messages, with};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use encodify::base64::{STANDARD, URL_SAFE_NO_PAD};
use http_body_util::Full;
use hyper::Request;
use kit::{Holder, Http, P256, Person, Pki, RSA, Receiver, Server, app, plain};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const RESOURCE: &str = "me/messages?$select=Subject,bodyPreview,importance,receivedDateTime,from,toRecipients,isRead,categories";

/// A certificate as an app gives it: DER in base64.
fn certificate(holder: &Holder) -> String {
    let pem = fs::read_to_string(&holder.cert).unwrap();
    pem.lines().filter(|line| !line.starts_with("---")).collect()
}

/// A subscription that is sent messages, encrypted for somebody.
fn with_data(receiver: &Receiver, holder: &Holder) -> Value {
    let members = json!({
        "resource": RESOURCE,
        "includeResourceData": true,
        "encryptionCertificate": certificate(holder),
        "encryptionCertificateId": "mine",
    });
    with(to_messages(receiver), &members)
}

/// What OpenSSL makes of an input.
fn openssl(arguments: &[&str], input: &[u8], home: &Path) -> Vec<u8> {
    let file = home.join("input");
    fs::write(&file, input).unwrap();
    let mut command = Command::new("openssl");
    let output = command.args(arguments).stdin(fs::File::open(&file).unwrap()).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Opens what was sent along, and checks all that says where it is from and for whom.
fn opened(notification: &Value, holder: &Holder, certificate_id: &str) -> Value {
    let home = tempfile::tempdir().unwrap();
    let content = &notification["encryptedContent"];
    let octets = |name: &str| STANDARD.decode(content[name].as_str().unwrap()).unwrap();
    let key_file = holder.key.to_str().unwrap();
    let unwrap = ["pkeyutl", "-decrypt", "-inkey", key_file, "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha1"];
    let key = openssl(&unwrap, &octets("dataKey"), home.path());
    assert_eq!(key.len(), 32);
    let data = octets("data");
    let mac = format!("hexkey:{}", hex(&key));
    let signature = openssl(&["dgst", "-sha256", "-mac", "HMAC", "-macopt", &mac, "-binary"], &data, home.path());
    assert_eq!(signature, octets("dataSignature"));
    let print = ["x509", "-in", holder.cert.to_str().unwrap(), "-noout", "-fingerprint", "-sha1"];
    let print = String::from_utf8(openssl(&print, b"", home.path())).unwrap();
    let print = print.trim().rsplit('=').next().unwrap().replace(':', "");
    assert_eq!(content["encryptionCertificateThumbprint"], print.as_str());
    assert_eq!(content["encryptionCertificateId"], certificate_id);
    let (whole, half) = (hex(&key), hex(&key[..16]));
    serde_json::from_slice(&openssl(&["enc", "-d", "-aes-256-cbc", "-K", &whole, "-iv", &half], &data, home.path())).unwrap()
}

/// The claims of a token that this server signed.
async fn claims(token: &str, server: &Server) -> Value {
    let keys = Request::get(format!("{}/common/discovery/v2.0/keys", server.origin())).body(Full::default()).unwrap();
    let keys = Http::new().attempt(keys).await.unwrap().demand(200).json();
    let octets = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = &keys["keys"][0];
    let [n, e] = ["n", "e"].map(|name| octets(key[name].as_str().unwrap()));
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = RsaPublicKeyComponents { n, e };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &octets(signature)).expect("it is signed by the server");
    serde_json::from_slice(&octets(signed.split('.').nth(1).unwrap())).unwrap()
}

async fn draft(person: &Person, subject: &str) -> Value {
    person.draft(&plain("AdeleV", &["AlexW"], subject)).await
}

#[tokio::test]
async fn what_is_selected_is_sent_along_for_the_app_alone() {
    let (server, receiver, pki) = (Server::start().await, Receiver::start().await, Pki::new());
    let adele = server.person("AdeleV");
    let app = pki.person("app", RSA);
    let made = subscribed(&adele, &with_data(&receiver, &app)).await;
    assert_eq!((&made["includeResourceData"], &made["encryptionCertificateId"]), (&json!(true), &json!("mine")));
    let message = draft(&adele, "Not to be read on the way").await;
    let id = message["id"].as_str().unwrap();
    let told = receiver.until_notified("/changes", 1).await;
    let owner = server.entry("AdeleV")["id"].as_str().unwrap();
    let address = format!("Users('{owner}')/messages('{id}')");
    assert_eq!(told[0]["resource"], address.as_str());
    assert_eq!(told[0]["resourceData"]["@odata.type"], "#microsoft.graph.message");
    assert_eq!(adele.get(&format!("/{address}")).await.demand(200).json()["id"], message["id"]);
    assert!(!told[0].to_string().contains("Not to be read"));

    let recipient = |name: &str| {
        let shown = &message[name][0]["emailAddress"];
        let shown = if shown.is_null() { &message[name]["emailAddress"] } else { shown };
        let mut typed = json!({"@odata.type": "#microsoft.graph.emailAddress"});
        typed.as_object_mut().unwrap().extend(shown.as_object().unwrap().clone());
        json!({"@odata.type": "#microsoft.graph.recipient", "emailAddress": typed})
    };
    let expected = json!({
        "categories@odata.type": "#Collection(String)",
        "categories": [],
        "receivedDateTime@odata.type": "#DateTimeOffset",
        "receivedDateTime": message["receivedDateTime"],
        "subject": "Not to be read on the way",
        "bodyPreview": message["bodyPreview"],
        "importance@odata.type": "#microsoft.graph.importance",
        "importance": "normal",
        "isRead": true,
        "from": recipient("from"),
        "toRecipients@odata.type": "#Collection(microsoft.graph.recipient)",
        "toRecipients": [recipient("toRecipients")],
    });
    assert_eq!(opened(&told[0], &app, "mine"), expected);

    let tokens = receiver.received()[0].body["validationTokens"].clone();
    assert_eq!(tokens.as_array().map(Vec::len), Some(1));
    let token = claims(tokens[0].as_str().unwrap(), &server).await;
    assert_eq!(token["aud"], server.dev()["client_id"]);
    assert_eq!((&token["tid"], &token["appid"]), (&server.dev()["tenant"], &json!("0bf30f3b-4a52-48df-9a82-234910c4a086")));
    assert!(token["exp"].as_i64() > token["iat"].as_i64());
    server.bearer(tokens[0].as_str().map(str::to_owned)).get("/me").await.demand(401);

    adele.patch_json(&format!("messages/{id}"), &json!({"isRead": false})).await.demand(200);
    let told = receiver.until_notified("/changes", 2).await;
    assert_eq!(opened(&told[1], &app, "mine")["isRead"], false);
    assert_ne!(told[0]["encryptedContent"]["dataKey"], told[1]["encryptedContent"]["dataKey"], "each has a key of its own");
    adele.post_nothing(&format!("messages/{id}/permanentDelete")).await.demand_empty(204);
    let told = receiver.until_notified("/changes", 3).await;
    assert_eq!((&told[2]["changeType"], told[2].get("encryptedContent")), (&json!("deleted"), None));
    server.finish().await;
}

#[tokio::test]
async fn extended_properties_go_along_where_they_are_expanded() {
    let (server, receiver, pki) = (Server::start().await, Receiver::start().await, Pki::new());
    let adele = server.person("AdeleV");
    let holder = pki.person("app", RSA);
    let name = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color";
    let expand = format!("$expand=singleValueExtendedProperties($filter=id eq '{name}')");
    let resource = format!("me/mailFolders('drafts')/messages?$select=subject&{expand}");
    subscribed(&adele, &with(with_data(&receiver, &holder), &json!({"resource": resource}))).await;
    let value = json!([{"id": name, "value": "Green"}]);
    adele.post_json("messages", &json!({"subject": "With", "singleValueExtendedProperties": value})).await.demand(201);
    adele.post_json("messages", &json!({"subject": "Without"})).await.demand(201);
    let told = receiver.until_notified("/changes", 2).await;
    let opened = [&told[0], &told[1]].map(|one| opened(one, &holder, "mine"));
    assert_eq!((&opened[0]["subject"], &opened[0]["singleValueExtendedProperties"]), (&json!("With"), &value));
    assert_eq!((&opened[1]["subject"], opened[1].get("singleValueExtendedProperties")), (&json!("Without"), None));
    server.finish().await;
}

#[tokio::test]
async fn a_certificate_is_renewed_with_its_subscription() {
    let (server, receiver, pki) = (Server::start().await, Receiver::start().await, Pki::new());
    let adele = server.person("AdeleV");
    let [old, new] = ["old", "new"].map(|name| pki.person(name, RSA));
    let made = subscribed(&adele, &with_data(&receiver, &old)).await;
    let one = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    let both = json!({"encryptionCertificate": certificate(&new), "encryptionCertificateId": "another"});
    let renewed = adele.patch_json(&one, &both).await.demand(200).json();
    assert_eq!((&renewed["encryptionCertificateId"], &renewed["includeResourceData"]), (&json!("another"), &json!(true)));
    draft(&adele, "For the new one").await;
    let told = receiver.until_notified("/changes", 1).await;
    assert_eq!(opened(&told[0], &new, "another")["subject"], "For the new one");
    adele.patch_json(&one, &json!({"encryptionCertificate": "MII="})).await.demand_error(400, "RequestBodyRead");
    adele.patch_json(&one, &json!({"expirationDateTime": minutes_from_now(1441)})).await.demand_error(400, "ExtensionError");
    adele.patch_json(&one, &json!({"includeResourceData": false})).await.demand_error(400, "RequestBodyRead");
    server.finish().await;
}

#[tokio::test]
async fn who_may_not_read_messages_does_not_have_them_sent_elsewhere() {
    let (server, receiver, pki) = (Server::start().await, Receiver::start().await, Pki::new());
    let tool = app("tool", "Mail.ReadBasic Mail.Read");
    server.register(&tool).await;
    let basic = server.through(&tool, "AdeleV", "Mail.ReadBasic").await;
    let reading = server.through(&tool, "AdeleV", "Mail.Read").await;
    let [own, thief] = ["own", "thief"].map(|name| pki.person(name, RSA));
    let with_data = subscribed(&reading, &with_data(&receiver, &own)).await;
    let filter = "me/messages?$filter=contains(bodyPreview,'secret')";
    let filtered = subscribed(&reading, &with(to_messages(&receiver), &json!({"resource": filter}))).await;
    let plain = subscribed(&reading, &to_messages(&receiver)).await;
    for (made, status) in [(&with_data, 403), (&filtered, 403), (&plain, 200)] {
        let one = format!("/subscriptions/{}", made["id"].as_str().unwrap());
        let asked = receiver.asked().len();
        let renewal = json!({"expirationDateTime": minutes_from_now(90), "notificationUrl": receiver.url("/elsewhere")});
        assert_eq!(basic.patch_json(&one, &renewal).await.status, status);
        let again = basic.post_nothing(&format!("{one}/reauthorize")).await.status;
        assert_eq!(again, if status == 200 { 204 } else { status });
        assert_eq!(receiver.asked().len() - asked, usize::from(status == 200), "nobody is asked for what can't be");
    }
    let one = format!("/subscriptions/{}", with_data["id"].as_str().unwrap());
    let stolen = json!({"encryptionCertificate": certificate(&thief), "encryptionCertificateId": "mine"});
    basic.patch_json(&one, &stolen).await.demand_error(403, "ErrorAccessDenied");
    let listed = basic.get("/subscriptions").await.demand(200).json();
    assert_eq!((listed["value"].as_array().map(Vec::len), &listed["value"][0]["id"]), (Some(1), &plain["id"]));
    assert_eq!(reading.get("/subscriptions").await.demand(200).json()["value"].as_array().map(Vec::len), Some(3));
    server.finish().await;
}

#[tokio::test]
async fn what_can_not_be_sent_along_is_refused() {
    let (server, receiver, pki) = (Server::start().await, Receiver::start().await, Pki::new());
    let adele = server.person("AdeleV");
    let (holder, curve) = (pki.person("app", RSA), pki.person("curve", P256));
    let asks = with_data(&receiver, &holder);
    for (members, status, code, words) in [
        (json!({"resource": "me/messages"}), 400, "BadRequest", "$select"),
        (json!({"resource": "me/messages?$select=subject,body"}), 400, "BadRequest", "'body'"),
        (json!({"resource": "me/messages?$select=*"}), 400, "BadRequest", "'body'"),
        (json!({"resource": "me/messages?$select=subject,colour"}), 400, "RequestBroker--ParseUri", "colour"),
        (json!({"resource": "me/messages?$select=subject&$top=1"}), 400, "BadRequest", "$top"),
        (json!({"resource": "me/messages?$select=subject&$expand=attachments"}), 400, "BadRequest", "extended properties"),
        (json!({"resource": "me/messages?$select=subject&$expand=colour"}), 400, "RequestBroker--ParseUri", "colour"),
        (
            json!({"resource": "me/messages?$select=subject&$expand=singleValueExtendedProperties($filter=id eq 'String 0x7D')"}),
            501,
            "NotImplemented",
            "octets",
        ),
        (json!({"resource": "me/messages?$select=webLink"}), 501, "NotImplemented", "webLink"),
        (json!({"encryptionCertificate": null}), 400, "RequestBodyRead", "encryptionCertificate"),
        (json!({"encryptionCertificate": "MII="}), 400, "RequestBodyRead", "encryptionCertificate"),
        (json!({"encryptionCertificate": certificate(&curve)}), 400, "RequestBodyRead", "RSA"),
        (json!({"encryptionCertificateId": null}), 400, "RequestBodyRead", "encryptionCertificateId"),
        (json!({"includeResourceData": null}), 400, "RequestBodyRead", "includeResourceData"),
        (json!({"includeResourceData": false, "resource": "me/messages"}), 400, "RequestBodyRead", "encryptionCertificate"),
        (json!({"expirationDateTime": minutes_from_now(1441)}), 400, "ExtensionError", "1440 minutes"),
        (json!({"notificationUrlAppId": "an app"}), 501, "NotImplemented", "notificationUrlAppId"),
    ] {
        let said = subscribe(&adele, &with(asks.clone(), &members)).await.demand_error(status, code);
        assert!(said.contains(words), "{members}: {said}");
    }
    let tool = app("tool", "Mail.ReadBasic Mail.Read");
    server.register(&tool).await;
    let basic = server.through(&tool, "AdeleV", "Mail.ReadBasic").await;
    subscribe(&basic, &asks).await.demand_error(403, "ErrorAccessDenied");
    assert!(receiver.asked().is_empty());
    subscribed(&server.through(&tool, "AdeleV", "Mail.Read").await, &asks).await;
    server.finish().await;
}
