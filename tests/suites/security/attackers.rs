//! Those who may not.

use super::ALL;
use super::row::{Row, statuses};
use encodify::base64::URL_SAFE_NO_PAD;
use kit::{Answer, Forge, Person, Server};
use serde_json::json;
use store::{Account, Application, MailboxAccess};

/// What is wrong with each.
pub(crate) const COLUMNS: [&str; 10] = [
    "no token",
    "expired",
    "wrong audience",
    "wrong issuer",
    "alg none",
    "key confusion",
    "missing scope",
    "other mailbox",
    "disabled person",
    "app outside its list",
];

/// Somebody who may not, and how he is told so.
pub(crate) struct Attacker {
    pub(crate) person: Person,
    status: u16,
    code: &'static str,
}

/// All of them, at one server.
pub(crate) struct Attackers {
    with_bad_tokens: Vec<Person>,
    lacking: Vec<(&'static str, Person)>,
    alex: Person,
    megan: Person,
    outside: Person,
}

impl Attackers {
    pub(crate) async fn of(server: &Server, tool: &Application) -> Attackers {
        let good = server.person("AdeleV").authorization();
        let good = good.trim_start_matches("Bearer ");
        let forge = Forge::new(server, good);
        let keys = server.get("/common/discovery/v2.0/keys").await.demand(200).json();
        let modulus = URL_SAFE_NO_PAD.decode(keys["keys"][0]["n"].as_str().unwrap()).unwrap();
        let tokens = [
            None,
            Some(forge.claiming(&json!({"exp": 1_577_923_200}))),
            Some(forge.claiming(&json!({"aud": "https://outlook.office.com"}))),
            Some(forge.claiming(&json!({"iss": "https://sts.windows.net/11111111-1111-4111-8111-111111111111/"}))),
            Some(forge.unsigned()),
            Some(forge.confused(&modulus)),
        ];
        // The forge's own work is good where nothing is wrong, so that each token is refused for what is wrong with it.
        server.bearer(Some(forge.claiming(&json!({})))).get("messages").await.demand(200);

        let mut lacking = Vec::new();
        for (least, given) in [
            ("Mail.Send", "Mail.ReadWrite User.Read"),
            ("Mail.ReadWrite", "Mail.Read Mail.Send User.Read"),
            ("Mail.Read", "Mail.ReadBasic Mail.Send User.Read"),
            ("Mail.ReadBasic", "Mail.Send User.Read"),
            ("MailboxSettings.ReadWrite", "MailboxSettings.Read Mail.ReadWrite User.Read"),
            ("MailboxSettings.Read", "Mail.ReadWrite Mail.Send User.Read"),
            ("MailboxFolder.Read", "Mail.ReadWrite MailboxItem.ImportExport User.Read"),
            ("MailboxItem.Read", "Mail.ReadWrite MailboxFolder.ReadWrite User.Read"),
            ("MailboxItem.Export", "Mail.ReadWrite MailboxFolder.ReadWrite MailboxItem.Read User.Read"),
            ("MailboxItem.ImportExport", "Mail.ReadWrite MailboxItem.Read MailboxItem.Export User.Read"),
            ("User.Read", "Mail.ReadWrite Mail.Send"),
            ("User.ReadBasic.All", "Mail.ReadWrite Mail.Send User.Read"),
        ] {
            lacking.push((least, server.through(tool, "AdeleV", given).await));
        }
        let megan = server.through(tool, "MeganB", ALL).await;
        server.grant("AdeleV", "MeganB", MailboxAccess::FullAccess).await;
        megan.at("AdeleV").get("messages").await.demand(200);
        server.set_account("MeganB", Account { account_enabled: false, is_shared: false, password_hash: None }).await;

        let mut narrow = kit::app("narrow", ALL);
        narrow.limits.mailboxes = Some(vec![server.id("AlexW")]);
        server.register(&narrow).await;
        let outside = server.as_app(&narrow, ALL);
        outside.at("AlexW").get("messages").await.demand(200);
        Attackers {
            with_bad_tokens: tokens.into_iter().map(|token| server.bearer(token)).collect(),
            lacking,
            alex: server.through(tool, "AlexW", ALL).await,
            megan,
            outside,
        }
    }

    /// Those who would get into Adele's mailbox, with what is wrong with each.
    pub(crate) fn at_a_mailbox(&self) -> impl Iterator<Item = (&'static str, &Person)> {
        let others = [("other mailbox", &self.alex), ("disabled person", &self.megan), ("app outside its list", &self.outside)];
        COLUMNS.into_iter().zip(&self.with_bad_tokens).chain(others)
    }

    /// Those of a row, in the order of the columns; nobody where the column means nothing there.
    pub(crate) fn of_row(&self, row: &Row) -> Vec<Option<Attacker>> {
        let unknown = |person: &Person| Attacker { person: person.clone(), status: 401, code: "InvalidAuthenticationToken" };
        let denied = |person: &Person| Attacker { person: person.clone(), status: 403, code: "ErrorAccessDenied" };
        let mut of_row: Vec<_> = self.with_bad_tokens.iter().map(|person| Some(unknown(person))).collect();
        // What is in a batch is asked one by one, by the same rules.
        let is_asked = row.path != "/$batch";
        let lacking = self.lacking.iter().find(|(least, _)| row.delegated.as_deref() == Some(least));
        of_row.push(lacking.filter(|_| is_asked).and_then(|(_, person)| match (row.method.as_str(), row.path.as_str()) {
            // A list of subscriptions has those to what the token lets hear, which may be none; another's isn't found.
            ("GET", "/subscriptions") => None,
            (_, path) if path.starts_with("/subscriptions/") => {
                Some(Attacker { person: person.clone(), status: 404, code: "ResourceNotFound" })
            }
            _ => Some(denied(person)),
        }));
        of_row.push(row.is_of_mailbox().then(|| denied(&self.alex)));
        of_row.push(is_asked.then(|| unknown(&self.megan)));
        of_row.push((row.is_of_mailbox() || row.is_of_person()).then(|| denied(&self.outside)));
        of_row
    }
}

impl Attacker {
    /// Demands that each answer refuses, by the right code, and says nothing else; what the table says of it.
    pub(crate) fn demand_refused(&self, row: &Row, answers: &[Answer]) -> String {
        for answer in answers {
            let shown = format!("{} {}: {answer:?}", row.method, row.path);
            assert_eq!(answer.status.as_u16(), self.status, "{shown}");
            let challenge = answer.header("www-authenticate").is_some_and(|field| field.starts_with("Bearer "));
            assert_eq!(challenge, self.status == 401, "{shown}");
            let body = answer.json();
            assert_eq!(body["error"]["code"], self.code, "{shown}");
            let members = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(members(&body), ["error"], "{shown}");
            assert_eq!(members(&body["error"]), ["code", "message", "innerError"], "{shown}");
            assert!(!body.to_string().contains("A call") && !body.to_string().contains("contoso.com"), "{shown}");
        }
        statuses(answers)
    }
}
