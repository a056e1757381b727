use super::*;
use crate::described::described_paths;
use mailbox::Follows;

fn resource(path: &str) -> Result<(UserName, Resource), (ErrorCode, String)> {
    resolve(path).map(|t| (t.user, t.resource)).map_err(|e| (e.code, e.message))
}

#[test]
fn spellings_of_one_path_name_one_thing() {
    let id = MessageId([3; 16]);
    let text = ids::message(id);
    for path in [
        format!("/v1.0/me/messages/{text}/$value"),
        format!("/beta/me//Messages('{text}')/%24value"),
        format!("/V1.0/users/me/mailFolders/INBOX/messages/{text}/$value"),
        format!("/v1.0/me/mailfolders('inbox')/childFolders/Drafts/messages(%27{text}%27)/$value"),
    ] {
        assert_eq!(resource(&path), Ok((UserName::Me, Resource::Value(id))), "{path}");
    }
    let adele = UserName::Named("AdeleV@contoso.com".into());
    for user in ["AdeleV@contoso.com", "AdeleV%40contoso.com", "AdeleV%2540contoso.com"] {
        assert_eq!(resource(&format!("/v1.0//users/{user}/microsoft.graph.sendMail")), Ok((adele.clone(), Resource::SendMail)));
    }
    assert_eq!(resource("/v1.0/users('AdeleV@contoso.com')"), Ok((adele, Resource::User)));
}

#[test]
fn zones_are_asked_for_by_the_name_of_a_standard() {
    for (parameters, standard) in [
        ("", Standard::Windows),
        ("()", Standard::Windows),
        ("(TimeZoneStandard='Iana')", Standard::Iana),
        ("(timezonestandard=%27windows%27)", Standard::Windows),
        ("(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')", Standard::Iana),
        ("(TimeZoneStandard%3Dmicrosoft.graph.timeZoneStandard%27IANA%27)", Standard::Iana),
        ("(TimeZoneStandard=Iana)", Standard::Iana),
    ] {
        for name in ["supportedTimeZones", "microsoft.graph.supportedTimeZones"] {
            let path = format!("/v1.0/me/outlook/{name}{parameters}");
            assert_eq!(resource(&path), Ok((UserName::Me, Resource::SupportedTimeZones(standard))), "{path}");
        }
    }
    for parameters in ["(TimeZoneStandard='Mars')", "(Standard='Iana')", "('Iana')"] {
        let refused = resource(&format!("/v1.0/me/outlook/supportedTimeZones{parameters}"));
        assert_eq!(refused.err().map(|(code, _)| code), Some(ErrorCode::BadRequest), "{parameters}");
    }
}

#[test]
fn unknown_paths_get_graphs_words() {
    for (path, code, message) in [
        ("/", ErrorCode::BadRequest, "Resource not found for the segment '/'."),
        ("/v3.0/me", ErrorCode::BadRequest, "Invalid version: 'v3.0'."),
        ("/v1.0/planets", ErrorCode::BadRequest, "Resource not found for the segment 'planets'."),
        ("/v1.0/me/messages/x/$value", ErrorCode::ErrorInvalidIdMalformed, "Id is malformed."),
        ("/v1.0/me/mailFolders/nope/messages", ErrorCode::ErrorInvalidIdMalformed, "Id is malformed."),
        ("/v1.0/me/sendMail/x", ErrorCode::BadRequest, "Resource not found for the segment 'sendMail'."),
        ("/v1.0/me/messages/$sum", ErrorCode::BadRequest, "Resource not found for the segment '$sum'."),
    ] {
        assert_eq!(resource(path), Err((code, message.to_owned())), "{path}");
    }
}

/// What the service says of itself is where it says.
#[test]
fn described_places_lead_to_their_resources() {
    let message = MessageId([3; 16]);
    let key = AttachmentKey { number: 1, mark: 2 };
    let given = [
        ("{user-id}", "AdeleV@contoso.com".to_owned()),
        ("{mailFolder-id}", "inbox".to_owned()),
        ("{mailFolder-id1}", "drafts".to_owned()),
        ("{message-id}", ids::message(message)),
        ("{mailbox-id}", format!("MBX:{}@{}", uuid::Uuid::nil(), uuid::Uuid::nil())),
        ("{mailboxFolder-id}", "inbox".to_owned()),
        ("{mailboxItem-id}", ids::message(message)),
        ("{attachment-id}", ids::attachment(message, key)),
        ("{extension-id}", "Com.Contoso.Referral".to_owned()),
        ("{TimeZoneStandard}", "Iana".to_owned()),
        ("{inferenceClassificationOverride-id}", uuid::Uuid::nil().to_string()),
        ("{outlookCategory-id}", uuid::Uuid::nil().to_string()),
        ("{messageRule-id}", ids::rule(store::RuleId([7; 16]))),
        ("{certificate-id}", "0a".repeat(32)),
        ("{key-id}", "0a".repeat(32)),
        ("{subscription-id}", "7f105c7d-2dc5-4530-97cd-4e7ae6534c07".to_owned()),
    ];
    for (resource, template) in described_paths().filter(|(resource, _)| *resource != "Upload") {
        let path = given.iter().fold(template.clone(), |path, (name, value)| path.replace(name, value));
        let found = resolve(&format!("/v1.0{path}")).unwrap_or_else(|error| panic!("{template}: {error:?}")).resource;
        let found = format!("{found:?}");
        let is_it = found.strip_prefix(resource).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()));
        assert!(is_it, "{template} is {resource}, and leads to {found}");
    }
}

#[test]
fn what_is_followed_is_read_in_each_spelling() {
    let inbox = Some(FolderName::WellKnown(store::WellKnownName::Inbox));
    let adele = UserName::Named("AdeleV@contoso.com".to_owned());
    for (spelled, user, folder) in [
        ("me/messages", UserName::Me, None),
        ("/me/messages", UserName::Me, None),
        ("Users/AdeleV@contoso.com/Messages", adele.clone(), None),
        ("/users('AdeleV@contoso.com')/mailFolders('inbox')/messages", adele, inbox),
        ("me/mailfolders('Inbox')/messages", UserName::Me, inbox),
        ("/me/mailFolders/inbox/messages", UserName::Me, inbox),
    ] {
        let read = followed(spelled).expect("it is read");
        assert_eq!((read.user, read.follows), (user, Follows::Messages(folder)), "{spelled}");
    }
    let deliveries = followed("/me/messages/delivery").expect("it is read");
    assert_eq!((deliveries.user, deliveries.follows), (UserName::Me, Follows::Deliveries));
    for refused in ["me", "me/messages/changes", "me/events", "me/messages/delta", "me/mailFolders", "subscriptions", ""] {
        assert_eq!(followed(refused).expect_err("it is refused").code, ErrorCode::BadRequest, "{refused}");
    }
    let selected = followed("me/messages?$select=Subject,bodyPreview").expect("it is read");
    assert_eq!(selected.options.get("select"), Some("Subject,bodyPreview"));
}
