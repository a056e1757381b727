//! A round of a delta query (Graph: delta-query-overview): what was asked when it began, and where it goes on. Both stand
//! in the token of a link, sealed, so that a client may keep it for months, and follows it without repeating anything.

use crate::error::{ApiError, ErrorCode};
use crate::request::Asked;
use encodify::base64::URL_SAFE_NO_PAD;
use mailbox::{Changes, Cursor, MailError, Stage};
use odata::Options;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use store::{FolderId, MailboxId, Place};

/// What a round follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tracked {
    MailFolders = 1,
    Messages = 2,
    MailboxFolders = 3,
    MailboxItems = 4,
}

impl Tracked {
    /// The name of the resource.
    pub(crate) fn resource(self) -> &'static str {
        match self {
            Tracked::MailFolders => "mailFolder",
            Tracked::Messages => "message",
            Tracked::MailboxFolders => "mailboxFolder",
            Tracked::MailboxItems => "mailboxItem",
        }
    }
}

/// From where a round goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// What there is now.
    Beginning,
    Cursor(Cursor),
    /// What changes from now on.
    Latest,
}

/// One request of a round.
#[derive(Debug)]
pub(crate) struct Round {
    tracked: Tracked,
    /// As they were when the round began.
    pub(crate) options: Options,
    pub(crate) from: From,
}

const ALL: [Tracked; 4] = [Tracked::MailFolders, Tracked::Messages, Tracked::MailboxFolders, Tracked::MailboxItems];

/// The form in which tokens are written: the first octet of each.
const FORM: u8 = 1;
/// Octets that the options of a round may have: they go to and fro in every link.
const MAX_OPTIONS: usize = 8 * 1024;
/// What a query's text can't hold as it is.
const RESERVED: &AsciiSet = &CONTROLS.add(b'%').add(b'&').add(b'+').add(b'=').add(b'#');

impl Round {
    /// The round that a request begins or goes on with. `known` are the options that may be asked for.
    ///
    /// # Errors
    /// 400 for a token that is none, or of something else, and for options that are not answered.
    pub(crate) fn of(asked: &Asked<'_>, tracked: Tracked, known: &[&str]) -> Result<Round, ApiError> {
        let given = |name| asked.options.get(name).filter(|token| !token.is_empty());
        match given("skiptoken").or_else(|| given("deltatoken")) {
            Some(token) if !token.eq_ignore_ascii_case("latest") => {
                let read = URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok().and_then(|sealed| {
                    let octets = asked.graph.identity.links().open(&sealed)?;
                    Round::read(octets).filter(|round| round.tracked == tracked)
                });
                read.ok_or_else(|| ApiError::bad_request("The delta token is none that this service gave for this."))
            }
            token => {
                asked.only_options(known)?;
                let options = Options::parse(&text(&asked.options))?;
                let from = if token.is_some() { From::Latest } else { From::Beginning };
                Ok(Round { tracked, options, from })
            }
        }
    }

    /// One page of the round, with the link to the next one or to the round after.
    ///
    /// # Errors
    /// 400 for options too long to be kept.
    pub(crate) fn page<T, I>(&self, asked: &Asked<'_>, page: &Changes<T, I>, value: Vec<Value>) -> Result<Value, ApiError> {
        let resource = self.tracked.resource();
        let context = format!("{}/{}/$metadata#Collection({resource})", asked.origin, asked.version.as_str());
        let mut answer = json!({"@odata.context": context, "value": value});
        let (member, name) = if page.more { ("@odata.nextLink", "%24skiptoken") } else { ("@odata.deltaLink", "%24deltatoken") };
        answer[member] = format!("{}{}?{name}={}", asked.origin, asked.path, self.token(asked, &page.next)?).into();
        Ok(answer)
    }

    /// An error of this round. Where the round is lost, the answer leads to a new one with the same options (Graph:
    /// delta-query-overview, synchronization reset).
    pub(crate) fn error(&self, asked: &Asked<'_>, error: MailError) -> ApiError {
        let error = ApiError::from(error);
        if error.code != ErrorCode::SyncStateNotFound {
            return error;
        }
        let options = text(&self.options).replace(' ', "%20").replace('$', "%24");
        let separator = if options.is_empty() { "" } else { "&" };
        error.located(format!("{}{}?{options}{separator}%24deltatoken=", asked.origin, asked.path))
    }

    fn token(&self, asked: &Asked<'_>, next: &Cursor) -> Result<String, ApiError> {
        let options = text(&self.options);
        if options.len() > MAX_OPTIONS {
            return Err(ApiError::bad_request(format!("The options of a delta query have at most {MAX_OPTIONS} octets.")));
        }
        let octets = written(self.tracked, next, &options);
        Ok(URL_SAFE_NO_PAD.encode(asked.graph.identity.links().seal(&octets)))
    }

    fn read(octets: &[u8]) -> Option<Round> {
        let ([FORM, tracked, stage, has_folder], rest) = octets.split_first_chunk()? else { return None };
        let (mailbox, rest) = rest.split_first_chunk()?;
        let (folder, rest) = rest.split_first_chunk()?;
        let (since, rest) = rest.split_first_chunk()?;
        let (at, rest) = rest.split_first_chunk()?;
        let (id, options) = rest.split_first_chunk()?;
        let cursor = Cursor {
            mailbox: MailboxId(*mailbox),
            folder: (*has_folder == 1).then_some(FolderId(*folder)),
            stage: if *stage == 1 { Stage::Present } else { Stage::Changes },
            since: i64::from_be_bytes(*since),
            after: Place { at: i64::from_be_bytes(*at), id: *id },
        };
        let tracked = ALL.into_iter().find(|one| *one as u8 == *tracked)?;
        let options = Options::parse(std::str::from_utf8(options).ok()?).ok()?;
        Some(Round { tracked, options, from: From::Cursor(cursor) })
    }
}

fn written(tracked: Tracked, cursor: &Cursor, options: &str) -> Vec<u8> {
    let head = [FORM, tracked as u8, u8::from(cursor.stage == Stage::Present), u8::from(cursor.folder.is_some())];
    let folder = cursor.folder.map_or([0; 16], |folder| folder.0);
    let Place { at, id } = cursor.after;
    let (since, at) = (cursor.since.to_be_bytes(), at.to_be_bytes());
    [&head, &cursor.mailbox.0[..], &folder, &since, &at, &id, options.as_bytes()].concat()
}

/// The options that a round keeps, as a query.
fn text(options: &Options) -> String {
    let encoded = |text| utf8_percent_encode(text, RESERVED).to_string();
    let kept = options.without(&["skiptoken", "deltatoken", "format"]);
    kept.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back() {
        let cursor = Cursor {
            mailbox: MailboxId([1; 16]),
            folder: Some(FolderId([2; 16])),
            stage: Stage::Present,
            since: 7,
            after: Place { at: -5, id: [3; 16] },
        };
        let options = Options::parse("$select=a,b&x=1%2B1%26%25&$deltatoken=y").expect("query");
        for cursor in [cursor, Cursor { folder: None, stage: Stage::Changes, ..cursor }] {
            let round = Round::read(&written(Tracked::Messages, &cursor, &text(&options))).expect("a round");
            assert_eq!((round.tracked, round.from), (Tracked::Messages, From::Cursor(cursor)));
            assert_eq!(round.options.get("select"), Some("a,b"));
            assert_eq!(round.options.get("x"), Some("1+1&%"));
            assert_eq!(round.options.get("deltatoken"), None);
        }
        assert!(Round::read(b"\x01\x02").is_none());
        assert!(Round::read(&written(Tracked::Messages, &cursor, "")[1..]).is_none());
    }
}
