//! Where large octets are kept: as files of the data directory, or as objects that all nodes share, named by one URL.

use crate::error::StoreError;
use crate::location::redacted;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::ClientConfigKey;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// A URL as it was understood.
pub(super) struct Place {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) options: Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Options {
    /// Octets that the copies in the data directory may have together.
    pub(super) cache_bytes: u64,
    /// How long to wait for an answer, and how long to try again.
    pub(super) timeout: Duration,
}

/// Looks whether a URL names a place for octets: `s3://BUCKET/PREFIX`, or `file:///DIRECTORY` for a directory that all nodes
/// have mounted. Options stand in its query: `endpoint`, `region`, `allow_http`, … for S3; `cache_bytes` and `timeout_seconds`
/// for both. Credentials don't: they come from the environment, as AWS has it.
///
/// # Errors
/// [`StoreError::Setting`], with what is wrong with it.
pub(crate) fn check_url(url: &str) -> Result<(), StoreError> {
    Place::parse(url, AmazonS3Builder::from_env()).map(drop)
}

/// Whether two such URLs name the same place: the same bucket and prefix, of the same endpoint.
pub(crate) fn is_same_place(one: &str, other: &str) -> bool {
    let told = |url: &str| {
        let url = Url::parse(url).ok()?;
        let endpoint = url.query_pairs().find(|(name, _)| name == "endpoint").map(|(_, value)| value.into_owned());
        Some((url.scheme().to_owned(), url.host_str().map(str::to_owned), url.path().trim_matches('/').to_owned(), endpoint))
    };
    told(one) == told(other)
}

impl Place {
    /// Reads a URL; what it doesn't say of S3 is as it was told before.
    pub(super) fn parse(text: &str, s3: AmazonS3Builder) -> Result<Place, StoreError> {
        let url = Url::parse(text).map_err(|error| wrong(text, &error))?;
        let mut options = Options { cache_bytes: CACHE_BYTES, timeout: TIMEOUT };
        let own = url.query_pairs().filter_map(|(name, value)| options.take(text, &name, &value).transpose());
        let rest: Vec<_> = own.collect::<Result<_, _>>()?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(text, &"credentials don't stand here: they are read from AWS_ACCESS_KEY_ID and its like"));
        }
        if url.fragment().is_some() {
            return Err(wrong(text, &"it has a fragment"));
        }
        let store = match url.scheme() {
            "s3" => bucket(text, &url, &rest, s3, options.timeout)?,
            "file" => directory(text, &url, &rest)?,
            scheme => return Err(wrong(text, &format!("\"{scheme}\" is neither \"s3\" nor \"file\""))),
        };
        Ok(Place { store, options })
    }
}

type Pair<'u> = (Cow<'u, str>, Cow<'u, str>);

impl Options {
    /// Takes an option that is ours; answers one that isn't.
    fn take<'u>(&mut self, url: &str, name: &Cow<'u, str>, value: &Cow<'u, str>) -> Result<Option<Pair<'u>>, StoreError> {
        let number = || value.parse::<u64>().map_err(|error| wrong(url, &format!("{name}={value}: {error}")));
        match name.as_ref() {
            "cache_bytes" => self.cache_bytes = number()?,
            "timeout_seconds" => match number()? {
                0 => return Err(wrong(url, &"timeout_seconds=0 leaves no time for any answer")),
                seconds => self.timeout = Duration::from_secs(seconds),
            },
            _ => return Ok(Some((name.clone(), value.clone()))),
        }
        Ok(None)
    }
}

fn bucket(
    text: &str,
    url: &Url,
    options: &[Pair<'_>],
    s3: AmazonS3Builder,
    timeout: Duration,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let name = url.host_str().filter(|name| !name.is_empty()).ok_or_else(|| wrong(text, &"it names no bucket"))?;
    if url.port().is_some() {
        return Err(wrong(text, &"a host and port stand in its option \"endpoint\", a bucket before its path"));
    }
    let mut s3 = s3.with_bucket_name(name);
    for (key, value) in options {
        if !S3_OPTIONS.contains(&key.as_ref()) {
            let known = S3_OPTIONS.join(", ");
            return Err(wrong(text, &format!("\"{key}\" is none of its options: cache_bytes, timeout_seconds, {known}")));
        }
        // Of the client's two names of an endpoint this one outdoes the other, which the environment may have.
        let name = if key == "endpoint" { "aws_endpoint_url_s3".to_owned() } else { format!("aws_{key}") };
        s3 = s3.with_config(name.parse().map_err(|error: object_store::Error| wrong(text, &error))?, value.as_ref());
    }
    s3 = over_http(text, s3)?.with_retry(retries(timeout));
    for (key, value) in [
        (ClientConfigKey::ConnectTimeout, timeout.min(CONNECT)),
        (ClientConfigKey::ReadTimeout, timeout),
        (ClientConfigKey::Timeout, WHOLE),
    ] {
        s3 = s3.with_config(AmazonS3ConfigKey::Client(key), format!("{} seconds", value.as_secs()));
    }
    let prefix = ObjectPath::from_url_path(url.path()).map_err(|error| wrong(text, &error))?;
    let store = s3.build().map_err(|error| wrong(text, &error))?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

/// Mail goes unencrypted to this machine alone, unless it is said that it may.
fn over_http(text: &str, s3: AmazonS3Builder) -> Result<AmazonS3Builder, StoreError> {
    let configured = |key: &AmazonS3ConfigKey| s3.get_config_value(key);
    let Some(endpoint) = configured(&AmazonS3ConfigKey::S3Endpoint).or_else(|| configured(&AmazonS3ConfigKey::Endpoint)) else {
        return Ok(s3);
    };
    let host = Url::parse(&endpoint).map_err(|error| wrong(text, &format!("endpoint={endpoint}: {error}")))?;
    match host.scheme() {
        "https" => return Ok(s3),
        "http" => {}
        scheme => return Err(wrong(text, &format!("endpoint={endpoint}: \"{scheme}\" is neither \"https\" nor \"http\""))),
    }
    let here = match host.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let said = configured(&AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp)).is_some_and(|value| value == "true");
    if !here && !said {
        return Err(wrong(text, &format!("endpoint={endpoint} isn't on this machine: unencrypted, it needs allow_http=true")));
    }
    Ok(s3.with_allow_http(true))
}

/// A directory that all nodes have mounted.
fn directory(text: &str, url: &Url, options: &[Pair<'_>]) -> Result<Arc<dyn ObjectStore>, StoreError> {
    if let Some((key, _)) = options.first() {
        return Err(wrong(text, &format!("\"{key}\" is none of its options: cache_bytes, timeout_seconds")));
    }
    let path = url.to_file_path().map_err(|()| wrong(text, &"it names no directory of this machine"))?;
    // One that isn't there may not be mounted: made, it would be another.
    if path == Path::new("/") || !path.is_dir() {
        return Err(wrong(text, &"there is no such directory"));
    }
    let store = LocalFileSystem::new_with_prefix(path).map_err(|error| wrong(text, &error))?;
    Ok(Arc::new(store.with_fsync(true)))
}

fn retries(timeout: Duration) -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2), base: 2.0 };
    RetryConfig { backoff, max_retries: 20, retry_timeout: timeout }
}

fn wrong(url: &str, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Setting(format!("{}: {why}", redacted(url)))
}

/// What may be said of S3 in a URL; the client knows it by these names after `aws_`.
const S3_OPTIONS: [&str; 10] = [
    "endpoint",
    "region",
    "allow_http",
    "virtual_hosted_style_request",
    "unsigned_payload",
    "checksum_algorithm",
    "request_payer",
    "server_side_encryption",
    "sse_kms_key_id",
    "sse_bucket_key_enabled",
];

const CACHE_BYTES: u64 = 10 * 1024 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one request may take in all, while it goes on.
const WHOLE: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        Place::parse(text, AmazonS3Builder::new()).map(|place| place.options).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_says_where_octets_stand() {
        let options = parse("s3://mail/some/prefix?endpoint=http://127.0.0.1:9000&region=eu-1").expect("a URL");
        assert_eq!(options, Options { cache_bytes: CACHE_BYTES, timeout: TIMEOUT });
        let options =
            parse("s3://mail?region=eu-1&cache_bytes=5&timeout_seconds=3&server_side_encryption=AES256").expect("a URL");
        assert_eq!(options, Options { cache_bytes: 5, timeout: Duration::from_secs(3) });
        parse("s3://mail?endpoint=http://[::1]:9000").expect("this machine");
        parse("s3://mail?endpoint=http://localhost").expect("this machine");
        parse("s3://mail?endpoint=https://storage.example").expect("encrypted");
        parse("s3://mail?endpoint=http://storage.example&allow_http=true").expect("it is said that it may");
        let dir = tempfile::tempdir().expect("temporary directory");
        parse(&format!("file://{}?cache_bytes=7", dir.path().display())).expect("a directory");
    }

    #[test]
    fn what_the_url_says_outdoes_the_environment() {
        let told = |key: &str| {
            let before = AmazonS3Builder::new().with_config(key.parse().expect("a key"), "http://storage.example");
            Place::parse("s3://mail?endpoint=https://storage.example", before).map(|_| ())
        };
        told("aws_endpoint_url").expect("encrypted");
        told("aws_endpoint_url_s3").expect("encrypted");
        let before = AmazonS3Builder::new().with_endpoint("http://storage.example");
        assert!(Place::parse("s3://mail", before).is_err(), "what only the environment says is looked at too");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told() {
        let wrong = [
            ("mail", "mail: relative URL without a base"),
            ("gs://mail", "\"gs\" is neither \"s3\" nor \"file\""),
            ("s3:///prefix", "it names no bucket"),
            ("s3://mail:9000/prefix", "a host and port stand in its option \"endpoint\""),
            (
                "s3://mail?access_key_id=who",
                "\"access_key_id\" is none of its options: cache_bytes, timeout_seconds, endpoint, region",
            ),
            ("s3://who:secret@mail", "s3://who:***@mail: credentials don't stand here"),
            ("s3://mail#part", "it has a fragment"),
            ("s3://mail?cache_bytes=10G", "cache_bytes=10G: invalid digit"),
            ("s3://mail?timeout_seconds=0", "leaves no time"),
            ("s3://mail?endpoint=storage.example", "endpoint=storage.example: relative URL"),
            ("s3://mail?endpoint=ftp://storage.example", "\"ftp\" is neither \"https\" nor \"http\""),
            ("s3://mail?endpoint=http://storage.example", "isn't on this machine: unencrypted, it needs allow_http=true"),
            ("s3://mail?endpoint=http://127.0.0.1.storage.example", "isn't on this machine"),
            ("s3://mail?unsigned_payload=perhaps", "perhaps"),
            ("s3://mail?checksum_algorithm=none", "none"),
            ("s3://mail/a//b", "a//b"),
            ("file://elsewhere/octets", "it names no directory of this machine"),
            ("file:///", "there is no such directory"),
            ("file:///tmp?region=eu-1", "\"region\" is none of its options"),
            ("file:///proc/octets", "file:///proc/octets: there is no such directory"),
        ];
        for (text, why) in wrong {
            let told = parse(text).err().unwrap_or_else(|| panic!("{text} is taken"));
            assert!(told.contains(why), "{text}: {told}");
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
