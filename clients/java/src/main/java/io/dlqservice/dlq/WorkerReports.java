package io.dlqservice.dlq;

import io.dlqservice.dlq.OutcomeReporter.UnreportedOutcome;
import io.dlqservice.dlq.internal.FromProto;
import io.dlqservice.dlq.v1.AckResult;
import io.dlqservice.dlq.v1.AckStatus;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reports a worker's results and errors to the user's listeners. */
final class WorkerReports {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
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
    String text = "the handler failed: " + listOf(failed.stream().map(WorkerReports::nameOf));
    error(new DlqException(ErrorKind.HANDLER_FAILED, text, null, thrown, false), failed.get(0));
  }

  /** Logs the running handlers that a stopping worker cancels: one of them may hang. */
  void cancelled(Collection<HandlerRun> runs) {
    String handlers = listOf(runs.stream().flatMap(WorkerReports::timesOf));
    if (handlers.isEmpty()) return;
    listeners.call(
        () ->
            LOG.warn(
                "the worker stops and cancels handlers that still run: {}; their messages are"
                    + " released; raise drainTimeout if handlers need longer",
                handlers));
  }

  private static Stream<String> timesOf(HandlerRun run) {
    String time = String.format(Locale.ROOT, ", for %.1f s", run.ran().toMillis() / 1e3);
    return run.called().stream().filter(held -> !held.isLost).map(held -> nameOf(held) + time);
  }

  private static String listOf(Stream<String> names) {
    List<String> all = names.toList();
    String named = String.join("; ", all.subList(0, Math.min(all.size(), NAMED_MESSAGES)));
    int more = all.size() - NAMED_MESSAGES;
    return named + (more > 0 ? "; " + more + " more" : "");
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
