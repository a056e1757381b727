//! Keys: given once, by API or command, sealed, never to be read again.

use super::{Stage, give_certificate, give_key, holder, message};
use kit::{P256, PASSPHRASE, Pki, Server, Wanted, address, base64};
use serde_json::json;
use std::fs;
use std::path::Path;

#[tokio::test]
async fn a_key_is_given_listed_and_thrown_away_and_never_given_back() {
    let stage = Stage::new("").await;
    let adele = stage.server.person("AdeleV");
    let holder = stage.with_key("AdeleV").await;
    let listed = adele.get("restante.smime/keys").await.demand(200).json();
    let [key] = &listed["value"].as_array().unwrap()[..] else { panic!("one key: {listed}") };
    assert_eq!(
        (&key["addresses"][0], &key["maySign"], &key["mayEncrypt"]),
        (&json!("AdeleV@contoso.com"), &json!(true), &json!(true))
    );
    assert_eq!((&key["isEnding"], &key["algorithm"]), (&json!(false), &json!("RSA-2048")));
    let secret = openssl_der(&holder.key);
    let pem = fs::read_to_string(&holder.key).unwrap();
    let line = pem.lines().nth(5).unwrap();
    for (name, octets) in stage.server.at_rest() {
        let has = |needle: &[u8]| octets.windows(needle.len()).any(|window| window == needle);
        assert!(!has(&secret[secret.len() - 64..]) && !has(line.as_bytes()), "{name} holds the key");
    }
    let id = key["id"].as_str().unwrap();
    adele.get(&format!("restante.smime/keys/{id}")).await.demand(405);
    stage.server.person("AlexW").delete(&format!("restante.smime/keys/{id}")).await.demand_error(404, "ErrorItemNotFound");
    adele.delete(&format!("restante.smime/keys/{id}")).await.demand_empty(204);
    adele.delete(&format!("restante.smime/keys/{id}")).await.demand_error(404, "ErrorItemNotFound");
    stage.server.finish().await;
}

#[tokio::test]
async fn what_is_no_key_or_somebody_elses_is_refused_and_changes_nothing() {
    let stage = Stage::new("").await;
    let adele = stage.server.person("AdeleV");
    let alex = holder(&stage.pki, "alex", &address("AlexW"));
    give_key(&adele, &alex).await.demand_error(400, "SmimeInvalid");
    let own = holder(&stage.pki, "adele", &address("AdeleV"));
    let pkcs12 = base64(&fs::read(&own.p12).unwrap());
    for body in [json!({"pkcs12": pkcs12, "passphrase": "wrong"}), json!({"pkcs12": base64(b"hello"), "passphrase": PASSPHRASE})]
    {
        adele.post_json("restante.smime/keys", &body).await.demand_error(400, "SmimeInvalid");
    }
    adele.post_json("restante.smime/keys", &json!({"pkcs12": "*"})).await.demand_error(400, "RequestBodyRead");
    assert_eq!(adele.get("restante.smime/keys").await.demand(200).json()["value"], json!([]));
    let signs =
        Wanted { algorithm: P256, address: "x@x.example", usage: "digitalSignature", extended: "emailProtection", days: 9 };
    give_certificate(&adele, &stage.pki.holder("signer", &signs)).await.demand_error(400, "SmimeInvalid");
    let reader = stage.server.person_with_scopes("AdeleV", "Mail.ReadWrite Mail.Send MailboxSettings.Read").await;
    reader.get("restante.smime/keys").await.demand(200);
    give_key(&reader, &own).await.demand_error(403, "ErrorAccessDenied");
    stage.server.finish().await;
}

/// Each address has a row with the certificate, and each message is tried with each key: neither is without end.
#[tokio::test]
async fn nobody_fills_the_store_with_what_no_mailbox_needs() {
    let stage = Stage::new("").await;
    let adele = stage.server.person("AdeleV");
    let many: Vec<String> = (0..101).map(|number| format!("email:{number}@smime.example")).collect();
    let wide = holder(&stage.pki, "wide", &many.join(",").replacen("email:", "", 1));
    let refused = give_certificate(&adele, &wide).await.demand_error(400, "SmimeInvalid");
    assert!(refused.contains("can't be used"), "{refused}");
    let large = json!({"pkcs12": base64(&[0x30; 300_000]), "passphrase": ""});
    adele.post_json("restante.smime/keys", &large).await.demand_error(400, "SmimeInvalid");
    stage.server.finish().await;
}

#[tokio::test]
async fn outside_development_mode_keys_need_a_master_key() {
    let server = Server::in_production("").await;
    let pki = Pki::new();
    let own = holder(&pki, "adele", &address("AdeleV"));
    let p12 = own.p12.to_str().unwrap();
    let passphrase = pki.at("passphrase");
    fs::write(&passphrase, format!("{PASSPHRASE}\n")).unwrap();
    // What development mode has made is of this folder: production says where its own is.
    fs::remove_file(server.data_dir().join("smime.key")).unwrap();
    let add = ["key", "add", "AdeleV@contoso.com", p12, "--passphrase-file", passphrase.to_str().unwrap()];
    let refused = server.restante(&add).await;
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).matches("no master key is set").count() == 1,
        "it is said once: {refused:?}"
    );
    let master = pki.at("master.key");
    fs::write(&master, base64(&[7; 32])).unwrap();
    let added = server.restante(&[&add[..], &["--master-key-file", master.to_str().unwrap(), "--json"]].concat()).await;
    assert!(added.status.success(), "{added:?}");
    let told: serde_json::Value = serde_json::from_slice(&added.stdout).unwrap();
    assert_eq!(told["addresses"], json!(["AdeleV@contoso.com"]));
    let listed = server.restante(&["key", "list", "AdeleV@contoso.com"]).await;
    let text = String::from_utf8(listed.stdout).unwrap();
    assert!(text.contains("AdeleV@contoso.com, RSA-2048, until ") && text.starts_with(told["id"].as_str().unwrap()), "{text}");
    let removed = server.restante(&["key", "remove", "AdeleV@contoso.com", told["id"].as_str().unwrap()]).await;
    assert!(removed.status.success());
    assert!(server.restante(&["key", "list", "AdeleV@contoso.com"]).await.stdout.is_empty());
    server.finish().await;
}

/// A certificate is revoked because somebody else may have its key: nothing is encrypted for it, whoever gave it.
#[tokio::test]
async fn nothing_is_encrypted_for_a_certificate_that_was_revoked() {
    let pki = Pki::new();
    let (bob, eve) = (holder(&pki, "bob", "bob@smime.example"), holder(&pki, "eve", "eve@smime.example"));
    let list = pki.revoke(&eve);
    let stage = Stage::with(pki, "", &format!("crls = [\"{}\"]", list.display())).await;
    let adele = stage.server.person("AdeleV");
    stage.with_key("AdeleV").await;
    for (holder, address, status) in [(&bob, "bob@smime.example", 202), (&eve, "eve@smime.example", 400)] {
        give_certificate(&adele, holder).await.demand(201);
        let mut secret = message("Secret", &[]);
        secret["toRecipients"] = json!([{"emailAddress": {"address": address}}]);
        secret["@restante.smime"] = "encrypt".into();
        assert_eq!(adele.send_json(&secret).await.status, status, "{address}");
    }
    stage.server.finish().await;
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_warned_of() {
    let stage = Stage::new("").await;
    let adele = stage.server.person("AdeleV");
    let usage = "digitalSignature,keyEncipherment";
    let wanted = Wanted { algorithm: kit::RSA, address: "AdeleV@contoso.com", usage, extended: "emailProtection", days: 20 };
    give_key(&adele, &stage.pki.holder("ending", &wanted)).await.demand(201);
    let listed = adele.get("restante.smime/keys").await.demand(200).json();
    assert_eq!(listed["value"][0]["isEnding"], true);
    let Stage { mut server, pki, .. } = stage;
    server.stop().await;
    server.restart().await;
    kit::until("the log warns", async || server.log().contains("a certificate of S/MIME ends soon").then_some(())).await;
    drop(pki);
    server.finish().await;
}

fn openssl_der(key: &Path) -> Vec<u8> {
    let der = std::process::Command::new("openssl").args(["pkey", "-outform", "DER", "-in"]).arg(key).output();
    der.expect("openssl can be started").stdout
}
