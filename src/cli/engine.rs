//! `redraft engine`: the process that runs the embedded model. Hidden, since only `redraft` itself starts it.

use std::process::ExitCode;

/// Serves frames on standard input and output until the input ends.
#[must_use]
pub fn run() -> ExitCode {
    #[cfg(feature = "embedded")]
    return crate::model::engine::run_child();
    #[cfg(not(feature = "embedded"))]
    {
        use std::io::Write;
        // Nobody to tell it to, if standard error is closed.
        let _ = writeln!(std::io::stderr(), "this redraft was built without the cargo feature `embedded`");
        ExitCode::FAILURE
    }
}
