//! Recordings: nothing is done to one, whatever time it claims to be of, and in `observe` nothing
//! is done to anyone.

use ks_replayer::replay::Run;
use ks_replayer::report::Report;
use ks_vocabulary::decision::{Mode, Upshot, Verdict};
use ks_vocabulary::input::{Body, Config, Input};
use ks_vocabulary::time::WallTime;

use super::lab::{BURST, agent, run};

/// The recording of a run, as it is judged by an agent that may act.
fn rehearsed(inputs: &[Input]) -> (Report, String) {
    let (mut run, mut journal) = (Run::default(), Vec::new());
    run.rehearse();
    run.configure(Config { agent: agent(Mode::Auto), ..Config::default() }, "an agent");
    for input in inputs {
        run.feed(input, &mut journal).unwrap();
    }
    let report = run.finish("recorded", &mut journal).unwrap();
    (report, String::from_utf8(journal).unwrap())
}

fn assert_only_told((report, journal): &(Report, String)) {
    assert!(!journal.contains("\"asks\":\"effect\""), "something is asked for");
    assert!(report.decisions.iter().any(|one| one.outcome == Some(Upshot::DryRun)));
    for one in report.decisions.iter().filter(|one| one.verdict != Verdict::Denied) {
        assert_eq!(one.outcome, Some(Upshot::DryRun), "{one:#?}");
    }
}

#[test]
fn no_effect_comes_out_of_a_recording_also_where_it_has_those_of_its_run() {
    let acted = run(BURST, agent(Mode::Auto));
    assert_eq!(acted.done.len(), 3, "{:?}", acted.done);
    assert_only_told(&rehearsed(&acted.inputs));
}

#[test]
fn a_recording_of_the_future_is_a_recording() {
    let acted = run(BURST, agent(Mode::Auto));
    let usual = rehearsed(&acted.inputs);
    for at_ns in [i64::MAX, i64::MAX - 1, i64::MIN, 0, 9_000_000_000_000_000_000] {
        let mut inputs = acted.inputs.clone();
        for input in &mut inputs {
            if let Body::Start(start) = &mut input.body {
                start.clock.at_ns = WallTime(at_ns);
            }
        }
        let told = rehearsed(&inputs);
        assert_only_told(&told);
        let decided = |report: &Report| {
            let each = report.decisions.iter().map(|one| (one.id, one.action, one.verdict));
            each.collect::<Vec<_>>()
        };
        assert_eq!(decided(&told.0), decided(&usual.0), "{at_ns}");
    }
    // Times that leap by centuries while it lasts.
    let mut inputs = acted.inputs;
    let half = inputs.len() / 2;
    for input in &mut inputs[half..] {
        input.mono = input.mono.plus_ns(9_000_000_000_000_000_000);
    }
    assert_only_told(&rehearsed(&inputs));
}

#[test]
fn in_observe_nothing_is_done_and_nobody_is_asked() {
    let told = run(BURST, agent(Mode::Observe));
    assert_eq!(told.done, []);
    assert!(!told.journal.contains("\"output\":\"request\""), "somebody is asked");
    assert!(!told.report.steps.is_empty(), "it looks at what stands");
    assert!(told.report.decisions.iter().all(|one| one.verdict == Verdict::Denied));
}
