//! `redraft supervise`: the process between Redraft and a checker. Hidden, since only `redraft` itself starts it.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::check::supervise::Orders;

#[derive(Debug, clap::Args)]
pub(super) struct SuperviseArgs {
    /// Stop it after so long; 0: never
    #[arg(long, value_name = "SECONDS")]
    seconds: f64,
    /// Stop it when its processes have more memory than this; 0: never
    #[arg(long, value_name = "MIB")]
    memory_mib: u32,
    /// Stop it when this process is not the parent any more; without it, whoever is the parent at the start
    #[arg(long, value_name = "PROCESS")]
    parent: Option<u32>,
    /// In a session of its own
    #[arg(long)]
    apart: bool,
    /// The program and its arguments
    #[arg(required = true, last = true)]
    program: Vec<OsString>,
}

/// Runs the program; its exit code, or why it was stopped.
pub(super) fn run(args: SuperviseArgs) -> ExitCode {
    let mut program = args.program.into_iter();
    let orders = Orders {
        time: Orders::deadline(args.seconds),
        memory_mib: (args.memory_mib > 0).then_some(args.memory_mib),
        parent: args.parent,
        apart: args.apart,
        program: program.next().unwrap_or_default(),
        arguments: program.collect(),
    };
    orders.run()
}
