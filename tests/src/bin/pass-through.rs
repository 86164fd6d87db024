//! Pingora's own `ProxyHttp`, passing everything: the reference that the gateway's cost is measured against. Same
//! allocator, same number of threads, no protection at all.
//!
//! `pass-through LISTEN UPSTREAM THREADS`

use async_trait::async_trait;
use pingora_core::server::Server;
use pingora_core::server::configuration::ServerConf;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_proxy::{ProxyHttp, Session, http_proxy_service};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct PassThrough(HttpPeer);

#[async_trait]
impl ProxyHttp for PassThrough {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> pingora_core::Result<Box<HttpPeer>> {
        Ok(Box::new(self.0.clone()))
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(listen), Some(upstream), Some(threads)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return ExitCode::from(64);
    };
    let configuration = ServerConf { threads: threads.parse().unwrap_or(1), ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, configuration);
    server.bootstrap();
    let peer = HttpPeer::new(upstream.as_str(), false, String::new());
    let mut service = http_proxy_service(&server.configuration, PassThrough(peer));
    service.add_tcp(&listen);
    server.add_service(service);
    server.run_forever()
}
