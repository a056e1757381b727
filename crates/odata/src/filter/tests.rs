use super::*;

/// What an expression prints as.
fn canonical(text: &str) -> String {
    Expr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

fn assert_canonical(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(canonical(text), *expected, "{text}");
        assert_eq!(canonical(expected), *expected, "what is printed reads back");
    }
}

#[test]
fn filters_of_clients_are_read() {
    assert_canonical(&[
        ("isRead eq false", "isRead eq false"),
        (
            "receivedDateTime gt 1970-01-01T00:00:00.000Z and isRead eq False",
            "receivedDateTime gt 1970-01-01T00:00:00Z and isRead eq false",
        ),
        ("ReceivedDateTime ge 2020-01-01 AND importance EQ 'High'", "ReceivedDateTime ge 2020-01-01 and importance eq 'High'"),
        (
            "contains(body/content, 'a') and contains(body/content, 'b')",
            "contains(body/content,'a') and contains(body/content,'b')",
        ),
        ("not contains(subject, 'x')", "not contains(subject,'x')"),
        (
            "not(startsWith(subject,'x') Or from/emailAddress/address in ('a@b.c' , 'd@e.f'))",
            "not (startswith(subject,'x') or from/emailAddress/address in ('a@b.c','d@e.f'))",
        ),
        ("categories/any(a:a eq 'it''s')", "categories/any(a:a eq 'it''s')"),
        ("proxyAddresses/any(x:x eq 'smtp:a@b.c')", "proxyAddresses/any(x:x eq 'smtp:a@b.c')"),
        ("toRecipients/all( r : r/emailAddress/address ne null)", "toRecipients/all(r:r/emailAddress/address ne null)"),
        (
            "singleValueExtendedProperties/Any(ep: ep/id eq 'Integer 0x0e23' and cast(ep/value, Edm.Int32) eq 5)",
            "singleValueExtendedProperties/any(ep:ep/id eq 'Integer 0x0e23' and cast(ep/value,Edm.Int32) eq 5)",
        ),
        (
            "singleValueExtendedProperties/any(ep:ep/id eq 'String 0x007D' and contains(ep/value, 'message-id: <x@y>'))",
            "singleValueExtendedProperties/any(ep:ep/id eq 'String 0x007D' and contains(ep/value,'message-id: <x@y>'))",
        ),
        (
            "p/any(ep: cast(ep/value, 'Edm.Binary') eq binary'6OQvbM+/EkqhEi/DnKRrmw==')",
            "p/any(ep:cast(ep/value,Edm.Binary) eq binary'6OQvbM-_EkqhEi_DnKRrmw')",
        ),
        (
            "p/any(ep: cast(ep/value, Edm.DateTimeOffset) lt datetimeoffset'2024-01-01T00:00:00Z')",
            "p/any(ep:cast(ep/value,Edm.DateTimeOffset) lt 2024-01-01T00:00:00Z)",
        ),
        (
            "cast(ep/value, Edm.Guid) eq (B9CF8971-7d55-4b73-9ffa-a584611b600b)",
            "cast(ep/value,Edm.Guid) eq b9cf8971-7d55-4b73-9ffa-a584611b600b",
        ),
        (
            "flag/flagStatus eq microsoft.graph.followupFlagStatus'flagged'",
            "flag/flagStatus eq microsoft.graph.followupFlagStatus'flagged'",
        ),
        ("categories/any()", "categories/any()"),
        ("categories/$count gt 0", "categories/$count gt 0"),
        ("indexof(tolower(trim(concat(subject,'x'))),'y') ne -1", "indexof(tolower(trim(concat(subject,'x'))),'y') ne -1"),
        (
            "year(receivedDateTime) eq 2024 and now() gt receivedDateTime",
            "year(receivedDateTime) eq 2024 and now() gt receivedDateTime",
        ),
    ]);
}

#[test]
fn operators_have_their_precedence() {
    assert_canonical(&[
        ("a or b and c", "a or b and c"),
        ("(a or b) and c", "(a or b) and c"),
        ("((a) and ((b and c)))", "a and (b and c)"),
        ("a or (b or c)", "a or (b or c)"),
        ("not not a", "not not a"),
        ("not (a and b)", "not (a and b)"),
        ("not a eq b", "not a eq b"),
        ("(a eq b) eq (not c)", "(a eq b) eq not c"),
        ("(a eq 1)or(b eq 2)", "a eq 1 or b eq 2"),
    ]);
    let Ok(Expr::Or(choices)) = Expr::parse("a or b and not c eq d") else { panic!("or binds least") };
    let Expr::And(wanted) = &choices[1] else { panic!("and binds more") };
    let Expr::Compare { left, .. } = &wanted[1] else { panic!("a comparison binds more still") };
    assert!(matches!(**left, Expr::Not(_)), "not binds most: OData 4.01 part 2 §5.1.1.17");
}

#[test]
fn members_are_told_from_properties() {
    let Ok(Expr::Lambda { collection, predicate, .. }) = Expr::parse("a/any(x:x/b/any(y:y eq x and z eq c/x))") else {
        panic!("a lambda");
    };
    assert!(matches!(*collection, Expr::Property(path) if path.is("A")));
    let Expr::Lambda { collection, predicate, .. } = *predicate else { panic!("a lambda within") };
    assert!(matches!(*collection, Expr::Variable { name, path: Some(path) } if name == "x" && path.is("b")));
    let Expr::And(operands) = *predicate else { panic!("two comparisons") };
    let sides = operands.into_iter().map(|operand| match operand {
        Expr::Compare { left, right, .. } => (*left, *right),
        other => panic!("{other}"),
    });
    let sides: Vec<_> = sides.collect();
    assert!(matches!(&sides[0], (Expr::Variable { path: None, .. }, Expr::Variable { path: None, .. })));
    assert!(matches!(&sides[1], (Expr::Property(_), Expr::Property(path)) if path.is("c/x")));
    assert!(matches!(Expr::parse("a/any(x:x eq 1) and x eq 1"), Ok(Expr::And(both)) if both[1].to_string() == "x eq 1"
        && matches!(&both[1], Expr::Compare { left, .. } if matches!(**left, Expr::Property(_)))));
}

#[test]
fn literals_have_their_types() {
    let literal = |text: &str| match Expr::parse(text) {
        Ok(Expr::Literal(literal)) => literal,
        other => panic!("{text}: {other:?}"),
    };
    let date = |days| Literal::Date(crate::Date::from_unix_days(days).expect("a day"));
    let instant = |seconds, nanos| Literal::DateTimeOffset(crate::DateTimeOffset::from_unix(seconds, nanos).expect("an instant"));
    let duration = |text| Literal::Duration(crate::Duration::parse(text).expect(text));
    let decimal = |text: &str| Literal::Decimal(text.to_owned());
    let cases = [
        ("NULL", Literal::Null),
        ("True", Literal::Boolean(true)),
        ("-9223372036854775808", Literal::Int(i64::MIN)),
        ("9223372036854775808", decimal("9223372036854775808")),
        ("5L", Literal::Int(5)),
        ("1.50", decimal("1.50")),
        ("1.5d", decimal("1.5")),
        ("-2E+3", decimal("-2E+3")),
        ("-INF", decimal("-INF")),
        ("NaN", decimal("NaN")),
        ("''", Literal::String(String::new())),
        ("''''", Literal::String("'".to_owned())),
        ("2024-02-29", date(19_782)),
        ("1969-12-31", date(-1)),
        ("2024-02-29T12:30Z", instant(1_709_209_800, 0)),
        ("2024-02-29t12:30:05", instant(1_709_209_805, 0)),
        ("2024-02-29T12:30:05.1234567Z", instant(1_709_209_805, 123_456_700)),
        ("2024-02-29T12:30:05+02:00", instant(1_709_202_605, 0)),
        ("2024-02-29T12:30:05 02:00", instant(1_709_202_605, 0)),
        ("2024-02-29T12:30:05-00:30", instant(1_709_211_605, 0)),
        ("1969-12-31T23:59:59.5Z", instant(-1, 500_000_000)),
        ("datetimeoffset'2024-02-29T12:30:05Z'", instant(1_709_209_805, 0)),
        ("datetime'2024-02-29'", instant(1_709_164_800, 0)),
        ("duration'-P1DT2H3M4.5S'", duration("-PT93784.5S")),
        ("time'PT1M'", duration("PT60S")),
        ("guid'00000000-0000-0000-C000-000000000046'", Literal::Guid(0xC000_0000_0000_0046)),
        ("fedcba98-0000-0000-c000-000000000046", Literal::Guid(0xfedc_ba98_0000_0000_c000_0000_0000_0046)),
        ("binary'AQ=='", Literal::Binary("AQ".to_owned())),
        ("binary'a+/ '", Literal::Binary("a-_-".to_owned())),
        ("binary''", Literal::Binary(String::new())),
        ("Edm.x'y''z'", Literal::Enum { type_name: "Edm.x".to_owned(), value: "y'z".to_owned() }),
    ];
    for (text, expected) in cases {
        assert_eq!(literal(text), expected, "{text}");
        assert_eq!(literal(&expected.to_string()), expected, "{text}: what is printed reads back");
    }
    assert_eq!(literal("2024-02-29").instant(), literal("2024-02-29T00:00:00Z").instant());
    assert_eq!(Literal::Null.instant(), None);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let operand = "a property, a function, a literal or a parenthesis";
    let (next, behind) = ("an operator or the end", "an operator or a closing parenthesis");
    let bare = "a number, a date or a GUID";
    let cases = [
        ("", 0, operand),
        ("subject eq", 10, operand),
        ("subject eq 'x' and", 18, operand),
        ("a eq and", 5, operand),
        ("a eq b eq c", 7, next),
        ("a = b", 2, "a name, a literal or a parenthesis"),
        ("a eq 'x", 7, "a closing quote"),
        ("a eq x'ff'", 5, "the type of a literal, such as guid, or an enumeration with its namespace"),
        ("(a eq b", 7, behind),
        ("a eq b)", 6, next),
        ("f(a,)", 4, operand),
        ("f(a b)", 4, behind),
        ("a in 'b'", 5, "a list in parentheses"),
        ("a in ()", 6, "a literal"),
        ("a in (b)", 6, "a literal"),
        ("a/any(x eq 1)", 8, "a colon"),
        ("a/all()", 6, "a variable and a colon"),
        ("a/", 2, "a property, any or all"),
        ("a/f(b)", 3, next),
        ("cast(a)", 6, "a comma and a type"),
        ("cast(a,Int32)", 7, "a type with its namespace, such as Edm.Int32"),
        ("a ge 2023-02-29", 5, bare),
        ("a ge 2024-01-01T24:00Z", 5, bare),
        ("a ge 2024-01-01T00:00:00.Z", 5, bare),
        ("a ge 0001-01-01T00:00:00+00:01", 5, bare),
        ("a eq 1.", 5, bare),
        ("a eq 12ab", 5, bare),
        ("a eq -", 5, bare),
        ("a eq guid'1'", 5, "a GUID in quotes"),
        ("a eq binary'A'", 5, "base64 in quotes"),
        ("a eq binary'AA='", 5, "base64 in quotes"),
        ("a eq duration'P'", 5, "a duration in quotes"),
        ("a eq duration'P1DT'", 5, "a duration in quotes"),
        ("a eq duration'PT1H1'", 5, "a duration in quotes"),
        ("a eq datetimeoffset'x'", 5, "a date and time in quotes"),
        ("é eq \u{1}", 6, "a name, a literal or a parenthesis"),
    ];
    for (text, offset, expected) in cases {
        assert_eq!(Expr::parse(text), Err(SyntaxError { offset, expected }), "{text}");
    }
}

/// In half of the stack that a server's thread has.
#[test]
fn depth_and_length_are_bounded() {
    let read = || {
        for (open, close) in [("(", ")"), ("not ", ""), ("f(", ")"), ("a/any(x:", ")"), ("cast(", ",Edm.X)")] {
            let nested = |levels| format!("{}a{}", open.repeat(levels), close.repeat(levels));
            let deepest = Expr::parse(&nested(DEPTH)).expect(open);
            assert_eq!(canonical(&deepest.to_string()), deepest.to_string(), "what is printed nests no deeper");
            let error = Expr::parse(&nested(5000)).expect_err(open);
            assert_eq!(error.expected, TOO_DEEP, "{open}");
        }
        let chain = vec!["a"; 8000].join(" or ");
        assert!(matches!(Expr::parse(&chain), Ok(Expr::Or(operands)) if operands.len() == 8000));
        let long = format!("a eq '{}'", "x".repeat(crate::lex::LENGTH));
        assert_eq!(Expr::parse(&long).expect_err("long").offset, crate::lex::LENGTH);
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(read).expect("a thread starts");
    assert!(thread.join().is_ok());
}
