//! Rules and bindings by host, so that a request asks those that can concern it.

use super::{BoundRoute, Rule};
use crate::route::Host;
use std::collections::HashMap;

/// Positions by exact host, and of those any host can concern.
#[derive(Debug, Default)]
pub(crate) struct Index {
    hosts: HashMap<String, Vec<usize>>,
    anywhere: Vec<usize>,
}

impl Index {
    pub(crate) fn of_rules(rules: &[Rule]) -> Index {
        Index::build(rules.iter().map(|rule| rule.routes.iter().map(|route| &route.host).collect()))
    }

    pub(crate) fn of_bindings(bindings: &[BoundRoute]) -> Index {
        Index::build(bindings.iter().map(|bound| vec![&bound.host]))
    }

    fn build<'h>(hosts_of: impl Iterator<Item = Vec<&'h Host>>) -> Index {
        let mut index = Index::default();
        for (at, hosts) in hosts_of.enumerate() {
            let exact: Option<Vec<&String>> = hosts
                .iter()
                .map(|host| match host {
                    Host::Exact(name) => Some(name),
                    Host::Any | Host::Below(_) => None,
                })
                .collect();
            match exact.filter(|exact| !exact.is_empty()) {
                None => index.anywhere.push(at),
                Some(exact) => {
                    for name in exact {
                        let own = index.hosts.entry(name.clone()).or_default();
                        if own.last() != Some(&at) {
                            own.push(at);
                        }
                    }
                }
            }
        }
        index
    }

    /// Positions that can concern a host.
    pub(crate) fn concerning(&self, host: &str) -> impl Iterator<Item = usize> {
        self.hosts.get(host).into_iter().flatten().chain(&self.anywhere).copied()
    }
}
