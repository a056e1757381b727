//! What of the scopes that an app asks for is granted. Names come back as the app spelled them, since libraries look for
//! their own spelling; those that mean nothing here are left out of the answer, which says so (RFC 6749 §3.3).

use crate::error::OAuthError;
use crate::scope::Scope;
use store::Application;

/// Scopes of OpenID Connect (Core §5.4, §11).
const OPEN_ID: [&str; 4] = ["openid", "profile", "email", "offline_access"];
/// All that the app was given before, of the resource whose name stands in front.
const DEFAULT: &str = ".default";

/// Scopes that were granted, as the app spelled them, joined by spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted(String);

impl Granted {
    /// What of these an app may be given for people.
    ///
    /// # Errors
    /// [`OAuthError::ScopeInvalid`] where it is nothing.
    pub(crate) fn of(asked: &str, app: &Application) -> Result<Granted, OAuthError> {
        let registered = app.delegated_permissions.split_whitespace();
        let mut names: Vec<String> = Vec::new();
        for name in asked.split_whitespace() {
            if let Some(resource) = resource_of_default(name) {
                names.extend(registered.clone().map(|permission| format!("{resource}{permission}")));
                names.push(name.to_owned());
            } else if is_open_id(name) || Scope::name_of(name).is_some_and(|name| registered.clone().any(|one| one == name)) {
                names.push(name.to_owned());
            }
        }
        if names.is_empty() {
            return Err(OAuthError::ScopeInvalid);
        }
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        Ok(Granted(names.join(" ")))
    }

    /// What was granted before, as the store has it.
    pub(crate) fn stored(scope: String) -> Granted {
        Granted(scope)
    }

    /// What of these is granted to somebody who has this: all of this where nothing is asked for.
    ///
    /// # Errors
    /// [`OAuthError::ConsentRequired`] where a permission is asked for that isn't among these (RFC 6749 §6).
    pub(crate) fn narrowed(&self, asked: Option<&str>) -> Result<Granted, OAuthError> {
        let Some(asked) = asked else { return Ok(self.clone()) };
        let has: Vec<&str> = self.permissions().collect();
        let mut names: Vec<String> = Vec::new();
        for name in asked.split_whitespace() {
            if let Some(resource) = resource_of_default(name) {
                names.extend(has.iter().map(|permission| format!("{resource}{permission}")));
                names.push(name.to_owned());
            } else if let Some(permission) = Scope::name_of(name) {
                if !has.contains(&permission) {
                    return Err(OAuthError::ConsentRequired);
                }
                names.push(name.to_owned());
            } else if is_open_id(name) && self.has(name) {
                names.push(name.to_owned());
            }
        }
        if names.is_empty() { Err(OAuthError::ScopeInvalid) } else { Ok(Granted(names.join(" "))) }
    }

    /// The names as the app spelled them.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a scope of OpenID Connect is among them.
    pub(crate) fn has(&self, open_id: &str) -> bool {
        self.0.split(' ').any(|name| name.eq_ignore_ascii_case(open_id))
    }

    /// The permissions, by Graph's names.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = &'static str> {
        self.0.split(' ').filter_map(Scope::name_of)
    }

    /// What a person agrees to by agreeing to these: the permissions, and the scopes of OpenID Connect.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let open_id = self.0.split(' ').filter(|name| is_open_id(name)).map(str::to_lowercase);
        self.permissions().map(str::to_owned).chain(open_id)
    }

    /// What stands in the `scp` claim: Graph's short names, each once.
    pub(crate) fn scp(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        let open_id = OPEN_ID.into_iter().filter(|name| *name != "offline_access" && self.has(name));
        for name in self.permissions().chain(open_id) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(" ")
    }
}

/// Whether this asks for all that was given before.
pub(crate) fn asks_for_default(scope: &str) -> bool {
    scope.split_whitespace().any(|name| resource_of_default(name).is_some())
}

/// `https://graph.microsoft.com/` of `https://graph.microsoft.com/.default`. Any resource's name will do: libraries make one
/// of the address that they call.
fn resource_of_default(name: &str) -> Option<&str> {
    name.strip_suffix(DEFAULT).filter(|resource| resource.is_empty() || resource.ends_with('/'))
}

fn is_open_id(name: &str) -> bool {
    OPEN_ID.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scopes;
    use crate::client_app::tests::registered;

    #[test]
    fn names_are_granted_as_they_are_spelled() {
        let granted = Granted::of("openid https://graph.microsoft.com/mail.send Calendars.Read offline_access", &registered())
            .expect("granted");
        assert_eq!(granted.as_str(), "openid https://graph.microsoft.com/mail.send offline_access");
        assert_eq!(granted.scp(), "Mail.Send openid");
        assert_eq!(Granted::of("Calendars.Read", &registered()).expect_err("nothing known"), OAuthError::ScopeInvalid);
        assert_eq!(Granted::of("", &registered()).expect_err("nothing asked"), OAuthError::ScopeInvalid);
    }

    #[test]
    fn default_is_all_of_its_resource() {
        let granted = Granted::of("https://127.0.0.1:8443/.default", &registered()).expect("granted");
        assert!(granted.as_str().contains("https://127.0.0.1:8443/Mail.ReadWrite "));
        assert!(granted.as_str().ends_with("https://127.0.0.1:8443/.default"));
        assert_eq!(granted.scp(), Scopes::ALL_MAIL);
        assert!(asks_for_default("x .default") && !asks_for_default("Mail.default"));
    }

    #[test]
    fn a_refresh_may_ask_for_less_and_never_for_more() {
        let granted = Granted::of("openid offline_access Mail.Read Mail.Send", &registered()).expect("granted");
        assert_eq!(granted.narrowed(None), Ok(granted.clone()));
        assert_eq!(granted.narrowed(Some("mail.read profile")).expect("less").as_str(), "mail.read");
        assert_eq!(granted.narrowed(Some("Mail.Read Mail.ReadWrite")), Err(OAuthError::ConsentRequired));
        assert_eq!(granted.narrowed(Some("https://graph.microsoft.com/.default")).expect("all").scp(), "Mail.Read Mail.Send");
    }
}
