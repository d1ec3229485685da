//! In what runs differ from those that were recorded. A run is a value: what differs in one makes
//! no other one what-if.

use ks_vocabulary::input::{Body, ENGINE_VERSION, Gap, GapReason, JUDGEMENT, RunId, Start};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Of all runs.
    stream: Vec<String>,
    /// Of the run at hand.
    own: Vec<String>,
    /// Of the run of the input to come.
    next: Vec<String>,
    /// All that there were, each once.
    told: Vec<String>,
    run: Option<RunId>,
}

impl Differences {
    /// All runs differ.
    pub(crate) fn of_stream(&mut self, why: String) {
        tell(&mut self.told, &why);
        self.stream.push(why);
    }

    /// The run of the next input differs.
    pub(crate) fn of_next(&mut self, why: String) {
        self.next.push(why);
    }

    /// Something differed in a run that is over.
    pub(crate) fn of_last(&mut self, why: &str) {
        tell(&mut self.told, why);
    }

    /// Whether the run at hand is another one than was recorded.
    pub(crate) fn is_what_if(&self) -> bool {
        !self.stream.is_empty() || !self.own.is_empty()
    }

    /// What differed so far.
    pub(crate) fn told(&self) -> &[String] {
        &self.told
    }

    /// Takes an input that is about to be fed; the return value is whether a run begins with it.
    pub(crate) fn hear(&mut self, body: &Body) -> bool {
        let mut begins = false;
        let found = match body {
            Body::Start(start) => {
                begins = !self.run.as_ref().is_some_and(|run| start.goes_on_with(run));
                if begins {
                    self.own.clear();
                }
                self.run = Some(start.run());
                judged_otherwise(start)
            }
            Body::Other(other) => Some(format!(
                "inputs of kind `{}`, which this version does not know, are left out",
                other.kind
            )),
            Body::Gap(Gap { reason: GapReason::Damaged | GapReason::Missing, .. }) => {
                Some("a part of what was recorded is missing".to_owned())
            }
            Body::Sample(_)
            | Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Gap(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_) => None,
        };
        for why in self.next.drain(..).chain(found) {
            tell(&mut self.told, &why);
            tell(&mut self.own, &why);
        }
        begins
    }
}

fn tell(told: &mut Vec<String>, why: &str) {
    if !told.iter().any(|known| known == why) {
        told.push(why.to_owned());
    }
}

fn judged_otherwise(start: &Start) -> Option<String> {
    let Some(recorded) = start.judgement else {
        return Some("no engine had seen it when it was recorded".to_owned());
    };
    let difference = format!(
        "judged by engine {} (judgement {recorded}) when it was recorded, and by engine \
         {ENGINE_VERSION} (judgement {JUDGEMENT}) in this replay",
        start.engine_version
    );
    (recorded != JUDGEMENT).then_some(difference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::time::Timestamp;

    fn start(began_ns: u64, segment: u32, judgement: u32) -> Body {
        Body::Start(Box::new(Start {
            began_ns: Some(Timestamp(began_ns)),
            segment,
            judgement: Some(judgement),
            ..Start::default()
        }))
    }

    #[test]
    fn what_differs_in_one_run_leaves_the_next_as_recorded() {
        let mut differences = Differences::default();
        assert!(differences.hear(&start(1, 0, JUDGEMENT)));
        assert!(!differences.is_what_if());
        differences.hear(&Body::Gap(Gap::in_all(GapReason::Damaged)));
        assert!(differences.is_what_if());
        assert!(!differences.hear(&start(1, 1, JUDGEMENT)), "it goes on");
        assert!(differences.is_what_if());
        assert!(differences.hear(&start(2, 0, JUDGEMENT)));
        assert!(!differences.is_what_if());
        differences.of_next("begins in the middle".to_owned());
        assert!(differences.hear(&start(3, 4, JUDGEMENT)));
        assert!(differences.is_what_if());
        differences.hear(&start(4, 0, JUDGEMENT + 1));
        assert!(differences.is_what_if());
        assert_eq!(differences.told().len(), 3, "{:?}", differences.told());
        differences.of_stream("other knowledge".to_owned());
        differences.hear(&start(5, 0, JUDGEMENT));
        assert!(differences.is_what_if());
    }

    #[test]
    fn a_gap_of_the_recorders_own_is_what_was_recorded() {
        let mut differences = Differences::default();
        differences.hear(&start(1, 0, JUDGEMENT));
        differences.hear(&Body::Gap(Gap::in_all(GapReason::WriteFailed)));
        assert!(!differences.is_what_if());
    }
}
