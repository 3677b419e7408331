package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.SendToDlqRequest;

/** The delivery whose handler runs in the current thread. */
final class CurrentDelivery {
  private static final ThreadLocal<HeldDelivery> CURRENT = new ThreadLocal<>();

  private CurrentDelivery() {}

  static void set(HeldDelivery held) {
    CURRENT.set(held);
  }

  static void clear() {
    CURRENT.remove();
  }

  /**
   * @param owner a client or a worker
   */
  static boolean isOf(Object owner) {
    HeldDelivery held = CURRENT.get();
    return held != null && (held.client == owner || held.worker == owner);
  }

  /**
   * Returns the running delivery if the request has the same message.
   *
   * @return null if it has another one
   */
  static HeldDelivery same(SendToDlqRequest.Builder request, Object client) {
    HeldDelivery held = CURRENT.get();
    if (held == null || held.isClosed || held.client != client) return null;
    if (!held.queue().equals(request.getQueue())) return null;
    boolean haveIds = !held.sourceId().isEmpty() && !request.getSourceId().isEmpty();
    boolean isSame =
        haveIds
            ? held.sourceId().equals(request.getSourceId())
            : MessagePayload.isSame(held.payload().raw(), request.getPayload());
    return isSame ? held : null;
  }
}
