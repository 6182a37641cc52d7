use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Counts what reaches it.
struct Counter(u64);

impl Simulator for Counter {
    fn handle(&mut self, _: Timestamp, _: &SimRequest) -> SimReply {
        self.0 += 1;
        SimReply::json(200, &json!({"handled": self.0, "padding": "x".repeat(64)}))
    }

    fn state(&self) -> Value {
        json!({ "handled": self.0 })
    }

    fn command(&mut self, _: Timestamp, command: &str, body: &Value) -> Result<Value, String> {
        match command {
            "add" => {
                self.0 += body.as_u64().ok_or("give a number")?;
                Ok(json!(self.0))
            }
            other => Err(format!("no command {other}")),
        }
    }
}

struct Site(Running);

impl Site {
    async fn with(plan: Value) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let plan = serde_json::from_value(plan).unwrap();
        let clock = Arc::new(SimClock::real());
        Self(serve(Box::new(Counter(0)), clock, Some(plan), address).await.unwrap())
    }

    async fn meeting(fault: &str) -> Self {
        let script = json!([{"nth": 1, "fault": fault}]);
        Self::with(json!({"script": script, "hold_ms": 20, "late_ms": [1, 1],
                          "latency_ms": [5, 5]}))
        .await
    }

    /// Everything the server sends until it closes.
    async fn send(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.0.address()).await.unwrap();
        let length = body.len();
        let text = format!(
            "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset in the middle still leaves what came before it.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    async fn state(&self) -> Value {
        let answer = self.send("GET /_sandbox/state", "").await;
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    }

    async fn handled(&self) -> u64 {
        self.state().await["handled"].as_u64().unwrap()
    }

    async fn handled_becomes(&self, count: u64) {
        for _ in 0..200 {
            if self.handled().await == count {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{} handled, not {count}", self.handled().await);
    }
}

#[tokio::test]
async fn without_a_fault_the_vendor_answers() {
    let site = Site::with(json!({})).await;
    let answer = site.send("GET /x", "").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"handled\":1"));
    assert_eq!(site.state().await["requests"], 1, "its own endpoints are not counted");
    site.0.stop().await;
}

#[tokio::test]
async fn each_fault_is_what_it_says() {
    for (fault, handled, starts) in [
        ("latency", 1, "HTTP/1.1 200"),
        ("timeout_before", 0, ""),
        ("timeout_after", 1, ""),
        ("error_before", 0, "HTTP/1.1 503"),
        ("error_after", 1, "HTTP/1.1 500"),
        ("throttled", 0, "HTTP/1.1 429"),
        ("html_before", 0, "HTTP/1.1 200"),
        ("html_after", 1, "HTTP/1.1 200"),
        ("truncated", 1, "HTTP/1.1 200"),
        ("reset_mid_body", 1, "HTTP/1.1 200"),
    ] {
        let site = Site::meeting(fault).await;
        let answer = site.send("POST /x", "{}").await;
        assert!(answer.starts_with(starts), "{fault}: {answer}");
        assert_eq!(answer.is_empty(), starts.is_empty(), "{fault}: {answer}");
        assert_eq!(site.handled().await, handled, "{fault}");
        assert_eq!(site.state().await["faults"][fault], 1);
        if matches!(fault, "truncated" | "reset_mid_body" | "html_after") {
            let body = answer.split("\r\n\r\n").nth(1).unwrap();
            assert!(serde_json::from_str::<Value>(body).is_err(), "{fault}: {body}");
        }
        site.0.stop().await;
    }
}

#[tokio::test]
async fn refusals_and_pages_carry_the_headers_of_real_ones() {
    for (fault, header) in [
        ("throttled", "retry-after: 1"),
        ("html_before", "content-type: text/html"),
        ("html_after", "content-type: text/html"),
        ("truncated", "content-type: application/json"),
    ] {
        let site = Site::meeting(fault).await;
        let answer = site.send("POST /x", "{}").await;
        assert!(answer.contains(header), "{fault}: {answer}");
        let next = site.send("POST /x", "{}").await;
        assert!(next.contains("\"padding\""), "only the first meets {fault}: {next}");
        site.0.stop().await;
    }
}

#[tokio::test]
async fn a_truncated_body_is_whole_to_http_and_broken_to_json() {
    let site = Site::meeting("truncated").await;
    let answer = site.send("GET /x", "").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let declared = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), declared.parse::<usize>().unwrap());
    assert!(serde_json::from_str::<Value>(body).unwrap_err().is_eof());
    site.0.stop().await;
}

#[tokio::test]
async fn a_stopped_server_takes_no_connection() {
    let site = Site::with(json!({})).await;
    let address = site.0.address();
    site.0.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_reset_body_is_shorter_than_declared() {
    let site = Site::meeting("reset_mid_body").await;
    let answer = site.send("GET /x", "").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let declared = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(body.len() < declared.parse::<usize>().unwrap());
    site.0.stop().await;
}

#[tokio::test]
async fn late_and_double_landings_reach_the_vendor_later() {
    let late = Site::meeting("late_landing").await;
    assert_eq!(late.send("POST /x", "{}").await, "");
    late.handled_becomes(1).await;
    late.0.stop().await;
    let double = Site::meeting("double_landing").await;
    assert!(double.send("POST /x", "{}").await.contains("\"handled\":1"));
    double.handled_becomes(2).await;
    double.0.stop().await;
}

#[tokio::test]
async fn commands_faults_and_the_clock_are_set_from_outside() {
    let site = Site::with(json!({})).await;
    assert!(site.send("POST /_sandbox/add", "5").await.contains("200"));
    assert_eq!(site.handled().await, 5);
    assert!(site.send("POST /_sandbox/nothing", "").await.starts_with("HTTP/1.1 400"));
    assert!(site.send("POST /_sandbox/faults", r#"{"what": 1}"#).await.contains("unknown field"));
    site.send("POST /_sandbox/faults", r#"{"permille": 1000, "kinds": ["throttled"]}"#).await;
    assert!(site.send("GET /x", "").await.starts_with("HTTP/1.1 429"));
    site.send("POST /_sandbox/faults", "").await;
    assert!(site.send("GET /x", "").await.starts_with("HTTP/1.1 200"));
    let set = site.send("POST /_sandbox/clock", r#"{"set": "2026-03-02T18:00:00Z"}"#).await;
    assert!(set.contains("2026-03-02T18:00:00Z"));
    let on = site.send("POST /_sandbox/clock", r#"{"advance_seconds": 60}"#).await;
    assert!(on.contains("2026-03-02T18:01:00Z"));
    let log = site.send("GET /_sandbox/requests?limit=1", "").await;
    assert!(log.contains("\"total\":2") && log.contains("\"path\":\"/x\""), "{log}");
    site.0.stop().await;
}
