//! Meetings in mail: what lists and messages show of them, and the event that they tell of.

use crate::corpus::files;
use kit::{Person, Server, address, app, letter};
use serde_json::{Value, json};

/// A message about a meeting, with these lines of its event.
pub(crate) fn meeting(from: &str, to: &str, subject: &str, method: &str, lines: &str) -> Vec<u8> {
    let calendar = format!(
        "BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nVERSION:2.0\r\nPRODID:-//T//T\r\nBEGIN:VEVENT\r\nUID:1\r\n\
         DTSTAMP:20261124T100000Z\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let body = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\nWhen, and where.\r\n--b\r\n\
         Content-Type: text/calendar; method={method}; charset=utf-8\r\n\r\n{calendar}--b--\r\n"
    );
    let (from, to) = (address(from), address(to));
    let form = ("Content-Type", "multipart/alternative; boundary=b");
    letter(&[("From", &from), ("To", &to), ("Subject", subject), ("MIME-Version", "1.0"), form], &body)
}

const PLAN: &str = "DTSTART;TZID=Europe/Berlin:20261201T100000\r\nDTEND;TZID=Europe/Berlin:20261201T113000\r\nSUMMARY:Plans\r\n\
                    LOCATION:Mt. Hood\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nORGANIZER;CN=Alex Wilber:mailto:AlexW@contoso.com\r\n\
                    ATTENDEE;CN=Adele;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:AdeleV@contoso.com";

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

/// What arrives of a message about a meeting that Alex sends.
async fn received(server: &Server, subject: &str, method: &str, lines: &str) -> Value {
    let octets = meeting("AlexW", "AdeleV", subject, method, lines);
    server.person("AlexW").send_mime(&octets).await.demand_empty(202);
    server.person("AdeleV").arrived(subject).await
}

async fn get(person: &Person, path: &str) -> Value {
    person.get(path).await.demand(200).json()
}

#[tokio::test]
async fn a_request_is_shown_with_what_it_asks_for() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let listed = received(&server, "Plans", "REQUEST", PLAN).await;
    let found = get(&adele, &format!("messages/{}", id(&listed))).await;
    let utc = |time: &str| json!({"dateTime": format!("2026-12-01T{time}:00.0000000"), "timeZone": "UTC"});
    for (name, expected) in [
        ("@odata.type", json!("#microsoft.graph.eventMessageRequest")),
        ("meetingMessageType", json!("meetingRequest")),
        ("type", json!("seriesMaster")),
        ("isAllDay", json!(false)),
        ("startDateTime", utc("09:00")),
        ("endDateTime", utc("10:30")),
        ("location", json!({"displayName": "Mt. Hood"})),
        ("responseRequested", json!(true)),
        ("allowNewTimeProposals", json!(true)),
        ("meetingRequestType", json!("newMeetingRequest")),
        ("previousLocation", Value::Null),
        ("hasAttachments", json!(false)),
    ] {
        assert_eq!((&found[name], &listed[name]), (&expected, &expected), "{name}: lists show it too");
    }
    assert_eq!(found["recurrence"]["pattern"]["type"], "weekly");
    assert_eq!(found["recurrence"]["range"]["numberOfOccurrences"], 4);
    assert!(found.get("responseType").is_none(), "that is of answers");
    let context = found["@odata.context"].as_str().unwrap();
    assert!(context.ends_with("/messages/$entity"), "{context}");

    let there = [("prefer", r#"outlook.timezone="Pacific Standard Time""#)];
    let select = "$select=subject,microsoft.graph.eventMessage/startDateTime,microsoft.graph.eventMessageResponse/responseType";
    let path = format!("/me/messages/{}?{select}", id(&listed));
    let some = adele.call(hyper::Method::GET, &path, &there, bytes::Bytes::new()).await.demand(200).json();
    let names: Vec<&String> = some.as_object().unwrap().keys().collect();
    assert_eq!(names, ["@odata.context", "@odata.type", "@odata.etag", "id", "subject", "startDateTime"]);
    assert_eq!(some["startDateTime"], json!({"dateTime": "2026-12-01T01:00:00.0000000", "timeZone": "Pacific Standard Time"}));
    let context = some["@odata.context"].as_str().unwrap();
    assert!(context.contains("(subject,microsoft.graph.eventMessage/startDateTime,"), "{context}");
    for (wrong, of) in [("eventMessage/responseType", "eventMessage"), ("eventMessageRequest/colour", "eventMessageRequest")] {
        let said = adele.get(&format!("messages?$select=microsoft.graph.{wrong}")).await;
        let said = said.demand_error(400, "RequestBroker--ParseUri");
        assert!(said.contains(of), "{said}");
    }
    adele.get("messages?$select=meetingMessageType").await.demand_error(400, "RequestBroker--ParseUri");

    // What is written of the message leaves the meeting as it is.
    let one = format!("messages/{}", id(&listed));
    let read = adele.patch_json(&one, &json!({"isRead": true, "categories": ["Red"]})).await.demand(200).json();
    assert_eq!((&read["@odata.type"], &read["startDateTime"]), (&found["@odata.type"], &found["startDateTime"]));
    let moved = adele.post_json(&format!("{one}/move"), &json!({"destinationId": "archive"})).await.demand(201).json();
    assert_eq!((&moved["@odata.type"], &moved["isRead"]), (&found["@odata.type"], &json!(true)));
    let delta = get(&adele, "mailFolders/archive/messages/delta").await;
    assert_eq!(delta["value"][0]["@odata.type"], found["@odata.type"]);
    server.finish().await;
}

#[tokio::test]
async fn the_event_is_expanded_from_the_octets() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let listed = received(&server, "Expanded", "REQUEST", PLAN).await;
    let expand = "$expand=microsoft.graph.eventMessage/event";
    let found = get(&adele, &format!("messages/{}?{expand}", id(&listed))).await;
    let event = &found["event"];
    let party = |name: &str, address: &str| json!({"name": name, "address": address});
    let never = "0001-01-01T00:00:00Z";
    for (name, expected) in [
        ("iCalUId", json!("1")),
        ("subject", json!("Plans")),
        ("originalStartTimeZone", json!("Europe/Berlin")),
        ("start", found["startDateTime"].clone()),
        ("end", found["endDateTime"].clone()),
        ("recurrence", found["recurrence"].clone()),
        ("isOrganizer", json!(false)),
        ("isCancelled", json!(false)),
        ("showAs", json!("busy")),
        ("organizer", json!({"emailAddress": party("Alex Wilber", "AlexW@contoso.com")})),
        (
            "attendees",
            json!([{
                "type": "required", "status": {"response": "none", "time": never},
                "emailAddress": party("Adele", "AdeleV@contoso.com")
            }]),
        ),
    ] {
        assert_eq!(event[name], expected, "{name}");
    }
    assert_eq!(event["body"], found["body"]);
    let page = get(&adele, &format!("messages?$top=1&{expand}&$select=id")).await;
    assert_eq!(page["value"][0]["event"]["iCalUId"], "1", "{page}");
    let sent = get(&server.person("AlexW"), &format!("mailFolders/sentitems/messages?{expand}")).await;
    assert_eq!(sent["value"][0]["event"]["isOrganizer"], true, "who sends it is");

    // A message about no meeting has none, and other things of a meeting can't be expanded.
    let plain = adele.draft(&kit::plain("AdeleV", &["AlexW"], "Plain")).await;
    let read = get(&adele, &format!("messages/{}?{expand}", id(&plain))).await;
    assert!(read.get("event").is_none() && read.get("@odata.type").is_none());
    let wrong = "messages?$expand=microsoft.graph.eventMessage/attendees";
    adele.get(wrong).await.demand_error(400, "RequestBroker--ParseUri");
    adele.get("messages?$expand=microsoft.graph.eventMessage/event($select=id)").await.demand_error(501, "NotImplemented");

    let tool = app("tool", "Mail.ReadBasic");
    server.register(&tool).await;
    let basic = server.through(&tool, "AdeleV", "Mail.ReadBasic").await;
    basic.get(&format!("messages?{expand}")).await.demand_error(403, "ErrorAccessDenied");
    assert_eq!(get(&basic, &format!("messages/{}", id(&listed))).await["meetingMessageType"], "meetingRequest");
    server.finish().await;
}

#[tokio::test]
async fn answers_and_cancellations_have_types_and_classes_of_their_own() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let answer = |status: &str| format!("{}\r\nSEQUENCE:1", PLAN.replace("NEEDS-ACTION", status));
    for (method, status, kind, derived, response, class) in [
        ("REPLY", "ACCEPTED", "meetingAccepted", "eventMessageResponse", json!("accepted"), "IPM.Schedule.Meeting.Resp.Pos"),
        ("REPLY", "DECLINED", "meetingDeclined", "eventMessageResponse", json!("declined"), "IPM.Schedule.Meeting.Resp.Neg"),
        (
            "REPLY",
            "TENTATIVE",
            "meetingTenativelyAccepted",
            "eventMessageResponse",
            json!("tentativelyAccepted"),
            "IPM.Schedule.Meeting.Resp.Tent",
        ),
        (
            "COUNTER",
            "TENTATIVE",
            "meetingTenativelyAccepted",
            "eventMessageResponse",
            json!("tentativelyAccepted"),
            "IPM.Schedule.Meeting.Resp.Tent",
        ),
        ("CANCEL", "ACCEPTED", "meetingCancelled", "eventMessage", Value::Null, "IPM.Schedule.Meeting.Canceled"),
        ("REQUEST", "ACCEPTED", "meetingRequest", "eventMessageRequest", Value::Null, "IPM.Schedule.Meeting.Request"),
        ("PUBLISH", "ACCEPTED", "", "", Value::Null, "IPM.Note"),
    ] {
        let subject = format!("{method} {status}");
        let found = received(&server, &subject, method, &answer(status)).await;
        let shown = |name: &str| found[name].as_str().unwrap_or_default().trim_start_matches("#microsoft.graph.").to_owned();
        assert_eq!((shown("meetingMessageType"), shown("@odata.type")), (kind.to_owned(), derived.to_owned()), "{subject}");
        assert_eq!(found.get("responseType").cloned().unwrap_or_default(), response, "{subject}");
        assert_eq!(found["proposedNewTime"].is_object(), method == "COUNTER", "{subject}");
        if method == "REQUEST" {
            assert_eq!(found["meetingRequestType"], "fullUpdate", "its SEQUENCE says so");
        }
        let filter = format!("singleValueExtendedProperties/any(p:p/id eq 'String 0x001A' and p/value eq '{class}')");
        let by_class = get(&adele, &format!("messages?$filter={}", filter.replace(' ', "%20"))).await;
        let subjects: Vec<&str> =
            by_class["value"].as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap()).collect();
        assert!(subjects.contains(&&*subject), "{class}: {subjects:?}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_signed_request_is_a_request_whose_class_is_that_of_what_is_signed() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let inner = String::from_utf8(meeting("AlexW", "AdeleV", "Signed", "REQUEST", PLAN)).unwrap();
    let (_, content) = inner.split_once("Content-Type: ").unwrap();
    let body = format!(
        "--s\r\nContent-Type: {content}\r\n--s\r\n\
         Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\nMAA=\r\n--s--\r\n"
    );
    let signed = "multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=s";
    let fields = [("From", &*address("AlexW")), ("Subject", "Signed"), ("MIME-Version", "1.0"), ("Content-Type", signed)];
    let made = adele.post_mime("mailFolders/inbox/messages", &letter(&fields, &body)).await.demand(201).json();
    assert_eq!(made["@odata.type"], "#microsoft.graph.eventMessageRequest");
    let class = "$expand=singleValueExtendedProperties($filter=id%20eq%20'String%200x001A')";
    let read = get(&adele, &format!("messages/{}?{class}", id(&made))).await;
    assert_eq!(read["singleValueExtendedProperties"][0]["value"], "IPM.Note.SMIME.MultipartSigned");
    server.finish().await;
}

/// Invitations of the corpus: what each of its file names says that it is.
#[tokio::test]
async fn invitations_of_the_corpus_are_what_they_are_and_keep_their_octets() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let is_calendar = |octets: &[u8]| octets.windows(13).any(|window| window.eq_ignore_ascii_case(b"text/calendar"));
    let calendars: Vec<_> = files().into_iter().flatten().filter(|file| is_calendar(&file.octets)).collect();
    for file in &calendars {
        let (name, octets) = (&file.name, &file.octets);
        let made = adele.post_mime("mailFolders/inbox/messages", octets).await.demand(201).json();
        let stem = name.rsplit('/').next().unwrap().trim_end_matches(".eml");
        let (kind, event) = match stem {
            "cancel-repeat-event" => (json!("meetingCancelled"), json!("seriesMaster")),
            "cancel-single-event" => (json!("meetingCancelled"), json!("singleInstance")),
            "exception-major" => (json!("meetingRequest"), json!("exception")),
            "repeat-update-major" => (json!("meetingRequest"), json!("seriesMaster")),
            "message-containing-event" | "message-non-invite" => (Value::Null, Value::Null),
            _ => (json!("meetingRequest"), json!("singleInstance")),
        };
        let found = |name: &str| made.get(name).cloned().unwrap_or_default();
        assert_eq!((found("meetingMessageType"), found("type")), (kind, event), "{name}");
        let kept = adele.get(&format!("messages/{}/$value", id(&made))).await.demand(200);
        assert!(kept.body == octets[..], "{name}");
    }
    if !calendars.is_empty() {
        assert_eq!(calendars.len(), 11);
    }
    server.finish().await;
}
