package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.StatsRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Asks the service once whether it answers. */
final class Ping {
  /** The counts of this queue are read. It need not exist. */
  private static final StatsRequest REQUEST = StatsRequest.newBuilder().addQueues("ping").build();

  private final Loop loop;
  private final ReconnectingChannel channel;
  private final Reachability reachability;
  private final String target;

  /**
   * @param target named in errors
   */
  Ping(Loop loop, ReconnectingChannel channel, Reachability reachability, String target) {
    this.loop = loop;
    this.channel = channel;
    this.reachability = reachability;
    this.target = target;
  }

  /** Completes with the time until the answer, or exceptionally with a {@link DlqException}. */
  CompletableFuture<Duration> send(long timeoutMs) {
    CompletableFuture<Duration> result = new CompletableFuture<>();
    boolean isOpen =
        loop.tryExecute(
            () -> {
              try {
                call(timeoutMs, result);
              } catch (RuntimeException | Error bug) {
                result.completeExceptionally(bug);
              }
            });
    if (!isOpen) result.completeExceptionally(closed());
    return result;
  }

  private void call(long timeoutMs, CompletableFuture<Duration> result) {
    if (channel.isClosed()) throw closed();
    Connection connection = channel.connection();
    long beganNs = System.nanoTime();
    long beganAtMs = Loop.nowMs();
    loop.whenDone(
        connection.call(DlqServiceGrpc.getStatsMethod(), REQUEST, timeoutMs),
        (response, thrown) -> {
          if (thrown == null) {
            result.complete(Duration.ofNanos(System.nanoTime() - beganNs));
            reachability.answered(beganAtMs);
            return;
          }
          CallError error = CallError.of(thrown);
          result.completeExceptionally(errorOf(error));
          channel.failed(connection, error);
        });
  }

  private DlqException errorOf(CallError error) {
    if (channel.isClosed()) return closed(); // which ended the call
    if (!error.isRetryable()) return error.refusal(false);
    return new DlqException(
        ErrorKind.CONNECTION,
        unansweredText(target, error),
        error.code(),
        error.asException(),
        false);
  }

  private static DlqException closed() {
    return new DlqException(ErrorKind.CLOSED, "the client is closed; build another one");
  }

  /** Says why the service is unavailable, and what to do. */
  static String unansweredText(String target, CallError error) {
    String start =
        error.details().isEmpty()
            ? target + " does not answer: "
            : "the service at " + target + " is unavailable: ";
    String advice = error.hasAdvice() ? "" : "; check the server and its log";
    return start + error.descriptionWithAdvice() + advice;
  }
}
