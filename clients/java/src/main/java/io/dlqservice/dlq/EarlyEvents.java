package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Event;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Events that belong to no followed message: they may come before the result of their send. The
 * latest 1,000 are remembered for a minute.
 */
final class EarlyEvents {
  static final int MAX_EVENTS = 1_000;
  static final long KEPT_MS = TimeUnit.MINUTES.toMillis(1);

  private record Early(Event event, long untilMs) {}

  /** Oldest first, also those that were taken. */
  private final Deque<Early> latest = new ArrayDeque<>();

  private final Map<String, Deque<Early>> byMessage = new HashMap<>();

  void add(Event event, long nowMs) {
    removeOld(nowMs);
    if (latest.size() == MAX_EVENTS) removeOldest();
    Early early = new Early(event, nowMs + KEPT_MS);
    latest.addLast(early);
    byMessage.computeIfAbsent(event.getMessageId(), id -> new ArrayDeque<>()).addLast(early);
  }

  /** Returns the events of a message in their order, and forgets them. */
  List<Event> take(String messageId, long nowMs) {
    removeOld(nowMs);
    Deque<Early> found = byMessage.remove(messageId);
    return found == null ? List.of() : found.stream().map(Early::event).toList();
  }

  private void removeOld(long nowMs) {
    while (!latest.isEmpty() && latest.peekFirst().untilMs <= nowMs) removeOldest();
  }

  private void removeOldest() {
    Early oldest = latest.removeFirst();
    String messageId = oldest.event.getMessageId();
    Deque<Early> own = byMessage.get(messageId);
    if (own == null || !oldest.equals(own.peekFirst())) return; // it was taken
    own.removeFirst();
    if (own.isEmpty()) byMessage.remove(messageId);
  }
}
