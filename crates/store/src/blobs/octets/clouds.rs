//! Object storage as each cloud speaks it: which client does, and what a URL may tell it.

use super::super::objects::told;
use super::{CONNECT, WHOLE, retries, wrong};
use crate::error::StoreError;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// An option of a URL.
pub(super) type Pair<'u> = (Cow<'u, str>, Cow<'u, str>);

/// What is known of each cloud before a URL is read: above all who asks there.
#[derive(Debug, Clone, Default)]
pub(in crate::blobs) struct Clouds {
    pub(in crate::blobs) s3: AmazonS3Builder,
    pub(in crate::blobs) google: GoogleCloudStorageBuilder,
    pub(in crate::blobs) azure: MicrosoftAzureBuilder,
}

impl Clouds {
    /// As the environment has it, by the names of each cloud's own tools.
    pub(in crate::blobs) fn from_env() -> Clouds {
        Clouds {
            s3: AmazonS3Builder::from_env(),
            google: GoogleCloudStorageBuilder::from_env(),
            // Which would ask another place than the URL says.
            azure: MicrosoftAzureBuilder::from_env().with_use_emulator(false),
        }
    }

    /// The objects behind a prefix of a bucket, as the cloud that the scheme names speaks; nothing where it names none.
    pub(super) fn objects(self, url: &CloudUrl<'_>, timeout: Duration) -> Result<Option<Arc<dyn ObjectStore>>, StoreError> {
        match url.url.scheme() {
            "s3" => url.objects(self.s3, timeout).map(Some),
            "gs" => url.objects(self.google, timeout).map(Some),
            "az" => url.objects(self.azure, timeout).map(Some),
            _ => Ok(None),
        }
    }
}

/// A URL that names a bucket, with those of its options that are the client's.
pub(super) struct CloudUrl<'u> {
    pub(super) text: &'u str,
    pub(super) url: &'u Url,
    pub(super) options: &'u [Pair<'u>],
}

/// A client of object storage that is still being told of it.
trait Client: Sized {
    /// What a URL may say, and the client's word for it.
    const OPTIONS: &'static [(&'static str, &'static str)];
    /// The client's words for where it asks: the first that is told counts.
    const ENDPOINTS: &'static [&'static str];
    /// What stands before the client's words for connections.
    const FAMILY: &'static str;

    fn of_bucket(self, name: &str) -> Self;
    fn told(self, key: &str, value: &str) -> Result<Self, object_store::Error>;
    fn says(&self, key: &str) -> Result<Option<String>, object_store::Error>;
    fn objects(self, retries: RetryConfig, prefix: Path) -> Result<Arc<dyn ObjectStore>, object_store::Error>;
}

impl CloudUrl<'_> {
    fn objects<C: Client>(&self, client: C, timeout: Duration) -> Result<Arc<dyn ObjectStore>, StoreError> {
        let client = self.over_http(self.told(client)?)?;
        let times = [("connect_timeout", timeout.min(CONNECT)), ("read_timeout", timeout), ("timeout", WHOLE)];
        let timed = times.into_iter().try_fold(client, |client, (key, time)| {
            client.told(&format!("{}{key}", C::FAMILY), &format!("{} seconds", time.as_secs()))
        });
        let prefix = Path::from_url_path(self.url.path()).map_err(|error| self.wrong(&error))?;
        timed.and_then(|client| client.objects(retries(timeout), prefix)).map_err(|error| match told(&error) {
            // A file of credentials that can't be read is quoted where it breaks off.
            text if text.contains("private_key") => self.wrong(&"the credentials that the environment names can't be read"),
            text => self.wrong(&text),
        })
    }

    /// The client, told what the URL says.
    fn told<C: Client>(&self, client: C) -> Result<C, StoreError> {
        let name = self.url.host_str().filter(|name| !name.is_empty()).ok_or_else(|| self.wrong(&"it names no bucket"))?;
        if self.url.port().is_some() {
            return Err(self.wrong(&"a host and port stand in its option \"endpoint\", a bucket before its path"));
        }
        let mut client = client.of_bucket(name);
        for (option, value) in self.options {
            let Some((_, key)) = C::OPTIONS.iter().find(|(known, _)| known == option) else {
                let known: Vec<_> = C::OPTIONS.iter().map(|(known, _)| *known).collect();
                let known = known.join(", ");
                return Err(self.wrong(&format!("\"{option}\" is none of its options: cache_bytes, timeout_seconds, {known}")));
            };
            client = client.told(key, value).map_err(|error| self.wrong(&error))?;
        }
        Ok(client)
    }

    /// Mail goes unencrypted to this machine alone, unless it is said that it may.
    fn over_http<C: Client>(&self, client: C) -> Result<C, StoreError> {
        let endpoint = C::ENDPOINTS.iter().try_fold(None, |known, key| Ok(known.or(client.says(key)?)));
        let endpoint: Option<String> = endpoint.map_err(|error: object_store::Error| self.wrong(&error))?;
        let is_plain = endpoint.map_or(Ok(false), |endpoint| self.is_plain(&endpoint))?;
        // Told even where it isn't: Google's client allows it from the outset, and the environment may have said so.
        client.told(&format!("{}allow_http", C::FAMILY), &is_plain.to_string()).map_err(|error| self.wrong(&error))
    }

    /// Whether an endpoint is asked without encryption, where it may be.
    fn is_plain(&self, endpoint: &str) -> Result<bool, StoreError> {
        let wrong = |why: &dyn std::fmt::Display| self.wrong(&format!("endpoint={endpoint}{why}"));
        if endpoint.contains('@') {
            return Err(self.wrong(&"its endpoint names a user: credentials are read from the environment"));
        }
        let host = Url::parse(endpoint).map_err(|error| wrong(&format!(": {error}")))?;
        match host.scheme() {
            "https" => return Ok(false),
            "http" => {}
            scheme => return Err(wrong(&format!(": \"{scheme}\" is neither \"https\" nor \"http\""))),
        }
        let is_allowed = self.options.iter().any(|(option, value)| option == "allow_http" && value == "true");
        if !is_here(&host) && !is_allowed {
            return Err(wrong(&" isn't on this machine: unencrypted, it needs allow_http=true"));
        }
        Ok(true)
    }

    fn wrong(&self, why: &dyn std::fmt::Display) -> StoreError {
        wrong(self.text, why)
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A client of one cloud, by the method that its builder has for the name of a bucket.
macro_rules! client {
    ($builder:ty, $bucket:ident, $family:literal, $endpoints:expr, $options:expr) => {
        impl Client for $builder {
            const OPTIONS: &'static [(&'static str, &'static str)] = &$options;
            const ENDPOINTS: &'static [&'static str] = &$endpoints;
            const FAMILY: &'static str = $family;

            fn of_bucket(self, name: &str) -> Self {
                self.$bucket(name)
            }

            fn told(self, key: &str, value: &str) -> Result<Self, object_store::Error> {
                Ok(self.with_config(key.parse()?, value))
            }

            fn says(&self, key: &str) -> Result<Option<String>, object_store::Error> {
                Ok(self.get_config_value(&key.parse()?))
            }

            fn objects(self, retries: RetryConfig, prefix: Path) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
                Ok(Arc::new(PrefixStore::new(self.with_retry(retries).build()?, prefix)))
            }
        }
    };
}

client!(
    AmazonS3Builder,
    with_bucket_name,
    "aws_",
    ["aws_endpoint_url_s3", "aws_endpoint_url"],
    [
        // Of the client's two names of an endpoint this one outdoes the other, which the environment may have.
        ("endpoint", "aws_endpoint_url_s3"),
        ("region", "aws_region"),
        ("allow_http", "aws_allow_http"),
        ("virtual_hosted_style_request", "aws_virtual_hosted_style_request"),
        ("unsigned_payload", "aws_unsigned_payload"),
        ("checksum_algorithm", "aws_checksum_algorithm"),
        ("request_payer", "aws_request_payer"),
        ("server_side_encryption", "aws_server_side_encryption"),
        ("sse_kms_key_id", "aws_sse_kms_key_id"),
        ("sse_bucket_key_enabled", "aws_sse_bucket_key_enabled"),
    ]
);
client!(
    GoogleCloudStorageBuilder,
    with_bucket_name,
    "google_",
    ["google_base_url"],
    [("endpoint", "google_base_url"), ("allow_http", "google_allow_http")]
);
client!(
    MicrosoftAzureBuilder,
    with_container_name,
    "azure_",
    ["azure_storage_endpoint"],
    [("account", "azure_storage_account_name"), ("endpoint", "azure_storage_endpoint"), ("allow_http", "azure_allow_http")]
);
