//! The strict head reader: nothing ambiguous reaches the parser or the upstream.
