//! What this server says of itself to auth libraries (OpenID Connect Discovery §4, and Microsoft's own discovery).

use super::SignIn;
use super::asked::Asked;
use super::page;
use crate::error::OAuthError;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::sync::Arc;
use url::{Host, Url};

/// Microsoft's authorities: a client that has them built in reaches this server under one of their names.
pub const MICROSOFT_AUTHORITIES: [&str; 4] =
    ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"];

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`
pub(super) async fn openid_configuration(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    match Asked::read(&sign_in, request).await {
        Ok(asked) => Json(configuration(&sign_in, &asked)).into_response(),
        Err(error) => sign_in.refusal(error).into_response(),
    }
}

/// Addresses keep the tenant's name as the client wrote it, for libraries take it from there.
fn configuration(sign_in: &SignIn, asked: &Asked) -> Value {
    json!({
        "token_endpoint": asked.address("oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256"],
        "jwks_uri": asked.address("discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "grant_types_supported": grant_types(sign_in),
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": asked.issuer(sign_in),
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_endpoint": asked.address("oauth2/v2.0/authorize"),
        "device_authorization_endpoint": asked.address("oauth2/v2.0/devicecode"),
        "end_session_endpoint": asked.address("oauth2/v2.0/logout"),
        "claims_supported":
            ["sub", "iss", "aud", "exp", "iat", "nbf", "nonce", "preferred_username", "name", "oid", "tid", "ver"],
    })
}

fn grant_types(sign_in: &SignIn) -> Vec<&'static str> {
    let mut types =
        vec!["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"];
    if sign_in.development.is_some() {
        types.push("password");
    }
    types
}

/// `GET /{tenant}/discovery/v2.0/keys`
pub(super) async fn keys(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    match Asked::read(&sign_in, request).await {
        Ok(_) => Json(sign_in.identity.key_set()).into_response(),
        Err(error) => sign_in.refusal(error).into_response(),
    }
}

/// `GET /common/discovery/instance`: whether an authority is one, and where its metadata is. The answer is made of the address
/// by which the client reached this server: some libraries lose the port of the authority that they ask about.
pub(super) async fn instance(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    let asked = match Asked::read(&sign_in, request).await {
        Ok(asked) => asked,
        Err(error) => return sign_in.refusal(error).into_response(),
    };
    let Some(tenant) = asked.query.get("authorization_endpoint").and_then(|text| tenant_of(&sign_in, &asked, text)) else {
        let error = json!({"error": "invalid_instance", "error_description": "AADSTS50049: Unknown or invalid instance."});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    };
    let origin = &asked.origin;
    let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
    Json(json!({
        "tenant_discovery_endpoint": format!("{origin}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": asked.query.get("api-version").unwrap_or("1.1"),
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }))
    .into_response()
}

/// The tenant of an authorization endpoint, if it is one of this server's.
fn tenant_of(sign_in: &SignIn, asked: &Asked, authorization_endpoint: &str) -> Option<String> {
    let (theirs, ours) = (Url::parse(authorization_endpoint).ok()?, Url::parse(&asked.origin).ok()?);
    let named = match theirs.host()? {
        Host::Domain(name) => MICROSOFT_AUTHORITIES.contains(&name) || theirs.host() == ours.host(),
        Host::Ipv4(_) | Host::Ipv6(_) => theirs.host() == ours.host(),
    };
    let tenant = theirs.path_segments()?.next()?.to_owned();
    (named && theirs.scheme() == "https" && sign_in.is_tenant(&tenant)).then_some(tenant)
}

/// `GET /common/userrealm/{user}`: libraries ask before they send a password whether they should send it elsewhere.
pub(super) async fn user_realm(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    let user = request.uri().path().rsplit('/').next().unwrap_or_default();
    let user = percent_decode_str(user).decode_utf8_lossy().into_owned();
    if let Err(error) = Asked::read(&sign_in, request).await {
        return sign_in.refusal(error).into_response();
    }
    // It tells of the domain alone: who is here is nobody's business before a password is right.
    let domain = user.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is_ours = domain.eq_ignore_ascii_case(&sign_in.domain);
    let account_type = if is_ours { "Managed" } else { "Unknown" };
    Json(json!({"ver": "1.0", "account_type": account_type, "domain_name": domain})).into_response()
}

/// `GET /{tenant}/oauth2/v2.0/logout` (OpenID Connect RP-Initiated Logout §2). Nobody stays signed in here, so there is
/// nothing to end but the client's own wait.
pub(super) async fn logout(State(sign_in): State<Arc<SignIn>>, request: Request) -> Response {
    let asked = match Asked::read(&sign_in, request).await {
        Ok(asked) => asked,
        Err(error) => return sign_in.refusal(error).into_response(),
    };
    let Some(uri) = asked.query.get("post_logout_redirect_uri") else {
        return page::message(StatusCode::OK, "Signed out", "You are signed out. This window can be closed.");
    };
    match sign_in.grants.is_redirect_uri(uri).await {
        Ok(true) => Redirect::to(uri).into_response(),
        Ok(false) => page::refused(&sign_in.refusal(OAuthError::RedirectUnknown)),
        Err(error) => page::refused(&sign_in.refusal(error)),
    }
}
