//! The `yingbi` binary.

use std::process::ExitCode;

/// Under glibc's allocator large bodies cost page faults, more than all the rest of an exchange.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for pages of two megabytes, of which most of each would be resident and never used. Where the
    // kernel does not let it be refused, the process is only larger.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true);
    yingbi::cli::main()
}
