//! From where a subject is looked at: a run at its end, one at an earlier moment, and the names by
//! which both call entities.

use ks_agent::handles::Handles;
use ks_replayer::moment::Moment;
use ks_replayer::report::rfc3339;
use ks_replayer::vantage::Vantage;
use serde_json::Value;

use super::call::{Asked, What};
use super::clean::{self, Long};
use super::explained::explained;
use super::subject::Subject;

/// An answer.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) value: Value,
    /// The time of the last input that it rests on.
    pub(super) as_of: String,
}

/// See the module.
pub(super) struct Seat {
    subject: Subject,
    end: Option<Vantage>,
    moment: Option<(Moment, Vantage)>,
    names: Handles,
}

impl Seat {
    pub(super) fn new(subject: Subject) -> Self {
        Self { subject, end: None, moment: None, names: Handles::default() }
    }

    /// Answers a call. The error is a sentence for whoever called.
    pub(super) fn answer(&mut self, asked: &Asked) -> Result<Told, String> {
        let mut vantage = self.look_from(asked.at).map_err(|error| format!("{error:#}"))?;
        let told = self.tell(&mut vantage, asked);
        match asked.at {
            Some(at) => self.moment = Some((at, vantage)),
            None => self.end = Some(vantage),
        }
        told
    }

    fn tell(&mut self, vantage: &mut Vantage, asked: &Asked) -> Result<Told, String> {
        let Some(seen) = vantage.seen() else {
            return Err("`at` lies before the beginning of the recording".to_owned());
        };
        let value = match &asked.what {
            What::Tool(call) => {
                let ask = |vantage: &mut Vantage| vantage.run_mut().ask_tool(asked.incident, call);
                let answer = self.naming(vantage, ask)?;
                let mut value = serde_json::to_value(answer).map_err(|error| error.to_string())?;
                clean::clean(&mut value, &Long::default());
                value
            }
            What::Explain => {
                let report = vantage.run().so_far(self.subject.name());
                explained(&report, asked.incident, &mut self.names)?
            }
        };
        Ok(Told { value, as_of: rfc3339(seen) })
    }

    /// A run that was fed up to a moment, and no further.
    fn look_from(&mut self, at: Option<Moment>) -> anyhow::Result<Vantage> {
        let kept = match at {
            Some(at) => {
                let kept = self.moment.take();
                kept.filter(|(_, kept)| !kept.is_beyond(at)).map(|(of, kept)| (of == at, kept))
            }
            None => self.end.take().map(|kept| (true, kept)),
        };
        if let Some((is_there, mut vantage)) = kept
            && (is_there && !self.subject.grows() || self.feed(&mut vantage, at)?)
        {
            return Ok(vantage);
        }
        let vantage = self.begin(at)?;
        // A recording whose agent was there at first, and is no more.
        let has_agent = vantage.run().engine().has_agent() || vantage.seen().is_none();
        if has_agent || !self.subject.propose() { Ok(vantage) } else { self.begin(at) }
    }

    fn begin(&mut self, at: Option<Moment>) -> anyhow::Result<Vantage> {
        let mut vantage = self.subject.begin();
        self.feed(&mut vantage, at)?;
        Ok(vantage)
    }

    fn feed(&mut self, vantage: &mut Vantage, at: Option<Moment>) -> anyhow::Result<bool> {
        let mut names = std::mem::take(&mut self.names);
        let fed = named(&mut names, vantage, |vantage| self.subject.feed(vantage, at));
        self.names = names;
        fed
    }

    /// Lets a run call entities as all runs of the subject do.
    fn naming<T>(&mut self, vantage: &mut Vantage, what: impl FnOnce(&mut Vantage) -> T) -> T {
        named(&mut self.names, vantage, what)
    }
}

fn named<T>(
    names: &mut Handles,
    vantage: &mut Vantage,
    what: impl FnOnce(&mut Vantage) -> T,
) -> T {
    vantage.run_mut().name_by(std::mem::take(names));
    let told = what(vantage);
    *names = vantage.run_mut().take_names().unwrap_or_default();
    told
}
