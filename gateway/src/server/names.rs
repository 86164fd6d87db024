//! The name of the API behind, looked up again: where names move with their instances, a gateway that resolved once would
//! call an address that nobody has any longer.

use super::StartError;
use crate::config::UpstreamEndpoint;
use arc_swap::ArcSwap;
use pingora_core::protocols::l4::socket::SocketAddr as Address;
use pingora_core::upstreams::peer::HttpPeer;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// How often a name is looked up: as long as resolvers of clusters keep an answer.
const EVERY: Duration = Duration::from_secs(5);

/// The addresses of a name now, at least one.
///
/// # Errors
/// It has none, or nobody can say.
pub fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, StartError> {
    let unusable = |why: String| StartError::Unusable(format!("upstream {host}:{port}: {why}"));
    let found = (host, port).to_socket_addrs().map_err(|error| unusable(error.to_string()))?;
    let found = Vec::from_iter(found);
    if found.is_empty() { Err(unusable("the name has no address".to_owned())) } else { Ok(found) }
}

/// Follows the name of the API behind in a thread of its own, since a resolver may hang; an address or a socket's path
/// needs none. New connections go where the name leads, open ones stay.
pub fn follow(endpoint: &UpstreamEndpoint, peer: &Arc<ArcSwap<HttpPeer>>) -> Result<(), StartError> {
    let UpstreamEndpoint::Tcp { host, port } = endpoint else { return Ok(()) };
    if host.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    let (host, port, peer) = (host.clone(), *port, Arc::clone(peer));
    let following = move || {
        let mut known = true;
        loop {
            std::thread::sleep(EVERY);
            let found = look_up(&host, port);
            match (&found, known) {
                (Err(problem), true) => tracing::warn!(code = "YB0733", %problem, "the old address stays"),
                (Ok(_), false) => tracing::info!(host, "the name of the API behind is known again"),
                _ => {}
            }
            known = found.is_ok();
            if let Some(address) = found.ok().and_then(|found| moved(&peer, &found)) {
                tracing::info!(host, %address, "the API behind has moved");
            }
        }
    };
    let thread = std::thread::Builder::new().name("yingbi-names".to_owned());
    thread.spawn(following).map(drop).map_err(|error| StartError::Unusable(error.to_string()))
}

/// Points the peer to an address that its name has; the one it has already stays while it is among them, because
/// resolvers turn their answers. The new address when there is one.
fn moved(peer: &ArcSwap<HttpPeer>, found: &[SocketAddr]) -> Option<SocketAddr> {
    let address = *found.first()?;
    let stays = peer.load()._address.as_inet().is_some_and(|now| found.contains(now));
    if stays {
        return None;
    }
    peer.rcu(|now| HttpPeer { _address: Address::Inet(address), ..HttpPeer::clone(now) });
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_that_moved_is_followed_and_one_that_turns_is_not() {
        let peer = ArcSwap::from_pointee(HttpPeer::new(at("127.0.0.1:80"), true, "api.example".to_owned()));
        assert_eq!(moved(&peer, &[at("127.0.0.2:80"), at("127.0.0.1:80")]), None);
        assert_eq!(moved(&peer, &[]), None);
        assert_eq!(peer.load()._address.as_inet(), Some(&at("127.0.0.1:80")));

        assert_eq!(moved(&peer, &[at("127.0.0.3:80"), at("127.0.0.2:80")]), Some(at("127.0.0.3:80")));
        assert_eq!(peer.load()._address.as_inet(), Some(&at("127.0.0.3:80")));
        assert!(peer.load().is_tls());
        assert_eq!(peer.load().sni, "api.example");
    }

    #[test]
    fn a_name_without_an_address_is_told_by_name() {
        let Err(problem) = look_up("nobody.invalid", 80) else { panic!("resolved") };
        assert!(problem.to_string().starts_with("upstream nobody.invalid:80: "), "{problem}");
    }
}
