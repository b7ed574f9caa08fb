//! Where somebody comes from.

use std::net::{IpAddr, Ipv6Addr};

/// What counts as one place: an IPv6 address is one of 2^64 of the same line, and stands for its network.
pub fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}
