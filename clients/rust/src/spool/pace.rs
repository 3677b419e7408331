//! How many letters go in one call.

/// How many letters go in one call. Over a slow link a full one is not answered in time, however often it is
/// tried: then half as many go, and twice as many after each answer.
pub(crate) struct Pace {
    most: usize,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { most: usize::MAX }
    }

    pub(crate) const fn most(&self) -> usize {
        self.most
    }

    /// A call of so many letters was not answered in time.
    pub(crate) fn late(&mut self, letters: usize) {
        self.most = (letters / 2).max(1);
    }

    pub(crate) const fn answered(&mut self) {
        self.most = self.most.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_goes_in_halves_until_it_is_answered() {
        let mut pace = Pace::new();
        pace.answered();
        assert_eq!(pace.most(), usize::MAX);
        let mut sizes = Vec::new();
        while pace.most() > 1 {
            let letters = pace.most().min(100);
            pace.late(letters);
            sizes.push(pace.most());
        }
        assert_eq!(sizes, [50, 25, 12, 6, 3, 1]);
        pace.late(1);
        assert_eq!(pace.most(), 1);
        pace.answered();
        pace.answered();
        assert_eq!(pace.most(), 4);
    }
}
