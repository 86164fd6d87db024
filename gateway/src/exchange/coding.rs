//! Content codings: decode what upstreams send, encode what clients accept, within bounds.
