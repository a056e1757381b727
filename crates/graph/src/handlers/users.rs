//! People (Graph: user-get, user-list).

use crate::error::{ApiError, ErrorCode};
use crate::page::{collection, entity, json_answer};
use crate::request::Asked;
use crate::schema::user;
use axum::http::StatusCode;
use axum::response::Response;
use mailbox::{Kind, MailError, UserName};
use odata::{Comparison, Expr, Literal, Quantifier};
use store::{MailboxId, Person};

/// Graph: user-list: the default page.
const PAGE: i64 = 100;

/// `GET /me`, `GET /users/{id}`
pub(crate) async fn get_user(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let select = asked.options.names("select");
    let person = asked.graph.mail.person(&asked.caller, &asked.user, asked.wanted).await?;
    let selected = select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let context = asked.context_of(&format!("users{selected}/$entity"));
    let value = user::render(&person, select.as_deref())?;
    Ok(json_answer(StatusCode::OK, &entity(context, value)))
}

/// `GET /users`: all people, or the one whom `$filter` names.
pub(crate) async fn list_users(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["filter", "select", "top", "skiptoken"])?;
    let select = asked.options.names("select");
    let (people, next) = match asked.options.filter()? {
        Some(filter) => (found(asked, &filter).await?.into_iter().collect(), None),
        None => page(asked).await?,
    };
    let selected = select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
    let context = asked.context_of(&format!("users{selected}"));
    let value = people.iter().map(|person| user::render(person, select.as_deref())).collect::<Result<_, _>>()?;
    Ok(json_answer(StatusCode::OK, &collection(context, None, next, value)))
}

/// One page of people, and the link to the next.
async fn page(asked: &Asked<'_>) -> Result<(Vec<Person>, Option<String>), ApiError> {
    let top = asked.top(PAGE)?;
    let unknown = || ApiError::bad_request("The value of '$skiptoken' is none that this service gave.");
    let read = |token: &str| uuid::Uuid::try_parse(token).map(|id| MailboxId(*id.as_bytes())).map_err(|_| unknown());
    let after = asked.options.get("skiptoken").map(read).transpose()?;
    let mut people = asked.graph.mail.people(&asked.caller, asked.wanted, after, top.saturating_add(1)).await?;
    let asked_for = usize::try_from(top).unwrap_or(usize::MAX);
    let more = people.len() > asked_for;
    people.truncate(asked_for);
    let last = people.last().filter(|_| more);
    let next = last.map(|person| asked.token_link(&person.id.to_string()));
    Ok((people, next))
}

/// Whom a filter names.
async fn found(asked: &Asked<'_>, filter: &Expr) -> Result<Option<Person>, ApiError> {
    let Some(name) = Name::of(filter) else {
        let message = "Unsupported or invalid query filter clause: people are found by 'id', 'mail', 'userPrincipalName' or \
                       'proxyAddresses/any(x:x eq 'smtp:…')'.";
        return Err(ApiError::new(ErrorCode::RequestUnsupportedQuery, message));
    };
    let Some(named) = name.person() else { return Ok(None) };
    match asked.graph.mail.person(&asked.caller, &UserName::Named(named), asked.wanted).await {
        Ok(person) => Ok(Some(person).filter(|person| name.is(person))),
        Err(MailError::NotFound(Kind::User)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a filter may name people by; each names one at most.
enum Name<'f> {
    Address(&'f str),
    Id(&'f str),
    Principal(&'f str),
}

impl<'f> Name<'f> {
    fn of(filter: &'f Expr) -> Option<Name<'f>> {
        if let Expr::Lambda { collection, quantifier: Quantifier::Any, predicate, .. } = filter {
            let (Expr::Property(path), (Expr::Variable { path: None, .. }, text)) = (&**collection, equality(predicate)?) else {
                return None;
            };
            return path.is("proxyAddresses").then_some(Name::Address(text));
        }
        let (Expr::Property(path), text) = equality(filter)? else { return None };
        match path.segments() {
            [one] if one.eq_ignore_ascii_case("id") => Some(Name::Id(text)),
            [one] if ["mail", "userPrincipalName"].iter().any(|name| name.eq_ignore_ascii_case(one)) => {
                Some(Name::Principal(text))
            }
            _ => None,
        }
    }

    /// The name by which the person would be found, where there can be one.
    fn person(&self) -> Option<String> {
        match self {
            Name::Address(text) => {
                let (kind, address) = text.split_once(':')?;
                (kind.eq_ignore_ascii_case("smtp") && address.contains('@')).then(|| address.to_owned())
            }
            Name::Id(text) => uuid::Uuid::try_parse(text).is_ok().then(|| (*text).to_owned()),
            Name::Principal(text) => text.contains('@').then(|| (*text).to_owned()),
        }
    }

    /// Whether whoever was found is meant: another address of theirs is no `mail`.
    fn is(&self, person: &Person) -> bool {
        match self {
            Name::Principal(text) => person.user_principal_name.eq_ignore_ascii_case(text),
            Name::Address(_) | Name::Id(_) => true,
        }
    }
}

/// The sides of `… eq 'text'`.
fn equality(filter: &Expr) -> Option<(&Expr, &str)> {
    match filter {
        Expr::Compare { left, operator: Comparison::Equal, right, .. } => match &**right {
            Expr::Literal(Literal::String(text)) => Some((left, text)),
            _ => None,
        },
        _ => None,
    }
}
