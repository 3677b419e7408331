package io.dlqservice.dlq;

import io.dlqservice.dlq.OutcomeReporter.UnreportedOutcome;
import io.dlqservice.dlq.internal.FromProto;
import io.dlqservice.dlq.v1.AckResult;
import io.dlqservice.dlq.v1.AckStatus;
import java.util.List;
import java.util.stream.Collectors;

/** Reports a worker's results and errors to the user's listeners. */
final class WorkerReports {
  private static final int NAMED_MESSAGES = 3;

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

  /** The worker's stream is open. */
  void opened() {
    if (options.onError instanceof WorkerErrorLog log) listeners.call(log::opened);
  }

  /**
   * @param failed deliveries of one call, at least one
   * @param thrown by the handler
   */
  void handlerFailed(List<HeldDelivery> failed, Throwable thrown) {
    String named =
        failed.stream()
            .limit(NAMED_MESSAGES)
            .map(WorkerReports::nameOf)
            .collect(Collectors.joining("; "));
    int more = failed.size() - NAMED_MESSAGES;
    String text = "the handler failed: " + named + (more > 0 ? "; " + more + " more" : "");
    error(new DlqException(ErrorKind.HANDLER_FAILED, text, null, thrown, false), failed.get(0));
  }

  private static String nameOf(HeldDelivery held) {
    return "message " + held.id() + " of queue \"" + held.queue() + "\", attempt " + held.attempt();
  }

  void lost(HeldDelivery held) {
    String text = "the lease of message " + held.id() + " was lost; its outcome will not count";
    error(new DlqException(ErrorKind.LEASE_LOST, text), held);
  }

  void settled(UnreportedOutcome one, AckResult result) {
    if (options.onSettled == null) return;
    SettledDelivery settled =
        new SettledDelivery(
            one.outcome().kind(),
            FromProto.state(result.getStateValue()),
            Times.ifSet(result.hasDueTime(), result.getDueTime()),
            FromProto.quarantineReason(result.getQuarantineReasonValue()),
            one.held().handled,
            one.outcome().error());
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
