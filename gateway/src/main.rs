//! The `yingbi` binary.

use std::process::ExitCode;

/// Under glibc's allocator large bodies cost page faults, more than all the rest of an exchange.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    yingbi::cli::main()
}
