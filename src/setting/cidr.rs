//! Parses IPv4 networks: submitted ones strictly, stored ones as Go does.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::SHORTEST_PREFIX;

/// What a text is instead of an IPv4 network, with what a "did you mean" needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CidrError {
    BareAddress(Ipv4Addr),
    Ipv6,
    /// An IPv4-mapped IPv6 address or network, and the IPv4 network that it maps if it names one.
    MappedIpv4(Option<Ipv4Net>),
    /// A prefix length above 32, behind this address.
    PrefixTooLong(Ipv4Addr),
    /// A prefix length with leading zeros, and the network without them.
    LeadingZeroInPrefix(Ipv4Net),
    /// An octet with leading zeros, and the network without them unless some readers take it for octal.
    LeadingZeroInOctet(Option<Ipv4Net>),
    /// A dotted netmask for a prefix length, and the network if the mask is one.
    Netmask(Option<Ipv4Net>),
    /// White space around a network, and that network.
    Spaces(Ipv4Net),
    NotCidr,
}

impl CidrError {
    /// The range that was probably meant, if it could be one.
    pub(super) fn range_fix(self) -> Option<Ipv4Net> {
        self.rewritten().map(|net| net.trunc()).filter(|net| net.prefix_len() >= SHORTEST_PREFIX)
    }

    /// The block of this range that was probably meant, if it could be excluded; for a bare address, and for one with the
    /// mask of the range, that address alone.
    pub(super) fn exclude_fix(self, range: Option<Ipv4Net>) -> Option<Ipv4Net> {
        if let Self::BareAddress(address) | Self::PrefixTooLong(address) = self {
            return Some(Ipv4Net::from(address));
        }
        let written = self.rewritten()?;
        let Some(range) = range else { return Some(written.trunc()) };
        let is_host = written.prefix_len() == range.prefix_len() && written.addr() != written.network();
        let block = if is_host { Ipv4Net::from(written.addr()) } else { written.trunc() };
        (range.contains(&block) && block != range).then_some(block)
    }

    /// What was written, as it should have been; with its host bits.
    const fn rewritten(self) -> Option<Ipv4Net> {
        match self {
            Self::MappedIpv4(net) | Self::LeadingZeroInOctet(net) | Self::Netmask(net) => net,
            Self::LeadingZeroInPrefix(net) | Self::Spaces(net) => Some(net),
            Self::BareAddress(_) | Self::Ipv6 | Self::PrefixTooLong(_) | Self::NotCidr => None,
        }
    }
}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BareAddress(_) => "an address without a prefix length",
            Self::Ipv6 => "IPv6, not IPv4",
            Self::MappedIpv4(_) => "an IPv4-mapped IPv6 network, not an IPv4 one",
            Self::PrefixTooLong(_) => "an IPv4 prefix length is at most 32",
            Self::LeadingZeroInPrefix(_) => "the prefix length has a leading zero",
            Self::LeadingZeroInOctet(_) => "an octet has a leading zero, which some read as octal",
            Self::Netmask(_) => "a dotted netmask; write the prefix length",
            Self::Spaces(_) => "there are spaces around it",
            Self::NotCidr => "not in CIDR notation",
        })
    }
}

pub(super) fn did_you_mean(fix: Option<Ipv4Net>) -> String {
    fix.map(|fix| format!("; did you mean {fix}?")).unwrap_or_default()
}

/// Reads `address/prefix`, and keeps the address as written: host bits are the caller's to judge.
///
/// The address is a dotted quad. No number has a sign or a leading zero, and there is no space.
pub fn parse_strict(text: &str) -> Result<Ipv4Net, CidrError> {
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        return Err(parse_strict(trimmed).map_or_else(|other| other, CidrError::Spaces));
    }
    let (address, suffix) = match text.split_once('/') {
        Some((address, suffix)) => (address, Some(suffix)),
        None => (text, None),
    };
    if address.contains(':') {
        return Err(ipv6(address, suffix));
    }
    let Ok(ip) = address.parse::<Ipv4Addr>() else {
        return Err(leading_zeros(address, suffix));
    };
    let Some(suffix) = suffix else {
        return Err(CidrError::BareAddress(ip));
    };
    if let Ok(mask) = suffix.parse::<Ipv4Addr>() {
        return Err(CidrError::Netmask(Ipv4Net::with_netmask(ip, mask).ok()));
    }
    if suffix.is_empty() || !is_digits(suffix) {
        return Err(CidrError::NotCidr);
    }
    match suffix.parse().ok().and_then(|prefix| Ipv4Net::new(ip, prefix).ok()) {
        None => Err(CidrError::PrefixTooLong(ip)),
        Some(net) if suffix.len() > 1 && suffix.starts_with('0') => Err(CidrError::LeadingZeroInPrefix(net)),
        Some(net) => Ok(net),
    }
}

/// Numbers are looked at before they are parsed: a sign would be taken for a part of them.
fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn ipv6(address: &str, suffix: Option<&str>) -> CidrError {
    let unzoned = address.split_once('%').map_or(address, |(address, _zone)| address);
    let Ok(ip) = unzoned.parse::<Ipv6Addr>() else {
        return CidrError::NotCidr;
    };
    ip.to_ipv4_mapped().map_or(CidrError::Ipv6, |mapped| {
        let prefix = suffix.and_then(|suffix| suffix.parse::<u8>().ok()).and_then(|prefix| prefix.checked_sub(96));
        CidrError::MappedIpv4(prefix.and_then(|prefix| Ipv4Net::new(mapped, prefix).ok()))
    })
}

/// What is wrong with an address that is none: leading zeros in its octets, or something else.
fn leading_zeros(address: &str, suffix: Option<&str>) -> CidrError {
    let octet = |part: &str| part.parse::<u8>().ok().filter(|_| part.len() <= 16 && is_digits(part));
    let octets: Option<Vec<u8>> = address.split('.').take(5).map(octet).collect();
    let Some(Ok(octets)) = octets.map(<[u8; 4]>::try_from) else { return CidrError::NotCidr };
    let is_octal = |(part, decimal): (&str, u8)| {
        part.starts_with('0') && u64::from_str_radix(part, 8).is_ok_and(|octal| octal != u64::from(decimal))
    };
    let is_ambiguous = address.split('.').zip(octets).any(is_octal);
    let prefix = suffix.and_then(|suffix| suffix.parse().ok()).filter(|_| !is_ambiguous);
    CidrError::LeadingZeroInOctet(prefix.and_then(|prefix| Ipv4Net::new(octets.into(), prefix).ok()))
}

/// Reads a network as Go's `net.ParseCIDR`, masked: zeros may lead the prefix length but no octet. What is IPv4-mapped
/// is IPv6.
pub fn parse_go(text: &str) -> Option<IpNet> {
    let (address, prefix) = text.split_once('/')?;
    let prefix = Some(prefix).filter(|prefix| is_digits(prefix))?.parse().ok()?;
    IpNet::new(address.parse().ok()?, prefix).ok().map(|net| net.trunc())
}

/// Reads an exclude as Whereabouts does: a network, or an address that stands for itself alone.
pub fn parse_go_exclude(text: &str) -> Option<IpNet> {
    text.parse().map(IpAddr::into).ok().or_else(|| parse_go(text))
}

#[cfg(test)]
mod tests;
