//! Selects the proxy for the API server, as kubectl does.
//!
//! `proxy-url` of the kubeconfig wins and knows no exceptions. Else it is the environment, as Go reads it: `NO_PROXY` is
//! about the API server, and what is on this machine is never asked through a proxy.

use std::env;
use std::net::IpAddr;

use hyper::Uri;
use ipnet::IpNet;

#[derive(Clone, Debug, Default)]
pub(super) struct ProxyVariables {
    https: String,
    http: String,
    no: String,
}

impl ProxyVariables {
    /// Those of this process; the name in capitals first.
    pub(super) fn read() -> Self {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_lowercase())).unwrap_or_default();
        Self { https: either("HTTPS_PROXY"), http: either("HTTP_PROXY"), no: either("NO_PROXY") }
    }
}

/// The proxy in front of a server, given the `proxy-url` of its kubeconfig.
pub(super) fn proxy(
    server: &Uri,
    proxy_url: Option<&str>,
    variables: &ProxyVariables,
) -> Result<Option<Uri>, &'static str> {
    if let Some(url) = proxy_url.filter(|url| !url.is_empty()) {
        let proxy: Option<Uri> = url.parse().ok();
        return match proxy.as_ref().and_then(Uri::scheme_str) {
            Some("http" | "https" | "socks5") => Ok(proxy),
            _ => Err("its proxy-url is no URL that begins with http://, https:// or socks5://"),
        };
    }
    let named = if server.scheme_str() == Some("http") { &variables.http } else { &variables.https };
    if named.is_empty() || is_direct(server, &variables.no) {
        return Ok(None);
    }
    from_environment(named).map(Some).ok_or("the proxy that the environment names is no URL")
}

/// The schemes that Go does not know are HTTP to it, as is a proxy without any.
fn from_environment(named: &str) -> Option<Uri> {
    let (scheme, rest) = named.split_once("://").unwrap_or(("http", named));
    let scheme = match scheme {
        "https" => "https",
        "socks5" | "socks5h" => "socks5",
        _ => "http",
    };
    format!("{scheme}://{rest}").parse().ok().filter(|proxy: &Uri| proxy.host().is_some())
}

fn is_direct(server: &Uri, no_proxy: &str) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    let address: Option<IpAddr> = host.parse().ok();
    host == "localhost"
        || address.is_some_and(|address| address.is_loopback())
        || no_proxy.split(',').any(|entry| matches(entry.trim(), &host, address, port))
}

/// Whether an entry of `NO_PROXY` is about the server: `*`, a CIDR, an address, a domain with all below it, or with a dot
/// before it only what is below; the last two also with a port.
fn matches(entry: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Ok(network) = entry.parse::<IpNet>() {
        return address.is_some_and(|address| network.contains(&address));
    }
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, wanted)) if !name.contains(':') || name.ends_with(']') => (name, Some(wanted)),
        _ => (entry, None),
    };
    let name = name.trim_matches(['[', ']']).to_ascii_lowercase();
    if name.is_empty() || wanted.is_some_and(|wanted| wanted.parse() != Ok(port)) {
        return false;
    }
    if address.is_some() || name.parse::<IpAddr>().is_ok() {
        return address.is_some_and(|address| name.parse() == Ok(address));
    }
    let domain = name.strip_prefix('*').unwrap_or(&name);
    let below = |domain: &str| host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.'));
    match domain.strip_prefix('.') {
        Some(domain) => below(domain),
        None => host == domain || below(domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(server: &str, proxy_url: Option<&str>, https: &str, no: &str) -> Result<Option<String>, &'static str> {
        let variables =
            ProxyVariables { https: https.to_owned(), http: "http://plain:1".to_owned(), no: no.to_owned() };
        proxy(&server.parse().unwrap(), proxy_url, &variables).map(|found| found.map(|uri| uri.to_string()))
    }

    /// What kubectl 1.35 does with each of them.
    #[test]
    fn no_proxy_is_about_the_server() {
        for (server, no_proxy, direct) in [
            ("https://api.example:6443", "", false),
            ("https://api.example:6443", ".example", true),
            ("https://api.example:6443", "example", true),
            ("https://api.example:6443", "*.example", true),
            ("https://api.example:6443", "API.EXAMPLE", true),
            ("https://api.example:6443", "api.example:6443", true),
            ("https://api.example:6443", "api.example:1", false),
            ("https://api.example:6443", ".api.example", false),
            ("https://api.example:6443", "pi.example", false),
            ("https://api.example:6443", "x, .example,", true),
            ("https://api.example:6443", "*", true),
            ("https://10.1.2.3:6443", "10.0.0.0/8", true),
            ("https://10.1.2.3:6443", "10.1.2.3", true),
            ("https://10.1.2.3:6443", "10.1.2.3:6443", true),
            ("https://10.1.2.3:6443", "10.1.2.3:9", false),
            ("https://10.1.2.3:6443", ".2.3", false),
            ("https://10.1.2.3:6443", "proxy", false),
            ("https://[fd00::1]:6443", "fd00::/8", true),
            ("https://[fd00::1]:6443", "[fd00::1]:6443", true),
            ("https://127.0.0.1:6443", "", true),
            ("https://localhost:6443", "", true),
        ] {
            let expected = (!direct).then(|| "http://proxy:3128/".to_owned());
            assert_eq!(asked(server, None, "http://proxy:3128", no_proxy), Ok(expected), "{server} {no_proxy}");
        }
    }

    #[test]
    fn a_proxy_url_wins_and_knows_no_exceptions() {
        let of = |url, https| asked("https://localhost:1", Some(url), https, "*");
        assert_eq!(of("socks5://own:1080", "http://proxy:3128"), Ok(Some("socks5://own:1080/".to_owned())));
        assert_eq!(of("", "http://proxy:3128"), Ok(None));
        for url in ["own:1080", "ftp://own:1080"] {
            assert_eq!(of(url, ""), Err("its proxy-url is no URL that begins with http://, https:// or socks5://"));
        }
    }

    #[test]
    fn the_environment_is_read_as_go_reads_it() {
        let of = |https| asked("https://api.example", None, https, "");
        for (https, expected) in [
            ("proxy:3128", "http://proxy:3128/"),
            ("socks5://proxy:1080", "socks5://proxy:1080/"),
            ("socks5h://proxy:1080", "socks5://proxy:1080/"),
            ("ftp://proxy:3128", "http://proxy:3128/"),
            ("https://u:p@proxy:3128", "https://u:p@proxy:3128/"),
        ] {
            assert_eq!(of(https), Ok(Some(expected.to_owned())), "{https}");
        }
        assert_eq!(of(""), Ok(None));
        assert_eq!(of("http://"), Err("the proxy that the environment names is no URL"));
        let plain = asked("http://api.example", None, "http://proxy:3128", "");
        assert_eq!(plain, Ok(Some("http://plain:1/".to_owned())));
    }
}
