//! `redraft bench verify`: whether problems say anything of who solves them. Their hidden tests must pass with what the function's author
//! wrote, and fail where nothing is written. They run as those of drafts do.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use super::ProblemArgs;
use super::problem::Runner;
use crate::cli::{Failure, setup};

pub(super) fn run(args: &ProblemArgs) -> Result<ExitCode, Failure> {
    let problems = args.load()?;
    let state = setup::state_dir()?;
    let runner = Runner::new(&args.python).map_err(Failure::Failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Failed(format!("the runtime could not start: {error}")))?;
    let (mut fit, mut unfit) = (0, 0);
    for problem in &problems {
        let Some(answer) = &problem.answer else { continue };
        let began = Instant::now();
        let passes = |text: &str| -> Result<bool, String> {
            let folder = problem.unpack(&state)?;
            let passed = runtime.block_on(problem.test(&folder, text, &runner));
            let _ = std::fs::remove_dir_all(&folder);
            passed
        };
        let with = passes(answer).map_err(Failure::Failed)?;
        let took = began.elapsed();
        let without = problem.stub().and_then(&passes).map_err(Failure::Failed)?;
        let fault = fault(with, without);
        *(if fault.is_none() { &mut fit } else { &mut unfit }) += 1;
        let (seconds, verdict) = (took.as_secs_f64(), fault.unwrap_or("is fit"));
        say(&format!("{}: {verdict} ({seconds:.1} s)", problem.id));
    }
    let untold = problems.len() - fit - unfit;
    say(&format!("{fit} problems are fit, {unfit} are not; of {untold} no answer is known"));
    Ok(if unfit == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong with a problem whose tests pass or fail so.
fn fault(with: bool, without: bool) -> Option<&'static str> {
    match (with, without) {
        (true, false) => None,
        (false, _) => Some("FAILS with what its author wrote"),
        (true, true) => Some("PASSES with nothing written"),
    }
}

/// A line on standard output; a closed pipe (`| head`) is no failure.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_tells_drafts_apart_is_fit() {
        for (with, without, is_fit) in
            [(true, false, true), (true, true, false), (false, false, false), (false, true, false)]
        {
            assert_eq!(fault(with, without).is_none(), is_fit, "{with} {without}");
        }
    }
}
