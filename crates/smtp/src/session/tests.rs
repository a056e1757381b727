use super::*;

fn session(protocol: Protocol) -> Session {
    offering(protocol, Offer::None)
}

fn offering(protocol: Protocol, submission: Offer) -> Session {
    let terms = Terms {
        host: "contoso.com".to_owned(),
        protocol,
        max_octets: 1000,
        max_recipients: 2,
        max_recipients_submitted: 1,
        has_tls: true,
        submission,
    };
    Session::new(terms, false)
}

/// What a command line leads to.
fn told(session: &mut Session, line: &str) -> Next {
    let text = format!("{line}\r\n");
    match crate::wire::command::parse(text.as_bytes()) {
        Ok(request) => session.command(request),
        Err(error) => Next::Say(session.misread(&error)),
    }
}

fn code(next: &Next) -> u16 {
    match next {
        Next::Say(reply) | Next::Close(reply) => reply.code,
        Next::Recipient(_) => 1,
        Next::StartTls => 2,
        Next::Authenticate { .. } => 5,
        Next::Data => 3,
        Next::Chunk { refused, .. } => refused.as_ref().map_or(4, |reply| reply.code),
    }
}

/// Says one line after the other; a recipient that is asked for is taken.
fn play(session: &mut Session, lines: &[(&str, u16)]) {
    for (line, expected) in lines {
        let next = told(session, line);
        assert_eq!(code(&next), *expected, "{line}: {next:?}");
        if let Next::Recipient(addressee) = next {
            session.take_recipient(addressee);
        }
    }
}

#[test]
fn commands_have_an_order() {
    play(
        &mut session(Protocol::Smtp),
        &[
            ("MAIL FROM:<a@x.example>", 503),
            ("LHLO x.example", 502),
            ("EHLO x.example", 250),
            ("RCPT TO:<b@contoso.com>", 503),
            ("DATA", 503),
            ("BDAT 3 LAST", 503),
            ("MAIL FROM:<a@x.example>", 250),
            ("MAIL FROM:<a@x.example>", 503),
            ("DATA", 503),
            ("RCPT TO:<b@contoso.com>", 1),
            ("DATA", 3),
            ("RSET", 250),
            ("DATA", 503),
            ("MAIL FROM:<>", 250),
            ("RCPT TO:<b@contoso.com>", 1),
            ("BDAT 3", 4),
            ("DATA", 503),
            ("BDAT 0 LAST", 4),
            ("EHLO x.example", 250),
            ("RCPT TO:<b@contoso.com>", 503),
            ("QUIT", 221),
        ],
    );
}

#[test]
fn what_is_not_offered_or_too_much_is_refused() {
    play(
        &mut session(Protocol::Smtp),
        &[
            ("EHLO x.example", 250),
            ("MAIL FROM:<a@x.example> SIZE=1001", 552),
            ("MAIL FROM:<a@x.example> RET=FULL", 555),
            ("MAIL FROM:<a@x.example> REQUIRETLS", 555),
            ("MAIL FROM:<\u{e4}@x.example>", 501),
            ("MAIL FROM:<\u{e4}@x.example> SMTPUTF8 SIZE=1000", 250),
            ("RCPT TO:<b@contoso.com> NOTIFY=NEVER", 555),
            ("RCPT TO:<nobody>", 501),
            ("RCPT TO:<\u{f6}@contoso.com>", 1),
            ("RCPT TO:<Postmaster>", 1),
            ("RCPT TO:<c@contoso.com>", 452),
            ("AUTH PLAIN", 502),
            ("EXPN all", 502),
            ("NONSENSE", 500),
            ("RSET", 250),
            ("MAIL FROM:<a@x.example> BODY=BINARYMIME", 250),
            ("RCPT TO:<b@contoso.com>", 1),
            ("DATA", 503),
        ],
    );
    let mut session = session(Protocol::Smtp);
    play(&mut session, &[("EHLO x.example", 250), ("MAIL FROM:<a@x.example>", 250), ("RCPT TO:<postmaster>", 1)]);
    assert_eq!(session.end_transaction().addressees.first().map(|one| one.address.as_str()), Some("postmaster@contoso.com"));
}

#[test]
fn tls_begins_once_and_forgets_what_was_said() {
    let mut plain = session(Protocol::Smtp);
    play(&mut plain, &[("EHLO x.example", 250), ("MAIL FROM:<a@x.example>", 250), ("STARTTLS", 2)]);
    let mut secure = plain.within_tls();
    play(&mut secure, &[("MAIL FROM:<a@x.example>", 503), ("STARTTLS", 503), ("EHLO x.example", 250)]);
    assert_eq!(secure.with(false), "ESMTPS");
    assert_eq!(secure.with(true), "UTF8SMTPS");
}

#[test]
fn lmtp_greets_in_its_own_way() {
    let mut session = session(Protocol::Lmtp);
    play(&mut session, &[("EHLO x.example", 502), ("HELO x.example", 502), ("LHLO x.example", 250)]);
    assert_eq!(session.with(false), "LMTP");
}

#[test]
fn extensions_are_told_to_whoever_asks_for_them() {
    let listed = |line: &str| {
        let Next::Say(reply) = told(&mut session(Protocol::Smtp), line) else { panic!("{line}") };
        let mut text = Vec::new();
        reply.write(&mut text);
        String::from_utf8(text).expect("ASCII")
    };
    let told = listed("EHLO x.example");
    for extension in ["PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "BINARYMIME", "SIZE 1000", "STARTTLS"] {
        assert!(told.contains(extension), "{extension}: {told}");
    }
    assert_eq!(listed("HELO x.example"), "250 contoso.com\r\n");
}

const AUTH: &str = "AUTH PLAIN AGFkYQB0b2tlbg==";

#[test]
fn proof_is_taken_where_people_submit_and_within_tls() {
    play(&mut session(Protocol::Smtp), &[("EHLO a.example", 250), (AUTH, 502)]);
    let mut closed = offering(Protocol::Smtp, Offer::Alone { is_plain_allowed: false });
    play(&mut closed, &[(AUTH, 503), ("EHLO a.example", 250), (AUTH, 538), ("MAIL FROM:<a@a.example>", 530)]);
    let mut session = closed.within_tls();
    play(&mut session, &[(AUTH, 503), ("HELO a.example", 250), (AUTH, 503), ("EHLO a.example", 250)]);
    play(&mut session, &[("MAIL FROM:<a@a.example>", 530), ("AUTH GSSAPI", 504), ("AUTH NONSENSE", 504), (AUTH, 5)]);
    session.authenticated();
    play(&mut session, &[(AUTH, 503), ("MAIL FROM:<a@a.example>", 250), ("RCPT TO:<b@b.example>", 1)]);
    play(&mut session, &[("RCPT TO:<c@b.example>", 452), ("DATA", 3)]);
    let mut again = session.within_tls();
    play(&mut again, &[("EHLO a.example", 250), ("MAIL FROM:<a@a.example>", 530)]);
}

#[test]
fn beside_those_who_submit_others_bring_mail_in() {
    let mut session = offering(Protocol::Smtp, Offer::Beside { is_plain_allowed: true });
    play(&mut session, &[("EHLO a.example", 250), ("MAIL FROM:<a@a.example>", 250), (AUTH, 503), ("RSET", 250), (AUTH, 5)]);
}
