//! What an example needs to be there, and its request with the keys of what is there.

use crate::meetings::meeting;
use crate::subscriptions::to_messages;
use bytes::Bytes;
use hyper::Method;
use kit::{Answer, Person, Receiver, Server, address, base64, decode_base64, letter, plain};
use serde_json::{Value, json};

/// Adele's mailbox, and a message and a folder for each example.
pub(super) struct Stage {
    adele: Person,
    christie: Person,
    receiver: Receiver,
}

/// A part that is a file.
const FILE: &[u8] = b"Content-Type: text/plain; name=\"a.txt\"\r\nContent-Disposition: attachment; filename=\"a.txt\"\r\nContent-ID: <a@tests.contoso.com>\r\nContent-Location: https://contoso.com/a.txt\r\n\r\nA file.\r\n";

/// Pages of which there are several.
const ONE_A_PAGE: (&str, &str) = ("prefer", "odata.maxpagesize=1");

/// The keys of what was made for an example.
#[derive(Default)]
struct Keys {
    folder: Option<String>,
    message: Option<String>,
    attachment: Option<String>,
    delta: Option<String>,
    /// Of what a mailbox has beside its mail.
    beside: Option<String>,
    rule: Option<String>,
    subscription: Option<String>,
}

impl Stage {
    pub(super) async fn of(server: &Server) -> Stage {
        Stage { adele: server.person("AdeleV"), christie: server.person("ChristieC"), receiver: Receiver::start().await }
    }

    /// Asks what the example asks. A page that shows a refusal of MIME shows no request of its own for it: it is the one
    /// before, damaged.
    pub(super) async fn ask(&self, page: &str, number: usize, request: &Value, refused: bool) -> Answer {
        let keys = self.set(page, number).await;
        let path = located(request["path"].as_str().expect("a path"), &keys);
        let method: Method = request["method"].as_str().expect("a method").parse().expect("a method");
        let mut headers: Vec<(&str, &str)> = Vec::new();
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            if !name.eq_ignore_ascii_case("content-length") {
                headers.push((name, value.as_str().expect("a field is text")));
            }
        }
        let body = match &request["body"] {
            Value::Null if page == "opentypeextension-update" => json!({"updated": "2015-10-29T11:00:00.000Z"}).to_string(),
            Value::Null => String::new(),
            Value::String(text) if refused => format!("!{text}"),
            Value::String(text) => match text.trim_end().strip_suffix("...") {
                Some(beginning) => completed(beginning),
                None => text.trim_end().to_owned(),
            },
            json if json["notificationUrl"].is_string() => self.to_us(json).to_string(),
            json => {
                let id = keys.message.as_deref().unwrap_or_default();
                let json = json.to_string().replace("destinationId-value", "archive");
                let json = json.replace("AQMkADYAAAIBDAAAAA==", keys.folder.as_deref().unwrap_or_default());
                let json = json.replace("danas@contoso.onmicrosoft.com", &address("ChristieC"));
                (1..=2).fold(json, |json, number| json.replace(&format!("{{rest-formatted-id-{number}}}"), id))
            }
        };
        let prefers = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("prefer"));
        if page.contains("delta") && number < 4 && !prefers {
            headers.push(ONE_A_PAGE);
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type", "application/json"));
        }
        self.adele.call(method, &path, &headers, body.into()).await
    }

    async fn set(&self, page: &str, number: usize) -> Keys {
        let name = format!("{page} {number}");
        match page {
            "attachment-createuploadsession" | "message-post-attachments" => {
                self.draft(&plain("AdeleV", &["AlexW"], &name)).await
            }
            "attachment-get" => self.attached(number, &name).await,
            "message-list-attachments" => self.attached(0, &name).await,
            "concept-delta-query-messages" | "message-delta" => self.delta(number, &name).await,
            "message-update" => self.draft(&plain("AdeleV", &["AlexW"], &name)).await,
            "eventmessage-get" | "eventmessage-update" => self.received(&invitation(&name)).await,
            "user-get-mailboxsettings" | "user-update-mailboxsettings" => self.with_settings().await,
            "user-getmailtips" => self.while_away().await,
            "outlookcategory-update" | "outlookcategory-delete" => self.category(&name).await,
            page if page.starts_with("inferenceclassification") => self.sender(&name).await,
            page if page.starts_with("subscription") => {
                let asks = self.to_us(&to_messages(&self.receiver));
                let made = self.adele.post_json("/subscriptions", &asks).await.demand(201).json();
                Keys { subscription: Some(id(&made)), ..Keys::default() }
            }
            "opentypeextension-update" => self.with_extension(&name).await,
            "mailfolder-get" if number == 1 => self.search_folder(&name).await,
            page if page.contains("messagerule") => self.rule().await,
            page if page.contains("folder") => self.folder(&name).await,
            page if page.contains("extendedproperty") => self.with_properties(&name).await,
            _ => self.received(&plain("AlexW", &["AdeleV"], &name)).await,
        }
    }

    async fn rule(&self) -> Keys {
        let spam = json!({
            "displayName": "Remove spam", "sequence": 1, "conditions": {"subjectContains": ["enter to win"]},
            "actions": {"delete": true, "stopProcessingRules": true}
        });
        if self.adele.all("mailFolders/inbox/messageRules").await.is_empty() {
            self.adele.post_json("mailFolders/inbox/messageRules", &spam).await.demand(201);
        }
        let to = json!([{"emailAddress": {"name": "Alex Wilbur", "address": address("AlexW")}}]);
        let rule = json!({
            "displayName": "From partner", "sequence": 2, "conditions": {"senderContains": ["ADELE"]},
            "actions": {"forwardTo": to, "stopProcessingRules": true}
        });
        let made = self.adele.post_json("mailFolders/inbox/messageRules", &rule).await.demand(201).json();
        Keys { rule: Some(id(&made)), ..Keys::default() }
    }

    /// A subscription to our mailbox, which our receiver is told, from now on.
    fn to_us(&self, shown: &Value) -> Value {
        let mut ours = shown.clone();
        let asks = to_messages(&self.receiver);
        for name in ["notificationUrl", "expirationDateTime", "resource"] {
            ours[name] = asks[name].clone();
        }
        ours["lifecycleNotificationUrl"] = self.receiver.url("/of-itself").into();
        ours
    }

    async fn draft(&self, octets: &[u8]) -> Keys {
        let draft = self.adele.draft(octets).await;
        Keys { message: Some(id(&draft)), ..Keys::default() }
    }

    async fn received(&self, octets: &[u8]) -> Keys {
        let path = "mailFolders/inbox/messages?import=true";
        let message = self.adele.post_mime(path, octets).await.demand(201).json();
        Keys { message: Some(id(&message)), ..Keys::default() }
    }

    async fn attached(&self, number: usize, name: &str) -> Keys {
        let (from, to, cc) = (address("AlexW"), address("AdeleV"), address("MeganB"));
        let inner = letter(&[("From", &from), ("To", &to), ("Cc", &cc), ("Subject", "Inner")], "Text.");
        let nested = mixed("Middle", FILE);
        let part = match number {
            1 | 2 | 8 => message_part(&inner),
            3 => message_part(&nested),
            _ => FILE.to_vec(),
        };
        let mut keys = self.received(&mixed(name, &part)).await;
        let message = keys.message.clone().expect("one was made");
        if number == 4 {
            keys = self.draft(&plain("AdeleV", &["AlexW"], name)).await;
            let path = format!("messages/{}/attachments", keys.message.as_ref().expect("one was made"));
            let link = json!({"@odata.type": "#microsoft.graph.referenceAttachment", "name": "A link", "sourceUrl": "https://contoso.com/a"});
            keys.attachment = self.adele.post_json(&path, &link).await.json()["id"].as_str().map(str::to_owned);
            return keys;
        }
        let list = self.adele.all(&format!("messages/{message}/attachments")).await;
        keys.attachment = Some(id(&list[0]));
        keys
    }

    async fn folder(&self, name: &str) -> Keys {
        let folder = self.adele.post_json("mailFolders", &json!({"displayName": name})).await.demand(201).json();
        let folder = id(&folder);
        for (child, is_hidden) in [("a", false), ("b", true)] {
            let body = json!({"displayName": child, "isHidden": is_hidden});
            self.adele.post_json(&format!("mailFolders/{folder}/childFolders"), &body).await.demand(201);
        }
        let path = format!("mailFolders/{folder}/messages?import=true");
        self.adele.post_mime(&path, &plain("AlexW", &["AdeleV"], name)).await.demand(201);
        Keys { folder: Some(folder), ..Keys::default() }
    }

    async fn search_folder(&self, name: &str) -> Keys {
        let inbox = self.adele.get("mailFolders/inbox").await.demand(200).json();
        let search = json!({
            "@odata.type": "microsoft.graph.mailSearchFolder", "displayName": name, "includeNestedFolders": true,
            "sourceFolderIds": [inbox["id"]], "filterQuery": "contains(subject, 'MyAnalytics')"
        });
        let made = self.adele.post_json("mailFolders/searchfolders/childFolders", &search).await.demand(201).json();
        Keys { folder: Some(id(&made)), ..Keys::default() }
    }

    /// The delta pages ask on from where the answer before leads; so does this.
    async fn delta(&self, number: usize, name: &str) -> Keys {
        let mut keys = self.folder(name).await;
        let folder = keys.folder.clone().expect("one was made");
        let messages = format!("mailFolders/{folder}/messages?import=true");
        for subject in ["Second", "Third", "Fourth"] {
            self.adele.post_mime(&messages, &plain("AlexW", &["AdeleV"], subject)).await.demand(201);
        }
        let mut link = format!("mailFolders/{folder}/messages/delta?$select=subject,sender,isRead");
        // One page, all but the last one, or all of them.
        let pages = [0, 0, 1, 2, usize::MAX][number];
        for _ in 0..pages {
            let page = self.adele.call(Method::GET, &link, &[ONE_A_PAGE], Bytes::new()).await.demand(200).json();
            let next = ["@odata.nextLink", "@odata.deltaLink"].iter().find_map(|name| page[*name].as_str());
            next.expect("a page leads on").clone_into(&mut link);
            keys.delta = Some(link.clone());
            if page["@odata.nextLink"].is_null() {
                break;
            }
        }
        if number == 4 {
            let list = self.adele.all(&format!("mailFolders/{folder}/messages")).await;
            self.adele.delete(&format!("messages/{}", id(&list[0]))).await.demand(204);
            self.adele.post_mime(&messages, &plain("AlexW", &["AdeleV"], "New")).await.demand(201);
        }
        keys
    }

    async fn with_extension(&self, name: &str) -> Keys {
        let keys = self.received(&plain("AlexW", &["AdeleV"], name)).await;
        let path = format!("messages/{}/extensions", keys.message.as_ref().expect("one was made"));
        let referral = json!({"extensionName": "Com.Contoso.Referral", "companyName": "Wingtip Toys"});
        self.adele.post_json(&path, &referral).await.demand(201);
        keys
    }

    async fn category(&self, name: &str) -> Keys {
        let made = self.adele.post_json("outlook/masterCategories", &json!({"displayName": name})).await.demand(201).json();
        Keys { beside: Some(id(&made)), ..Keys::default() }
    }

    async fn sender(&self, name: &str) -> Keys {
        let sender = json!({"name": name, "address": format!("{}@elsewhere.example", name.replace(' ', "-"))});
        let said = json!({"classifyAs": "other", "senderEmailAddress": sender});
        let made = self.adele.post_json("inferenceClassification/overrides", &said).await.demand(201).json();
        Keys { beside: Some(id(&made)), ..Keys::default() }
    }

    /// Working hours in a zone of somebody's own.
    async fn with_settings(&self) -> Keys {
        let offset =
            json!({"time": "02:00:00", "dayOccurrence": 4, "dayOfWeek": "sunday", "month": 5, "year": 0, "daylightBias": -100});
        let zone = json!({"bias": -200, "name": "Customized Time Zone", "standardOffset": offset, "daylightOffset": offset});
        self.adele.patch_json("mailboxSettings", &json!({"workingHours": {"timeZone": zone}})).await.demand(200);
        Keys::default()
    }

    /// Somebody who is away for a time.
    async fn while_away(&self) -> Keys {
        let at = |year: i32| json!({"dateTime": format!("{year}-08-07T02:00:00"), "timeZone": "UTC"});
        let away = json!({
            "status": "scheduled",
            "scheduledStartDateTime": at(2018),
            "scheduledEndDateTime": at(2090),
            "internalReplyMessage": "Hi, I am on vacation right now.",
        });
        let settings = json!({"automaticRepliesSetting": away, "language": {"locale": "en-US"}});
        self.christie.patch_json("mailboxSettings", &settings).await.demand(200);
        Keys::default()
    }

    async fn with_properties(&self, name: &str) -> Keys {
        let keys = self.received(&plain("AlexW", &["AdeleV"], name)).await;
        let color = json!({"singleValueExtendedProperties": [
            {"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color", "value": "Green"}
        ]});
        let path = format!("messages/{}", keys.message.as_ref().expect("one was made"));
        self.adele.patch_json(&path, &color).await.demand(200);
        keys
    }
}

/// MIME that a page cuts off in its header, with what the page leaves out: the people, and a text.
fn completed(beginning: &str) -> String {
    let mut octets = decode_base64(beginning);
    let lines = octets.windows(2).rposition(|two| two == b"\r\n").expect("a whole line");
    octets.truncate(lines + 2);
    let (from, to) = (address("AdeleV"), address("AlexW"));
    octets.extend(format!("From: {from}\r\nTo: {to}\r\n\r\nText.\r\n").bytes());
    base64(&octets)
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

/// The path with our keys in place of the page's.
fn located(path: &str, keys: &Keys) -> String {
    if let Some(link) = &keys.delta {
        return link.clone();
    }
    let path = path.trim_start_matches("/v1.0").replace(' ', "%20").replace('{', "%7B").replace('}', "%7D");
    let (path, query) = path.split_once('?').map_or((path.as_str(), String::new()), |(path, query)| (path, format!("?{query}")));
    let mut collection = String::new();
    let segments = path.split('/').map(|segment| {
        let key = match collection.as_str() {
            "users" => Some(address("AdeleV")),
            "messages" if segment != "delta" => keys.message.clone(),
            "mailfolders" | "childfolders" if !matches!(segment, "delta" | "inbox" | "Inbox") => keys.folder.clone(),
            "mailboxes" => Some(address("AdeleV")),
            "mastercategories" | "overrides" => keys.beside.clone(),
            "messagerules" => keys.rule.clone(),
            "subscriptions" => keys.subscription.clone(),
            "attachments" if segment != "createUploadSession" => keys.attachment.clone(),
            _ => None,
        };
        collection = segment.to_lowercase();
        let (name, parenthesised) = segment.split_once("('").map_or((segment, false), |(name, _)| (name, true));
        match key {
            Some(key) if !segment.is_empty() => key,
            _ if parenthesised => format!("{name}('{}')", keys.message.as_deref().unwrap_or_default()),
            _ => segment.to_owned(),
        }
    });
    segments.collect::<Vec<_>>().join("/") + &query
}

fn mixed(subject: &str, part: &[u8]) -> Vec<u8> {
    let (from, to) = (address("AlexW"), address("AdeleV"));
    let fields =
        [("From", from.as_str()), ("To", &to), ("Subject", subject), ("Content-Type", "multipart/mixed; boundary=\"b-of-it\"")];
    let nested = subject == "Middle";
    let boundary = if nested { "b-inside" } else { "b-of-it" };
    let head = letter(&fields, "");
    let head = String::from_utf8(head).expect("text").replace("b-of-it", boundary);
    let open = format!("{head}--{boundary}\r\nContent-Type: text/plain\r\n\r\nText.\r\n--{boundary}\r\n");
    [open.as_bytes(), part, format!("\r\n--{boundary}--\r\n").as_bytes()].concat()
}

fn message_part(octets: &[u8]) -> Vec<u8> {
    [b"Content-Type: message/rfc822\r\n\r\n", octets].concat()
}

/// A request to meet.
fn invitation(subject: &str) -> Vec<u8> {
    let event = "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nSUMMARY:Meet\r\nLOCATION:Mt. Hood\r\n\
                 ORGANIZER:mailto:AlexW@contoso.com\r\nATTENDEE;CN=Adele:mailto:AdeleV@contoso.com\r\n\
                 BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM";
    meeting("AlexW", "AdeleV", subject, "REQUEST", event)
}
