//! `ks`: arguments, wiring and rendering. What it does is in the crates below.

mod acting;
mod agent_options;
mod cli;
mod commands;
mod control;
mod csv_cell;
mod duration;
mod event_line;
mod exit;
mod inbox;
mod knowledge;
mod model;
mod pace;
mod plain;
mod plot;
mod progress;
mod provoke;
mod render;
mod replaceable;
mod series_text;
mod stdout;

use clap::Parser;
use ks_recorder::format::guarded::is_guarded;

fn main() -> std::process::ExitCode {
    // A daemon starts this program again to act for it.
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some((setup, role)) = ks_actor::process::Setup::called(&words) {
        // What is wrong with it, it says to whoever started it.
        let is_done = setup.be(role).is_ok();
        return if is_done { std::process::ExitCode::SUCCESS } else { exit::ENVIRONMENT.into() };
    }
    silence_guarded_panics();
    let arguments = match cli::Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            cli::tell_usage(&error);
            return exit::of_arguments(&error);
        }
    };
    let outcome = match arguments.command {
        cli::Command::Record(arguments) => commands::record::run(&arguments),
        cli::Command::Live(arguments) => commands::live::run(&arguments),
        cli::Command::Status(arguments) => commands::status::run(&arguments),
        cli::Command::Accept(arguments) => commands::accept::run(&arguments),
        cli::Command::Approve(arguments) => commands::approve::run(&arguments),
        cli::Command::Deny(arguments) => commands::approve::deny(&arguments),
        cli::Command::Act(arguments) => commands::act::run(&arguments),
        cli::Command::Undo(arguments) => commands::undo::run(&arguments),
        cli::Command::StopActing(arguments) => commands::stop_acting::stop(&arguments),
        cli::Command::ResumeActing(arguments) => commands::stop_acting::resume(&arguments),
        cli::Command::Audit(arguments) => commands::audit::run(&arguments),
        cli::Command::Replay(arguments) => commands::replay::run(&arguments),
        cli::Command::Baseline(arguments) => commands::baseline::run(&arguments),
        cli::Command::Import(arguments) => commands::import::run(&arguments),
        cli::Command::Scenario(arguments) => commands::scenario::run(&arguments),
        cli::Command::Inspect(arguments) => commands::inspect::run(&arguments),
        cli::Command::Dump(arguments) => commands::dump::run(&arguments),
        cli::Command::Analyze(arguments) => commands::analyze::run(&arguments),
        cli::Command::Schema(arguments) => commands::schema::run(&arguments),
        cli::Command::Doctor(arguments) => commands::doctor::run(&arguments),
        cli::Command::Test(arguments) => commands::test::run(&arguments),
        cli::Command::Eval(arguments) => commands::eval::run(&arguments),
        cli::Command::Capture(arguments) => commands::capture::run(&arguments),
        cli::Command::Diff(arguments) => commands::diff::run(&arguments),
        cli::Command::Actions(arguments) => commands::actions::run(&arguments),
        cli::Command::Policy(arguments) => commands::policy::run(&arguments),
        cli::Command::Explain(arguments) => commands::explain::run(&arguments),
        cli::Command::Trace(arguments) => commands::trace::run(&arguments),
        cli::Command::Provoke(arguments) => provoke::run(&arguments),
        cli::Command::Recover(arguments) => commands::recover::run(&arguments),
    };
    exit::code(outcome)
}

/// A panic of a library over a bad file becomes an error with the file's name: it says nothing of
/// its own.
fn silence_guarded_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_guarded() {
            usual(panic);
        }
    }));
}
