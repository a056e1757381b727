use super::*;

fn compiled(kql: &str) -> Result<SearchQuery, String> {
    let search = Search::parse(kql).expect(kql);
    compile(&search, Timestamp(0)).map_err(|error| error.message)
}

fn size_between(from: i64, to: i64) -> SearchQuery {
    SearchQuery::Number(NumberField::Size, Bounds { from, to })
}

#[test]
fn restrictions_are_what_their_properties_mean() {
    use TextField::{Attachment, Bcc, Cc, From, Subject, To};
    let cases = [
        ("budget", words(&[], "budget", false)),
        ("bud*", words(&[], "bud", true)),
        ("Subject:budget", words(&[Subject], "budget", false)),
        ("subject:\"final budget\"", words(&[Subject], "final budget", false)),
        ("subject<>budget", not(words(&[Subject], "budget", false))),
        ("participants:adele", words(&[From, To, Cc, Bcc], "adele", false)),
        ("recipients:ade*", words(&[To, Cc, Bcc], "ade", true)),
        ("attachment:plan.pdf", words(&[Attachment], "plan.pdf", false)),
        ("attachment:1..2", words(&[Attachment], "1..2", false)),
        ("http://example.com", words(&[], "http://example.com", false)),
        ("hasAttachments:true", SearchQuery::HasAttachments),
        ("hasAttachment=no", not(SearchQuery::HasAttachments)),
        ("hasattachments<>true", not(SearchQuery::HasAttachments)),
        ("importance:medium", SearchQuery::Importance("normal".to_owned())),
        ("kind:email", SearchQuery::Everything),
        ("kind:meetings", not(SearchQuery::Everything)),
        ("size:10", size_between(10, 11)),
        ("size:1..10kb", size_between(1, 10241)),
        ("size>1MB", size_between(1_048_577, i64::MAX)),
        ("size:>=5", size_between(5, i64::MAX)),
        ("size<=5", size_between(i64::MIN, 6)),
        ("size<5", size_between(i64::MIN, 5)),
        ("size<>5", not(size_between(5, 6))),
    ];
    for (kql, query) in cases {
        assert_eq!(compiled(kql), Ok(query), "{kql}");
    }
}

#[test]
fn values_that_are_none_are_refused() {
    for kql in ["size:big", "size:-1", "received:soon", "hasAttachments:maybe", "importance:urgent", "subject>a", "size:1..x"] {
        let told = compiled(kql).expect_err(kql);
        assert!(told.contains(&format!("'{kql}'")), "{told}");
    }
}
