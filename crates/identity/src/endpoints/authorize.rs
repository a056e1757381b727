//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2) and the page on which somebody is chosen.
//!
//! As long as the app and its redirect URI are not known to belong together, whatever is wrong is told on a page; from then on
//! it is told to the app (RFC 6749 §4.1.2.1).

use super::asked::{Asked, Parameters};
use super::back::{Back, ResponseMode};
use super::login::{Purpose, Step};
use super::page::{self, Choice};
use super::{DevelopmentPerson, SignIn};
use crate::ClientApp;
use crate::error::OAuthError;
use crate::granted::Granted;
use crate::grants::grant;
use axum::extract::{Request, State};
use axum::response::Response;
use std::sync::Arc;
use store::Person;

/// Letters of a challenge: base64url of a SHA-256 (RFC 7636 §4.2).
const CHALLENGE_LENGTH: usize = 43;

/// What an app asks for.
struct Wish {
    app: ClientApp,
    back: Back,
    granted: Granted,
    code_challenge: Option<String>,
    nonce: Option<String>,
}

/// Whom to tell what is wrong.
enum Stop {
    /// The person.
    Page(OAuthError),
    /// The app.
    Back(Back, OAuthError),
}

/// `GET` and `POST /{tenant}/oauth2/v2.0/authorize`
pub(super) async fn authorize(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    let answered = match Asked::read(&sign_in, request).await {
        Ok(asked) => show(&sign_in, &asked).await,
        Err(error) => Err(Stop::Page(error)),
    };
    answered.unwrap_or_else(|stop| stop.answer(&sign_in))
}

/// `POST /{tenant}/login`: somebody was chosen on the page. The query is the app's, as it came.
pub(super) async fn login(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    let answered = match Asked::read(&sign_in, request).await {
        Ok(asked) => choose(&sign_in, &asked).await,
        Err(error) => Err(Stop::Page(error)),
    };
    answered.unwrap_or_else(|stop| stop.answer(&sign_in))
}

async fn show(sign_in: &SignIn, asked: &Asked) -> Result<Response, Stop> {
    let parameters = if asked.form.is_empty() { &asked.query } else { &asked.form };
    let wish = Wish::read(sign_in, parameters).await?;
    // Development mode: somebody who is named needs no page, so that a script can sign in.
    if sign_in.development.is_some()
        && let Some(hint) = parameters.get("login_hint")
        && let Some(person) = sign_in.grants.person(hint).await.map_err(Stop::Page)?
    {
        return wish.agree(sign_in, &person).await;
    }
    // Nobody stays signed in, so nobody is without a page.
    if prompts(parameters).any(|prompt| prompt == "none") {
        return Err(Stop::Back(wish.back, OAuthError::LoginRequired));
    }
    let purpose = wish.purpose(asked, parameters);
    let page = match &sign_in.development {
        Some(people) => sign_in.choose(asked, people, &purpose.choice),
        None => sign_in.begin_login(asked, &purpose),
    };
    page.map_err(Stop::Page)
}

async fn choose(sign_in: &SignIn, asked: &Asked) -> Result<Response, Stop> {
    let wish = Wish::read(sign_in, &asked.query).await?;
    let person = match &sign_in.development {
        Some(people) => {
            sign_in.demand_own_form(asked, asked.query.text()).map_err(Stop::Page)?;
            asked.form.get("person").and_then(|name| chosen(people, name)).cloned()
        }
        None => {
            let step = sign_in.continue_login(asked, &wish.purpose(asked, &asked.query)).await;
            match step.map_err(Stop::Page)? {
                Step::Agreed(person) => Some(person),
                Step::Declined => None,
                Step::Shown(page) => return Ok(page),
            }
        }
    };
    match person {
        Some(person) => wish.agree(sign_in, &person).await,
        None => Err(Stop::Back(wish.back, OAuthError::AccessDenied)),
    }
}

/// How an app wants the person to be asked (OpenID Connect Core §3.1.2.1). `login` and `select_account` ask for nothing more
/// than is asked anyway.
fn prompts(parameters: &Parameters) -> impl Iterator<Item = &str> {
    parameters.get("prompt").unwrap_or_default().split(' ')
}

/// The one of these who has this name.
pub(super) fn chosen<'p>(people: &'p [DevelopmentPerson], name: &str) -> Option<&'p Person> {
    people.iter().map(|one| &one.person).find(|person| person.user_principal_name.eq_ignore_ascii_case(name))
}

impl Wish {
    async fn read(sign_in: &SignIn, parameters: &Parameters) -> Result<Wish, Stop> {
        let (app, back) = way_back(sign_in, parameters).await.map_err(Stop::Page)?;
        match content(parameters, &app) {
            Ok((granted, code_challenge)) => {
                Ok(Wish { app, back, granted, code_challenge, nonce: parameters.get("nonce").map(str::to_owned) })
            }
            Err(error) => Err(Stop::Back(back, error)),
        }
    }

    /// What the pages ask.
    fn purpose<'w>(&'w self, asked: &Asked, parameters: &'w Parameters) -> Purpose<'w> {
        let choice = Choice {
            app: &self.app.registered.display_name,
            permissions: self.granted.permissions().collect(),
            stays: self.granted.has("offline_access"),
            action: format!("/{}/login?{}", asked.tenant, parameters.text()),
            subject: parameters.text(),
            next: self.back.source(),
        };
        Purpose {
            choice,
            client_id: self.app.client_id(),
            granted: &self.granted,
            login_hint: parameters.get("login_hint"),
            always_asks: prompts(parameters).any(|prompt| prompt == "consent"),
            user_code: None,
        }
    }

    /// What comes of it when this person agrees: a code for the app.
    async fn agree(self, sign_in: &SignIn, person: &Person) -> Result<Response, Stop> {
        let Wish { app, back, granted, code_challenge, nonce } = self;
        let granted = grant(person.id, app.client_id(), &granted);
        match sign_in.grants.add_code(granted, back.redirect_uri.clone(), code_challenge, nonce).await {
            Ok(code) => Ok(back.give(sign_in, &code)),
            Err(error) => Err(Stop::Back(back, error)),
        }
    }
}

/// The app and the way back to it, if the two belong together.
async fn way_back(sign_in: &SignIn, parameters: &Parameters) -> Result<(ClientApp, Back), OAuthError> {
    let app = sign_in.app(parameters.required("client_id")?).await?;
    let redirect_uri = parameters.required("redirect_uri")?;
    if !app.has_redirect_uri(redirect_uri) {
        return Err(OAuthError::RedirectUnknown);
    }
    let mode = ResponseMode::named(parameters.get("response_mode"));
    let response_mode = mode.ok_or(OAuthError::Invalid("The response_mode must be query, fragment or form_post."))?;
    let state = parameters.get("state").map(str::to_owned);
    Ok((app, Back { redirect_uri: redirect_uri.to_owned(), response_mode, state }))
}

/// Scopes and challenge of what is asked for.
fn content(parameters: &Parameters, app: &ClientApp) -> Result<(Granted, Option<String>), OAuthError> {
    if parameters.get("request").or(parameters.get("request_uri")).is_some() {
        return Err(OAuthError::Invalid("A request object is not taken here.")); // OpenID Connect Core §6
    }
    if parameters.required("response_type")? != "code" {
        return Err(OAuthError::UnsupportedResponseType);
    }
    let challenge = match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
        (None, None) => None,
        (Some(challenge), Some("S256")) if challenge.len() == CHALLENGE_LENGTH => Some(challenge.to_owned()),
        // The method that is meant where none is named shows the verifier to whoever sees the request (RFC 7636 §7.2).
        _ => return Err(OAuthError::Invalid("PKCE must have a code_challenge and the code_challenge_method S256.")),
    };
    Ok((Granted::of(parameters.required("scope")?, &app.registered)?, challenge))
}

impl Stop {
    fn answer(self, sign_in: &SignIn) -> Response {
        match self {
            Stop::Page(error) => page::refused(&sign_in.refusal(error)),
            Stop::Back(back, error) => back.refuse(sign_in, error),
        }
    }
}
