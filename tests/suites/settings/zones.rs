//! The names from which a person may choose, and where a zone may stand.

use kit::{Server, plain};
use serde_json::{Value, json};

#[tokio::test]
async fn every_zone_and_language_that_is_offered_can_be_chosen() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let list = async |path: &str| {
        let found = adele.get(path).await.demand(200).json();
        assert!(found.get("@odata.nextLink").is_none(), "{path} is whole");
        (found["@odata.context"].as_str().unwrap().to_owned(), found["value"].as_array().unwrap().clone())
    };
    let (context, windows) = list("outlook/supportedTimeZones").await;
    assert!(context.ends_with("$metadata#Collection(microsoft.graph.timeZoneInformation)"), "{context}");
    assert_eq!(windows[0], json!({"alias": "Dateline Standard Time", "displayName": "(UTC-12:00) International Date Line West"}));
    assert!(windows.contains(&json!({"alias": "Samoa Standard Time", "displayName": "(UTC+13:00) Samoa"})), "{windows:?}");
    let (_, iana) = list("outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')").await;
    assert!(iana.contains(&json!({"alias": "US/Samoa", "displayName": "US/Samoa"})));
    let (_, again) = list("outlook/supportedTimeZones(TimeZoneStandard='Windows')").await;
    assert_eq!(again, windows);
    for zone in windows.iter().chain(iana.iter().step_by(25)) {
        let answer = adele.patch_json("mailboxSettings", &json!({"timeZone": zone["alias"]})).await.demand(200).json();
        assert_eq!(answer["timeZone"], zone["alias"]);
    }
    let (context, languages) = list("outlook/supportedLanguages").await;
    assert!(context.ends_with("$metadata#Collection(microsoft.graph.localeInfo)"), "{context}");
    assert_eq!(languages[0], json!({"locale": "af-ZA", "displayName": "Afrikaans (Suid-Afrika)"}));
    for language in &languages {
        let answer = adele.patch_json("mailboxSettings", &json!({"language": language})).await.demand(200).json();
        assert_eq!(answer["language"], *language);
    }
    server.finish().await;
}

#[tokio::test]
async fn what_is_offered_is_filtered_counted_and_paged() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let names = |found: &Value| -> Vec<String> {
        found["value"].as_array().unwrap().iter().map(|one| one["alias"].as_str().unwrap().to_owned()).collect()
    };
    let at = "outlook/supportedTimeZones?$filter=contains(displayName,'Samoa')%20or%20alias%20eq%20'utc'&$orderby=alias%20desc";
    let found = adele.get(at).await.demand(200).json();
    assert_eq!(names(&found), ["UTC", "Samoa Standard Time"]);
    let mut page = adele.get("outlook/supportedTimeZones?$top=50&$skip=10&$count=true").await.demand(200).json();
    let all = usize::try_from(page["@odata.count"].as_u64().unwrap()).unwrap();
    let mut seen = names(&page);
    while let Some(next) = page["@odata.nextLink"].as_str().map(str::to_owned) {
        page = adele.get(&next).await.demand(200).json();
        seen.extend(names(&page));
    }
    assert_eq!(seen.len(), all - 10);
    adele.get("outlook/supportedTimeZones(TimeZoneStandard='Mars')").await.demand_error(400, "BadRequest");
    adele.get("outlook/colours").await.demand_error(400, "BadRequest");
    let outlook = adele.get("outlook").await.demand(200).json();
    let me = adele.get("/me").await.demand(200).json();
    assert_eq!(outlook["id"], me["id"]);
    server.finish().await;
}

/// Names of both standards are taken wherever a zone may stand.
#[tokio::test]
async fn a_flag_has_a_zone_that_there_is() {
    let server = Server::start().await;
    let adele = server.person("AdeleV");
    let draft = adele.draft(&plain("AdeleV", &["AlexW"], "Flagged")).await;
    let at = format!("messages/{}", draft["id"].as_str().unwrap());
    let flag = |zone: &str| {
        let moment = json!({"dateTime": "2030-01-01T00:00:00", "timeZone": zone});
        json!({"flag": {"flagStatus": "flagged", "startDateTime": moment, "dueDateTime": moment}})
    };
    for (given, kept) in [("pacific standard time", "Pacific Standard Time"), ("Europe/Berlin", "Europe/Berlin"), ("", "UTC")] {
        let answer = adele.patch_json(&at, &flag(given)).await.demand(200).json();
        assert_eq!(answer["flag"]["dueDateTime"]["timeZone"], kept, "{given}");
    }
    adele.patch_json(&at, &flag("Mars")).await.demand_error(400, "InvalidTimeZone");
    server.finish().await;
}
