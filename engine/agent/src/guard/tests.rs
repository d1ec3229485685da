//! The guard, rule by rule, and what hostile proposals come to. The case of each rule is looked at
//! by `ks test --mutant` too.

#[cfg(test)]
mod approve;
#[cfg_attr(not(test), expect(dead_code, reason = "only cases of rules are looked at there"))]
pub(crate) mod bench;
pub(crate) mod cases;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod model_output;
#[cfg(all(test, feature = "mutants"))]
mod mutants;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod sufferers;
#[cfg(test)]
mod tier;
#[cfg(test)]
mod undone;
