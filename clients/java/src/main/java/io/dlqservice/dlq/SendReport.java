package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Dropped;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Measures one send, and reports a drop. */
final class SendReport {
  private final String queue;
  private final ClientMetrics metrics;
  private final OpenSpan<SendResult> span;
  private final DropReport drops;
  private final BiConsumer<DlqException, String> onDropped;

  /** The deliveries that are sent as they are, for instance to another queue. */
  private final List<Forwarding> forwardings;

  private final Throwable error;
  private final CompletableFuture<Void> settled = new CompletableFuture<>();

  /**
   * @param earlier the failure of its earlier forwardings when this one began; null for none
   */
  private record Forwarding(HeldDelivery held, Outcome earlier) {}

  /**
   * Begins the span of the send.
   *
   * @param error null for none
   */
  SendReport(String queue, Object payload, Throwable error, Telemetry telemetry, DropReport drops) {
    this.queue = queue;
    this.error = error;
    this.drops = drops;
    onDropped = drops.reportOfSend();
    metrics = telemetry.metrics();
    span = telemetry.spans().send(queue);
    List<HeldDelivery> deliveries = MessagePayload.deliveriesOf(payload);
    forwardings = deliveries.isEmpty() ? List.of() : begin(deliveries);
  }

  private List<Forwarding> begin(List<HeldDelivery> deliveries) {
    return deliveries.stream().map(held -> new Forwarding(held, held.forwards(settled))).toList();
  }

  /** Makes the span current in this thread, so that its context goes with the message. */
  OpenSpan.Active activate() {
    return span.activate();
  }

  /** Call it once, before the caller gets the result. Returns the result. */
  SendResult settled(SendResult result) {
    try {
      report(result);
    } finally {
      settled.complete(null); // the delivery waits for it
    }
    return result;
  }

  private void report(SendResult result) {
    metrics.sent(queue, result);
    span.end(result);
    List<HeldDelivery> late = new ArrayList<>();
    Outcome failure = result.isKept() || forwardings.isEmpty() ? null : failure();
    for (Forwarding one : forwardings) {
      if (!one.held.forwardingEnded(one.earlier, failure)) late.add(one.held);
    }
    if (!(result instanceof Dropped dropped)) return;
    onDropped.accept(dropped.error(), queue);
    late.forEach(held -> drops.reportTooLate(held, queue));
  }

  /** Its handler may not look at the result. */
  private Outcome failure() {
    return Outcome.of(error == null ? new IOException("the delivery was not sent") : error);
  }
}
