package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Message;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A delivery and its lease, until its outcome is reported. */
final class HeldDelivery implements Delivery {
  final Object client;

  final Object worker;

  /** When the lease was granted or last extended, by the monotonic clock. */
  long leasedAtMs;

  /** The handler has ended, or its outcome no longer matters. */
  volatile boolean isClosed;

  volatile boolean isLost;

  /** The outcome that a send of the same message in the handler set; null for none. */
  volatile Outcome sent;

  private final io.dlqservice.dlq.v1.Delivery delivery;
  private final MessagePayload payload;
  private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
  private volatile Instant leaseExpireTime;
  private volatile boolean isAborted;
  private Thread thread;

  HeldDelivery(
      io.dlqservice.dlq.v1.Delivery delivery, WorkerContext context, Object worker, long nowMs) {
    this.delivery = delivery;
    client = context.client();
    this.worker = worker;
    payload = new MessagePayload(delivery.getMessage().getPayload(), context.codec());
    leaseExpireTime = Times.from(delivery.getLeaseExpireTime());
    leasedAtMs = nowMs;
  }

  @Override
  public Message message() {
    return delivery.getMessage();
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

  boolean isAborted() {
    return isAborted;
  }

  /** Remembers the handler's thread. */
  synchronized void begin() {
    thread = Thread.currentThread();
    if (isAborted) thread.interrupt();
  }

  /** Forgets the thread, and clears its interrupt: its next task must not get it. */
  synchronized void end() {
    thread = null;
    Thread.interrupted();
  }

  /**
   * @param executor runs what is chained to {@link #cancelled()}
   */
  void abort(Executor executor) {
    synchronized (this) {
      if (isAborted) return;
      isAborted = true;
      if (thread != null) thread.interrupt();
    }
    cancelled.completeAsync(() -> null, executor);
  }
}
