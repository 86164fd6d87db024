//! The policies that rule now: loaded from a directory, reloaded as one whole, never half.
