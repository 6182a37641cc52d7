//! A network between the store and the emulator that loses answers and throttles.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Pass,
    /// It is carried out, and the connection ends without the answer.
    AnswerLost,
    /// It is not carried out.
    Throttled,
    /// It is not carried out: another transaction is on the same item.
    Conflict,
}

/// Says for a request, by its operation and body, what happens to it.
pub type Plan = Box<dyn FnMut(&str, &str) -> Fault + Send>;

/// Listens on a port of its own and answers with its address.
pub async fn network(endpoint: &str, plan: Plan) -> String {
    let upstream = endpoint.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let plan = Arc::new(Mutex::new(plan));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, upstream.clone(), Arc::clone(&plan)));
        }
    });
    format!("http://{address}")
}

/// The answer to every write's first try is lost; the second one passes. Also counts those lost.
pub fn every_answer_lost_once() -> (Plan, Arc<AtomicU32>) {
    let mut seen = BTreeSet::new();
    let lost = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&lost);
    let plan: Plan = Box::new(move |operation, body| {
        if is_write(operation) && seen.insert((operation.to_owned(), body.to_owned())) {
            counted.fetch_add(1, Ordering::SeqCst);
            return Fault::AnswerLost;
        }
        Fault::Pass
    });
    (plan, lost)
}

/// The first so many writes meet this.
pub fn first_writes(mut count: u32, fault: Fault) -> Plan {
    Box::new(move |operation, _| {
        if !is_write(operation) || count == 0 {
            return Fault::Pass;
        }
        count -= 1;
        fault
    })
}

fn is_write(operation: &str) -> bool {
    ["PutItem", "UpdateItem", "TransactWriteItems"].contains(&operation)
}

async fn carry(mut client: TcpStream, upstream: String, plan: Arc<Mutex<Plan>>) {
    while let Some((head, body)) = message(&mut client).await {
        let target = header(&head, "x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let text = String::from_utf8_lossy(&body).into_owned();
        let fault = (plan.lock().unwrap())(&operation, &text);
        let answer = match fault {
            Fault::Pass | Fault::AnswerLost => {
                let mut server = TcpStream::connect(&upstream).await.unwrap();
                server.write_all(&head).await.unwrap();
                server.write_all(&body).await.unwrap();
                let (head, body) = message(&mut server).await.unwrap();
                [head, body].concat()
            }
            Fault::Throttled => refusal("ThrottlingException", ""),
            Fault::Conflict if operation == "TransactWriteItems" => {
                let reasons = r#","CancellationReasons":[{"Code":"TransactionConflict"}]"#;
                refusal("TransactionCanceledException", reasons)
            }
            Fault::Conflict => refusal("TransactionConflictException", ""),
        };
        if fault == Fault::AnswerLost || client.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn refusal(kind: &str, more: &str) -> Vec<u8> {
    let body = format!(
        "{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{kind}\",\"message\":\"told\"{more}}}"
    );
    let length = body.len();
    format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Head and body of one HTTP message; `None` when the connection ended.
async fn message(stream: &mut TcpStream) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let length = header(&head, "content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn header(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
}
