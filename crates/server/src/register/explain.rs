//! `restante app explain`: what an app may do, in sentences, and what it has used of that. What it may is read from the table by
//! which requests are let in, and not told twice.

use super::apps::described;
use super::{lines, listed};
use crate::tenant::Tenant;
use identity::{RegisteredApp, RegisteredLimits, RegisteredUse, Scope, Scopes};
use serde::Serialize;

/// An app, explained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Explained {
    #[serde(flatten)]
    app: RegisteredApp,
    permitted: Permitted,
    uses: Vec<RegisteredUse>,
    /// Permissions that have let it in nowhere.
    unused: Vec<String>,
}

/// Operations, by the words of the service's own description.
#[derive(Debug, Serialize)]
struct Permitted {
    application: Vec<&'static str>,
    delegated: Vec<&'static str>,
}

impl Explained {
    pub(super) fn of(app: RegisteredApp, mut uses: Vec<RegisteredUse>) -> Explained {
        uses.sort_by(|one, other| (&one.permission, &one.mailbox).cmp(&(&other.permission, &other.mailbox)));
        let operations = |permissions: &[String]| graph::permitted(|wanted| is_let_in(&scopes(permissions), wanted));
        let permitted = Permitted {
            application: operations(&app.application_permissions),
            delegated: operations(&app.delegated_permissions),
        };
        let all = app.application_permissions.iter().chain(&app.delegated_permissions);
        let is_used = |name: &str| uses.iter().any(|used| Scopes::parse(&used.permission) == Scopes::parse(name));
        let mut unused: Vec<String> = all.filter(|name| !is_used(name)).cloned().collect();
        unused.sort_unstable();
        unused.dedup();
        Explained { app, permitted, uses, unused }
    }

    /// The same, for people.
    pub(super) fn text(&self, tenant: &Tenant) -> String {
        let RegisteredApp { account_enabled, application_permissions, delegated_permissions, .. } = &self.app;
        let mut text = described(&self.app, tenant);
        if !account_enabled {
            text += "\nIt is disabled. Until it is enabled, all of this is refused.\n";
        }
        text += &may("For itself", application_permissions, &self.permitted.application);
        if !application_permissions.is_empty() && self.app.password_credentials.is_empty() && self.app.key_credentials.is_empty()
        {
            text += "It has no secret and no certificate here, so that it can't come in for itself.\n";
        }
        let Permitted { application, delegated } = &self.permitted;
        let is_same = application == delegated && !delegated.is_empty();
        let operations: &[&str] = if is_same { &["the same operations"] } else { delegated };
        text += &may("For people who agree", delegated_permissions, operations);
        text += &within(&self.app.limits, !application_permissions.is_empty());
        text + &self.used()
    }

    fn used(&self) -> String {
        let of = |used: &RegisteredUse| used.mailbox.clone().unwrap_or_else(|| "the list of people".to_owned());
        let times = |uses: i64| if uses == 1 { "once".to_owned() } else { format!("{uses} times") };
        let line = |used: &RegisteredUse| format!("{}: {}, last at {}", of(used), times(used.uses), used.last_used_date_time);
        let rows: Vec<(&str, String)> = self.uses.iter().map(|used| (used.permission.as_str(), line(used))).collect();
        let used =
            if rows.is_empty() { "\nIt has used nothing.\n".to_owned() } else { format!("\nIt was let in by\n{}", lines(&rows)) };
        match self.unused.as_slice() {
            [] => used,
            unused => format!("{used}Granted and never used: {}. What isn't needed can be taken away.\n", listed(unused)),
        }
    }
}

/// What permissions let an app do, and what not.
fn may(whom: &str, permissions: &[String], operations: &[&str]) -> String {
    let scopes = scopes(permissions);
    let (can, can_not): (Vec<_>, Vec<_>) = abilities(&scopes).into_iter().partition(|(_, is_given)| *is_given);
    let join = |list: Vec<(&'static str, bool)>| list.into_iter().map(|(what, _)| what).collect::<Vec<_>>().join("; ");
    if can.is_empty() {
        return format!("\n{whom} it may do nothing.\n");
    }
    let mut text = format!("\n{whom} it may {}.\n", join(can));
    if !can_not.is_empty() {
        text += &format!("It may not {}.\n", join(can_not));
    }
    for operation in operations {
        text += &format!("  {operation}\n");
    }
    text
}

/// The great kinds of what there is to do, and whether these permissions let an app do it.
fn abilities(scopes: &Scopes) -> Vec<(&'static str, bool)> {
    let has = |wanted: &[Scope]| is_let_in(scopes, wanted);
    let reads = has(&[Scope::MailRead, Scope::MailReadWrite]);
    let reads_basics = !reads && has(&[Scope::MailReadBasic]);
    let shared = [Scope::MailReadShared, Scope::MailReadBasicShared, Scope::MailReadWriteShared, Scope::MailSendShared];
    let mut abilities = vec![
        (if reads_basics { "read mail but for texts and attachments" } else { "read mail" }, reads || reads_basics),
        ("make, change and delete drafts, messages and folders", has(&[Scope::MailReadWrite])),
        ("send mail", has(&[Scope::MailSend])),
        ("read who is here", has(&[Scope::UserReadAll])),
    ];
    let special = [
        ("read who signed in", scopes.any(&[Scope::UserRead])),
        ("use what others share with the person", scopes.any(&shared)),
        ("register apps and people and grant rights", scopes.any(&[Scope::RestanteAdmin])),
    ];
    abilities.extend(special.into_iter().filter(|(_, is_given)| *is_given));
    abilities
}

/// Whether one of these permissions is there, or the one for shared mailboxes that takes its place.
fn is_let_in(scopes: &Scopes, wanted: &[Scope]) -> bool {
    wanted.iter().any(|scope| scopes.any(&[*scope]) || scope.for_others().is_some_and(|shared| scopes.any(&[shared])))
}

/// What narrows an app, and that nothing does of one that may do something for itself.
fn within(limits: &RegisteredLimits, is_for_itself: bool) -> String {
    let everywhere = (is_for_itself && limits.mailboxes.is_none()).then(|| "  for itself in every mailbox\n".to_owned());
    let only = |what: &str, list: &Option<Vec<String>>| list.as_ref().map(|list| format!("  {what} {}\n", listed(list)));
    let rate = limits.sends_per_minute.map(|most| format!("  at most {most} messages in sixty seconds\n"));
    let bounds = [
        everywhere,
        only("only in the mailboxes of", &limits.mailboxes),
        only("sending only from", &limits.from),
        only("sending only to the domains", &limits.recipient_domains),
        rate,
    ];
    let bounds: String = bounds.into_iter().flatten().collect();
    if bounds.is_empty() { String::new() } else { format!("\nAnd all of that\n{bounds}") }
}

fn scopes(permissions: &[String]) -> Scopes {
    Scopes::parse(&permissions.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(application: &[&str], delegated: &[&str]) -> RegisteredApp {
        let words = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        RegisteredApp {
            app_id: "id".to_owned(),
            display_name: "Tool".to_owned(),
            account_enabled: true,
            is_public_client: false,
            delegated_permissions: words(delegated),
            application_permissions: words(application),
            redirect_uris: Vec::new(),
            limits: RegisteredLimits { mailboxes: None, from: None, recipient_domains: None, sends_per_minute: None },
            password_credentials: Vec::new(),
            key_credentials: Vec::new(),
            created_date_time: String::new(),
        }
    }

    #[test]
    fn operations_are_those_that_a_permission_lets_in() {
        let sends = Explained::of(app(&["Mail.Send"], &[]), Vec::new());
        let expected = ["Answer or forward a message", "Follow a message that was sent", "Send a draft", "Send a message"];
        assert_eq!(sends.permitted.application, expected);
        assert!(sends.permitted.delegated.is_empty());
        let basic = Explained::of(app(&["Mail.ReadBasic.All"], &["Mail.ReadWrite.Shared"]), Vec::new());
        assert!(basic.permitted.application.contains(&"List messages"));
        assert!(!basic.permitted.application.contains(&"List attachments"));
        assert!(basic.permitted.delegated.contains(&"Delete a folder for good"));
    }

    #[test]
    fn what_was_never_used_is_told_once() {
        let used =
            RegisteredUse { permission: "Mail.ReadBasic".to_owned(), mailbox: None, uses: 1, last_used_date_time: String::new() };
        let both = app(&["Mail.Send", "Mail.ReadBasic.All"], &["Mail.Send", "Mail.Read"]);
        assert_eq!(Explained::of(both, vec![used]).unused, ["Mail.Read", "Mail.Send"]);
    }

    #[test]
    fn sentences_say_what_may_be_done_and_what_not() {
        let said = may("For itself", &["Mail.ReadBasic".to_owned()], &[]);
        assert_eq!(
            said,
            "\nFor itself it may read mail but for texts and attachments.\n\
             It may not make, change and delete drafts, messages and folders; send mail; read who is here.\n"
        );
        assert_eq!(may("For itself", &[], &[]), "\nFor itself it may do nothing.\n");
    }
}
