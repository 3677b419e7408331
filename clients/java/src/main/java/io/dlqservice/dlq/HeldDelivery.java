package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Message;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A delivery and its lease, until its outcome is reported. */
final class HeldDelivery implements Delivery {
  /** Of the worker that holds it. */
  final Object client;

  final Object worker;

  /** When its lease was given or last extended, by the monotonic clock. */
  long leasedAtMs;

  /** The handler is done, or its outcome no longer matters. */
  volatile boolean isClosed;

  /** The lease is somebody else's. */
  volatile boolean isLost;

  /** What a send of this message in its handler has said. */
  volatile Outcome sent;

  private final io.dlqservice.dlq.v1.Delivery delivery;
  private final MessagePayload payload;
  private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
  private volatile Instant leaseExpireTime;
  private volatile boolean isAborted;
  private Thread thread;

  HeldDelivery(io.dlqservice.dlq.v1.Delivery delivery, WorkerHome home, Object worker, long nowMs) {
    this.delivery = delivery;
    client = home.client();
    this.worker = worker;
    payload = new MessagePayload(delivery.getMessage().getPayload(), home.codec());
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

  /** Its handler runs in this thread from now on. */
  synchronized void begin() {
    thread = Thread.currentThread();
    if (isAborted) thread.interrupt();
  }

  /** The thread is another task's from now on: an interruption of before must not reach that. */
  synchronized void end() {
    thread = null;
    Thread.interrupted();
  }

  /**
   * @param tellers whom to call, away from the caller
   */
  void abort(Executor tellers) {
    synchronized (this) {
      if (isAborted) return;
      isAborted = true;
      if (thread != null) thread.interrupt();
    }
    cancelled.completeAsync(() -> null, tellers);
  }
}
