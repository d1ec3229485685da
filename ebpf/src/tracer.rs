//! Loading one tracer and reading its maps.

use std::collections::BTreeMap;

use aya::maps::{Array, HashMap, Map, MapData, PerCpuArray, RingBuf};
use aya::{Ebpf, EbpfLoader, Pod};

use crate::attach::{Attached, attach, attach_first, detach};
use crate::error::LoadError;
use crate::kernel::Kernel;
use crate::program::{Choice, Description};

/// A tracer that counts. Dropping it takes it out of the kernel.
#[derive(Debug)]
pub struct Tracer {
    ebpf: Ebpf,
    limit: Option<&'static str>,
    links: BTreeMap<&'static str, Attached>,
    rested: Vec<&'static str>,
}

/// Loads a tracer and attaches it; `knobs` sets variables of its program, `entries` sizes of its
/// maps.
pub fn load(
    what: &Description,
    kernel: &Kernel,
    knobs: &[(&'static str, u64)],
    entries: &[(&'static str, u32)],
) -> Result<Tracer, LoadError> {
    let mut loader = EbpfLoader::new();
    loader.btf(Some(kernel.btf()));
    for (map, count) in entries {
        loader.map_max_entries(map, *count);
    }
    for (name, value) in knobs {
        loader.override_global(name, value, true);
    }
    let ebpf = loader.load(what.object).map_err(|error| LoadError::of_object(&error))?;
    let mut tracer = Tracer::new(ebpf);
    tracer.limit = tracer.attach(what.choices, kernel)?;
    Ok(tracer)
}

impl Tracer {
    /// An object of which nothing is attached yet.
    pub(crate) fn new(ebpf: Ebpf) -> Self {
        Self { ebpf, limit: None, links: BTreeMap::new(), rested: Vec::new() }
    }

    /// Attaches programs of the object, and tells what this kernel does not let them see.
    pub(crate) fn attach(
        &mut self,
        choices: &[Choice],
        kernel: &Kernel,
    ) -> Result<Option<&'static str>, LoadError> {
        let mut limit = None;
        for choice in choices {
            match (attach_first(&mut self.ebpf, choice.variants, kernel), choice.loss) {
                (Ok((name, link)), _) => {
                    self.links.insert(name, link);
                }
                (Err(_), Some(loss)) => limit = Some(loss),
                (Err(error), None) => return Err(error),
            }
        }
        Ok(limit)
    }

    /// What this kernel does not let it see.
    pub fn limit(&self) -> Option<&'static str> {
        self.limit
    }

    /// Takes a program off its hook: it costs nothing until it is resumed.
    pub fn pause(&mut self, name: &str) {
        let Some(link) = self.links.remove(name) else { return };
        if let Some(program) = self.ebpf.program_mut(name) {
            // A link that is gone already is what was wanted.
            let _ = detach(program, link);
        }
    }

    /// Puts a paused program on its hook again; false when the kernel does not take it.
    pub fn resume(&mut self, name: &'static str) -> bool {
        let attached = self.ebpf.program_mut(name).and_then(|program| attach(program).ok());
        let Some(link) = attached else { return false };
        self.links.insert(name, link);
        true
    }

    /// Takes all programs off their hooks, until [`Tracer::wake`].
    pub fn rest(&mut self) {
        let attached: Vec<&'static str> = self.links.keys().copied().collect();
        for name in attached {
            self.pause(name);
            self.rested.push(name);
        }
    }

    /// Puts the programs that were taken off by [`Tracer::rest`] on their hooks again; false when
    /// the kernel does not take one, which is tried again at the next call. Starts that programs
    /// noted before `now_ns`, `CLOCK_MONOTONIC`, do not count.
    pub fn wake(&mut self, now_ns: u64) -> bool {
        // A tracer that measures no time has no such variable.
        let _ = self.set_single(".bss", &now_ns);
        let mut refused = std::mem::take(&mut self.rested);
        refused.retain(|name| !self.resume(name));
        self.rested = refused;
        self.rested.is_empty()
    }

    /// How long its programs ran so far, in ns, while the kernel measured it.
    pub fn run_time_ns(&self) -> u64 {
        let times = self.ebpf.programs().filter_map(|(_, program)| program.info().ok());
        let sum = times.map(|info| info.run_time().as_nanos()).sum::<u128>();
        u64::try_from(sum).unwrap_or(u64::MAX)
    }

    /// Whether a program is on its hook.
    pub fn is_attached(&self, name: &str) -> bool {
        self.links.contains_key(name)
    }

    /// The values of a per-CPU map of one entry, by CPU. Nothing when it cannot be read.
    pub fn per_cpu<T: Pod>(&self, map: &str) -> Vec<T> {
        let found: Option<PerCpuArray<&MapData, T>> =
            self.ebpf.map(map).and_then(|map| map.try_into().ok());
        let values = found.and_then(|map| map.get(&0, 0).ok());
        values.map_or_else(Vec::new, |values| values.iter().copied().collect())
    }

    /// The value of a map of one entry.
    pub fn single<T: Pod>(&self, map: &str) -> Option<T> {
        let map: Array<&MapData, T> = self.ebpf.map(map)?.try_into().ok()?;
        map.get(&0, 0).ok()
    }

    /// Sets the value of a map of one entry; false when that failed.
    pub fn set_single<T: Pod>(&mut self, map: &str, value: &T) -> bool {
        let map: Option<Array<&mut MapData, T>> =
            self.ebpf.map_mut(map).and_then(|map| map.try_into().ok());
        map.is_some_and(|mut map| map.set(0, value, 0).is_ok())
    }

    /// Every entry of a hash map. What another CPU removes meanwhile is left out.
    pub fn table<K: Pod, V: Pod>(&self, map: &str) -> Vec<(K, V)> {
        let map: Option<HashMap<&MapData, K, V>> =
            self.ebpf.map(map).and_then(|map| map.try_into().ok());
        map.map_or_else(Vec::new, |map| map.iter().filter_map(Result::ok).collect())
    }

    /// Takes an entry out of a hash map.
    pub fn remove<K: Pod, V: Pod>(&mut self, map: &str, key: &K) {
        let map: Option<HashMap<&mut MapData, K, V>> =
            self.ebpf.map_mut(map).and_then(|map| map.try_into().ok());
        if let Some(mut map) = map {
            // An entry that is gone already need not be removed.
            let _ = map.remove(key);
        }
    }

    /// Every entry of a hash map, which is empty afterwards.
    pub fn take_table<K: Pod, V: Pod>(&mut self, map: &str) -> Vec<(K, V)> {
        let entries = self.table(map);
        let map: Option<HashMap<&mut MapData, K, V>> =
            self.ebpf.map_mut(map).and_then(|map| map.try_into().ok());
        if let Some(mut map) = map {
            for (key, _) in &entries {
                // An entry that is gone already need not be removed.
                let _ = map.remove(key);
            }
        }
        entries
    }

    /// The events that came since the last call, as the kernel wrote them.
    pub fn events(&mut self, map: &str, mut each: impl FnMut(&[u8])) {
        let map: Option<RingBuf<&mut MapData>> =
            self.ebpf.map_mut(map).and_then(|map: &mut Map| map.try_into().ok());
        let Some(mut ring) = map else { return };
        while let Some(event) = ring.next() {
            each(&event);
        }
    }
}
