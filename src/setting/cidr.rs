//! Parses IPv4 networks: submitted ones strictly, stored ones as Go does.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;

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
        return Err(match without_zeros(address) {
            Zeros::No => CidrError::NotCidr,
            Zeros::Ambiguous => CidrError::LeadingZeroInOctet(None),
            Zeros::Harmless(ip) => {
                let prefix = suffix.and_then(|suffix| suffix.parse().ok());
                CidrError::LeadingZeroInOctet(prefix.and_then(|prefix| Ipv4Net::new(ip, prefix).ok()))
            }
        });
    };
    let Some(suffix) = suffix else {
        return Err(CidrError::BareAddress(ip));
    };
    if let Ok(mask) = suffix.parse::<Ipv4Addr>() {
        return Err(CidrError::Netmask(Ipv4Net::with_netmask(ip, mask).ok()));
    }
    if suffix.is_empty() || !suffix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CidrError::NotCidr);
    }
    // Too many digits for the type are too many bits as well, unless they are zeros.
    let digits = suffix.trim_start_matches('0');
    let prefix = if digits.is_empty() { Ok(0) } else { digits.parse::<u8>() };
    match prefix.ok().and_then(|prefix| Ipv4Net::new(ip, prefix).ok()) {
        None => Err(CidrError::PrefixTooLong(ip)),
        Some(net) if suffix.len() > 1 && suffix.starts_with('0') => Err(CidrError::LeadingZeroInPrefix(net)),
        Some(net) => Ok(net),
    }
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

/// What a text that is no IPv4 address is without the leading zeros of its octets.
enum Zeros {
    No,
    /// This address, whoever reads it.
    Harmless(Ipv4Addr),
    /// One address to readers of decimals and another to readers of octals.
    Ambiguous,
}

fn without_zeros(address: &str) -> Zeros {
    let mut octets = [0_u8; 4];
    let mut ambiguous = false;
    let mut parts = address.split('.');
    for octet in &mut octets {
        // A sign would be read as part of the number.
        let digits = parts.next().filter(|part| part.len() <= 16 && part.bytes().all(|byte| byte.is_ascii_digit()));
        let Some((part, decimal)) = digits.and_then(|part| Some((part, part.parse::<u8>().ok()?))) else {
            return Zeros::No;
        };
        let octal = u64::from_str_radix(part, 8);
        ambiguous |= part.starts_with('0') && octal.is_ok_and(|octal| octal != u64::from(decimal));
        *octet = decimal;
    }
    match parts.next() {
        Some(_) => Zeros::No,
        None if ambiguous => Zeros::Ambiguous,
        None => Zeros::Harmless(Ipv4Addr::from(octets)),
    }
}

/// A network as Go's `net.ParseCIDR` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoCidr {
    /// An IPv4 network, masked.
    V4(Ipv4Net),
    /// An IPv6 network, IPv4-mapped ones too.
    V6,
}

/// Go's `net.ParseCIDR` would return an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotGoCidr;

/// Reads a network as Go's `net.ParseCIDR`: zeros may lead the prefix length but no octet.
pub fn parse_go(text: &str) -> Result<GoCidr, NotGoCidr> {
    let (address, prefix) = text.split_once('/').ok_or(NotGoCidr)?;
    if !prefix.bytes().all(|byte| byte.is_ascii_digit()) || prefix.is_empty() {
        return Err(NotGoCidr);
    }
    let digits = prefix.trim_start_matches('0');
    let prefix: u8 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| NotGoCidr)? };
    if let Ok(ip) = address.parse::<Ipv4Addr>() {
        return Ipv4Net::new(ip, prefix).map(|net| GoCidr::V4(net.trunc())).map_err(|_| NotGoCidr);
    }
    match address.parse::<Ipv6Addr>() {
        Ok(_) if prefix <= 128 => Ok(GoCidr::V6),
        _ => Err(NotGoCidr),
    }
}

/// Reads an exclude as Whereabouts does: a network, or an address that stands for itself alone.
pub fn parse_go_exclude(text: &str) -> Result<GoCidr, NotGoCidr> {
    if let Ok(ip) = text.parse::<Ipv4Addr>() {
        return Ok(GoCidr::V4(Ipv4Net::from(ip)));
    }
    match text.parse::<Ipv6Addr>() {
        Ok(_) => Ok(GoCidr::V6),
        Err(_) => parse_go(text),
    }
}

#[cfg(test)]
mod tests;
