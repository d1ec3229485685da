//! The samplers over files of other kernels: every text is understood.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};

use ks_recorder::absence::Absence;
use ks_recorder::recorder::{Options, Recorder};
use ks_recorder::sampler::State;
use ks_vocabulary::input::{Body, Delivery};
use ks_vocabulary::model::Sample;

fn trees() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/trees");
    let mut trees: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    trees.sort();
    trees
}

/// One sample of a tree, and the recorder that made it.
fn sample(tree: &Path) -> (Sample, Recorder) {
    let mut recorder = Recorder::new(tree, 1_000_000_000, Options::default());
    recorder.start(0);
    let mut taken = None;
    recorder.tick(true, false);
    while let Some((_, body)) = recorder.next() {
        if let Body::Sample(sample) = body {
            taken = Some(sample.as_ref().clone());
        } else if let Body::SourceState(state) = body {
            assert_ne!(state.state, Delivery::Shed, "{state:?}");
        }
    }
    (taken.unwrap(), recorder)
}

#[test]
fn no_text_of_another_kernel_is_malformed() {
    let trees = trees();
    assert!(trees.len() >= 2, "{trees:?}");
    for tree in trees {
        let (_, recorder) = sample(&tree);
        for (source, state) in recorder.states().all() {
            let malformed = matches!(state, State::Absent(Absence::Malformed(_) | Absence::Empty));
            assert!(!malformed, "{}: {source} is {state:?}", tree.display());
        }
    }
}

#[test]
fn the_tables_of_another_kernel_hold_what_its_files_say() {
    for tree in trees() {
        let (sample, _) = sample(&tree);
        let name = tree.display();
        let cpu = sample.cpu.first().unwrap();
        assert_eq!(cpu.cpus_online(), Some(2), "{name}");
        assert!(cpu.idle_ticks() > Some(0) && cpu.context_switches() > Some(0), "{name}");
        let memory = sample.memory.first().unwrap();
        assert!(memory.total_bytes() > memory.available_bytes(), "{name}");
        assert!(memory.available_bytes() > Some(0), "{name}");
        let pressure = sample.pressure.first().unwrap();
        assert!(pressure.cpu_some_total_us() > Some(0), "{name}");
        assert!(sample.vm.first().unwrap().oom_kill() >= Some(1), "{name}: a process was killed");
        let disk = sample.disks.iter().find(|disk| disk.name() == Some(b"vda")).unwrap();
        assert!(disk.reads() > Some(0) && disk.writes() > Some(0), "{name}");
        let init = sample.processes.iter().find(|row| row.pid() == Some(1)).unwrap();
        assert_eq!(init.comm(), Some(b"init".as_slice()), "{name}");
        assert!(init.rss_bytes() > Some(0) && init.leader_cpu_ns() > Some(0), "{name}");
        let group = sample.cgroups.iter().find(|row| row.path() == Some(b"/tested/hog")).unwrap();
        assert_eq!(group.hierarchy(), Some(b"v2".as_slice()), "{name}");
        assert_eq!(group.memory_max_bytes(), Some(32 << 20), "{name}");
        assert_eq!(group.oom_kill(), Some(1), "{name}");
    }
}
