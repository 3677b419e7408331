package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.List;
import java.util.function.Predicate;

/** The deliveries whose handler runs in the current thread. */
final class CurrentDelivery {
  private static final ThreadLocal<HandlerRun> CURRENT = new ThreadLocal<>();

  private CurrentDelivery() {}

  static void set(HandlerRun run) {
    CURRENT.set(run);
  }

  static void clear() {
    CURRENT.remove();
  }

  /**
   * Notes that the program made an outcome in this thread.
   *
   * @param outcome null forgets earlier ones
   */
  static void made(Outcome outcome) {
    HandlerRun run = CURRENT.get();
    if (run != null) run.made = outcome;
  }

  /**
   * Call it after a handler without a result. Java accepts a method that returns an outcome as one.
   *
   * @param instead the method that takes a handler with outcomes
   * @throws IllegalStateException if the handler made an outcome, which nobody can get
   */
  static void refuseMade(String instead) {
    HandlerRun run = CURRENT.get();
    if (run == null || run.made == null) return;
    throw new IllegalStateException(
        "the handler made the outcome "
            + run.made
            + ", which would be ignored; give it to "
            + instead
            + ", and return the outcome");
  }

  /**
   * @param owner a client or a worker
   */
  static boolean isOf(Object owner) {
    HandlerRun run = CURRENT.get();
    if (run == null) return false;
    HeldDelivery first = run.called().get(0);
    return first.client == owner || first.worker == owner;
  }

  /**
   * Returns the running delivery if the request has the same message, also if a stopping worker has
   * released it. Of equal messages in a batch it prefers those with the source id of the request,
   * then one that was not sent yet, because each of them may have failed. In other threads than
   * that of the handler, only the delivery itself or its payload is known to be the same.
   *
   * @param value the payload as given, maybe the delivery itself
   * @param target the address of the service
   * @return null if it has another one
   */
  static HeldDelivery same(SendToDlqRequest.Builder request, Object value, String target) {
    HeldDelivery given = MessagePayload.deliveryOf(value);
    if (given != null) {
      boolean isSame = value instanceof Delivery || isSame(given, request);
      return isSame && isCandidate(given, request, target) ? given : null;
    }
    HandlerRun run = CURRENT.get();
    if (run == null) return null;
    List<HeldDelivery> candidates =
        run.called().stream().filter(held -> isCandidate(held, request, target)).toList();
    HeldDelivery named = choose(candidates, held -> haveSameId(held, request));
    return named == null ? choose(candidates, held -> isSame(held, request)) : named;
  }

  private static HeldDelivery choose(List<HeldDelivery> batch, Predicate<HeldDelivery> isSame) {
    HeldDelivery chosen = null;
    for (HeldDelivery held : batch) {
      if (!isSame.test(held)) continue;
      if (!held.wasSent()) return held;
      if (chosen == null) chosen = held;
    }
    return chosen;
  }

  private static boolean isCandidate(
      HeldDelivery held, SendToDlqRequest.Builder request, String target) {
    return held.target.equals(target) && held.queue().equals(request.getQueue());
  }

  private static boolean isSame(HeldDelivery held, SendToDlqRequest.Builder request) {
    boolean haveIds = !held.sourceId().isEmpty() && !request.getSourceId().isEmpty();
    return haveIds
        ? haveSameId(held, request)
        : MessagePayload.isSame(held.payload().raw(), request.getPayload());
  }

  private static boolean haveSameId(HeldDelivery held, SendToDlqRequest.Builder request) {
    return !held.sourceId().isEmpty() && held.sourceId().equals(request.getSourceId());
  }
}
