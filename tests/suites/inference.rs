//! Which mail is focused and which is other: as its recipient says of its sender, else by our own rule; on every road by which mail
//! comes, for what comes from then on.

use kit::{Person, Server, Smtp, address, free_address, letter, plain};
use serde_json::{Value, json};

const OVERRIDES: &str = "inferenceClassification/overrides";

fn of(address: &str, classify_as: &str) -> Value {
    json!({"classifyAs": classify_as, "senderEmailAddress": {"name": "Somebody", "address": address}})
}

async fn say(person: &Person, address: &str, classify_as: &str) -> Value {
    person.post_json(OVERRIDES, &of(address, classify_as)).await.demand(201).json()
}

fn at(one: &Value) -> String {
    format!("{OVERRIDES}/{}", one["id"].as_str().unwrap())
}

/// As what the message of a subject was filed.
async fn filed(person: &Person, subject: &str) -> String {
    let message = person.arrived(subject).await;
    message["inferenceClassification"].as_str().unwrap().to_owned()
}

/// Mail from outside, or from whoever the header says.
async fn bring(smtp: &mut Smtp, header: &[(&str, &str)], to: &str) {
    smtp.envelope("bounces@elsewhere.example", &[to.to_owned()]).await;
    smtp.data(&letter(header, "Text."), 250).await;
}

#[tokio::test]
async fn what_is_said_of_a_sender_holds_on_every_road_in_any_case() {
    let lmtp = free_address();
    let server = Server::with_config(&format!("development = true\n[listen]\nlmtp = \"{lmtp}\"\n")).await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let said = say(&alex, &address("ADELEV"), "Other").await;
    assert!(said["@odata.context"].as_str().unwrap().ends_with("')/inferenceClassification/overrides/$entity"), "{said}");
    assert_eq!(said["classifyAs"], "other");
    say(&alex, "News@Elsewhere.example", "focused").await;
    adele.send_mime(&plain("AdeleV", &["AlexW", "MeganB"], "Submitted")).await.demand(202);
    assert_eq!(filed(&alex, "Submitted").await, "other");
    assert_eq!(filed(&server.person("MeganB"), "Submitted").await, "focused", "it is Alex's opinion");
    let (mut smtp, mut lmtp) = (Smtp::connect(&server).await, Smtp::connect_to(&lmtp.to_string()).await);
    smtp.demand("EHLO client.elsewhere.example", 250).await;
    lmtp.demand("LHLO client.elsewhere.example", 250).await;
    let to = address("AlexW");
    for (road, client) in [("SMTP", &mut smtp), ("LMTP", &mut lmtp)] {
        let of_list = [("From", "News <news@ELSEWHERE.example>"), ("List-Id", "<news.elsewhere.example>"), ("Subject", road)];
        bring(client, &of_list, &to).await;
        assert_eq!(filed(&alex, road).await, "focused", "{road}: what is said goes before what the message says");
        for (name, from, expected) in [
            ("A detail", "news+weekly@elsewhere.example", "focused"),
            ("Sent for another", "somebody@elsewhere.example", "focused"),
        ] {
            let subject = format!("{name} by {road}");
            bring(client, &[("From", from), ("Sender", &address("AdeleV")), ("Subject", &subject)], &to).await;
            assert_eq!(filed(&alex, &subject).await, expected, "{subject}: the author's address counts, as it stands");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn each_sign_of_the_rule_of_our_own_counts() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    let mut smtp = Smtp::connect(&server).await;
    smtp.demand("EHLO client.elsewhere.example", 250).await;
    for (number, (name, value, expected)) in [
        ("X-Nothing", "of all this", "focused"),
        ("List-Id", "A list <a.elsewhere.example>", "other"),
        ("List-Unsubscribe", "<https://elsewhere.example/u>", "other"),
        ("List-Archive", "<https://elsewhere.example/a>", "focused"),
        ("Precedence", "bulk", "other"),
        ("Precedence", "LIST", "other"),
        ("Precedence", "junk", "other"),
        ("Precedence", "first-class", "focused"),
        ("Auto-Submitted", "auto-generated", "other"),
        ("Auto-Submitted", "auto-notified; owner-email=\"a@elsewhere.example\"", "other"),
        ("Auto-Submitted", "no", "focused"),
        ("Auto-Submitted", "auto-replied (vacation)", "focused"),
        ("Content-Type", "multipart/report; report-type=delivery-status; boundary=b", "focused"),
    ]
    .into_iter()
    .enumerate()
    {
        let subject = format!("Sign {number}");
        let header = [("From", "somebody@elsewhere.example"), (name, value), ("Subject", &subject)];
        bring(&mut smtp, &header, &address("AlexW")).await;
        assert_eq!(filed(&alex, &subject).await, expected, "{name}: {value}");
    }
    // An answer is one although it says that it is for many too.
    let header = [("Auto-Submitted", "auto-replied"), ("Precedence", "bulk"), ("Subject", "Away")];
    bring(&mut smtp, &header, &address("AlexW")).await;
    assert_eq!(filed(&alex, "Away").await, "focused");
    // What becomes of mail that was sent is told to its sender.
    let nobody = json!({"subject": "Lost", "toRecipients": [{"emailAddress": {"address": "nobody@contoso.com"}}]});
    alex.send_json(&nobody).await.demand(202);
    let report = alex.arrived("Undeliverable: Lost").await;
    assert_eq!(report["inferenceClassification"], "focused");
    server.finish().await;
}

#[tokio::test]
async fn what_is_there_already_stays_and_what_comes_next_follows() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    let send = async |subject: &str| {
        adele.send_mime(&plain("AdeleV", &["AlexW"], subject)).await.demand(202);
        filed(&alex, subject).await
    };
    assert_eq!(send("Before").await, "focused");
    let said = say(&alex, &address("AdeleV"), "other").await;
    assert_eq!(send("Said").await, "other");
    assert_eq!(filed(&alex, "Before").await, "focused");
    let told = alex.patch_json(&at(&said), &json!({"classifyAs": "Focused"})).await.demand(200).json();
    assert_eq!((&told["classifyAs"], &told["id"]), (&json!("focused"), &said["id"]));
    assert_eq!(send("Said otherwise").await, "focused");
    // Whoever says it again of the same sender says it instead, with the id that it had.
    let mut again = of(&address("adelev").to_uppercase(), "other");
    again["senderEmailAddress"]["name"] = json!("Adele");
    let again = alex.post_json(OVERRIDES, &again).await.demand(201).json();
    assert_eq!((&again["id"], &again["senderEmailAddress"]["name"]), (&said["id"], &json!("Adele")));
    assert_eq!(alex.get(OVERRIDES).await.demand(200).json()["value"].as_array().unwrap().len(), 1);
    assert_eq!(send("Said again").await, "other");
    alex.delete(&at(&said)).await.demand_empty(204);
    assert_eq!(send("Unsaid").await, "focused");
    assert_eq!(filed(&alex, "Said again").await, "other");
    let moved = alex.arrived("Unsaid").await;
    let path = format!("messages/{}", moved["id"].as_str().unwrap());
    let by_hand = alex.patch_json(&path, &json!({"inferenceClassification": "other"})).await.demand(200).json();
    assert_eq!(by_hand["inferenceClassification"], "other", "a message is moved by hand as ever");
    server.finish().await;
}

#[tokio::test]
async fn what_is_no_override_is_refused() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    let said = say(&alex, "a@elsewhere.example", "other").await;
    for refused in [
        json!({}),
        json!({"classifyAs": "other"}),
        json!({"senderEmailAddress": {"address": "b@elsewhere.example"}}),
        json!({"classifyAs": "junk", "senderEmailAddress": {"address": "b@elsewhere.example"}}),
        json!({"classifyAs": "other", "senderEmailAddress": "b@elsewhere.example"}),
        json!({"classifyAs": "other", "senderEmailAddress": {"name": "B"}}),
        json!({"classifyAs": "other", "senderEmailAddress": {"address": "nobody"}}),
        json!([]),
    ] {
        alex.post_json(OVERRIDES, &refused).await.demand_error(400, "RequestBodyRead");
    }
    alex.patch_json(&at(&said), &json!({"classifyAs": "junk"})).await.demand_error(400, "RequestBodyRead");
    let another = of("b@elsewhere.example", "focused");
    alex.patch_json(&at(&said), &another).await.demand_error(400, "ErrorInvalidPropertySet");
    let mut whole = alex.get(&at(&said)).await.demand(200).json();
    assert_eq!(whole["classifyAs"], "other", "nothing was changed");
    whole["classifyAs"] = json!("focused");
    let told = alex.patch_json(&at(&said), &whole).await.demand(200).json();
    assert_eq!(told, whole, "what comes back as it was read passes");
    for bad in ["x", "98f5bdef-576a-404d-a2ea-07a3cf34af4r"] {
        alex.get(&format!("{OVERRIDES}/{bad}")).await.demand_error(400, "ErrorInvalidIdMalformed");
    }
    let unknown = format!("{OVERRIDES}/98f5bdef-576a-404d-a2ea-07a3cf11a9b9");
    alex.get(&unknown).await.demand_error(404, "ErrorItemNotFound");
    alex.patch_json(&unknown, &json!({"classifyAs": "other"})).await.demand_error(404, "ErrorItemNotFound");
    alex.delete(&unknown).await.demand_error(404, "ErrorItemNotFound");
    server.person("AdeleV").get(&at(&said)).await.demand_error(404, "ErrorItemNotFound");
    alex.get("inferenceClassification/senders").await.demand_error(400, "BadRequest");
    server.finish().await;
}

#[tokio::test]
async fn overrides_are_selected_from_filtered_ordered_counted_and_paged() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    for (name, classify_as) in [("c", "other"), ("a", "focused"), ("b", "other")] {
        say(&alex, &format!("{name}@elsewhere.example"), classify_as).await;
    }
    let names = async |options: &str| {
        let found = alex.get(&format!("{OVERRIDES}?{options}")).await.demand(200).json();
        let all = found["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["senderEmailAddress"]["address"].as_str().unwrap()[..1].to_owned());
        all.collect::<String>()
    };
    assert_eq!(names("").await, "cab");
    assert_eq!(names("$orderby=senderEmailAddress/address").await, "abc");
    assert_eq!(names("$filter=classifyAs%20eq%20'other'&$top=1&$skip=1").await, "b");
    assert_eq!(names("$filter=startswith(senderEmailAddress/address,'a@')").await, "a");
    let chosen = alex.get(&format!("{OVERRIDES}?$select=classifyAs&$top=1&$count=true")).await.demand(200).json();
    assert_eq!((&chosen["@odata.count"], chosen["@odata.nextLink"].is_string()), (&json!(3), true));
    assert_eq!(chosen["value"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "classifyAs"]);
    assert_eq!(&alex.get(&format!("{OVERRIDES}/$count")).await.demand(200).body[..], b"3");
    let whole = alex.get("inferenceClassification?$expand=overrides").await.demand(200).json();
    assert_eq!(whole["overrides"].as_array().unwrap().len(), 3);
    let itself = alex.get("inferenceClassification").await.demand(200).json();
    assert!(itself["id"].is_string() && itself.get("overrides").is_none(), "{itself}");
    let told = alex.patch_json("inferenceClassification", &json!({"id": "x"})).await.demand(200).json();
    assert_eq!(told, itself);
    server.finish().await;
}

#[tokio::test]
async fn a_mailbox_has_a_thousand_overrides_and_no_more() {
    let server = Server::start().await;
    let alex = server.person("AlexW");
    let each = |number: usize| format!("s{number}@elsewhere.example");
    for batch in 0..50 {
        let request = |number: usize| {
            json!({"id": number.to_string(), "method": "POST", "url": format!("/me/{OVERRIDES}"),
                "headers": {"content-type": "application/json"}, "body": of(&each(batch * 20 + number), "other")})
        };
        let requests: Vec<Value> = (0..20).map(request).collect();
        let answers = alex.post_json("/$batch", &json!({"requests": requests})).await.demand(200).json();
        assert!(answers["responses"].as_array().unwrap().iter().all(|one| one["status"] == 201), "{answers}");
    }
    alex.post_json(OVERRIDES, &of(&each(1000), "other")).await.demand_error(507, "ErrorQuotaExceeded");
    say(&alex, &each(999), "focused").await; // it is one of them
    assert_eq!(&alex.get(&format!("{OVERRIDES}/$count")).await.demand(200).body[..], b"1000");
    server.finish().await;
}
