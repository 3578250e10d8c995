//! XML as far as faults need it: escaping and writing.
