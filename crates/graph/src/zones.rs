//! Time zones by their names of Windows and of IANA, wherever a zone may stand (Graph: dateTimeTimeZone, timeZoneInformation).

use jiff::tz::{TimeZone, db};
use windows_timezones::WindowsTimezone;

/// Whose names are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standard {
    Iana,
    Windows,
}

impl Standard {
    /// Reads its word, in any case.
    pub(crate) fn parse(word: &str) -> Option<Standard> {
        let words = [("Iana", Standard::Iana), ("Windows", Standard::Windows)];
        words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, standard)| *standard)
    }
}

/// The zone of a name, of Windows in any case or of IANA.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    if UTC.contains(&name.to_ascii_lowercase().as_str()) {
        return Some(TimeZone::UTC);
    }
    match windows(name) {
        Some(known) => TimeZone::get(known.tzdb_id()).ok(),
        None => TimeZone::get(name).ok(),
    }
}

/// A zone's name as it is kept: of the standard that it was given in, as that spells it.
pub(crate) fn spelled(name: &str) -> Option<String> {
    match windows(name.trim()) {
        Some(known) => Some(known.name().to_owned()),
        None => zone(name)?.iana_name().map(str::to_owned),
    }
}

/// All names of a standard, each with what it is called.
pub(crate) fn names(standard: Standard) -> Vec<(String, String)> {
    match standard {
        Standard::Iana => db().available().map(|name| (name.to_string(), name.to_string())).collect(),
        Standard::Windows => {
            let known = WINDOWS.iter().filter_map(|name| windows(name));
            known.map(|zone| (zone.name().to_owned(), zone.description().to_owned())).collect()
        }
    }
}

/// The zone of Windows of a name in any case.
fn windows(name: &str) -> Option<WindowsTimezone> {
    WINDOWS.iter().find(|known| known.eq_ignore_ascii_case(name))?.parse().ok()
}

/// What clients write for UTC beside its names: Outlook the last one.
const UTC: [&str; 3] = ["utc", "coordinated universal time", "tzone://microsoft/utc"];

/// The names of Windows, from west to east.
const WINDOWS: [&str; 139] = [
    "Dateline Standard Time",
    "UTC-11",
    "Aleutian Standard Time",
    "Hawaiian Standard Time",
    "Marquesas Standard Time",
    "Alaskan Standard Time",
    "UTC-09",
    "Pacific Standard Time (Mexico)",
    "UTC-08",
    "Pacific Standard Time",
    "US Mountain Standard Time",
    "Mountain Standard Time (Mexico)",
    "Mountain Standard Time",
    "Yukon Standard Time",
    "Central America Standard Time",
    "Central Standard Time",
    "Easter Island Standard Time",
    "Central Standard Time (Mexico)",
    "Canada Central Standard Time",
    "SA Pacific Standard Time",
    "Eastern Standard Time (Mexico)",
    "Eastern Standard Time",
    "Haiti Standard Time",
    "Cuba Standard Time",
    "US Eastern Standard Time",
    "Turks And Caicos Standard Time",
    "Paraguay Standard Time",
    "Atlantic Standard Time",
    "Venezuela Standard Time",
    "Central Brazilian Standard Time",
    "SA Western Standard Time",
    "Pacific SA Standard Time",
    "Newfoundland Standard Time",
    "Tocantins Standard Time",
    "E. South America Standard Time",
    "SA Eastern Standard Time",
    "Argentina Standard Time",
    "Greenland Standard Time",
    "Montevideo Standard Time",
    "Magallanes Standard Time",
    "Saint Pierre Standard Time",
    "Bahia Standard Time",
    "UTC-02",
    "Azores Standard Time",
    "Cape Verde Standard Time",
    "UTC",
    "GMT Standard Time",
    "Greenwich Standard Time",
    "Sao Tome Standard Time",
    "Morocco Standard Time",
    "W. Europe Standard Time",
    "Central Europe Standard Time",
    "Romance Standard Time",
    "Central European Standard Time",
    "W. Central Africa Standard Time",
    "Jordan Standard Time",
    "GTB Standard Time",
    "Middle East Standard Time",
    "Egypt Standard Time",
    "E. Europe Standard Time",
    "Syria Standard Time",
    "West Bank Standard Time",
    "South Africa Standard Time",
    "FLE Standard Time",
    "Israel Standard Time",
    "South Sudan Standard Time",
    "Kaliningrad Standard Time",
    "Sudan Standard Time",
    "Libya Standard Time",
    "Namibia Standard Time",
    "Arabic Standard Time",
    "Turkey Standard Time",
    "Arab Standard Time",
    "Belarus Standard Time",
    "Russian Standard Time",
    "E. Africa Standard Time",
    "Iran Standard Time",
    "Arabian Standard Time",
    "Astrakhan Standard Time",
    "Azerbaijan Standard Time",
    "Russia Time Zone 3",
    "Mauritius Standard Time",
    "Saratov Standard Time",
    "Georgian Standard Time",
    "Volgograd Standard Time",
    "Caucasus Standard Time",
    "Afghanistan Standard Time",
    "West Asia Standard Time",
    "Ekaterinburg Standard Time",
    "Pakistan Standard Time",
    "Qyzylorda Standard Time",
    "India Standard Time",
    "Sri Lanka Standard Time",
    "Nepal Standard Time",
    "Central Asia Standard Time",
    "Bangladesh Standard Time",
    "Omsk Standard Time",
    "Myanmar Standard Time",
    "SE Asia Standard Time",
    "Altai Standard Time",
    "W. Mongolia Standard Time",
    "North Asia Standard Time",
    "N. Central Asia Standard Time",
    "Tomsk Standard Time",
    "China Standard Time",
    "North Asia East Standard Time",
    "Singapore Standard Time",
    "W. Australia Standard Time",
    "Taipei Standard Time",
    "Ulaanbaatar Standard Time",
    "Aus Central W. Standard Time",
    "Transbaikal Standard Time",
    "Tokyo Standard Time",
    "North Korea Standard Time",
    "Korea Standard Time",
    "Yakutsk Standard Time",
    "Cen. Australia Standard Time",
    "AUS Central Standard Time",
    "E. Australia Standard Time",
    "AUS Eastern Standard Time",
    "West Pacific Standard Time",
    "Tasmania Standard Time",
    "Vladivostok Standard Time",
    "Lord Howe Standard Time",
    "Bougainville Standard Time",
    "Russia Time Zone 10",
    "Magadan Standard Time",
    "Norfolk Standard Time",
    "Sakhalin Standard Time",
    "Central Pacific Standard Time",
    "Russia Time Zone 11",
    "New Zealand Standard Time",
    "UTC+12",
    "Fiji Standard Time",
    "Chatham Islands Standard Time",
    "UTC+13",
    "Tonga Standard Time",
    "Samoa Standard Time",
    "Line Islands Standard Time",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_of_windows_is_a_zone_with_a_description() {
        for name in WINDOWS {
            let known = windows(&name.to_uppercase()).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(known.name(), name);
            assert!(known.description().starts_with("(UTC"), "{name}: {}", known.description());
            assert!(zone(name).is_some(), "{name} is {}", known.tzdb_id());
        }
        assert_eq!(names(Standard::Windows).len(), WINDOWS.len());
    }

    #[test]
    fn names_are_kept_as_windows_spells_them_or_as_they_came() {
        for (given, kept) in [
            ("pacific standard time", Some("Pacific Standard Time")),
            ("Pacific Standard Time (Mexico)", Some("Pacific Standard Time (Mexico)")),
            ("utc", Some("UTC")),
            ("UTC-11", Some("UTC-11")),
            ("America/Los_Angeles", Some("America/Los_Angeles")),
            ("america/los_angeles", Some("America/Los_Angeles")),
            ("US/Samoa", Some("US/Samoa")),
            ("tzone://Microsoft/Utc", Some("UTC")),
            ("Etc/GMT+12", Some("Etc/GMT+12")),
            ("Nowhere", None),
            ("", None),
        ] {
            assert_eq!(spelled(given).as_deref(), kept, "{given}");
        }
        let iana = names(Standard::Iana);
        for name in ["US/Samoa", "Etc/GMT+12", "Europe/Berlin"] {
            assert!(iana.iter().any(|(alias, _)| alias == name), "{name}");
        }
    }
}
