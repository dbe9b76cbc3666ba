//! A network that comes up, as the kernel tells of it over rtnetlink(7).
//!
//! Three things show it: a link that begins to run, a new address, and a default route. They come in a burst, and a link
//! tells of itself again and again, so that only what is new counts and a burst is told at its beginning and at its end.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::time::Duration;

use daypass_agent::{Agent, Happening};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recvfrom, socket_with};

/// How long a burst is collected after it was told.
const BURST: Duration = Duration::from_secs(2);
/// The longest datagram, in bytes: what netlink(7) advises to read with.
const DATAGRAM: usize = 8 << 10;

// The groups, messages and flags of linux/rtnetlink.h, linux/if.h and linux/if_addr.h.
const RTMGRP_LINK: u32 = 0x1;
const RTMGRP_IPV4_IFADDR: u32 = 0x10;
const RTMGRP_IPV4_ROUTE: u32 = 0x40;
const RTMGRP_IPV6_IFADDR: u32 = 0x100;
const RTMGRP_IPV6_ROUTE: u32 = 0x400;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const IFF_LOOPBACK: u32 = 0x8;
const IFF_RUNNING: u32 = 0x40;
const IFA_F_TENTATIVE: u8 = 0x40;
const RT_SCOPE_HOST: u8 = 254;
const RTN_UNICAST: u8 = 1;

/// Tells `agent` of every network that comes up, at most once in [`BURST`]. It ends only where the kernel has no rtnetlink.
pub(super) async fn watch(agent: &Agent) {
    let Ok(socket) = socket().and_then(super::awaited) else { return };
    let mut known = Known::default();
    while let Ok(mut ready) = socket.readable().await {
        let up = drain(socket.get_ref(), &mut known);
        ready.clear_ready();
        if up {
            agent.hear(Happening::NetworkUp);
            // What comes in the meantime waits in the socket.
            tokio::time::sleep(BURST).await;
        }
    }
}

/// A socket that hears of links, addresses and routes.
fn socket() -> std::io::Result<OwnedFd> {
    let groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    bind(&socket, &SocketAddrNetlink::new(0, groups))?;
    Ok(socket)
}

/// Reads all that waits in `socket`: whether a network came up.
fn drain(socket: &OwnedFd, known: &mut Known) -> bool {
    let mut up = false;
    let mut buffer = [0; DATAGRAM];
    loop {
        match recvfrom(socket, &mut buffer, RecvFlags::DONTWAIT) {
            Ok((length, _, from)) => {
                // Only the kernel has the port 0.
                let from = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
                if from.is_some_and(|from| from.pid() == 0) {
                    up |= known.hear(&buffer[..length]);
                }
            }
            // More came than fits: what was lost may have been a network.
            Err(Errno::NOBUFS) => up = true,
            Err(Errno::INTR) => {}
            Err(_) => return up,
        }
    }
}

/// The links that run and the addresses that are in use, as far as they were told of.
#[derive(Debug, Default)]
struct Known {
    links: BTreeSet<u32>,
    addresses: BTreeSet<Vec<u8>>,
}

impl Known {
    /// Takes in a datagram: whether something in it is a network that came up. What is cut short is ignored.
    fn hear(&mut self, mut datagram: &[u8]) -> bool {
        let mut up = false;
        // struct nlmsghdr: length with this head, type, flags, sequence, port.
        while let (Some(length), Some(kind)) = (word(datagram, 0), half(datagram, 4)) {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let Some(body) = datagram.get(16..length) else { break };
            up |= match kind {
                RTM_NEWLINK | RTM_DELLINK => self.link(kind == RTM_NEWLINK, body),
                RTM_NEWADDR | RTM_DELADDR => self.address(kind == RTM_NEWADDR, body),
                RTM_NEWROUTE => is_default_route(body),
                _ => false,
            };
            datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        up
    }

    /// struct ifinfomsg: family, padding, type, index, flags, change.
    fn link(&mut self, there: bool, body: &[u8]) -> bool {
        let (Some(index), Some(flags)) = (word(body, 4), word(body, 8)) else { return false };
        if there && flags & IFF_RUNNING != 0 {
            self.links.insert(index) && flags & IFF_LOOPBACK == 0
        } else {
            self.links.remove(&index);
            false
        }
    }

    /// struct ifaddrmsg: family, length of the prefix, flags, scope, index; then the attributes.
    fn address(&mut self, there: bool, body: &[u8]) -> bool {
        let (Some(&[_, _, flags, scope]), Some(rest)) = (body.first_chunk(), body.get(4..)) else { return false };
        // The index, and the attribute that comes first: the address. Its life, which changes, comes later.
        let Some(length) = half(rest, 4) else { return false };
        let Some(name) = rest.get(..4 + usize::from(length)) else { return false };
        if there && flags & IFA_F_TENTATIVE == 0 {
            self.addresses.insert(name.to_vec()) && scope != RT_SCOPE_HOST
        } else {
            self.addresses.remove(name);
            false
        }
    }
}

/// struct rtmsg: family, length of the destination, of the source, type of service, table, protocol, scope, type.
fn is_default_route(body: &[u8]) -> bool {
    matches!(body.first_chunk(), Some([_, 0, _, _, _, _, _, RTN_UNICAST]))
}

/// The number of four bytes at `at`, in the machine's order.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

/// The number of two bytes at `at`, in the machine's order.
fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message as the kernel writes it.
    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(16 + body.len()).unwrap();
        let mut bytes = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], body].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn link(kind: u16, index: u32, flags: u32) -> Vec<u8> {
        message(kind, &[&[0; 4][..], &index.to_ne_bytes(), &flags.to_ne_bytes(), &[0; 4]].concat())
    }

    fn address(kind: u16, flags: u8, scope: u8, last: u8, life: u8) -> Vec<u8> {
        let attribute = |kind: u16, value: &[u8]| {
            let length = u16::try_from(4 + value.len()).unwrap();
            [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat()
        };
        // IFA_ADDRESS and IFA_CACHEINFO.
        let attributes = [attribute(1, &[192, 0, 2, last]), attribute(6, &[life; 16])].concat();
        message(kind, &[&[2, 24, flags, scope][..], &2_u32.to_ne_bytes(), &attributes].concat())
    }

    fn route(length: u8, kind: u8) -> Vec<u8> {
        message(RTM_NEWROUTE, &[2, length, 0, 0, 254, 3, 0, kind, 0, 0, 0, 0])
    }

    #[test]
    fn a_link_counts_when_it_begins_to_run() {
        let mut known = Known::default();
        assert!(!known.hear(&link(RTM_NEWLINK, 2, 0)), "it is there, and does not run");
        assert!(known.hear(&link(RTM_NEWLINK, 2, IFF_RUNNING)));
        assert!(!known.hear(&link(RTM_NEWLINK, 2, IFF_RUNNING)), "it runs still");
        assert!(!known.hear(&link(RTM_NEWLINK, 2, 0)));
        assert!(known.hear(&link(RTM_NEWLINK, 2, IFF_RUNNING)), "it runs again");
        assert!(!known.hear(&link(RTM_DELLINK, 2, IFF_RUNNING)));
        assert!(known.hear(&link(RTM_NEWLINK, 2, IFF_RUNNING)), "another one of this number");
        assert!(!known.hear(&link(RTM_NEWLINK, 1, IFF_RUNNING | IFF_LOOPBACK)), "the loop leads nowhere");
    }

    #[test]
    fn an_address_counts_when_it_can_be_used() {
        let mut known = Known::default();
        assert!(!known.hear(&address(RTM_NEWADDR, IFA_F_TENTATIVE, 0, 1, 9)), "it may belong to another machine");
        assert!(known.hear(&address(RTM_NEWADDR, 0, 0, 1, 9)));
        assert!(!known.hear(&address(RTM_NEWADDR, 0, 0, 1, 7)), "only its life changed");
        assert!(known.hear(&address(RTM_NEWADDR, 0, 0, 2, 9)));
        assert!(!known.hear(&address(RTM_DELADDR, 0, 0, 2, 9)));
        assert!(known.hear(&address(RTM_NEWADDR, 0, 0, 2, 9)));
        assert!(!known.hear(&address(RTM_NEWADDR, 0, RT_SCOPE_HOST, 3, 9)), "it leads to this machine alone");
    }

    #[test]
    fn a_default_route_counts() {
        let mut known = Known::default();
        assert!(known.hear(&route(0, RTN_UNICAST)));
        assert!(!known.hear(&route(24, RTN_UNICAST)), "the neighbourhood");
        assert!(!known.hear(&route(0, 7)), "an unreachable one");
    }

    #[test]
    fn one_datagram_holds_many_and_a_cut_one_does_no_harm() {
        let all = [link(RTM_NEWLINK, 2, 0), address(RTM_DELADDR, 0, 0, 1, 9), route(0, RTN_UNICAST)].concat();
        assert!(Known::default().hear(&all));
        for length in 0..all.len() {
            assert!(!Known::default().hear(&all[..length]), "{length}");
        }
        // Lengths that lie: nothing, less than a head, more than there is.
        for lie in [0_u32, 4, 15, 16, u32::MAX] {
            let mut message = route(0, RTN_UNICAST);
            message[..4].copy_from_slice(&lie.to_ne_bytes());
            assert!(!Known::default().hear(&message), "{lie}");
        }
    }

    #[test]
    fn the_kernel_gives_the_socket() {
        let socket = socket().unwrap();
        drain(&socket, &mut Known::default());
        assert_eq!(recvfrom(&socket, &mut [0; 16], RecvFlags::DONTWAIT).unwrap_err(), Errno::AGAIN);
    }
}
