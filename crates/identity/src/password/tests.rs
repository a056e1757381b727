use super::*;
use std::time::Duration;

const RIGHT: Compared = Compared::Right { renewed: None };

#[test]
fn a_password_is_kept_so_that_it_is_known_again_and_not_read() {
    let (one, other) = (hash("correct horse").expect("kept"), hash("correct horse").expect("kept"));
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    assert_ne!(one, other, "each has a salt of its own");
    assert!(!one.contains("correct"));
    assert_eq!(compare(Some(&one), "correct horse"), RIGHT);
    for wrong in ["correct horsf", "Correct horse", "correct  horse", "correct horse ", "", "correct horse\0"] {
        assert_eq!(compare(Some(&one), wrong), Compared::Wrong, "{wrong:?}");
    }
}

#[test]
fn what_can_be_typed_can_be_a_password_if_it_is_long_enough() {
    for (password, error) in [
        ("", PasswordError::Forbidden),
        ("1234567", PasswordError::TooShort),
        ("e\u{301}234567", PasswordError::TooShort), // seven letters once they are composed
        ("tab\tstop", PasswordError::Forbidden),
        (&"x".repeat(1025), PasswordError::TooLong),
    ] {
        assert_eq!(hash(password), Err(error), "{password:?}");
    }
    for password in ["12345678", "пароль-из-слов", "🐎🔋📎🐎🔋📎🐎🔋", &"x".repeat(1024)] {
        assert_eq!(compare(Some(&hash(password).expect("kept")), password), RIGHT, "{password:?}");
    }
}

#[test]
fn one_password_is_the_same_from_every_keyboard() {
    let kept = hash("Zo\u{e9} und\u{a0}Bo").expect("kept");
    assert_eq!(compare(Some(&kept), "Zoe\u{301} und Bo"), RIGHT);
}

#[test]
fn nothing_opens_an_account_without_a_password() {
    let nobodys = nobodys().expect("made").to_string();
    for password in ["", "nobody", "\0"] {
        assert_eq!(compare(None, password), Compared::Wrong);
        assert_eq!(compare(Some(&nobodys), password), Compared::Wrong);
    }
    for kept in ["", "correct horse", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAA"] {
        assert_eq!(compare(Some(kept), "correct horse"), Compared::Wrong, "{kept}");
    }
}

#[test]
fn what_was_kept_in_an_older_way_is_kept_anew() {
    let params = Params::new(4096, 1, 1, Some(OUTPUT)).expect("parameters");
    let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let old = old.hash_password_with_salt(b"correct horse", &[7; 16]).expect("kept").to_string();
    assert_eq!(compare(Some(&old), "incorrect horse"), Compared::Wrong);
    let Compared::Right { renewed: Some(renewed) } = compare(Some(&old), "correct horse") else { panic!("it is renewed") };
    assert_eq!(compare(Some(&renewed), "correct horse"), RIGHT);
}

#[tokio::test]
async fn who_comes_when_the_line_is_full_is_told_to_come_later() {
    let passwords = Arc::new(Passwords::default());
    let blocked = passwords.places.clone().acquire_many_owned(AT_A_TIME as u32).await.expect("all places");
    let waiting = || {
        let passwords = passwords.clone();
        tokio::spawn(async move { passwords.compare(None, "x".into()).await })
    };
    let line: Vec<_> = (0..IN_LINE).map(|_| waiting()).collect();
    while passwords.line.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(passwords.compare(None, "x".into()).await, Err(OAuthError::Busy));
    line.iter().for_each(tokio::task::JoinHandle::abort); // those who leave make place
    for one in line {
        assert!(one.await.expect_err("it was left").is_cancelled());
    }
    drop(blocked);
    let answered = tokio::time::timeout(Duration::from_secs(60), passwords.compare(None, "x".into())).await;
    assert_eq!(answered.expect("in time"), Ok(Compared::Wrong));
}
