//! What the system says of an error, for people.

use std::io;

/// The words of it, without its number.
pub fn said(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_error_is_not_said() {
        assert_eq!(said(&io::Error::from_raw_os_error(13)), "Permission denied");
        assert_eq!(said(&io::Error::other("a reason")), "a reason");
    }
}
