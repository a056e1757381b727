//! An S3 server on loopback that keeps objects as files, and fails when it is told to.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub const BUCKET: &str = "mail";
pub const ACCESS_KEY_ID: &str = "restante";
pub const SECRET_ACCESS_KEY: &str = "a secret of nobody";

/// What becomes of a request instead of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its answer ends in the middle, and so does the connection.
    Cut,
    /// The connection ends without an answer.
    Drop,
    /// It is done, and nobody is told.
    Forget,
    /// There is no answer.
    Hang,
    /// It is answered after a while.
    Slow(Duration),
    /// It is answered by this status.
    Status(u16),
}

type Judge = dyn Fn(&str) -> Option<Fault> + Send + Sync;

/// The server; it stops when it is dropped.
pub struct S3Server {
    pub endpoint: String,
    folder: tempfile::TempDir,
    told: Arc<Told>,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Told {
    /// What stands in each request for whoever may come in, where that isn't a signature.
    token: Option<&'static str>,
    judge: Mutex<Option<Box<Judge>>>,
    requests: Mutex<Vec<String>>,
}

impl S3Server {
    /// Starts a server with one empty bucket, for whoever has the key.
    pub fn start() -> S3Server {
        let key = |service: &mut S3ServiceBuilder| service.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        S3Server::serve(key, Told::default())
    }

    /// The same, for whoever has a token, as Google's clients do.
    pub fn with_token(token: &'static str) -> S3Server {
        S3Server::serve(|_| {}, Told { token: Some(token), ..Told::default() })
    }

    fn serve(guard: impl FnOnce(&mut S3ServiceBuilder), told: Told) -> S3Server {
        let folder = tempfile::tempdir().expect("temporary directory");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("bucket");
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("file system"));
        guard(&mut service);
        let (service, told) = (service.build(), Arc::new(told));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("port");
        listener.set_nonblocking(true).expect("a listener that doesn't block");
        let endpoint = format!("http://{}", listener.local_addr().expect("address"));
        runtime.spawn(accept(listener, service, told.clone()));
        S3Server { endpoint, folder, told, runtime: Some(runtime) }
    }

    /// The URL of a prefix in its bucket.
    pub fn url(&self, options: &str) -> String {
        format!("s3://{BUCKET}/some/prefix?endpoint={}&region=us-east-1{options}", self.endpoint)
    }

    /// From now on each request is judged, by its method, path and query.
    pub fn judge(&self, judge: impl Fn(&str) -> Option<Fault> + Send + Sync + 'static) {
        *self.told.judge.lock().expect("judge") = Some(Box::new(judge));
    }

    /// From now on every request is answered.
    pub fn mend(&self) {
        *self.told.judge.lock().expect("judge") = None;
    }

    /// The requests about octets that came since they were last asked for; whose these are is asked beside them.
    pub fn take_requests(&self) -> Vec<String> {
        let mut taken = std::mem::take(&mut *self.told.requests.lock().expect("requests"));
        taken.retain(|asked| !asked.contains("/id") && !asked.contains("list-type="));
        taken
    }

    /// The file of the object that says whose they are.
    pub fn id(&self) -> PathBuf {
        self.folder.path().join(BUCKET).join("some/prefix/id")
    }

    /// The files of its objects, but for the one that says whose they are.
    pub fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().join(BUCKET)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("folder") {
                let entry = entry.expect("entry");
                let list = if entry.file_type().expect("type").is_dir() { &mut folders } else { &mut found };
                if entry.file_name() != "id" {
                    list.push(entry.path());
                }
            }
        }
        found
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: std::net::TcpListener, service: S3Service, told: Arc<Told>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    while let Ok((socket, _)) = listener.accept().await {
        let (service, told) = (service.clone(), told.clone());
        tokio::spawn(async move {
            let answer = service_fn(move |request| answer(service.clone(), told.clone(), request));
            let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), answer).await;
        });
    }
}

type Body = BoxBody<Bytes, io::Error>;

async fn answer(service: S3Service, told: Arc<Told>, mut request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let asked = format!("{} {}", request.method(), request.uri());
    let fault = told.judge.lock().expect("judge").as_ref().and_then(|judge| judge(&asked));
    told.requests.lock().expect("requests").push(asked);
    if let Some(token) = told.token {
        let given = request.headers_mut().remove(AUTHORIZATION);
        if given.is_none_or(|given| given.as_bytes() != format!("Bearer {token}").as_bytes()) {
            return Ok(refusal(403));
        }
    }
    match fault {
        Some(Fault::Drop) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(Fault::Status(status)) => return Ok(refusal(status)),
        Some(Fault::Cut | Fault::Forget) | None => {}
    }
    let answered =
        hyper::service::Service::call(&service, request).await.map_err(|error| io::Error::other(format!("{error:?}")))?;
    let (head, body) = answered.into_parts();
    match fault {
        Some(Fault::Forget) => Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::Cut) => Ok(Response::from_parts(head, cut(body).await)),
        _ => Ok(Response::from_parts(head, body.map_err(|error| io::Error::other(error.to_string())).boxed())),
    }
}

fn refusal(status: u16) -> Response<Body> {
    let mut refusal = Response::new(Full::default().map_err(|never| match never {}).boxed());
    *refusal.status_mut() = status.try_into().expect("a status");
    refusal
}

async fn cut(body: s3s::Body) -> Body {
    let whole = body.collect().await.expect("a body").to_bytes();
    let half = Frame::data(whole.slice(..whole.len() / 2));
    let frames = futures::stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    BodyExt::boxed(StreamBody::new(frames))
}
