//! What holds of every classifier.

use super::*;

mod listed;

#[test]
fn each_kind_has_its_classifier() {
    for kind in Kind::ALL {
        assert_eq!(of(kind).kind(), kind);
    }
}
