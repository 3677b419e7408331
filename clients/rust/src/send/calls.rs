//! Calls that carry sends.

use crate::line::Line;
use crate::send::letter::Letter;
use crate::status_details::status_of;
use crate::v1::send_to_dlq_batch_result::Outcome;
use crate::v1::{SendToDlqBatchRequest, SendToDlqRequest, SendToDlqResponse};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Status};

/// The result of one message, whichever call it went in.
pub(crate) type Answer = Result<SendToDlqResponse, Status>;

/// The error of a call in which none was taken for want of the service itself, such as of its store.
pub(crate) fn without_service(answers: &[Answer]) -> Option<&Status> {
    let mut statuses = answers.iter().map(|answer| {
        let status = answer.as_ref().err();
        status.filter(|status| status.code() == Code::Unavailable)
    });
    let first = statuses.next()??;
    statuses.all(|status| status.is_some()).then_some(first)
}

/// One message goes by itself, several go in a batch.
pub(super) async fn call_send(
    line: &Line,
    letters: &[Arc<Letter>],
    limit: Duration,
) -> Result<Vec<Answer>, Status> {
    if let [letter] = letters {
        let request = letter.request.clone();
        let call = line.call(
            limit,
            |mut service| async move { service.send_to_dlq(request).await },
        );
        return Ok(vec![Ok(call.await?)]);
    }
    call_batch(
        line,
        letters.iter().map(|letter| letter.request.clone()).collect(),
        limit,
    )
    .await
}

pub(crate) async fn call_batch(
    line: &Line,
    requests: Vec<SendToDlqRequest>,
    limit: Duration,
) -> Result<Vec<Answer>, Status> {
    let count = requests.len();
    let no_result = || Status::internal("the server gave no result");
    let request = SendToDlqBatchRequest { requests };
    let call = line.call(limit, |mut service| async move {
        service.send_to_dlq_batch(request).await
    });
    let answers = call
        .await?
        .results
        .into_iter()
        .map(|result| match result.outcome {
            Some(Outcome::Response(response)) => Ok(response),
            Some(Outcome::Error(error)) => Err(status_of(error)),
            None => Err(no_result()),
        });
    let mut answers: Vec<Answer> = answers.collect();
    answers.resize_with(count, || Err(no_result()));
    Ok(answers)
}
