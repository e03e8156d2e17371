//! (skeleton)

pub mod engine;
pub mod models;

use std::process::ExitCode;

pub fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("engine") {
        return engine::run();
    }
    #[derive(clap::Parser)]
    struct Cli {
        #[command(subcommand)]
        command: Command,
    }
    #[derive(clap::Subcommand)]
    enum Command {
        Models(models::ModelsArgs),
    }
    let Command::Models(args) = <Cli as clap::Parser>::parse().command;
    let state = std::env::var_os("REDRAFT_STATE_DIR").expect("set");
    match models::run(args, std::path::Path::new(&state)) {
        Ok(code) => code,
        Err(error) => {
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("redraft: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}
