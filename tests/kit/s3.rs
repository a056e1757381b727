//! Object storage: a server that speaks S3 over a folder (s3s-fs), and fails where a test wants it to.

use crate::at_rest::walk;
use crate::workspace;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const BUCKET: &str = "restante";
const ACCESS_KEY: &str = "restante-tests";
/// It must never be in a log.
pub(crate) const SECRET_KEY: &str = "a-secret-of-the-tests";

/// It has threads of its own: a test may block its own while its server asks for octets.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads can be made"));

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum S3Fault {
    /// It answers everything with 500.
    Failing,
    /// It hangs up without an answer.
    HangingUp,
    /// Each answer takes so long.
    Slow(Duration),
    /// It takes connections and says nothing.
    Silent,
}

/// A bucket of one server. Its end is its test's.
pub struct S3 {
    address: SocketAddr,
    folder: TempDir,
    state: Arc<State>,
    /// All that it does; dropped, it ends.
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct State {
    fault: Mutex<Option<S3Fault>>,
    requests: AtomicUsize,
}

impl S3 {
    /// An empty bucket.
    pub fn start() -> S3 {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket is a folder");
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("the folder is there"));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let (service, state) = (builder.build(), Arc::new(State::default()));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a socket may be so");
        let address = listener.local_addr().expect("it has an address");
        let mut tasks = JoinSet::new();
        tasks.spawn_on(answer_all(listener, service, state.clone()), RUNTIME.handle());
        S3 { address, folder, state, _tasks: tasks }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("s3://{BUCKET}/mail?endpoint=http://{}&region=us-east-1&allow_http=true", self.address)
    }

    /// The variables that tell who may come in.
    pub(crate) fn credentials() -> [(&'static str, String); 2] {
        [("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned())]
    }

    /// What is wrong with it from now on, if anything.
    pub fn set_fault(&self, fault: Option<S3Fault>) {
        *self.state.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Requests that have come so far.
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::Relaxed)
    }

    /// Whether it is said of the objects whose they are.
    pub(crate) fn are_claimed(&self) -> bool {
        let mut found = Vec::new();
        walk(&self.folder.path().join(BUCKET), &mut found);
        found.iter().any(|path| path.ends_with("id"))
    }

    /// The files of the octets that are there.
    pub fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.folder.path().join(BUCKET), &mut found);
        found.retain(|path| !path.ends_with("id")); // which says whose they are
        found
    }
}

/// The name and version of the server, as the workspace has it.
pub fn s3_version() -> String {
    let lock = std::fs::read_to_string(workspace().join("Cargo.lock")).expect("the workspace has a lock file");
    let (_, behind) = lock.split_once("name = \"s3s-fs\"\nversion = \"").expect("the tests lean on it");
    format!("s3s-fs {}", behind.split('"').next().unwrap_or_default())
}

async fn answer_all(listener: std::net::TcpListener, service: S3Service, state: Arc<State>) {
    let listener = TcpListener::from_std(listener).expect("a socket may be taken over");
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(answer(stream, service.clone(), state.clone()));
    }
}

async fn answer(stream: TcpStream, service: S3Service, state: Arc<State>) {
    let each = service_fn(move |request: Request<Incoming>| {
        let (service, state) = (service.clone(), state.clone());
        async move {
            state.requests.fetch_add(1, Ordering::Relaxed);
            let fault = *state.fault.lock().unwrap_or_else(PoisonError::into_inner);
            match fault {
                None => {}
                Some(S3Fault::Failing) => return Ok(failure()),
                Some(S3Fault::HangingUp) => return Err(io::Error::other("it hangs up")),
                Some(S3Fault::Slow(time)) => tokio::time::sleep(time).await,
                Some(S3Fault::Silent) => std::future::pending().await,
            }
            hyper::service::Service::call(&service, request).await.map_err(|error| io::Error::other(format!("{error:?}")))
        }
    });
    let connection = auto::Builder::new(TokioExecutor::new());
    let _ = connection.serve_connection(TokioIo::new(stream), each).await; // whoever asked may be gone
}

fn failure() -> Response<s3s::Body> {
    let text = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>Try again.</Message></Error>";
    let mut answer = Response::new(s3s::Body::from(text.to_owned()));
    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Http;
    use http_body_util::Full;

    async fn ask(s3: &S3) -> Option<u16> {
        let request = Request::get(format!("http://{}/{BUCKET}/mail/none", s3.address)).body(Full::default()).expect("a request");
        Http::new().attempt(request).await.ok().map(|answer| answer.status.as_u16())
    }

    #[tokio::test]
    async fn it_lets_in_nobody_without_the_key_and_fails_where_it_is_told_to() {
        let s3 = S3::start();
        assert_eq!(ask(&s3).await, Some(403));
        s3.set_fault(Some(S3Fault::Failing));
        assert_eq!(ask(&s3).await, Some(500));
        s3.set_fault(Some(S3Fault::HangingUp));
        assert_eq!(ask(&s3).await, None);
        s3.set_fault(Some(S3Fault::Silent));
        assert!(tokio::time::timeout(Duration::from_millis(200), ask(&s3)).await.is_err());
        s3.set_fault(None);
        assert_eq!(ask(&s3).await, Some(403));
        assert_eq!((s3.requests(), s3.objects().len()), (5, 0));
        assert!(s3_version().starts_with("s3s-fs 0."), "{}", s3_version());
    }
}
