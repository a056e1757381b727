use super::*;

/// A message with this calendar beside its text.
fn message(method: &str, calendar: &str) -> Message {
    let octets = format!(
        "Subject: A meeting\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nCome.\r\n--b\r\n\
         Content-Type: text/calendar; charset=utf-8; {method}\r\n\r\n{calendar}\r\n--b--\r\n"
    );
    Message::parse(octets.into())
}

/// A calendar of one event with these lines.
fn calendar(method: &str, lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{method}\r\nBEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

fn request(lines: &str) -> Meeting {
    Meeting::of(&message("method=REQUEST", &calendar("METHOD:REQUEST", lines))).expect("a meeting")
}

fn at(time: Option<&EventTime>) -> String {
    time.map(|at| format!("{} {}", at.date_time, at.time_zone)).unwrap_or_default()
}

#[test]
fn method_and_answer_decide_what_it_is() {
    use MeetingMessageType::*;
    let answer = |status: &str| format!("ATTENDEE;PARTSTAT={status}:mailto:a@example.com");
    for (method, lines, expected) in [
        ("REQUEST", String::new(), Some(MeetingRequest)),
        ("request", String::new(), Some(MeetingRequest)),
        ("CANCEL", String::new(), Some(MeetingCancelled)),
        ("REPLY", answer("ACCEPTED"), Some(MeetingAccepted)),
        ("REPLY", answer("DECLINED"), Some(MeetingDeclined)),
        ("REPLY", answer("TENTATIVE"), Some(MeetingTenativelyAccepted)),
        ("COUNTER", answer("TENTATIVE"), Some(MeetingTenativelyAccepted)),
        ("REPLY", answer("DELEGATED"), None),
        ("REPLY", String::new(), None),
        ("PUBLISH", String::new(), None),
        ("DECLINECOUNTER", String::new(), None),
    ] {
        let found = Meeting::of(&message("", &calendar(&format!("METHOD:{method}"), &lines)));
        assert_eq!(found.map(|meeting| meeting.message_type), expected, "{method} {lines}");
    }
    let by_parameter = |said: &str| Meeting::of(&message(said, &calendar("", "")));
    assert!(by_parameter("method=\"Request\"").is_some() && by_parameter("").is_none(), "a file of events is no meeting");
    for none in ["", "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR", "METHOD:REQUEST", "BEGIN:VCARD\r\nEND:VCARD"] {
        assert_eq!(Meeting::of(&message("method=REQUEST", none)), None, "{none}");
    }
}

#[test]
fn a_file_that_was_attached_is_no_meeting() {
    let attached = |disposition: &str| {
        let calendar = calendar("METHOD:REQUEST", "");
        Meeting::of(&Message::parse(format!("Content-Type: text/calendar\r\n{disposition}\r\n{calendar}").into()))
    };
    assert!(attached("").is_some() && attached("Content-Disposition: inline\r\n").is_some());
    assert!(attached("Content-Disposition: attachment; filename=a.ics\r\n").is_none());
}

#[test]
fn times_are_on_the_clocks_that_their_names_lead_to() {
    for (lines, start, end, is_all_day) in [
        ("DTSTART:20260102T030405Z\r\nDTEND:20260102T040405Z", "2026-01-02T03:04:05 UTC", "2026-01-02T04:04:05 UTC", false),
        (
            "DTSTART;TZID=Europe/Berlin:20260102T090000\r\nDURATION:PT1H30M",
            "2026-01-02T09:00:00 Europe/Berlin",
            "2026-01-02T10:30:00 Europe/Berlin",
            false,
        ),
        (
            "DTSTART;TZID=W. Europe Standard Time:20260102T090000",
            "2026-01-02T09:00:00 Europe/Berlin",
            "2026-01-02T09:00:00 Europe/Berlin",
            false,
        ),
        ("DTSTART;TZID=Ours:20260102T090000", "2026-01-02T09:00:00 Ours", "2026-01-02T09:00:00 Ours", false),
        ("DTSTART:20260102T090000", "2026-01-02T09:00:00 UTC", "2026-01-02T09:00:00 UTC", false),
        ("DTSTART;VALUE=DATE:20260102", "2026-01-02T00:00:00 UTC", "2026-01-03T00:00:00 UTC", true),
        ("DTSTART;VALUE=DATE:20260102\r\nDTEND;VALUE=DATE:20260105", "2026-01-02T00:00:00 UTC", "2026-01-05T00:00:00 UTC", true),
        ("DTSTART:20261302T090000Z", "", "", false),
        ("SUMMARY:No time", "", "", false),
    ] {
        let found = request(lines);
        let found = (at(found.start.as_ref()), at(found.end.as_ref()), found.is_all_day);
        assert_eq!(found, (start.to_owned(), end.to_owned(), is_all_day), "{lines}");
    }
    let zone = "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nX-LIC-LOCATION:America/Denver\r\nEND:VTIMEZONE\r\n";
    let calendar =
        calendar("METHOD:REQUEST", "DTSTART;TZID=Ours:20260102T090000").replace("BEGIN:VEVENT", &format!("{zone}BEGIN:VEVENT"));
    let found = Meeting::of(&message("", &calendar)).expect("a meeting");
    assert_eq!(at(found.start.as_ref()), "2026-01-02T09:00:00 America/Denver");
}

#[test]
fn rules_are_told_as_far_as_graph_has_words() {
    let told = |rule: &str| {
        let found = request(&format!("DTSTART;TZID=Europe/Berlin:20260114T090000\r\nRRULE:{rule}"));
        assert_eq!(found.event_type, EventType::SeriesMaster);
        found.recurrence.map(|PatternedRecurrence { pattern: p, range: r }| {
            let on = format!("{}/{} {} {} {} {}", p.kind, p.interval, p.month, p.day_of_month, p.days_of_week.join("+"), p.index);
            (on, format!("{} {} {} {}", r.kind, r.start_date, r.end_date, r.number_of_occurrences))
        })
    };
    for (rule, on, range) in [
        ("FREQ=DAILY", "daily/1 0 0  first", "noEnd 2026-01-14 0001-01-01 0"),
        ("FREQ=DAILY;INTERVAL=3;COUNT=5", "daily/3 0 0  first", "numbered 2026-01-14 0001-01-01 5"),
        ("FREQ=WEEKLY;UNTIL=20260301T000000Z", "weekly/1 0 0 wednesday first", "endDate 2026-01-14 2026-03-01 0"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "weekly/2 0 0 monday+friday first", "noEnd 2026-01-14 0001-01-01 0"),
        ("FREQ=MONTHLY", "absoluteMonthly/1 0 14  first", "noEnd 2026-01-14 0001-01-01 0"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "absoluteMonthly/1 0 31  first", "noEnd 2026-01-14 0001-01-01 0"),
        ("FREQ=MONTHLY;BYDAY=2WE", "relativeMonthly/1 0 0 wednesday second", "noEnd 2026-01-14 0001-01-01 0"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "relativeMonthly/1 0 0 monday+tuesday+wednesday+thursday+friday last",
            "noEnd 2026-01-14 0001-01-01 0",
        ),
        ("FREQ=YEARLY", "absoluteYearly/1 1 14  first", "noEnd 2026-01-14 0001-01-01 0"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "relativeYearly/1 11 0 thursday fourth", "noEnd 2026-01-14 0001-01-01 0"),
    ] {
        assert_eq!(told(rule), Some((on.to_owned(), range.to_owned())), "{rule}");
    }
    for rule in [
        "FREQ=HOURLY",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=MONTHLY;BYDAY=1MO,3MO",
    ] {
        assert_eq!(told(rule), None, "{rule}");
    }
}

#[test]
fn of_a_series_the_series_is_told_and_not_its_exceptions() {
    let text = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20260102T090000Z\r\nSUMMARY:Otherwise\r\n\
                END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nSEQUENCE:3\r\nRRULE:FREQ=DAILY\r\nDTSTART:20260101T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let found = Meeting::of(&message("", text)).expect("a meeting");
    assert_eq!((found.event_type, found.is_update), (EventType::SeriesMaster, true));
    assert_eq!(request("RECURRENCE-ID:20260102T090000Z").event_type, EventType::Exception);
}

#[test]
fn an_event_is_told_with_its_people() {
    let lines = "DTSTART:20260102T030405Z\r\nSUMMARY:Plans\\, and more\r\nLOCATION:Room 1\r\nCLASS:PRIVATE\r\nPRIORITY:1\r\n\
                 ORGANIZER;CN=\"Adele, V\":MAILTO:adele@example.com\r\n\
                 ATTENDEE;CN=Alex;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:alex@example.com\r\n\
                 ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:room@example.com\r\nATTENDEE:invalid:nowhere\r\n\
                 X-MICROSOFT-CDO-INTENDEDSTATUS:OOF\r\nX-MICROSOFT-DISALLOW-COUNTER:TRUE\r\nCREATED:20260101T000000Z\r\n\
                 BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM";
    let message = message("", &calendar("METHOD:REQUEST", lines));
    let found = event(&message).expect("an event");
    assert_eq!((found.subject.as_deref(), found.location.as_deref()), (Some("Plans, and more"), Some("Room 1")));
    assert_eq!((found.sensitivity, found.importance, found.show_as), ("private", "high", "oof"));
    let party = |name: &str, address: &str| Party { name: name.to_owned(), address: address.to_owned() };
    assert_eq!(found.organizer, Some(party("Adele, V", "adele@example.com")));
    let expected = [
        Attendee { party: party("Alex", "alex@example.com"), kind: "optional", status: PartStat::NeedsAction },
        Attendee { party: party("", "room@example.com"), kind: "resource", status: PartStat::Accepted },
    ];
    assert_eq!(found.attendees, expected);
    assert_eq!((found.reminder_minutes, found.created.map(|at| at.as_second())), (Some(15), Some(1_767_225_600)));
    let meeting = Meeting::of(&message).expect("a meeting");
    assert!(meeting.is_response_requested && !meeting.allows_new_time_proposals && !meeting.is_update);
    let row = meeting.to_row().expect("a row");
    assert_eq!(serde_json::from_str::<Meeting>(&row).expect("it is read"), meeting);
}

#[test]
fn a_large_calendar_is_bounded() {
    let many = "ATTENDEE:mailto:a@example.com\r\n".repeat(20_000);
    let found = event(&message("", &calendar("METHOD:REQUEST", many.trim_end()))).expect("an event");
    assert_eq!(found.attendees.len(), 2000);
    let more = many.repeat(2);
    assert_eq!(Meeting::of(&message("", &calendar("METHOD:REQUEST", more.trim_end()))), None, "it stays a message");
    assert!(request(&format!("LOCATION:{}", "x".repeat(10_000))).to_row().expect("a row").len() < 1000);
}
