package io.dlqservice.dlq;

import java.io.InputStream;
import java.io.Reader;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.stream.BaseStream;

/** Refuses values whose JSON would not have what they stand for. */
final class Payloads {
  private static final String PUBLISHER = "org.reactivestreams.Publisher";

  private Payloads() {}

  /**
   * @throws IllegalArgumentException with advice
   */
  static void check(Object value) {
    if (value == null) return;
    refuse(isFuture(value) || isPublisher(value), value, "wait for its result, and send that");
    boolean isReader = value instanceof InputStream || value instanceof Reader;
    refuse(isReader, value, "read it, and send the content");
    refuse(value instanceof BaseStream, value, "collect it to a list, and send that");
    refuse(value.getClass().isHidden(), value, "call the lambda, and send the result");
    boolean hasDelivery = elementsOf(value).stream().anyMatch(Payloads::isOfDelivery);
    refuse(hasDelivery, value, "it has deliveries: send each by itself");
  }

  private static void refuse(boolean isWrong, Object value, String advice) {
    if (!isWrong) return;
    throw new IllegalArgumentException(
        "the payload is a " + value.getClass().getTypeName() + "; " + advice);
  }

  static Collection<?> elementsOf(Object value) {
    if (value instanceof Collection<?> all) return all;
    if (value instanceof Map<?, ?> map) return map.values();
    return value instanceof Object[] array ? Arrays.asList(array) : List.of();
  }

  private static boolean isOfDelivery(Object value) {
    return value instanceof Delivery || value instanceof MessagePayload;
  }

  static boolean isFuture(Object value) {
    return value instanceof Future || value instanceof CompletionStage;
  }

  /** Such as a Mono or a Flux of Reactor. */
  static boolean isPublisher(Object value) {
    return value != null && hasInterface(value.getClass(), PUBLISHER);
  }

  private static boolean hasInterface(Class<?> type, String name) {
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      for (Class<?> own : each.getInterfaces()) {
        if (own.getName().equals(name) || hasInterface(own, name)) return true;
      }
    }
    return false;
  }
}
