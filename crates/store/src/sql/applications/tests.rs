//! What is registered comes back as it was said, and a limit that lets nothing through isn't one that lets all through.

use super::*;
use crate::{MailboxAccess, Person, Store};
use tempfile::TempDir;

const OWNER: MailboxId = MailboxId([7; 16]);

fn registered(limits: ApplicationLimits) -> Application {
    Application {
        client_id: "11111111-aaaa-4000-8000-000000000001".to_owned(),
        display_name: "Help desk".to_owned(),
        account_enabled: true,
        is_public_client: false,
        delegated_permissions: "Mail.Read".to_owned(),
        application_permissions: "Mail.Send".to_owned(),
        limits,
        created_date_time: Timestamp(5),
    }
}

async fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::serve(dir.path()).unwrap();
    (dir, store)
}

#[tokio::test]
async fn what_is_registered_comes_back() {
    let (_dir, store) = store().await;
    for limits in [
        ApplicationLimits::default(),
        ApplicationLimits { mailboxes: Some(Vec::new()), ..ApplicationLimits::default() },
        ApplicationLimits {
            mailboxes: Some(vec![OWNER]),
            from: Some(vec!["ada@contoso.com".to_owned(), "bob@contoso.com".to_owned()]),
            recipient_domains: Some(Vec::new()),
            sends_per_minute: Some(10),
        },
    ] {
        let app = registered(limits);
        let (put, asked) = (app.clone(), app.client_id.to_uppercase());
        store.write::<_, StoreError>(move |tx| tx.put_application(&put)).await.unwrap();
        let found = store.read::<_, StoreError>(move |tx| tx.application(&asked)).await.unwrap();
        assert_eq!(found, Some(app.clone()));
        let all = store.read::<_, StoreError>(|tx| tx.applications("", 10)).await.unwrap();
        assert_eq!(all, vec![app]);
    }
}

#[tokio::test]
async fn credentials_replace_those_of_the_same_id_and_go_with_their_app() {
    let (_dir, store) = store().await;
    let app = registered(ApplicationLimits::default());
    let id = app.client_id.clone();
    let secret = |octet: u8| PasswordCredential {
        key_id: [1; 16],
        digest: Digest([octet; 32]),
        hint: "abc".to_owned(),
        end_date_time: Some(Timestamp(9)),
    };
    let key = KeyCredential { key_id: [2; 16], public_key: vec![1, 2], end_date_time: None };
    let uris = vec!["http://localhost".to_owned(), "https://app.example/".to_owned()];
    let (first, second, put) = (secret(1), secret(2), (app.clone(), key.clone(), uris.clone()));
    store
        .write::<_, StoreError>(move |tx| {
            tx.put_application(&put.0)?;
            tx.put_password_credential(&put.0.client_id, &first)?;
            tx.put_password_credential(&put.0.client_id, &second)?;
            tx.put_key_credential(&put.0.client_id, &put.1)?;
            tx.set_redirect_uris(&put.0.client_id, &put.2)
        })
        .await
        .unwrap();
    let asked = id.clone();
    let found = store.read::<_, StoreError>(move |tx| tx.credentials(&asked)).await.unwrap();
    assert_eq!(found, Credentials { passwords: vec![secret(2)], keys: vec![key], redirect_uris: uris });

    let gone = id.clone();
    let removed = store
        .write::<_, StoreError>(move |tx| Ok((tx.remove_credential(&gone, [2; 16])?, tx.remove_application(&gone)?)))
        .await
        .unwrap();
    assert_eq!(removed, (true, true));
    let left = store.read::<_, StoreError>(move |tx| Ok((tx.application(&id)?, tx.credentials(&id)?))).await.unwrap();
    assert_eq!(left, (None, Credentials::default()));
}

#[tokio::test]
async fn no_more_sends_are_counted_than_a_minute_may_have() {
    let (_dir, store) = store().await;
    let at = |second: i64| (Timestamp::from_seconds(second - 60), Timestamp::from_seconds(second));
    for (second, full) in [(0, None), (30, None), (59, Some(0)), (60, None), (61, Some(30)), (91, None)] {
        let submission = SubmissionId([u8::try_from(second).unwrap(); 16]);
        let outcome =
            store.write::<_, StoreError>(move |tx| tx.count_application_send("app", submission, 2, at(second))).await.unwrap();
        assert_eq!(outcome, full.map(Timestamp::from_seconds), "at second {second}");
    }
}

#[tokio::test]
async fn uses_add_up_and_access_is_for_whom_it_was_given() {
    let (_dir, store) = store().await;
    let person = Person {
        id: OWNER,
        user_principal_name: "ada@contoso.com".into(),
        display_name: "Ada".into(),
        given_name: String::new(),
        surname: String::new(),
    };
    let used = |uses, at| ApplicationUse {
        mailbox: OWNER,
        permission: "Mail.Read".to_owned(),
        uses,
        last_used_date_time: Timestamp(at),
    };
    let (first, second) = (used(2, 1), used(3, 8));
    store
        .write::<_, StoreError>(move |tx| {
            tx.add_person(&person, Timestamp(0))?;
            tx.note_application_use("app", &first)?;
            tx.note_application_use("app", &second)?;
            tx.grant_access(OWNER, MailboxId([1; 16]), MailboxAccess::FullAccess)
        })
        .await
        .unwrap();
    let (uses, full, behalf, other) = store
        .read::<_, StoreError>(|tx| {
            Ok((
                tx.application_uses("app")?,
                tx.has_access(OWNER, MailboxId([1; 16]), MailboxAccess::FullAccess)?,
                tx.has_access(OWNER, MailboxId([1; 16]), MailboxAccess::SendOnBehalf)?,
                tx.has_access(OWNER, MailboxId([2; 16]), MailboxAccess::FullAccess)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(uses, vec![used(5, 8)]);
    assert_eq!((full, behalf, other), (true, false, false));
}
