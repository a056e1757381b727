//! Azure's object storage: Azurite, its maker's own stand-in, with one container.

use crate::settings::{skipped, workspace};
use crate::{Http, free_address, hmac_sha256, until};
use encodify::base64::STANDARD;
use http_body_util::Full;
use hyper::Request;
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::process::{Child, Command};

const ACCOUNT: &str = "restante";
const CONTAINER: &str = "mail";
const KEY: &[u8] = b"a key of the tests";

/// A container of one server. Its end is its test's.
pub struct Azure {
    address: SocketAddr,
    _home: TempDir,
    server: Child,
}

impl Azure {
    /// An empty container; nothing where the server isn't installed, which is said aloud, and fails in CI.
    pub async fn start() -> Option<Arc<Azure>> {
        let program = workspace().join("tests/clients/azure/node_modules/azurite/dist/src/blob/main.js");
        if !program.is_file() {
            skipped(&format!("{} is not there: npm ci in tests/clients/azure installs it", program.display()));
            return None;
        }
        let (address, home) = (free_address(), tempfile::tempdir().expect("a temporary directory can be made"));
        let server = Command::new("node")
            .arg(program)
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--blobPort", &address.port().to_string()])
            .current_dir(home.path())
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", STANDARD.encode(KEY)))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node can be started");
        let azure = Azure { address, _home: home, server };
        until("the container is there", async || azure.make_container().await).await;
        Some(Arc::new(azure))
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("az://{CONTAINER}/some/prefix?account={ACCOUNT}&endpoint=http://{}/{ACCOUNT}", self.address)
    }

    /// The variable that tells who may come in.
    pub(crate) fn credentials() -> (&'static str, String) {
        ("AZURE_STORAGE_ACCOUNT_KEY", STANDARD.encode(KEY))
    }

    /// The names of the octets that are there.
    pub async fn blobs(&self) -> Vec<String> {
        let (status, list) =
            self.ask("GET", "comp:list\nrestype:container", "comp=list&restype=container").await.expect("a list");
        assert_eq!(status, 200, "{list}");
        list.split("<Name>")
            .skip(1)
            .filter_map(|rest| rest.split("</Name>").next())
            .map(str::to_owned)
            .filter(|name| !name.ends_with("/id"))
            .collect()
    }

    /// Nothing answers any more.
    pub fn end(&self) {
        let process = self.server.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(process.expect("it is there"), Signal::KILL).expect("the process can be killed");
    }

    /// Nothing until the server answers.
    async fn make_container(&self) -> Option<()> {
        let (status, answer) = self.ask("PUT", "restype:container", "restype=container").await?;
        assert_eq!(status, 201, "{answer}");
        Some(())
    }

    /// Asks about the container, signed with the shared key (Azure: authorize-with-shared-key).
    async fn ask(&self, method: &str, canonical: &str, query: &str) -> Option<(u16, String)> {
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let headers = format!("x-ms-date:{date}\nx-ms-version:2023-11-03");
        let signed = format!("{method}{}{headers}\n/{ACCOUNT}/{ACCOUNT}/{CONTAINER}\n{canonical}", "\n".repeat(12));
        let signature = hmac_sha256(KEY, signed.as_bytes());
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/{ACCOUNT}/{CONTAINER}?{query}", self.address))
            .header("x-ms-date", date)
            .header("x-ms-version", "2023-11-03")
            .header("authorization", format!("SharedKey {ACCOUNT}:{}", STANDARD.encode(signature)))
            .body(Full::default())
            .expect("a request");
        let answer = Http::new().attempt(request).await.ok()?;
        Some((answer.status.as_u16(), String::from_utf8_lossy(&answer.body).into_owned()))
    }
}
