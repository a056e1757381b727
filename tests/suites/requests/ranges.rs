//! Parts of a message's octets (RFC 9110 §14), and their digest (RFC 9530).

use super::id;
use hyper::Method;
use kit::{Server, base64, letter, sha256};

fn digest_of(octets: &[u8]) -> String {
    let hex = sha256(octets);
    let octets: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    format!("sha-256=:{}:", base64(&octets))
}

/// A sender's copy, and a recipient's with fields before it and Bcc cut out; a small one, and one in a file.
#[tokio::test]
async fn any_range_of_the_octets_is_given() {
    let server = Server::start().await;
    let (adele, alex) = (server.person("AdeleV"), server.person("AlexW"));
    for (subject, lines) in [("Small", 3), ("Large", 8000)] {
        let fields = [("From", "AdeleV@contoso.com"), ("Bcc", "AlexW@contoso.com"), ("Subject", subject), ("X-Last", "1")];
        let octets = letter(&fields, &("l".repeat(70) + "\r\n").repeat(lines));
        let answer = adele.send_mime(&octets).await.demand(202);
        let sent = adele.get(answer.header("location").unwrap()).await.demand(200).json();
        let received = alex.arrived(subject).await;
        for (person, message) in [(&adele, &sent), (&alex, &received)] {
            let path = format!("messages/{}/$value", id(message));
            let whole = person.get(&path).await.demand(200);
            assert_eq!(whole.header("accept-ranges"), Some("bytes"));
            assert_eq!(whole.header("repr-digest"), Some(digest_of(&whole.body).as_str()));
            let size = whole.body.len();
            let ranges = [
                ("bytes=0-6".to_owned(), 0..7),
                (format!("bytes={}-", size - 10), size - 10..size),
                ("bytes=-5".to_owned(), size - 5..size),
                (format!("bytes=20-{}", size + 99), 20..size),
                ("bytes=100-250".to_owned(), 100..251),
                (format!("bytes=0-{}", size - 1), 0..size),
            ];
            for (asked, range) in ranges {
                let part = person.call(Method::GET, &path, &[("range", &asked)], bytes::Bytes::new()).await.demand(206);
                assert_eq!(part.body, whole.body[range.clone()], "{subject} {asked}");
                assert_eq!(
                    part.header("content-range"),
                    Some(format!("bytes {}-{}/{size}", range.start, range.end - 1).as_str())
                );
                assert_eq!(part.header("repr-digest"), whole.header("repr-digest"), "of the whole, whatever part is asked for");
            }
            let beyond = person.call(Method::GET, &path, &[("range", &format!("bytes={size}-"))], bytes::Bytes::new()).await;
            beyond.demand_error(416, "InvalidRange");
            for passed_over in ["bytes=0-1,5-6", "lines=1-2", "bytes=5-2"] {
                let answer = person.call(Method::GET, &path, &[("range", passed_over)], bytes::Bytes::new()).await.demand(200);
                assert_eq!(answer.body, whole.body, "{passed_over}");
            }
        }
    }
    server.finish().await;
}
