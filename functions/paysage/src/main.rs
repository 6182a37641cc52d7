//! `paysage`: see `paysage --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    paysage::cli::main()
}
