//! What handlers may return.

use crate::error::Error;
use crate::worker::outcome::Outcome;

/// A value that a handler may return: `()` or an [`Outcome`]. A future is none, so that a handler which forgets an
/// `await` does not compile:
///
/// ```compile_fail,E0277
/// # async fn charge() {}
/// # fn example(client: dlq_client::Client) {
/// client.worker(["orders"]).run(|_| async { Ok::<_, dlq_client::Error>(charge()) });
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no outcome of a handler",
    note = "return `Ok(())`, `Ok(Outcome)`, or an error; await futures first"
)]
pub trait IntoOutcome {
    /// Returns the outcome. `None`: succeeded, unless the handler sent its own message.
    fn into_outcome(self) -> Option<Outcome>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Option<Outcome> {
        None
    }
}

impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Option<Outcome> {
        Some(self)
    }
}

impl IntoOutcome for Option<Outcome> {
    fn into_outcome(self) -> Option<Outcome> {
        self
    }
}

/// A value that a batch handler may return: `()` or an [`Outcome`] for all deliveries, or a list with the outcome of
/// each, in order.
pub trait IntoOutcomes {
    /// Returns the outcome of each of `count` deliveries. `None`: succeeded, unless the handler sent its message.
    ///
    /// # Errors
    ///
    /// Returns an error for a list of another length. Then all deliveries fail.
    fn into_outcomes(self, count: usize) -> Result<Vec<Option<Outcome>>, Error>;
}

impl IntoOutcomes for () {
    fn into_outcomes(self, count: usize) -> Result<Vec<Option<Outcome>>, Error> {
        Ok(vec![None; count])
    }
}

impl IntoOutcomes for Outcome {
    fn into_outcomes(self, count: usize) -> Result<Vec<Option<Outcome>>, Error> {
        Ok(vec![Some(self); count])
    }
}

impl<R: IntoOutcome> IntoOutcomes for Vec<R> {
    fn into_outcomes(self, count: usize) -> Result<Vec<Option<Outcome>>, Error> {
        if self.len() != count {
            let given = self.len();
            let message = format!("the handler returned {given} outcomes for {count} deliveries");
            return Err(Error::invalid(message));
        }
        Ok(self.into_iter().map(IntoOutcome::into_outcome).collect())
    }
}
