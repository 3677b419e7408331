package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.internal.FromProto;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.ErrorStatus;
import io.dlqservice.dlq.v1.SendToDlqBatchRequest;
import io.dlqservice.dlq.v1.SendToDlqBatchResult;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.dlqservice.dlq.v1.SendToDlqResponse;
import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Calls that send messages to the service. */
final class SendCall {
  private SendCall() {}

  /**
   * The result of one message.
   *
   * @param response null if it failed
   * @param error null if it was accepted
   */
  record Answer(SendToDlqResponse response, CallError error) {}

  /** Sends one message by itself, and several in a batch. Fails if the call failed. */
  static CompletableFuture<List<Answer>> send(
      Connection connection, List<SendToDlqRequest> requests, long timeoutMs) {
    if (requests.size() == 1) {
      return connection
          .call(DlqServiceGrpc.getSendToDlqMethod(), requests.get(0), timeoutMs)
          .thenApply(response -> List.of(new Answer(response, null)));
    }
    SendToDlqBatchRequest batch =
        SendToDlqBatchRequest.newBuilder().addAllRequests(requests).build();
    return connection
        .call(DlqServiceGrpc.getSendToDlqBatchMethod(), batch, timeoutMs)
        .thenApply(response -> response.getResultsList().stream().map(SendCall::answerOf).toList());
  }

  private static Answer answerOf(SendToDlqBatchResult result) {
    if (result.hasResponse()) return new Answer(result.getResponse(), null);
    if (!result.hasError()) {
      Status none = Status.INTERNAL.withDescription("the server gave no result");
      return new Answer(null, CallError.of(none));
    }
    ErrorStatus error = result.getError();
    Status status = Status.fromCodeValue(error.getCode()).withDescription(error.getMessage());
    return new Answer(null, new CallError(status, error.getDetailsList()));
  }

  /**
   * Returns why the service accepted none of the messages: its store is unavailable. Empty if it
   * accepted or refused one.
   */
  static Optional<CallError> unavailable(List<Answer> answers) {
    boolean isUnavailable =
        answers.stream()
            .allMatch(
                answer ->
                    answer.error() != null && answer.error().code() == Status.Code.UNAVAILABLE);
    if (!isUnavailable) return Optional.empty();
    return Optional.of(answers.isEmpty() ? CallError.UNANSWERED : answers.get(0).error());
  }

  /**
   * @param sentTo the queue of the request
   */
  static Stored stored(SendToDlqResponse response, String sentTo) {
    return new Stored(
        response.getDuplicate() ? SendStatus.JOINED : SendStatus.SENT,
        response.getId(),
        FromProto.state(response.getStateValue()),
        FromProto.reason(response.getReasonValue()),
        Times.ifSet(response.hasDueTime(), response.getDueTime()),
        FromProto.quarantineReason(response.getQuarantineReasonValue()),
        response.getQueue().isEmpty() ? sentTo : response.getQueue());
  }
}
