package io.dlqservice.dlq;

import io.dlqservice.dlq.Acks.Unreported;
import io.dlqservice.dlq.v1.AckResult;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.QuarantineReason;
import java.util.Optional;

/** What a worker tells its owner. */
final class WorkerReports {
  private final WorkerBuilder options;
  private final Listeners listeners;

  WorkerReports(WorkerBuilder options, Listeners listeners) {
    this.options = options;
    this.listeners = listeners;
  }

  /**
   * @param delivery null where it is of none
   */
  void error(DlqException error, Delivery delivery) {
    listeners.tell(() -> options.onError.accept(error, delivery));
  }

  void lost(HeldDelivery held) {
    String words = "the lease of message " + held.id() + " is lost; its outcome will not count";
    error(new DlqException(ErrorKind.LEASE_LOST, words), held);
  }

  void settled(Unreported one, AckResult result) {
    if (options.onSettled == null) return;
    QuarantineReason reason = result.getQuarantineReason();
    boolean isQuarantined = reason != QuarantineReason.QUARANTINE_REASON_UNSPECIFIED;
    SettledDelivery settled =
        new SettledDelivery(
            one.outcome().kind(),
            result.getState(),
            Times.ifSet(result.hasDueTime(), result.getDueTime()),
            isQuarantined ? Optional.of(reason) : Optional.empty());
    listeners.tell(() -> options.onSettled.accept(one.held(), settled));
  }

  /**
   * The server answered that the outcome does not count.
   *
   * @param result null where it gave none
   */
  void notCounted(Unreported one, AckResult result) {
    String words = outcomeOf(one) + " does not count: " + whyNot(result);
    error(new DlqException(ErrorKind.LEASE_LOST, words), one.held());
  }

  void givenUp(Unreported one, CallError cause) {
    String words =
        outcomeOf(one) + " could not be reported: " + cause.words() + "; it may come again";
    error(
        new DlqException(ErrorKind.CONNECTION, words, cause.code(), cause.asException(), false),
        one.held());
  }

  private static String outcomeOf(Unreported one) {
    return "the outcome (" + one.outcome() + ") of message " + one.held().id();
  }

  private static String whyNot(AckResult result) {
    if (result == null) return "the server gave no result";
    if (result.getStatus() == AckStatus.ACK_STATUS_LEASE_LOST) {
      return "its lease was over and it moved on";
    }
    if (result.getStatus() == AckStatus.ACK_STATUS_NOT_FOUND) return "it is gone";
    return result.getDetail().isEmpty() ? "the server gave no result" : result.getDetail();
  }
}
