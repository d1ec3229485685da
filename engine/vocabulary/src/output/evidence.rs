//! Quantities by which verdicts are told.

use alloc::format;
use alloc::string::String;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::metric::Metric;
use crate::subtype::Subtype;
use crate::unit::Unit;

/// One quantity that decided. It is written with its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Which quantity.
    pub metric: Metric,
    /// Its value.
    pub value: f64,
    /// Over how many seconds it was taken, where that is longer than the word says.
    pub window_s: Option<u64>,
    /// The limit of the severity, where the quantity has one.
    pub limit: Option<f64>,
    /// The 95th percentile of its baseline; `None` says that there is no baseline.
    pub baseline_p95: Option<f64>,
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = 5 + usize::from(self.window_s.is_some());
        let mut fields = serializer.serialize_struct("Evidence", count)?;
        fields.serialize_field("metric", &self.metric)?;
        fields.serialize_field("value", &self.value)?;
        fields.serialize_field("limit", &self.limit)?;
        fields.serialize_field("baseline_p95", &self.baseline_p95)?;
        fields.serialize_field("unit", &self.unit())?;
        if let Some(window_s) = self.window_s {
            fields.serialize_field("window_s", &window_s)?;
        }
        fields.end()
    }
}

impl Evidence {
    /// Unit of value and limit.
    pub fn unit(&self) -> Unit {
        self.metric.unit()
    }

    /// The time that its word does not tell, in words that follow its value; else nothing.
    pub fn over(&self) -> String {
        self.window_s.map_or(String::new(), |window_s| format!(" over {window_s} s"))
    }

    /// How often its limit goes into the value, 1 or more; `None` where the limit is not reached,
    /// or there is none. The limit of a free share is reached from above.
    pub fn past_limit(&self) -> Option<f64> {
        past_limit(self.metric, self.value, self.limit?)
    }

    /// What to name where one quantity is named: that of the form of the condition, else what is
    /// furthest past its limit, else how soon the end is expected, else the first.
    pub fn decisive(all: &[Self], subtype: Option<Subtype>) -> Option<&Self> {
        let reached = all.iter().filter(|one| one.past_limit().is_some());
        let is_of = |one: &&Self| subtype.is_some_and(|subtype| subtype.is_told_by(one.metric));
        if let Some(own) = reached.clone().find(is_of) {
            return Some(own);
        }
        let most = reached.max_by(|one, other| {
            one.past_limit().unwrap_or(0.0).total_cmp(&other.past_limit().unwrap_or(0.0))
        });
        most.or_else(|| all.iter().find(|one| one.metric == Metric::EtaMedianS)).or(all.first())
    }
}

/// How often a limit goes into a value, as [`Evidence::past_limit`] says it.
pub fn past_limit(metric: Metric, value: f64, limit: f64) -> Option<f64> {
    if limit <= 0.0 {
        return None;
    }
    let past = if metric.is_of_what_is_left() {
        limit / value.max(f64::MIN_POSITIVE)
    } else {
        value / limit
    };
    (past >= 1.0).then_some(past)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(metric: Metric, value: f64, limit: Option<f64>) -> Evidence {
        Evidence { metric, value, window_s: None, limit, baseline_p95: None }
    }

    #[test]
    fn what_is_furthest_past_its_limit_is_named() {
        let all = [
            evidence(Metric::MemorySome5s, 0.1, Some(0.15)),
            evidence(Metric::UsedShare, 0.96, Some(0.95)),
            evidence(Metric::SwapFreeShare, 0.02, Some(0.05)),
            evidence(Metric::OomKills, 1.0, Some(1.0)),
        ];
        let named = |subtype| Evidence::decisive(&all, subtype).map(|one| one.metric);
        assert_eq!(named(None), Some(Metric::SwapFreeShare), "a free share is past it below it");
        assert_eq!(named(Some(Subtype::OomKill)), Some(Metric::OomKills));
        assert_eq!(named(Some(Subtype::Slow)), Some(Metric::SwapFreeShare));
        assert_eq!(all[0].past_limit(), None);
        assert_eq!(evidence(Metric::SwapFreeShare, 0.5, Some(0.05)).past_limit(), None);
        assert_eq!(evidence(Metric::SwapFreeShare, 0.0, None).past_limit(), None);
    }

    #[test]
    fn it_is_written_with_its_unit() {
        let json = serde_json::to_string(&evidence(Metric::Load1, 2.0, None)).unwrap();
        let expected = "{\"metric\":\"load1\",\"value\":2.0,\"limit\":null,\
                        \"baseline_p95\":null,\"unit\":\"tasks\"}";
        assert_eq!(json, expected);
        let slow = Evidence { window_s: Some(120), ..evidence(Metric::Majflt5s, 12.0, None) };
        let json = serde_json::to_string(&slow).unwrap();
        assert!(json.ends_with(",\"unit\":\"1/s\",\"window_s\":120}"), "{json}");
    }

    #[test]
    fn where_no_limit_is_reached_it_is_the_time_to_the_end_or_the_first() {
        let mut all = vec![evidence(Metric::MemorySome5s, 0.0, Some(0.15))];
        assert_eq!(Evidence::decisive(&all, None), all.first());
        all.push(evidence(Metric::EtaMedianS, 560.0, None));
        let named = Evidence::decisive(&all, Some(Subtype::Predicted)).map(|one| one.metric);
        assert_eq!(named, Some(Metric::EtaMedianS));
        assert_eq!(Evidence::decisive(&[], None), None);
    }
}
