//! A model as a reasoner: what it is sent, over which wire, and what was recorded of it.
