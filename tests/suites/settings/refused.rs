//! What no mailbox can be set to (Graph: user-update-mailboxsettings has four of these errors, with their words).

use super::{SETTINGS, set, settings};
use kit::Server;
use serde_json::{Value, json};

fn hours(change: Value) -> Value {
    json!({"workingHours": change})
}

fn replies(change: Value) -> Value {
    json!({"automaticRepliesSetting": change})
}

#[tokio::test]
async fn the_documented_errors_have_the_documented_words() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    for (change, code, words) in [
        (
            hours(json!({"startTime": "08"})),
            "RequestBodyRead",
            "Cannot convert the literal '08' to the expected type 'Edm.TimeOfDay'.",
        ),
        (
            hours(json!({"startTime": "18:00:00", "endTime": "17:00:00"})),
            "ErrorInvalidTimeSettings",
            "Start Time should occur before End Time.",
        ),
        (hours(json!({"daysOfWeek": ["RandomDay"]})), "InvalidArguments", "Requested value 'RandomDay' was not found."),
        (json!({"timeZone": "Random Time"}), "InvalidTimeZone", "Time Zone settings provided are invalid."),
    ] {
        let message = adele.patch_json(SETTINGS, &change).await.demand_error(400, code);
        assert_eq!(message, words, "{change}");
    }
    server.finish().await;
}

#[tokio::test]
async fn what_is_refused_changes_nothing_at_all() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    set(&adele, &hours(json!({"startTime": "09:00:00"}))).await;
    set(&adele, &replies(json!({"scheduledStartDateTime": {"dateTime": "2030-01-01T00:00:00"}}))).await;
    let before = settings(&adele).await;
    let custom = |change: Value| {
        let mut zone = json!({"bias": 0, "name": "Ours"});
        zone.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        hours(json!({"timeZone": zone}))
    };
    let offset = |change: Value| {
        let mut offset = json!({"time": "02:00:00", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 3});
        offset.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        custom(json!({"standardOffset": offset}))
    };
    for (code, changes) in [
        (
            "ErrorInvalidTimeSettings",
            vec![
                hours(json!({"endTime": "09:00:00"})), // what is kept begins then
                hours(json!({"startTime": "17:00:00"})),
                replies(json!({"scheduledEndDateTime": {"dateTime": "2029-12-31T23:59:59"}})),
                replies(json!({"scheduledEndDateTime": {"dateTime": "2030-01-01T00:00:00"}})),
            ],
        ),
        (
            "InvalidTimeZone",
            vec![
                json!({"timeZone": ""}),
                hours(json!({"timeZone": {"name": "Mars"}})),
                replies(json!({"scheduledEndDateTime": {"dateTime": "2031-01-01T00:00:00", "timeZone": "Mars"}})),
            ],
        ),
        (
            "InvalidArguments",
            vec![
                json!({"language": {"locale": "xx"}}),
                json!({"dateFormat": "yyyy hh"}),
                json!({"dateFormat": ""}),
                json!({"dateFormat": "'never ends"}),
                json!({"timeFormat": "dd"}),
                json!({"timeFormat": "H".repeat(81)}),
                hours(json!({"daysOfWeek": ["monday", ""]})),
            ],
        ),
        ("ErrorInvalidProperty", vec![replies(json!({"internalReplyMessage": "x".repeat(128 * 1024 + 1)}))]),
        (
            "RequestBodyRead",
            vec![
                json!([]),
                json!({"timeZone": 1}),
                json!({"language": "en-US"}),
                json!({"language": {}}),
                json!({"delegateMeetingMessageDeliveryOptions": "sendToNobody"}),
                replies(json!({"status": "on"})),
                replies(json!({"externalAudience": "some"})),
                replies(json!({"internalReplyMessage": 1})),
                replies(json!({"scheduledStartDateTime": "2030-01-01"})),
                replies(json!({"scheduledStartDateTime": {"dateTime": "soon"}})),
                replies(json!({"scheduledStartDateTime": {"timeZone": "UTC"}})),
                hours(json!({"startTime": "24:00:00"})),
                hours(json!({"startTime": "8:00"})),
                hours(json!({"startTime": 8})),
                hours(json!({"daysOfWeek": "monday"})),
                hours(json!({"timeZone": {}})),
                hours(json!({"timeZone": {"@odata.type": "microsoft.graph.customTimeZone", "name": "Ours"}})),
                custom(json!({"bias": 841})),
                custom(json!({"bias": "0"})),
                custom(json!({"name": "x".repeat(256)})),
                custom(json!({"daylightOffset": {"time": "02:00:00", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 3}})),
                offset(json!({"dayOccurrence": 6})),
                offset(json!({"month": 0})),
                offset(json!({"dayOfWeek": "day"})),
                offset(json!({"time": null})),
            ],
        ),
    ] {
        for change in changes {
            let mut both = change.clone();
            if let Some(members) = both.as_object_mut() {
                members.entry("dateFormat").or_insert(json!("yyyy"));
            }
            adele.patch_json(SETTINGS, &both).await.demand_error(400, code);
            assert_eq!(settings(&adele).await, before, "{both}");
        }
    }
    set(&adele, &replies(json!({"externalReplyMessage": "x".repeat(128 * 1024)}))).await;
    server.finish().await;
}
