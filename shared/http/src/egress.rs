use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// One host that may be contacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressRule {
    /// Host name or address literal, lower case; no wildcard.
    pub host: String,
    /// The port; `None` allows the scheme's own port only.
    pub port: Option<u16>,
    /// The host may resolve to a private, loopback or link-local address.
    pub private: bool,
    /// Plain `http` is allowed; honoured for loopback hosts only.
    pub plain_loopback: bool,
}

impl EgressRule {
    /// A public host over `https` on port 443.
    pub fn public(host: impl Into<String>) -> Self {
        let host = host.into().to_ascii_lowercase();
        Self { host, port: None, private: false, plain_loopback: false }
    }

    /// A host inside the customer's network over `https`.
    pub fn private(host: impl Into<String>, port: Option<u16>) -> Self {
        let host = host.into().to_ascii_lowercase();
        Self { host, port, private: true, plain_loopback: false }
    }

    /// `127.0.0.1`, `localhost` or `[::1]` over plain `http`, for simulators and tests.
    pub fn loopback(host: impl Into<String>, port: u16) -> Self {
        let host = host.into().to_ascii_lowercase();
        Self { host, port: Some(port), private: true, plain_loopback: true }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Egress {
    rules: Arc<Vec<EgressRule>>,
}

impl Egress {
    pub(crate) fn new(rules: Vec<EgressRule>) -> Self {
        Self { rules: Arc::new(rules) }
    }

    /// Whether a URL may be contacted; the error names scheme, host and port only.
    pub(crate) fn check(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default();
        let told =
            || format!("{}://{host}:{}", url.scheme(), url.port_or_known_default().unwrap_or(0));
        let credentials = !url.username().is_empty() || url.password().is_some();
        let allowed = !credentials && self.rules.iter().any(|rule| admits(rule, url, host));
        if allowed { Ok(()) } else { Err(told()) }
    }

    fn admits_address(&self, host: &str, address: IpAddr) -> bool {
        !is_private(address) || self.rules.iter().any(|rule| rule.private && rule.host == host)
    }
}

impl Resolve for Egress {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_ascii_lowercase();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let kept: Vec<SocketAddr> =
                found.filter(|a| egress.admits_address(&host, a.ip())).collect();
            if kept.is_empty() {
                return Err(format!("{host} has no address that may be contacted").into());
            }
            let addresses: Addrs = Box::new(kept.into_iter());
            Ok(addresses)
        })
    }
}

fn admits(rule: &EgressRule, url: &Url, host: &str) -> bool {
    let port_ok = match rule.port {
        Some(port) => url.port_or_known_default() == Some(port),
        None => url.port().is_none(),
    };
    let scheme_ok = match url.scheme() {
        "https" => true,
        "http" => rule.plain_loopback && is_loopback(host),
        _ => false,
    };
    let address_ok = match literal(host) {
        Some(address) => rule.private || !is_private(address),
        None => true,
    };
    rule.host == host && port_ok && scheme_ok && address_ok
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || literal(host).is_some_and(|a| a.is_loopback())
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

/// Every range that is not the public internet, the cloud metadata address included.
fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (b == 18 || b == 19);
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || shared
        || protocol
        || benchmark
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = embedded_v4(address) {
        return is_private_v4(v4);
    }
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    let documentation = first == 0x2001 && second == 0x0db8;
    !global || documentation
}

/// The IPv4 address inside a mapped, NAT64 (`64:ff9b::/96`) or 6to4 (`2002::/16`) address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(v4) = address.to_ipv4_mapped() {
        return Some(v4);
    }
    let [first, second, third, fourth, fifth, sixth, high, low] = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    if (first, second) == (0x64, 0xff9b) && (third, fourth, fifth, sixth) == (0, 0, 0, 0) {
        return Some(join(high, low));
    }
    (first == 0x2002).then(|| join(second, third))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules: Vec<EgressRule>, url: &str) -> bool {
        Egress::new(rules).check(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn only_declared_hosts_over_https_on_their_port() {
        let rules = vec![EgressRule::public("api.paytrace.com")];
        assert!(check(rules.clone(), "https://api.paytrace.com/v1"));
        assert!(check(rules.clone(), "https://API.PAYTRACE.COM/v1"));
        for url in [
            "http://api.paytrace.com/",
            "https://api.paytrace.com:8443/",
            "https://api.paytrace.com.evil.example/",
            "https://api.paytrace.com@evil.example/",
            "https://user:pw@api.paytrace.com/",
            "https://evil.example/",
            "ftp://api.paytrace.com/",
        ] {
            assert!(!check(rules.clone(), url), "{url}");
        }
        assert!(!check(vec![], "https://api.paytrace.com/"));
    }

    #[test]
    fn plain_http_needs_a_loopback_host_even_when_declared() {
        assert!(check(vec![EgressRule::loopback("127.0.0.1", 80)], "http://127.0.0.1:80/"));
        assert!(check(vec![EgressRule::loopback("[::1]", 9)], "http://[::1]:9/"));
        assert!(!check(vec![EgressRule::loopback("10.0.0.1", 80)], "http://10.0.0.1/"));
        assert!(!check(vec![EgressRule::loopback("127.0.0.1", 80)], "http://127.0.0.1:81/"));
    }

    #[test]
    fn address_literals_need_the_private_declaration() {
        let metadata = EgressRule::public("169.254.169.254");
        assert!(!check(vec![metadata], "https://169.254.169.254/latest"));
        assert!(!check(vec![EgressRule::public("10.1.2.3")], "https://10.1.2.3/"));
        assert!(check(vec![EgressRule::private("10.1.2.3", None)], "https://10.1.2.3/"));
        // Other spellings of the same address are normalised by the URL parser.
        assert!(!check(vec![EgressRule::public("127.0.0.1")], "https://0x7f.1/"));
    }

    #[test]
    fn resolved_addresses_that_are_not_public_are_refused() {
        let egress = Egress::new(vec![EgressRule::public("a"), EgressRule::private("b", None)]);
        for text in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fd00:ec2::254",
            "fe80::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:a00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            let address = text.parse().unwrap();
            assert!(!egress.admits_address("a", address), "{text}");
            assert!(egress.admits_address("b", address), "{text}");
        }
        for text in ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(egress.admits_address("a", text.parse().unwrap()), "{text}");
        }
    }

    #[tokio::test]
    async fn the_resolver_refuses_a_name_that_points_inside() {
        let name = || "localhost".parse::<Name>().unwrap();
        let outside = Egress::new(vec![EgressRule::public("localhost")]);
        assert!(outside.resolve(name()).await.is_err());
        let declared = Egress::new(vec![EgressRule::private("localhost", None)]);
        assert!(declared.resolve(name()).await.is_ok());
    }
}
