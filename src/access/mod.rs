//! One policy: who may do what to which resource. No I/O but the look-ups of `Facts`.
