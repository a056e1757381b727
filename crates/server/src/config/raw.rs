//! Exactly what may be written in a file of settings (TOML). Each field's comment is its manual; a key that is not here
//! is refused.

use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    /// Whether to make four people with known secrets and write them into `dev.json`. Never do so where strangers can
    /// reach the server. Unless said: false.
    pub development: bool,
    /// The domain whose mailboxes are here, such as `"contoso.com"`. It must be said, save in development mode.
    pub domain: Option<String>,
    /// The names by which clients know this server, such as `["mail.contoso.com"]`, and addresses that are not its own, as
    /// behind a router. Requests that name another host are refused outside development mode; `localhost` and the address
    /// that was reached need not be said. Clients that have Microsoft's names built in need `"graph.microsoft.com"` and
    /// `"login.microsoftonline.com"`; development mode has these of itself.
    pub hosts: Vec<String>,
    /// The networks of proxies that are believed when they tell, in `Forwarded` or `X-Forwarded-For`, `-Proto`, `-Host` and
    /// `-Port`, how a request came to them, such as `["10.0.0.0/8", "::1"]`. A proxy must set anew, or take out, those that
    /// clients send. Unless said: none, and in development mode this machine.
    pub trusted_proxies: Option<Vec<String>>,
    /// Where rows stand.
    pub store: RawStore,
    /// Where octets stand that are too many for a row.
    pub blobs: RawBlobs,
    /// Where to listen.
    pub listen: RawListen,
    /// The certificate that clients are shown.
    pub tls: RawTls,
    /// What is done with mail that is submitted over SMTP.
    pub submission: RawSubmission,
    /// What is found out about mail from other servers.
    pub incoming: RawIncoming,
    /// How mail for other domains is sent on.
    pub relay: RawRelay,
    /// What signs it.
    pub dkim: Vec<RawDkim>,
    /// What is signed, encrypted and opened.
    pub smime: RawSmime,
    /// How apps are told of changes.
    pub notifications: RawNotifications,
    /// Who is asked about domains.
    pub dns: RawDns,
    /// What is too much.
    pub limits: RawLimits,
    /// Whose tokens are taken beside our own: Entra ID, Keycloak and other OpenID providers. Unless said: nobody's.
    pub issuers: Vec<RawIssuer>,
}

/// `[store]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawStore {
    /// A database of PostgreSQL 13 or later, which as many nodes as you like may use at once, as libpq has it:
    /// `"postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE"`, or by a socket
    /// `"postgres:///DATABASE?host=/run/postgresql&user=USER"`. Unless said, `"sqlite:"`: a file in the data directory, for one
    /// node. `--store` goes before it, and before that the variable `RESTANTE_STORE_URL`, which other people on the machine
    /// can't see.
    pub url: Option<String>,
}

/// `[blobs]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawBlobs {
    /// A bucket of object storage, which all nodes use: `"s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION"`,
    /// `"gs://BUCKET/PREFIX"` or `"az://CONTAINER/PREFIX?account=ACCOUNT"`. Who we are is told by the variables that each cloud's
    /// own tools read, such as `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Unless said, `"files:"`: files in the data
    /// directory. `--blobs` goes before it, and the variable `RESTANTE_BLOBS_URL`.
    pub url: Option<String>,
}

impl fmt::Debug for RawStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.url.as_deref().map(store::redacted))
    }
}

impl fmt::Debug for RawBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.url.as_deref().map(store::redacted))
    }
}

/// `[listen]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawListen {
    /// IP address and port for HTTP, such as `"127.0.0.1:8025"`; port 0 takes a free one. An address that is written here
    /// must be free; where none is, and 127.0.0.1:8025 is taken, another port is.
    pub http: Option<String>,
    /// Likewise for HTTPS; unless said, 127.0.0.1:8443.
    pub https: Option<String>,
    /// Likewise for SMTP, where other servers bring mail for our people; unless said, 127.0.0.1:2525.
    pub smtp: Option<String>,
    /// Likewise for SMTP of people and programs here who send, with STARTTLS (RFC 6409), such as `"0.0.0.0:587"`; unless said,
    /// nowhere. In development mode the port of SMTP takes submissions too.
    pub submission: Option<String>,
    /// Likewise with TLS from the first octet (RFC 8314), such as `"0.0.0.0:465"`; unless said, nowhere.
    pub submissions: Option<String>,
    /// Likewise for `GET /metrics` of Prometheus, over HTTP, such as `"127.0.0.1:9464"`; unless said, nowhere, and in development mode
    /// at the address of HTTP.
    pub metrics: Option<String>,
    /// Likewise for LMTP, where a mail server in front of this one does, such as Postfix; unless said, nowhere.
    pub lmtp: Option<String>,
}

/// `[tls]`. A path that is not absolute begins where the file of settings is. Unless said: a certificate of the local CA,
/// which clients must be told to trust.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawTls {
    /// The file of a certificate in PEM, with those behind it that lead to its CA, such as `"fullchain.pem"`. It is read
    /// anew when it changes, and on SIGHUP.
    pub certificate: Option<PathBuf>,
    /// The file of its private key in PEM, without a password, such as `"key.pem"`. It should be its owner's alone (0600).
    pub key: Option<PathBuf>,
}

/// `[submission]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSubmission {
    /// Whether what is submitted over SMTP has a copy in the sender's Sent Items. Unless said: true. Say false where mail
    /// programs put their own copy there.
    pub save_to_sent_items: Option<bool>,
}

/// `[incoming]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawIncoming {
    /// Whether SPF, DKIM, ARC and DMARC are checked of what comes in over SMTP, and told in `Authentication-Results`. Unless said,
    /// true; in development mode only where `[dns] servers` says who is asked. Say false where another server of yours stands in
    /// front of this one, and has done it.
    pub verify: Option<bool>,
    /// Whether a message is refused that its author's domain wants refused (DMARC's `p=reject`). Unless said, false: it is taken
    /// and told.
    pub refuse_dmarc: bool,
}

/// `[relay]`: mail for other domains. Unless a smarthost is said, it goes to the hosts that each domain names (MX).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRelay {
    /// Whether it is held until `restante queue release` lets it go. Unless said: false, and in development mode true.
    pub hold: Option<bool>,
    /// The one host that takes all of it, such as `"smtp.example.com:587"`; or `"graph"`, where another Graph does.
    pub smarthost: Option<String>,
    /// Where the smarthost is `"graph"`: which Graph, and who sends there.
    pub graph: Option<RawGraphRelay>,
    /// When TLS begins with the smarthost: `"starttls"`, `"implicit"`, `"offered"` (where it offers it, without proof of who it
    /// is, unless it is shown a secret) or `"never"`. Unless said, `"starttls"`, and `"implicit"` on port 465.
    pub tls: Option<String>,
    /// Who we are to the smarthost (AUTH).
    pub user: Option<String>,
    /// The file of the password, read at the start.
    pub password_file: Option<PathBuf>,
    /// The file of an OAuth token instead (XOAUTH2), read at the start.
    pub token_file: Option<PathBuf>,
    /// A file with the certificates, in PEM, of the authorities that may vouch for hosts that must prove who they are. Unless
    /// said, those of the system.
    pub ca: Option<PathBuf>,
    /// By what name we say hello; a name that leads to our address. Unless said, the first of `hosts`, else the domain.
    pub hello: Option<String>,
    /// The port of hosts that are found by MX. Unless said, 25.
    pub port: Option<u16>,
    /// Destinations that are gone to at once. Unless said, 100.
    pub destinations: Option<usize>,
    /// Connections to one destination at once. Unless said, 4.
    pub connections: Option<usize>,
    /// Messages that go to one destination in a minute. Unless said, as many as there are.
    pub messages_per_minute: Option<u32>,
    /// Seconds before what could not be delivered is tried again; each further pause is twice as long. Unless said, 300.
    pub first_retry_seconds: Option<u64>,
    /// The longest pause in seconds. Unless said, 14400 (4 hours).
    pub longest_retry_seconds: Option<u64>,
    /// After how many seconds the sender is told that it takes long. Unless said, 14400 (4 hours).
    pub delay_report_seconds: Option<u64>,
    /// After how many seconds it is given up. Unless said, 432000 (5 days).
    pub lifetime_seconds: Option<u64>,
}

/// `[relay.graph]`: mail is posted to `sendMail` of another Graph, by an app of it that has `Mail.Send`, from the mailbox of whoever
/// sends it here.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawGraphRelay {
    /// The tenant: a GUID or a domain.
    pub tenant: String,
    /// The app's id.
    pub client_id: String,
    /// The file of its secret, read at the start.
    pub secret_file: PathBuf,
    /// The service with its version. Unless said, `"https://graph.microsoft.com/v1.0"`.
    pub service: Option<String>,
    /// Who gives tokens. Unless said, `"https://login.microsoftonline.com"`.
    pub authority: Option<String>,
}

/// `[[dkim]]`: a key that signs what leaves (RFC 6376).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDkim {
    /// In whose name: a domain of authors. Unless said, the domain whose mailboxes are here.
    pub domain: Option<String>,
    /// The selector: the public key is published at `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// The file of the private key in PEM: RSA, or Ed25519 in PKCS #8. It should be its owner's alone (0600).
    pub key: PathBuf,
}

/// `[smime]`: signatures and encryption for people here (docs/smime.md).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSmime {
    /// The file of the master key under which private keys are sealed: 32 octets in base64, as `openssl rand -base64 32` writes
    /// them. The environment variable `RESTANTE_SMIME_MASTER_KEY` goes before it. Unless said, no private key can be kept, and in
    /// development mode one is made in the data directory. Keep a copy elsewhere: without it no key can be used again.
    pub master_key_file: Option<PathBuf>,
    /// Files with the certificates, in PEM, of the authorities that may vouch for signers. Unless said, nobody may.
    pub trust: Vec<PathBuf>,
    /// Files with their revocation lists, in PEM or DER. They are read at the start.
    pub crls: Vec<PathBuf>,
    /// By which cipher is encrypted: `"aes128-cbc"`, `"aes128-gcm"`, `"aes256-cbc"` or `"aes256-gcm"`; older programs can't read GCM.
    /// Unless said, `"aes256-cbc"`.
    pub cipher: Option<String>,
    /// Whether Subject, Keywords and Comments of what is encrypted stand within alone, where few programs look as yet (RFC 9788). Say
    /// false, and they stand outside too, for everybody on the road to read. Unless said: true.
    pub hide_subject: Option<bool>,
    /// What is done without being asked for. Of the rules that fit, the first counts.
    pub rules: Vec<RawSmimeRule>,
    /// Where certificates are looked up that a mailbox doesn't know.
    pub ldap: Option<RawLdap>,
}

/// `[[smime.rules]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSmimeRule {
    /// Whose mail: an address, or a domain. Unless said, everybody's.
    pub sender: Option<String>,
    /// For whom: an address, or a domain. Unless said, anybody.
    pub recipient: Option<String>,
    /// Whether it is signed.
    pub sign: bool,
    /// Whether it is encrypted.
    pub encrypt: bool,
    /// What becomes of it where the recipient's certificate isn't known: `"refuse"` (the message goes to nobody), or `"clear"` (it
    /// goes to that recipient unencrypted). Unless said, `"refuse"`.
    pub without_certificate: Option<String>,
}

/// `[smime.ldap]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLdap {
    /// The server: `"ldaps://ldap.example.com"`, or `"ldap://…"` with STARTTLS; without TLS on this machine alone.
    pub url: String,
    /// Below which entry people stand, such as `"ou=people,dc=example,dc=com"`.
    pub base: String,
    /// How a person is found (RFC 4515); `{address}` is the address. Unless said, `"(mail={address})"`.
    pub filter: Option<String>,
    /// As whom it is asked. Unless said, as nobody.
    pub bind_dn: Option<String>,
    /// The file of the password, read at the start.
    pub password_file: Option<PathBuf>,
    /// A file with the certificates, in PEM, of the authorities that may vouch for the server. Unless said, those of the system.
    pub ca: Option<PathBuf>,
}

/// `[notifications]`: what apps that subscribe are told, over HTTPS. In development mode they may be on this machine, without TLS too.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawNotifications {
    /// Networks to which notifications may go though they aren't public, such as `["10.20.0.0/16"]`: an app can have this server call
    /// any address there. Unless said, none.
    pub allowed_networks: Vec<String>,
    /// A file with the certificates, in PEM, of the authorities that may vouch for receivers. Unless said, those of the system.
    pub ca: Option<PathBuf>,
    /// Seconds before what a receiver did not take is tried again; each further pause is twice as long. Unless said, 10.
    pub first_retry_seconds: Option<u64>,
    /// The longest pause in seconds. Unless said, 1800 (30 minutes).
    pub longest_retry_seconds: Option<u64>,
    /// How many seconds each change is kept for a receiver that takes nothing, at least. Unless said, 14400 (4 hours).
    pub lifetime_seconds: Option<u64>,
}

/// `[dns]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDns {
    /// The addresses of name servers, such as `["127.0.0.1:53"]`; a server that checks signatures (DNSSEC) is best. Unless
    /// said, those of the system.
    pub servers: Vec<String>,
}

/// `[limits]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// Octets that a message may have at most, before base64. Unless said, 157286400 (150 MiB).
    pub message_octets: Option<u64>,
    /// How much one list of messages may look at before it is refused as `InefficientFilter`: a message found by an index
    /// counts 1, one that is looked at 4, one whose row is read 20, one whose text is read 200. Unless said, 1000000.
    pub query_work: Option<u64>,
    /// Whether each app is held, at each mailbox, to the limits that Graph itself sets: 4 requests at a time, 10000 in 10
    /// minutes, 150 MB of uploads in 5 minutes, 4 MB in one request. Unless said: false.
    pub graph: bool,
}

/// `[[issuers]]`: an OpenID provider whose tokens are taken, for people who are here and for apps that are registered here
/// by the same client id. It is trusted for all of them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawIssuer {
    /// What `iss` is in its tokens, letter by letter, such as `"https://login.microsoftonline.com/TENANT/v2.0"` or
    /// `"https://keycloak.example/realms/REALM"`. Its metadata are below it, at `/.well-known/openid-configuration`, and must
    /// name it. Keys come over https; over http only from this machine.
    pub issuer: String,
    /// Where its metadata are, if not there: Entra's v1.0 tokens have `iss` `https://sts.windows.net/TENANT/` and their
    /// metadata at `https://login.microsoftonline.com/TENANT/.well-known/openid-configuration`.
    pub discovery: Option<String>,
    /// What `aud` may be, such as `["api://restante"]`: one at least. A token for anything else is refused.
    pub audiences: Vec<String>,
    /// What `tid` must be: a tenant's GUID, where an issuer has several. Unless said, it isn't looked at.
    pub tenant: Option<String>,
    /// The claim that names a person here: `"oid"` or `"sub"` by id, a GUID; any other, such as `"email"`, by address, and
    /// `email` only where `email_verified` is true. Unless said, the first of `preferred_username`, `upn` and `email` that is
    /// an address. Name one that people can't choose for themselves at the issuer: whoever has the address is let in.
    pub person: Option<String>,
    /// A file with the certificates, in PEM, of the authorities that may vouch for the issuer's host. Unless said, those of
    /// the system.
    pub ca: Option<PathBuf>,
}
