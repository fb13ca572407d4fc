//! One entry for people and CI.

mod bench;
mod check;
mod gen_docs;
mod postgres;
mod steps;
mod test;
mod up;
mod web;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Check, test, generate, measure and run Open Cowork Cloud.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Test(test::TestArgs),
    Gen(gen_docs::GenArgs),
    Bench(bench::BenchArgs),
    Up(up::UpArgs),
    WebTest(web::WebTestArgs),
    Screenshots(web::ScreenshotsArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check(args) => check::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Gen(args) => gen_docs::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Up(args) => up::run(&args),
        Command::WebTest(args) => web::test(&args),
        Command::Screenshots(args) => web::screenshots(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
