//! Text of somebody's code, up to a bound.

use std::fmt::{self, Write as _};

/// What `text` writes, and hardly more than `most_bytes` of it, so that [`cut`] still sees that there was
/// more: an error may show a whole message of many MiB. Its writer is stopped at the bound.
pub(crate) fn written(text: fmt::Arguments<'_>, most_bytes: usize) -> String {
    let mut bounded = BoundedText::new(most_bytes);
    let _ = bounded.write_fmt(text);
    bounded.text
}

/// Takes text until it is longer than a bound.
pub(crate) struct BoundedText {
    text: String,
    most_bytes: usize,
}

impl BoundedText {
    pub(crate) const fn new(most_bytes: usize) -> Self {
        Self {
            text: String::new(),
            most_bytes,
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl fmt::Write for BoundedText {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = (self.most_bytes + 1).saturating_sub(self.text.len());
        if piece.len() < room {
            self.text.push_str(piece);
            return Ok(());
        }
        let end = (room..=piece.len()).find(|&at| piece.is_char_boundary(at));
        self.text.push_str(&piece[..end.unwrap_or(piece.len())]);
        Err(fmt::Error)
    }
}

/// Cut at a character, so that the server still sees that there was more.
pub(crate) fn cut(mut text: String, most_bytes: usize) -> String {
    if text.len() > most_bytes {
        let end = (0..=most_bytes + 1)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0);
        // A character that does not fit takes the rest with it; one byte more says that it was there.
        text.truncate(end);
        if text.len() <= most_bytes {
            text.push_str(&".".repeat(most_bytes + 1 - text.len()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_within_no_character() {
        assert_eq!(cut("ää".to_owned(), 4), "ää");
        let short = cut("äää".to_owned(), 4);
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
    fn stops_whoever_writes_more_than_is_wanted() {
        assert_eq!(written(format_args!("{}ä", "a"), 3), "aä");
        assert_eq!(written(format_args!("{}{}{}", "ab", "cää", "more"), 3), "abcä");
        assert_eq!(written(format_args!("{Endless}"), 95).len(), 96);
    }
}
