//! Taking an address: dual stack, and one plain sentence when it cannot be had.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rustix::net::{AddressFamily, SocketType, sockopt};

use super::routes::Entrance;
use crate::base::said;

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    #[error("another program already listens on {address}. Stop it, or give the {entrance} listener another address.")]
    Taken { entrance: &'static str, address: SocketAddr },
    #[error(
        "the {entrance} listener may not take {address}: ports under 1024 need CAP_NET_BIND_SERVICE, which the \
         systemd unit gives. Take a higher port, or start it with the unit."
    )]
    Forbidden { entrance: &'static str, address: SocketAddr },
    #[error("{address} is not an address of this machine. Give the {entrance} listener another one.")]
    NotOurs { entrance: &'static str, address: SocketAddr },
    #[error("the {entrance} listener cannot take {address}: {}", said(cause))]
    Other { entrance: &'static str, address: SocketAddr, cause: std::io::Error },
}

/// A listener that has its address and does not answer yet.
pub struct Bound {
    pub(super) socket: tokio::net::TcpListener,
    pub(super) entrance: Entrance,
    address: SocketAddr,
}

impl Bound {
    /// Takes `address`. `[::]` takes IPv4 as well; on a machine without IPv6 it takes IPv4 alone. Port 0 is
    /// any free one. Must be called within a tokio runtime.
    pub fn open(entrance: Entrance, address: SocketAddr) -> Result<Self, ListenError> {
        let opened = open(address).or_else(|error| match error {
            rustix::io::Errno::AFNOSUPPORT | rustix::io::Errno::ADDRNOTAVAIL if address.ip().is_unspecified() => {
                open(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), address.port()))
            }
            other => Err(other),
        });
        let other = |cause: std::io::Error| ListenError::Other { entrance: entrance.name(), address, cause };
        let socket = opened.map_err(|error| match error {
            rustix::io::Errno::ADDRINUSE => ListenError::Taken { entrance: entrance.name(), address },
            rustix::io::Errno::ACCESS | rustix::io::Errno::PERM => {
                ListenError::Forbidden { entrance: entrance.name(), address }
            }
            rustix::io::Errno::ADDRNOTAVAIL => ListenError::NotOurs { entrance: entrance.name(), address },
            error => other(error.into()),
        })?;
        let socket = tokio::net::TcpListener::from_std(socket).map_err(other)?;
        let address = socket.local_addr().map_err(other)?;
        Ok(Self { socket, entrance, address })
    }

    /// The address it has, with the port that was taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub const fn entrance(&self) -> Entrance {
        self.entrance
    }
}

fn open(address: SocketAddr) -> rustix::io::Result<std::net::TcpListener> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let flags = rustix::net::SocketFlags::CLOEXEC | rustix::net::SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    // A box that restarts must not wait for connections of its past life to time out.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, 1024)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_said_in_one_sentence_and_both_families_reach_a_free_one() {
        let first = Bound::open(Entrance::Clinic, "[::]:0".parse().unwrap()).unwrap();
        let port = first.address().port();
        assert_ne!(port, 0);
        std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let error = Bound::open(Entrance::Portal, SocketAddr::new(first.address().ip(), port)).err().unwrap();
        assert!(matches!(error, ListenError::Taken { .. }));
        assert!(error.to_string().contains("already listens"), "{error}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_refused() {
        let error = Bound::open(Entrance::Ops, "192.0.2.1:0".parse().unwrap()).err().unwrap();
        assert!(matches!(error, ListenError::NotOurs { .. }), "{error}");
    }
}
