//! Text of user code, up to a limit.

use std::fmt::{self, Write as _};

/// Formats `text` and stops it shortly after `max_bytes`: an error may print a message of many MiB. The result
/// is longer than `max_bytes` if there was more, for [`truncate`].
pub(crate) fn format_bounded(text: fmt::Arguments<'_>, max_bytes: usize) -> String {
    let mut bounded = BoundedText::new(max_bytes);
    let _ = bounded.write_fmt(text);
    bounded.text
}

/// Takes text until it is longer than a limit.
pub(crate) struct BoundedText {
    text: String,
    max_bytes: usize,
}

impl BoundedText {
    pub(crate) const fn new(max_bytes: usize) -> Self {
        Self {
            text: String::new(),
            max_bytes,
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl fmt::Write for BoundedText {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = (self.max_bytes + 1).saturating_sub(self.text.len());
        if piece.len() < room {
            self.text.push_str(piece);
            return Ok(());
        }
        let end = (room..=piece.len()).find(|&at| piece.is_char_boundary(at));
        self.text.push_str(&piece[..end.unwrap_or(piece.len())]);
        Err(fmt::Error)
    }
}

/// Cuts text at a character to `max_bytes` + 1 bytes. The extra byte makes the server mark it as truncated.
pub(crate) fn truncate(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        let end = (0..=max_bytes + 1)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0);
        text.truncate(end);
        if text.len() <= max_bytes {
            text.push_str(&".".repeat(max_bytes + 1 - text.len()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_not_cut_within_a_character() {
        assert_eq!(truncate("ää".to_owned(), 4), "ää");
        let short = truncate("äää".to_owned(), 4);
        assert_eq!(short.len(), 5);
        assert!(short.starts_with("ää"), "{short}");
    }

    struct Endless;

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("0123456789")?;
            }
        }
    }

    #[test]
    fn formatting_stops_at_the_limit() {
        assert_eq!(format_bounded(format_args!("{}ä", "a"), 3), "aä");
        assert_eq!(
            format_bounded(format_args!("{}{}{}", "ab", "cää", "more"), 3),
            "abcä"
        );
        assert_eq!(format_bounded(format_args!("{Endless}"), 95).len(), 96);
    }
}
