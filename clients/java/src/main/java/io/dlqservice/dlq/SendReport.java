package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Dropped;
import java.io.IOException;
import java.util.function.BiConsumer;

/** Measures one send, and reports a drop. */
final class SendReport {
  private final String queue;
  private final ClientMetrics metrics;
  private final OpenSpan<SendResult> span;
  private final BiConsumer<DlqException, String> onDropped;

  /** Null for none. */
  private HeldDelivery forwarded;

  private Throwable cause;

  /**
   * Begins the span of the send.
   *
   * @param onDropped called if the message is dropped
   */
  SendReport(String queue, Telemetry telemetry, BiConsumer<DlqException, String> onDropped) {
    this.queue = queue;
    this.onDropped = onDropped;
    metrics = telemetry.metrics();
    span = telemetry.spans().send(queue);
  }

  /** Makes the span current in this thread, so that its context goes with the message. */
  OpenSpan.Active activate() {
    return span.activate();
  }

  /**
   * The delivery fails if it is not kept: its handler may not look at the result.
   *
   * @param delivery null for none
   * @param error why it is sent; may be null
   */
  SendReport forwards(HeldDelivery delivery, Throwable error) {
    forwarded = delivery;
    cause = error;
    return this;
  }

  /** Call it once, before the caller gets the result. Returns the result. */
  SendResult settled(SendResult result) {
    metrics.sent(queue, result);
    span.end(result);
    if (result instanceof Dropped dropped) onDropped.accept(dropped.error(), queue);
    if (forwarded != null && !result.isKept() && !forwarded.wasSent()) {
      Throwable failure = cause == null ? new IOException("the delivery was not sent") : cause;
      forwarded.send(Outcome.failed(failure));
    }
    return result;
  }
}
