//! Numbers with their noun, for what the console says. Pages have Fluent for it.

/// `1 entry`, `2 entries`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
