//! Quantities by which verdicts are told.

use serde::Serialize;

/// One quantity that decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// Name of the quantity.
    pub metric: &'static str,
    /// Its value.
    pub value: f64,
    /// The limit of the severity, where the quantity has one.
    pub limit: Option<f64>,
    /// The 95th percentile of its baseline; `None` says that there is no baseline.
    pub baseline_p95: Option<f64>,
    /// Unit of value and limit.
    pub unit: &'static str,
}

impl Evidence {
    /// How often its limit goes into the value, 1 or more; `None` where the limit is not reached,
    /// or there is none. The limit of a free share is reached from above.
    pub fn past_limit(&self) -> Option<f64> {
        let limit = self.limit.filter(|limit| *limit > 0.0)?;
        let past = if self.metric.ends_with("free_share") {
            limit / self.value.max(f64::MIN_POSITIVE)
        } else {
            self.value / limit
        };
        (past >= 1.0).then_some(past)
    }

    /// What to name where one quantity is named: that of the form of the condition, else what is
    /// furthest past its limit, else how soon the end is expected, else the first.
    pub fn decisive<'a>(all: &'a [Self], subtype: Option<&str>) -> Option<&'a Self> {
        let reached = all.iter().filter(|one| one.past_limit().is_some());
        let is_of = |one: &&Self| subtype.is_some_and(|subtype| one.metric.starts_with(subtype));
        if let Some(own) = reached.clone().find(is_of) {
            return Some(own);
        }
        let most = reached.max_by(|one, other| {
            one.past_limit().unwrap_or(0.0).total_cmp(&other.past_limit().unwrap_or(0.0))
        });
        most.or_else(|| all.iter().find(|one| one.metric == "eta_median_s")).or(all.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(metric: &'static str, value: f64, limit: Option<f64>) -> Evidence {
        Evidence { metric, value, limit, baseline_p95: None, unit: "ratio" }
    }

    #[test]
    fn what_is_furthest_past_its_limit_is_named() {
        let all = [
            evidence("memory_some_5s", 0.1, Some(0.15)),
            evidence("used_share", 0.96, Some(0.95)),
            evidence("swap_free_share", 0.02, Some(0.05)),
            evidence("oom_kills", 1.0, Some(1.0)),
        ];
        let named = |subtype| Evidence::decisive(&all, subtype).map(|one| one.metric);
        assert_eq!(named(None), Some("swap_free_share"), "a free share is past it below it");
        assert_eq!(named(Some("oom_kill")), Some("oom_kills"));
        assert_eq!(named(Some("other")), Some("swap_free_share"));
        assert_eq!(all[0].past_limit(), None);
        assert_eq!(evidence("swap_free_share", 0.5, Some(0.05)).past_limit(), None);
        assert_eq!(evidence("swap_free_share", 0.0, None).past_limit(), None);
    }

    #[test]
    fn where_no_limit_is_reached_it_is_the_time_to_the_end_or_the_first() {
        let mut all = vec![evidence("memory_some_5s", 0.0, Some(0.15))];
        assert_eq!(Evidence::decisive(&all, None), all.first());
        all.push(evidence("eta_median_s", 560.0, None));
        let named = Evidence::decisive(&all, Some("predicted")).map(|one| one.metric);
        assert_eq!(named, Some("eta_median_s"));
        assert_eq!(Evidence::decisive(&[], None), None);
    }
}
