use super::*;

/// A search in one line: `&` and `|` join, `!` negates, `[…]` is a phrase, `*` a beginning.
fn shape(search: &Search) -> String {
    let list = |all: &[Search], between| format!("({})", all.iter().map(shape).collect::<Vec<_>>().join(between));
    match search {
        Search::And(all) => list(all, " & "),
        Search::Not(one) => format!("!{}", shape(one)),
        Search::Or(all) => list(all, " | "),
        Search::Property(Restriction { property, relation, value: SearchValue::Term(term) }) => {
            format!("{property}{}{}", relation.sign(), shape(&Search::Term(term.clone())))
        }
        Search::Property(Restriction { property, value: SearchValue::Range { from, to }, .. }) => {
            format!("{property}{{{from}, {to}}}")
        }
        Search::Term(Term { text, phrase, prefix }) => {
            let star = if *prefix { "*" } else { "" };
            if *phrase { format!("[{text}]{star}") } else { format!("{text}{star}") }
        }
    }
}

fn assert_shapes(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let search = Search::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(shape(&search), *expected, "{text}");
    }
}

#[test]
fn words_and_phrases_are_wanted_together() {
    assert_shapes(&[
        ("pizza", "pizza"),
        ("\"pizza\"", "pizza"),
        (" \"hello  brave world\" ", "(hello & brave & world)"),
        ("hello world", "(hello & world)"),
        ("\"\\\"two words\\\" third\"", "([two words] & third)"),
        ("\"\"two words\"\"", "[two words]"),
        ("\"'two words'\"", "[two words]"),
        ("'two words' third", "([two words] & third)"),
        ("o'neil 'tis d'or", "(o'neil & 'tis & d'or)"),
        ("rock 'n' roll", "(rock & [n] & roll)"),
        ("wor* \"two wor*\" *", "(wor* & [two wor]* & *)"),
        ("über straße", "(über & straße)"),
        ("a@b.c #1 C++", "(a@b.c & #1 & C++)"),
    ]);
}

#[test]
fn operators_stand_in_capitals() {
    assert_shapes(&[
        ("a AND b OR c", "((a & b) | c)"),
        ("a OR b c", "(a | (b & c))"),
        ("(a OR b) c", "((a | b) & c)"),
        ("a and or not b", "(a & and & or & not & b)"),
        ("a NOT b", "(a & !b)"),
        ("a AND NOT(b OR c)", "(a & !(b | c))"),
        ("NOT NOT a", "!!a"),
        ("a -b -\"c d\" -e:f", "(a & !b & ![c d] & !e:f)"),
        ("a - b-c --d", "(a & - & b-c & --d)"),
        ("+a +b", "(a & b)"),
        ("ANDROID ORacle NOTE", "(ANDROID & ORacle & NOTE)"),
        ("\"a b\" OR \"c d\"", "([a b] | [c d])"),
        ("\"subject:a b\" AND \"from:c\"", "(subject:[a b] & from:[c])"),
        ("\"Re: a\" AND \"b\"", "([Re: a] & [b])"),
        ("\"say \\\"hi\\\"\" OR \"c\"", "([say \"hi\"] | [c])"),
    ]);
}

#[test]
fn properties_have_relations_and_values() {
    assert_shapes(&[
        ("\"subject:word other\"", "(subject:word & other)"),
        ("subject:'two words'", "subject:[two words]"),
        ("\"from:\"a b\" subject:c\"", "(from:[a b] & subject:c)"),
        ("\"from:\\\"a b\\\"\"", "from:[a b]"),
        ("received>=2024-01-01 received<=2024-02-01", "(received>=2024-01-01 & received<=2024-02-01)"),
        ("received:2024-01-01..2024-02-01", "received{2024-01-01, 2024-02-01}"),
        ("size>1000 size<>5 size<9 size=1..2", "(size>1000 & size<>5 & size<9 & size{1, 2})"),
        ("hasattachments:true", "hasattachments:true"),
        ("sent:today..", "sent:today.."),
        ("subject:wor*", "subject:wor*"),
        ("subject:AND", "subject:AND"),
        ("subject:-5", "subject:-5"),
        ("subject:re:x", "subject:re:x"),
        ("subject:(a OR \"b c\" -d)", "(subject:a | (subject:[b c] & !subject:d))"),
        ("to:(a to:b)", "(to:a & to:to:b)"),
        ("author: \"John\"", "(author & [John])"),
        ("10:30 :x =y", "(10:30 & :x & =y)"),
    ]);
}

/// MS-KQL §2.2.4
#[test]
fn restrictions_of_one_property_are_choices() {
    assert_shapes(&[
        ("from:a from:b", "(from:a | from:b)"),
        ("from:a x From:b subject:c", "((from:a | From:b) & x & subject:c)"),
        ("from:a AND from:b", "(from:a & from:b)"),
        ("from:a -from:b", "(from:a & !from:b)"),
    ]);
}

#[test]
fn restrictions_print_as_written() {
    for text in ["http://example.com/a..b", "size>=5", "received:2024-01-01..2024-02-01", "a<>b"] {
        let Ok(Search::Property(restriction)) = Search::parse(text) else { panic!("{text}") };
        assert_eq!(restriction.to_string(), text);
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        ("", 0, "a word"),
        ("\"\"", 1, "a word"),
        ("OR", 0, "a word"),
        ("a AND", 5, "a word"),
        ("a OR OR b", 5, "a word"),
        ("\"a NOT\"", 6, "a word"),
        ("()", 1, "a word"),
        ("(a", 2, "a closing parenthesis"),
        ("\"é \\\"b\\\\\\\" (c\"", 14, "a closing parenthesis"),
        ("a)", 1, "AND, OR or the end"),
        ("\"a b", 4, "a closing quote"),
        ("subject:\"\"", 8, "a word"),
        ("subject:()", 9, "a word"),
    ];
    for (text, offset, expected) in cases {
        assert_eq!(Search::parse(text), Err(SyntaxError { offset, expected }), "{text}");
    }
}

/// In half of the stack that a server's thread has, and in a time that grows with the text alone.
#[test]
fn depth_length_and_time_are_bounded() {
    use crate::lex::{DEPTH, LENGTH, TOO_DEEP};
    let read = || {
        for (open, close) in [("(", ")"), ("NOT ", ""), ("-(", ")")] {
            let levels = if open == "-(" { DEPTH / 2 } else { DEPTH };
            let nested = |levels| format!("{}a{}", open.repeat(levels), close.repeat(levels));
            assert!(Search::parse(&nested(levels)).is_ok(), "{open}");
            assert_eq!(Search::parse(&nested(5000)).expect_err(open).expected, TOO_DEEP, "{open}");
        }
        assert_eq!(Search::parse(&"a ".repeat(LENGTH)).expect_err("long").offset, LENGTH);
        for unit in ["'a ", "a:b ", "\"a\" ", "a\\", "* ", "'' "] {
            Search::parse(&unit.repeat(LENGTH / unit.len())).unwrap_or_else(|error| panic!("{unit}: {error}"));
        }
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(read).expect("a thread starts");
    assert!(thread.join().is_ok());
}
