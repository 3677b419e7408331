package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.FromProto;
import io.dlqservice.dlq.v1.Message;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A delivery and its lease, until its outcome is reported. */
final class HeldDelivery implements Delivery {
  static final CompletableFuture<Void> NOTHING_FORWARDED = CompletableFuture.completedFuture(null);

  final Object client;

  /** The address of its service. */
  final String target;

  final Object worker;

  /** The call of the handler that it is in; null before. Used on the client's loop only. */
  HandlerRun run;

  /** When the lease was granted or last extended, by the monotonic clock. */
  long leasedAtMs;

  /** Its outcome is reported, or the message released. */
  volatile boolean isClosed;

  volatile boolean isLost;

  /** How long its handler ran; zero before its end. */
  volatile Duration handled = Duration.ZERO;

  /** The outcome that a send of the same message in the handler set; null for none. */
  private Outcome sent;

  /** The failure of the last send to another queue; null if it was kept. */
  private Outcome forwardingFailure;

  private boolean isDecided;

  /** Completes with all sends to other queues. */
  private CompletableFuture<Void> forwarded = NOTHING_FORWARDED;

  private final io.dlqservice.dlq.v1.Delivery delivery;
  private final MessagePayload payload;
  private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
  private volatile Instant leaseExpireTime;
  private volatile boolean isAborted;

  HeldDelivery(
      io.dlqservice.dlq.v1.Delivery delivery, WorkerContext context, Object worker, long nowMs) {
    this.delivery = delivery;
    client = context.client();
    target = context.target();
    this.worker = worker;
    payload = new MessagePayload(delivery.getMessage().getPayload(), context.codec(), this);
    leaseExpireTime = Times.from(delivery.getLeaseExpireTime());
    leasedAtMs = nowMs;
  }

  private Message message() {
    return delivery.getMessage();
  }

  @Override
  public String id() {
    return message().getId();
  }

  @Override
  public String queue() {
    return message().getQueue();
  }

  @Override
  public Map<String, String> attributes() {
    return message().getAttributesMap();
  }

  @Override
  public Reason reason() {
    return FromProto.reason(message().getReasonValue());
  }

  @Override
  public Optional<Failure> latestFailure() {
    return message().hasFailure()
        ? Optional.of(FromProto.failure(message().getFailure()))
        : Optional.empty();
  }

  @Override
  public String sourceId() {
    return message().getSourceId();
  }

  @Override
  public String orderingKey() {
    return message().getOrderingKey();
  }

  @Override
  public Map<String, String> coordinates() {
    return message().getOrigin().getCoordinatesMap();
  }

  @Override
  public Optional<TraceContext> traceContext() {
    return message().hasTraceContext()
        ? Optional.of(FromProto.traceContext(message().getTraceContext()))
        : Optional.empty();
  }

  @Override
  public MessagePayload payload() {
    return payload;
  }

  @Override
  public int attempt() {
    return delivery.getAttempt();
  }

  @Override
  public int deliveryNumber() {
    return delivery.getDeliveryNumber();
  }

  @Override
  public boolean outcomeUnknown() {
    return delivery.getOutcomeUnknown();
  }

  @Override
  public Instant leaseExpireTime() {
    return leaseExpireTime;
  }

  @Override
  public CompletableFuture<Void> cancelled() {
    return cancelled.copy();
  }

  String leaseToken() {
    return delivery.getLeaseToken();
  }

  void extendedTo(Instant expireTime, long nowMs) {
    leasedAtMs = nowMs;
    leaseExpireTime = expireTime;
  }

  synchronized boolean wasSent() {
    return sent != null;
  }

  /** Reports whether it fails by a send in its handler, whatever that returns as success. */
  synchronized boolean failsBySend() {
    return sent != null || forwardingFailure != null;
  }

  /**
   * Makes the failure of a send its outcome.
   *
   * @return false if the handler has ended
   */
  synchronized boolean send(Outcome outcome) {
    if (!isDecided) sent = outcome;
    return !isDecided;
  }

  /**
   * Notes that it is sent to another queue.
   *
   * @param ended completes when that send has its result
   * @return the failure of earlier ones; null for none
   */
  synchronized Outcome forwards(CompletableFuture<Void> ended) {
    forwarded = CompletableFuture.allOf(forwarded, ended);
    return forwardingFailure;
  }

  /**
   * Notes how a send to another queue has ended. One that is kept takes back the failure of those
   * that had ended before it began.
   *
   * @param earlier what {@link #forwards} returned
   * @param failure null if it was kept
   * @return false if the handler has ended
   */
  synchronized boolean forwardingEnded(Outcome earlier, Outcome failure) {
    boolean counts = failure != null || forwardingFailure == earlier;
    if (!isDecided && counts) forwardingFailure = failure;
    return !isDecided;
  }

  /** Completes when each send of it to another queue has its result. */
  synchronized CompletableFuture<Void> forwarded() {
    return forwarded;
  }

  /**
   * Ends the handler: later sends make messages of their own.
   *
   * @return the outcome that a send has set; otherwise the given one
   */
  synchronized Outcome decide(Outcome otherwise) {
    isDecided = true;
    if (isAborted) return Outcome.RELEASED;
    if (sent != null) return sent;
    return forwardingFailure == null ? otherwise : forwardingFailure;
  }

  /**
   * Ends a handler that threw: what it threw counts, not that a send to another queue was dropped.
   *
   * @return the outcome that a send of this message has set; otherwise the given one
   */
  synchronized Outcome decideThrown(Outcome failed) {
    isDecided = true;
    if (isAborted) return Outcome.RELEASED;
    return sent == null ? failed : sent;
  }

  boolean isAborted() {
    return isAborted;
  }

  /**
   * Cancels it. Called on the client's loop only.
   *
   * @param executor runs what is chained to {@link #cancelled()}
   */
  void abort(Executor executor) {
    if (isAborted) return;
    isAborted = true;
    if (run != null) run.aborted();
    cancelled.completeAsync(() -> null, executor);
  }
}
