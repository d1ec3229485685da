//! The news of a report that does not fit a screen: the worst incidents, and a line for each kind
//! and entity of the others.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ks_replayer::report::{Episode, Incident, Report};
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::output::{Cause, Evidence};
use ks_vocabulary::subtype::Subtype;

use super::words::{self, Times};
use super::{SCREEN_LINES, blamed, coverage, decisions, incident, suffers, whole};
use crate::plain::Page;

/// Incidents that are told one by one, each in six lines at most.
const WORST: usize = 5;
/// Quantities that reached their limits, beside the one that decided.
const REACHED: usize = 1;
/// Kinds and entities that are named beside the worst of an incident.
const BESIDE: usize = 3;

/// See the module. What is at the end of it has a fixed number of lines, and the others have what
/// is left.
pub(super) fn page(report: &Report) -> Page {
    let mut page = Page::default();
    let times = Times::of(&report.recording);
    whole::head(report, &times, &mut page);
    let mut incidents: Vec<&Incident> = report.incidents.iter().collect();
    incidents.sort_by_key(|one| {
        let is_over = one.state != "open";
        (Reverse(one.severity), is_over, Reverse(one.episodes.len()), one.run, one.id)
    });
    incidents.truncate(WORST);
    page.line(counts(report, incidents.len()));
    let mut others: BTreeMap<_, _> =
        report.episodes.iter().map(|one| ((one.run, one.id), one)).collect();
    for one in incidents {
        let ids = one.episodes.iter().filter_map(|id| others.get(&(one.run, *id)).copied());
        for told in tell(one, &ids.collect::<Vec<_>>(), &times, &mut page) {
            others.remove(&(told.run, told.id));
        }
    }
    decisions::tell(report, &times, &mut page);
    let last = last(report);
    let room = SCREEN_LINES.saturating_sub(page.line_count() + last.len());
    tell_others(&others.into_values().collect::<Vec<_>>(), report, room, &mut page);
    for line in last {
        page.line(line);
    }
    page
}

fn counts(report: &Report, shown: usize) -> String {
    let (incidents, verdicts) = (report.incidents.len(), report.episodes.len());
    let told = if verdicts == 0 {
        "No signal was raised.".to_owned()
    } else {
        format!("{} with {}.", several(incidents, "incident"), several(verdicts, "verdict"))
    };
    match shown {
        0 => told,
        1 if incidents == 1 => told,
        all if all == incidents => format!("{told} The worst first:"),
        _ => format!("{told} The worst {shown}:"),
    }
}

fn several(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// What, where, when; by which number; who; what was first; what else. The return value are the
/// verdicts that are told by this.
fn tell<'a>(
    one: &Incident,
    episodes: &[&'a Episode],
    times: &Times,
    page: &mut Page,
) -> Vec<&'a Episode> {
    let Some(lead) = lead(one, episodes) else { return Vec::new() };
    let severity = lead.severity.word().to_uppercase();
    let subtype = lead.subtype.map_or(String::new(), |subtype| format!(" ({subtype})"));
    let what = format!("{}{subtype} on {}", lead.kind.word(), lead.entity);
    let when = span(&lead.onset, lead.end.as_ref(), &words::state(lead), times);
    let of_all = span(&one.start, one.end.as_ref(), one.state, times);
    let own = span(&lead.onset, lead.end.as_ref(), lead.state, times);
    let of_all = if of_all == own { String::new() } else { format!(": {of_all}") };
    let run = if one.run > 1 { format!(" of run {}", one.run) } else { String::new() };
    page.line(format_args!("{severity:8} {what}, {when} (incident {}{run}{of_all})", one.id));
    tell_numbers(lead, page);
    tell_refusals(lead, page);
    tell_who(one, lead, page);
    let beside: Vec<_> = episodes.iter().copied().filter(|other| other.id != lead.id).collect();
    let groups = groups(&beside);
    let (named, more) = groups.split_at(groups.len().min(BESIDE));
    if !named.is_empty() {
        let told: Vec<String> = named.iter().map(Group::named).collect();
        let more = if more.is_empty() { "" } else { ", and more that stand below" };
        page.line(format_args!("         beside it: {}{more}", told.join(", ")));
    }
    named.iter().flat_map(|group| group.episodes.iter().copied()).chain([lead]).collect()
}

/// `10:05:21 to 10:06:03, cleared`, or `since 10:05:21, open`.
fn span(start: &str, end: Option<&String>, state: &str, times: &Times) -> String {
    let start = times.at(start);
    match end {
        Some(end) => format!("{start} to {}, {state}", times.at(end)),
        None => format!("since {start}, {state}"),
    }
}

/// The quantity that decided, and what else reached its limit: a kill beside a share.
fn tell_numbers(lead: &Episode, page: &mut Page) {
    let Some(decisive) = Evidence::decisive(&lead.evidence, lead.subtype) else { return };
    let is_beside = |one: &&Evidence| *one != decisive && one.past_limit().is_some();
    let beside = lead.evidence.iter().filter(is_beside).take(REACHED);
    for one in std::iter::once(decisive).chain(beside) {
        page.line(format_args!("         {}", words::evidence(one)));
    }
}

/// The worst; of equals the likelier first cause, then the first by onset.
fn lead<'a>(one: &Incident, episodes: &[&'a Episode]) -> Option<&'a Episode> {
    let rank = |episode: &Episode| {
        let is_by = |who: &Entity| {
            *who == episode.entity || episode.culprits.iter().any(|culprit| culprit.entity == *who)
        };
        let is_of = |cause: &Cause| cause.kind == episode.kind && is_by(&cause.entity);
        one.causes.iter().position(is_of).unwrap_or(usize::MAX)
    };
    episodes.iter().copied().min_by_key(|episode| (Reverse(episode.severity), rank(episode)))
}

/// Why calls were refused, and which filesystems are full where space was what they wanted.
fn tell_refusals(lead: &Episode, page: &mut Page) {
    if lead.subtype != Some(Subtype::Refused) {
        return;
    }
    for one in lead.evidence.iter().filter(|one| words::error(one.metric).is_some()) {
        page.line(format_args!("         {}", words::evidence(one)));
    }
    for full in lead.victims.iter().filter(|one| matches!(one.entity, Entity::Filesystem(_))) {
        page.line(format_args!("         {}", suffers(full)));
    }
}

/// Who is to blame, and what was first where that is something else.
fn tell_who(one: &Incident, lead: &Episode, page: &mut Page) {
    let who = lead.culprits.iter().find(|one| one.convicted).or(lead.culprits.first());
    match who {
        Some(culprit) => page.line(format_args!("         {}", blamed(culprit))),
        None => page.line("         no culprit identified"),
    }
    let is_news = |cause: &&Cause| {
        let is_told = who.is_some_and(|culprit| culprit.entity == cause.entity);
        cause.kind != lead.kind || cause.entity != lead.entity && !is_told
    };
    if let Some(cause) = one.causes.first().filter(is_news) {
        page.line(format_args!("         likely first cause: {}", incident::named(cause)));
    }
}

/// Verdicts of one kind on one entity.
struct Group<'a> {
    episodes: Vec<&'a Episode>,
    lowest: Severity,
    highest: Severity,
}

impl Group<'_> {
    /// `12 x LOW scheduler on host`, and of one alone `LOW scheduler on host`.
    fn named(&self) -> String {
        let [lowest, highest] = [self.lowest, self.highest].map(|one| one.word().to_uppercase());
        let severity = if lowest == highest { highest } else { format!("{lowest} to {highest}") };
        let of = self.episodes[0];
        let (kind, entity) = (of.kind.word(), &of.entity);
        let count = match self.episodes.len() {
            1 => String::new(),
            count => format!("{count} x "),
        };
        format!("{count}{severity} {kind} on {entity}")
    }

    /// The same with how long they stood: `12 x LOW scheduler on host, 3 h in all`.
    fn at_length(&self, end: Option<&str>) -> String {
        let lasted = self.seconds(end).map_or(String::new(), |seconds| {
            let all = if self.episodes.len() > 1 { " in all" } else { "" };
            format!(", {}{all}", words::lasting(seconds))
        });
        let open = match self.episodes.iter().filter(|one| one.end.is_none()).count() {
            0 => String::new(),
            all if all == self.episodes.len() => ", not over".to_owned(),
            open => format!(", {open} not over"),
        };
        format!("{}{lasted}{open}", self.named())
    }

    /// How long its verdicts stood, those that stand until `end`; `None` where times are none.
    fn seconds(&self, end: Option<&str>) -> Option<f64> {
        let spans = self
            .episodes
            .iter()
            .map(|one| words::seconds_between(&one.onset, one.end.as_deref().or(end)?));
        spans.sum()
    }
}

/// By kind and entity: the worst first, of equals those of most verdicts.
fn groups<'a>(episodes: &[&'a Episode]) -> Vec<Group<'a>> {
    let mut of: BTreeMap<(usize, String), Vec<&Episode>> = BTreeMap::new();
    for one in episodes {
        of.entry((one.kind.index(), one.entity.to_string())).or_default().push(one);
    }
    let groups = of.into_values().filter_map(|episodes| {
        let severities = episodes.iter().map(|one| one.severity);
        let (lowest, highest) = (severities.clone().min()?, severities.max()?);
        Some(Group { episodes, lowest, highest })
    });
    let mut groups: Vec<Group<'_>> = groups.collect();
    groups.sort_by_key(|group| (Reverse(group.highest), Reverse(group.episodes.len())));
    groups
}

/// Those that no incident told, in `room` lines.
fn tell_others(episodes: &[&Episode], report: &Report, room: usize, page: &mut Page) {
    let groups = groups(episodes);
    // A gap before, and a line for what does not fit.
    let Some(room) = room.checked_sub(2).filter(|_| !groups.is_empty()) else { return };
    page.gap();
    page.line("All others:");
    let fits = if groups.len() < room { groups.len() } else { room.saturating_sub(1) };
    let (told, left) = groups.split_at(fits);
    let end = report.recording.end.as_deref();
    for group in told {
        page.line(format_args!("  {}", group.at_length(end)));
    }
    if let Some(worst) = left.first() {
        let verdicts: usize = left.iter().map(|group| group.episodes.len()).sum();
        let (verdicts, places) = (several(verdicts, "verdict"), several(left.len(), "place"));
        let worst = worst.highest.word().to_uppercase();
        page.line(format_args!("  and {verdicts} more on {places}, {worst} at worst"));
    }
}

/// What was judged, what the data lacked, and where the rest is told.
fn last(report: &Report) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(coverage::tell_briefly(report));
    if !report.defects.is_empty() {
        lines.push(format!("The data have {}.", several(report.defects.len(), "defect")));
    }
    lines.push(String::new());
    lines.push(format!("journal sha256 {}", report.journal_sha256));
    let defects = if report.defects.is_empty() { "" } else { ", each defect" };
    lines.push(format!(
        "`-v` adds all evidence, culprits and causes of every incident, and coverage over \
         time{defects}."
    ));
    lines
}
