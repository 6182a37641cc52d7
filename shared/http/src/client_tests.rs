use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::EgressRule;

/// Answers each connection with the next text after one read, then closes it.
async fn serve(replies: Vec<&'static str>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for reply in replies {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0_u8; 4096];
            let _read = socket.read(&mut buffer).await.unwrap();
            socket.write_all(reply.as_bytes()).await.unwrap();
            socket.shutdown().await.unwrap();
        }
    });
    port
}

fn http(port: u16, response_bytes_max: usize) -> Http {
    let allow = vec![EgressRule::loopback("127.0.0.1", port)];
    Http::new(HttpConfig { response_bytes_max, ..HttpConfig::new(allow) }).unwrap()
}

fn get(port: u16) -> Request {
    let url = Url::parse(&format!("http://127.0.0.1:{port}/x")).unwrap();
    Request::new("test.get", Method::GET, url)
}

async fn fails(reply: &'static str) -> HttpError {
    let port = serve(vec![reply]).await;
    http(port, 16).send(get(port)).await.unwrap_err()
}

#[tokio::test]
async fn a_response_is_read_whole_whatever_its_status() {
    let port = serve(vec!["HTTP/1.1 500 No\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi"]).await;
    let response = http(port, 16).send(get(port)).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (500, &b"hi"[..]));
    assert_eq!(response.header("x-a"), Some("b"));
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = http(port, 16).send(get(port)).await.unwrap_err();
    assert_eq!(error.phase, Phase::NotSent);
    assert!(matches!(error.source, Reason::NoConnection(_)));
}

#[tokio::test]
async fn a_failed_tls_handshake_was_not_sent() {
    let port = serve(vec!["HTTP/1.1 400 Bad\r\n\r\n"]).await;
    let url = Url::parse(&format!("https://127.0.0.1:{port}/x")).unwrap();
    let request = Request::new("test.tls", Method::POST, url).body("pay");
    let error = http(port, 16).send(request).await.unwrap_err();
    assert_eq!(error.phase, Phase::NotSent, "{error:?}");
}

#[tokio::test]
async fn a_host_that_is_not_declared_is_not_contacted() {
    let error = http(1, 16).send(get(2)).await.unwrap_err();
    assert_eq!(error.phase, Phase::NotSent);
    assert!(matches!(error.source, Reason::NotAllowed(_)));
}

#[tokio::test]
async fn a_cut_before_or_within_the_answer_is_unclear() {
    for reply in
        ["", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "huh\r\n"]
    {
        assert_eq!(fails(reply).await.phase, Phase::Unclear, "{reply}");
    }
}

#[tokio::test]
async fn too_many_bytes_are_unclear_declared_or_streamed() {
    for reply in [
        "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n12345678901234567",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n12345678901234567",
    ] {
        let error = fails(reply).await;
        assert_eq!((error.phase, error.status), (Phase::Unclear, Some(200)));
        assert!(matches!(error.source, Reason::TooLarge(16)), "{error:?}");
    }
}

#[tokio::test]
async fn throttling_carries_the_wait() {
    let error = fails("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!((error.phase, error.retry_after_ms), (Phase::Throttled, Some(7_000)));
    let dated = "HTTP/1.1 429 S\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n";
    assert_eq!(fails(dated).await.retry_after_ms, None);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let port = serve(vec!["HTTP/1.1 302 F\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"]).await;
    assert_eq!(http(port, 16).send(get(port)).await.unwrap().status, 302);
}

#[tokio::test]
async fn silence_is_unclear_and_a_wait_for_a_turn_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let allow = vec![EgressRule::loopback("127.0.0.1", port)];
    let http = Http::new(HttpConfig { max_in_flight: 1, ..HttpConfig::new(allow) }).unwrap();
    let (first, second) =
        tokio::join!(http.send(get(port).timeout_ms(200)), http.send(get(port).timeout_ms(20)));
    assert_eq!(first.unwrap_err().phase, Phase::Unclear);
    assert_eq!(second.unwrap_err().phase, Phase::NotSent);
}

#[tokio::test]
async fn an_illegal_header_is_not_sent_and_not_shown() {
    let error = http(1, 16).send(get(1).header("authorization", "s3cret\n")).await.unwrap_err();
    assert_eq!(error.phase, Phase::NotSent);
    assert!(!format!("{error:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_pooled_connection_that_dies_after_the_write_is_unclear() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = [0_u8; 4096];
        let _first = socket.read(&mut buffer).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let _second = socket.read(&mut buffer).await.unwrap();
    });
    let http = http(port, 16);
    http.send(get(port)).await.unwrap();
    let url = Url::parse(&format!("http://127.0.0.1:{port}/pay")).unwrap();
    let error = http.send(Request::new("test.pay", Method::POST, url).body("x")).await.unwrap_err();
    assert_eq!(error.phase, Phase::Unclear);
}
