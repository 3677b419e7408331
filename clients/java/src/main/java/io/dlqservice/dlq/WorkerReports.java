package io.dlqservice.dlq;

import io.dlqservice.dlq.OutcomeReporter.UnreportedOutcome;
import io.dlqservice.dlq.v1.AckResult;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.QuarantineReason;
import java.util.Optional;

/** Reports a worker's results and errors to the user's listeners. */
final class WorkerReports {
  private final WorkerBuilder options;
  private final Listeners listeners;

  WorkerReports(WorkerBuilder options, Listeners listeners) {
    this.options = options;
    this.listeners = listeners;
  }

  /**
   * @param delivery null for none
   */
  void error(DlqException error, Delivery delivery) {
    listeners.call(() -> options.onError.accept(error, delivery));
  }

  void lost(HeldDelivery held) {
    String text = "the lease of message " + held.id() + " was lost; its outcome will not count";
    error(new DlqException(ErrorKind.LEASE_LOST, text), held);
  }

  void settled(UnreportedOutcome one, AckResult result) {
    if (options.onSettled == null) return;
    QuarantineReason reason = result.getQuarantineReason();
    boolean isQuarantined = reason != QuarantineReason.QUARANTINE_REASON_UNSPECIFIED;
    SettledDelivery settled =
        new SettledDelivery(
            one.outcome().kind(),
            result.getState(),
            Times.ifSet(result.hasDueTime(), result.getDueTime()),
            isQuarantined ? Optional.of(reason) : Optional.empty());
    listeners.call(() -> options.onSettled.accept(one.held(), settled));
  }

  /**
   * The server answered that the outcome does not count.
   *
   * @param result null if it gave none
   */
  void notCounted(UnreportedOutcome one, AckResult result) {
    String text = outcomeOf(one) + " does not count: " + whyNotCounted(result);
    error(new DlqException(ErrorKind.LEASE_LOST, text), one.held());
  }

  void givenUp(UnreportedOutcome one, CallError cause) {
    String text =
        outcomeOf(one)
            + " could not be reported: "
            + cause.description()
            + "; the message may be delivered again";
    error(
        new DlqException(ErrorKind.CONNECTION, text, cause.code(), cause.asException(), false),
        one.held());
  }

  private static String outcomeOf(UnreportedOutcome one) {
    return "the outcome (" + one.outcome() + ") of message " + one.held().id();
  }

  private static String whyNotCounted(AckResult result) {
    if (result == null) return "the server returned no result";
    if (result.getStatus() == AckStatus.ACK_STATUS_LEASE_LOST) {
      return "its lease expired and another worker may have the message";
    }
    if (result.getStatus() == AckStatus.ACK_STATUS_NOT_FOUND)
      return "the message does not exist any more";
    return result.getDetail().isEmpty() ? "the server returned no result" : result.getDetail();
  }
}
