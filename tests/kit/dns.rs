//! A name server on the loopback that answers from a table.

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, MX, PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;

/// What a name has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rr {
    /// An address, of either kind.
    Ip(IpAddr),
    /// A host that takes mail, by preference.
    Mx(u16, &'static str),
    /// A name that an address has.
    Ptr(&'static str),
    /// A text.
    Txt(String),
    /// The server fails.
    Fails,
    /// The server says nothing.
    Silent,
}

/// The server.
pub struct NameServer {
    address: SocketAddr,
    table: Arc<Mutex<Table>>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Default)]
struct Table {
    names: HashMap<String, Vec<Rr>>,
    asked: Vec<String>,
}

impl NameServer {
    /// A server that knows these names; every other does not exist.
    pub async fn start(names: &[(&str, Rr)]) -> NameServer {
        let (udp, tcp) = bound().await;
        let address = udp.local_addr().expect("it has an address");
        let table = Arc::new(Mutex::new(Table::default()));
        let tasks = [tokio::spawn(over_udp(udp, table.clone())), tokio::spawn(over_tcp(tcp, table.clone()))];
        let server = NameServer { address, table, tasks };
        names.iter().for_each(|(name, rr)| server.add(name, rr.clone()));
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The settings that ask it.
    pub fn settings(&self) -> String {
        format!("[dns]\nservers = [\"{}\"]\n", self.address)
    }

    /// Gives a name something more.
    pub fn add(&self, name: &str, rr: Rr) {
        self.table.lock().unwrap().names.entry(name.to_lowercase()).or_default().push(rr);
    }

    /// Takes all that a name has.
    pub fn clear(&self, name: &str) {
        self.table.lock().unwrap().names.remove(&name.to_lowercase());
    }

    /// The names that were asked for, each with its type: `MX elsewhere.example`.
    pub fn asked(&self) -> Vec<String> {
        self.table.lock().unwrap().asked.clone()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// The same free port of both kinds.
async fn bound() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port is free");
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("it has an address")).await {
            return (udp, tcp);
        }
    }
}

async fn over_udp(socket: UdpSocket, table: Arc<Mutex<Table>>) {
    let mut octets = [0; 4096];
    while let Ok((size, from)) = socket.recv_from(&mut octets).await {
        if let Some(answer) = answer(&octets[..size], &table, 1200) {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn over_tcp(listener: TcpListener, table: Arc<Mutex<Table>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let table = table.clone();
        tokio::spawn(async move {
            while let Ok(size) = stream.read_u16().await {
                let mut octets = vec![0; usize::from(size)];
                if stream.read_exact(&mut octets).await.is_err() {
                    return;
                }
                let Some(answer) = answer(&octets, &table, usize::MAX) else { return };
                let size = u16::try_from(answer.len()).expect("an answer is no longer than that");
                if stream.write_all(&[&size.to_be_bytes()[..], &answer].concat()).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn answer(question: &[u8], table: &Mutex<Table>, most: usize) -> Option<Vec<u8>> {
    let asked = Message::from_vec(question).ok()?;
    let query = asked.queries.first()?;
    let name = query.name().to_utf8().trim_end_matches('.').to_lowercase();
    let mut table = table.lock().unwrap();
    table.asked.push(format!("{} {name}", query.query_type()));
    let known = table.names.get(&name).cloned();
    if known.iter().flatten().any(|rr| *rr == Rr::Silent) {
        return None;
    }
    let mut response = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
    response.metadata.recursion_desired = true;
    response.metadata.recursion_available = true;
    response.add_query(query.clone());
    match known {
        None => response.metadata.response_code = ResponseCode::NXDomain,
        Some(rrs) if rrs.contains(&Rr::Fails) => response.metadata.response_code = ResponseCode::ServFail,
        Some(rrs) => {
            for data in rrs.iter().filter_map(|rr| data(rr, query.query_type())) {
                response.add_answer(Record::from_rdata(query.name().clone(), 60, data));
            }
        }
    }
    let octets = response.to_vec().ok()?;
    match octets.len() > most {
        true => response.truncate().to_vec().ok(),
        false => Some(octets),
    }
}

fn data(rr: &Rr, wanted: RecordType) -> Option<RData> {
    let name = |text: &str| Name::from_utf8(format!("{}.", text.trim_end_matches('.'))).expect("a name");
    Some(match (rr, wanted) {
        (Rr::Ip(IpAddr::V4(ip)), RecordType::A) => RData::A(A(*ip)),
        (Rr::Ip(IpAddr::V6(ip)), RecordType::AAAA) => RData::AAAA(AAAA(*ip)),
        (Rr::Mx(preference, host), RecordType::MX) => RData::MX(MX::new(*preference, name(host))),
        (Rr::Ptr(host), RecordType::PTR) => RData::PTR(PTR(name(host))),
        (Rr::Txt(text), RecordType::TXT) => {
            let pieces = text.as_bytes().chunks(255).map(|piece| String::from_utf8_lossy(piece).into_owned());
            RData::TXT(TXT::new(pieces.collect()))
        }
        _ => return None,
    })
}
