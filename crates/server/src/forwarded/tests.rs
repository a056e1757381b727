use super::*;
use hyper::Request;

const PROXY: &str = "10.1.2.3:5000";

/// Scheme and host of a request with these fields that came from `peer` for `http://inside:8025`.
fn seen(peer: &str, fields: &[(&str, &str)]) -> (Scheme, String) {
    let mut request = Request::builder().uri("/v1.0/me").header("host", "inside:8025").extension(Scheme::Http);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).expect("request").into_parts();
    let trusted = TrustedProxies(vec!["10.0.0.0/8".parse().expect("network"), "fd00::/8".parse().expect("network")]);
    trusted.apply(peer.parse().expect("peer"), &mut parts);
    let scheme = *parts.extensions.get::<Scheme>().expect("scheme");
    (scheme, parts.headers[HOST].to_str().expect("text").to_owned())
}

#[test]
fn a_trusted_proxy_tells_host_and_scheme() {
    for fields in [
        &[("forwarded", "for=1.2.3.4;proto=https;host=mail.example")][..],
        &[("forwarded", "For=\"[2001:db8::1]:4711\" ; Proto=HTTPS ; Host=\"mail.example\"")],
        &[("forwarded", "for=spoof;host=evil.example;proto=http"), ("forwarded", "for=1.2.3.4;host=mail.example;proto=https")],
        &[("forwarded", "for=1.2.3.4;host=mail.example;proto=https, for=10.9.9.9;host=inner;proto=http")],
        &[("x-forwarded-proto", "https"), ("x-forwarded-host", "mail.example"), ("x-forwarded-port", "443")],
        &[
            ("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.9.9.9"),
            ("x-forwarded-host", "evil.example, mail.example, inner"),
            ("x-forwarded-proto", "http, https, http"),
        ],
    ] {
        for peer in [PROXY, "[::ffff:10.1.2.3]:1", "[fd00::1]:1"] {
            assert_eq!(seen(peer, fields), (Scheme::Https, "mail.example".to_owned()), "{fields:?} from {peer}");
        }
    }
}

#[test]
fn nobody_else_is_believed() {
    let fields = [("forwarded", "proto=https;host=evil.example"), ("x-forwarded-host", "evil.example")];
    for peer in ["11.0.0.1:5000", "127.0.0.1:5000", "[::1]:1", "[fe00::1]:1"] {
        assert_eq!(seen(peer, &fields), (Scheme::Http, "inside:8025".to_owned()), "{peer}");
    }
}

#[test]
fn what_is_no_host_or_scheme_says_nothing() {
    for fields in [
        &[("forwarded", "host=\"a b\";proto=ftp")][..],
        &[("forwarded", "host=user@evil.example")],
        &[("forwarded", "host=\"mail.example/path\"")],
        &[("forwarded", "by=1.2.3.4")],
        &[("x-forwarded-host", ""), ("x-forwarded-port", "many")],
    ] {
        assert_eq!(seen(PROXY, fields), (Scheme::Http, "inside:8025".to_owned()), "{fields:?}");
    }
}

#[test]
fn ports_are_named_where_they_must_be() {
    let port = |host: &str, proto: &str, port: &str| {
        seen(PROXY, &[("x-forwarded-host", host), ("x-forwarded-proto", proto), ("x-forwarded-port", port)]).1
    };
    assert_eq!(port("a.example", "https", "8443"), "a.example:8443");
    assert_eq!(port("a.example", "https", "443"), "a.example");
    assert_eq!(port("a.example:1", "https", "8443"), "a.example:1");
    assert_eq!(port("[::1]", "http", "8443"), "[::1]:8443");
}

#[test]
fn networks_are_read_and_others_are_refused() {
    let network = |text: &str| text.parse::<Network>();
    let holds = |text: &str, address: &str| network(text).expect(text).holds(address.parse().expect(address));
    assert!(
        holds("0.0.0.0/0", "1.2.3.4") && holds("::/0", "::5") && holds("1.2.3.4", "1.2.3.4") && holds("1.2.3.4/31", "1.2.3.5")
    );
    assert!(!holds("0.0.0.0/0", "::5") && !holds("1.2.3.4", "1.2.3.5") && !holds("1.2.3.4/31", "1.2.3.6"));
    for text in ["", "10.0.0.0/33", "10.0.0.0/", "host", "::/129", "10.0.0.0/-1", "10.0.0/8"] {
        assert_eq!(network(text), Err(()), "{text}");
    }
}

/// A request of HTTP/2, or of a proxy's form, names its host in the target too.
#[test]
fn the_host_in_a_target_is_replaced_too() {
    let request = Request::builder().uri("http://inside:8025/v1.0/me?a=b").header("forwarded", "host=mail.example");
    let (mut parts, ()) = request.body(()).expect("request").into_parts();
    TrustedProxies::loopback().apply("127.0.0.1:1".parse().expect("peer"), &mut parts);
    assert_eq!(parts.uri.to_string(), "http://mail.example/v1.0/me?a=b");
}

/// Where a request through our proxy is taken to come from.
fn source(fields: &[(&str, &str)]) -> IpAddr {
    let mut request = Request::builder().uri("/");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).expect("request").into_parts();
    TrustedProxies(vec!["10.0.0.0/8".parse().expect("network")]).apply(PROXY.parse().expect("address"), &mut parts);
    parts.extensions.get::<Source>().expect("a source").0
}

#[test]
fn a_client_can_not_say_in_the_other_spelling_where_it_is() {
    let ip = |text: &str| text.parse::<IpAddr>().expect("address");
    let of_proxy = ip(PROXY.rsplit_once(':').expect("a port").0);
    for (fields, expected) in [
        (&[("forwarded", "for=1.2.3.4")][..], ip("1.2.3.4")),
        (&[("x-forwarded-for", "6.6.6.6, 1.2.3.4")], ip("1.2.3.4")),
        // A proxy may say it in both spellings.
        (&[("forwarded", "for=1.2.3.4;proto=https"), ("x-forwarded-for", "1.2.3.4")], ip("1.2.3.4")),
        // Most proxies know one, and hand on what the client said in the other.
        (&[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.2.3.4")], of_proxy),
        (&[("forwarded", "for=6.6.6.6"), ("x-forwarded-proto", "https")], of_proxy),
        (&[("forwarded", "proto=http"), ("x-forwarded-for", "1.2.3.4")], of_proxy),
    ] {
        assert_eq!(source(fields), expected, "{fields:?}");
    }
}
