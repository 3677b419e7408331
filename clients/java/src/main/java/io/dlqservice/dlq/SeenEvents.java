package io.dlqservice.dlq;

import java.util.HashSet;
import java.util.Set;

/** Ids of events that may come again: at least the latest 5,000, and at most 10,000. */
final class SeenEvents {
  private static final int HALF = 5_000;

  private Set<String> latest = new HashSet<>();
  private Set<String> earlier = Set.of();

  /** Returns whether the event is new. */
  boolean add(String id) {
    if (earlier.contains(id) || !latest.add(id)) return false;
    if (latest.size() == HALF) {
      earlier = latest;
      latest = new HashSet<>();
    }
    return true;
  }
}
