package io.dlqservice.dlq.internal.spool;

import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Keeps messages in memory when no file can be written. They are lost if the process ends. */
final class MemoryFallback implements SpoolSource {
  private record Kept(SendToDlqRequest request, int bytes, Instant addTime) {}

  private final TreeMap<Long, Kept> messages = new TreeMap<>();
  private long bytes;
  private long next;

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public synchronized int count() {
    return messages.size();
  }

  synchronized long bytes() {
    return bytes;
  }

  /** When the oldest message was added; empty if there is none. */
  synchronized Stream<Instant> oldestAddTime() {
    return Stream.ofNullable(messages.firstEntry()).map(oldest -> oldest.getValue().addTime());
  }

  synchronized void add(SendToDlqRequest request, int ownBytes) {
    messages.put(next++, new Kept(request, ownBytes, Instant.now()));
    bytes += ownBytes;
  }

  @Override
  public synchronized List<Entry> read(long after, int maxMessages, int maxBytes) {
    List<Entry> found = new ArrayList<>();
    long sum = 0;
    for (Map.Entry<Long, Kept> message : messages.tailMap(after, false).entrySet()) {
      sum += message.getValue().bytes();
      if (found.size() == maxMessages || (!found.isEmpty() && sum > maxBytes)) break;
      found.add(new Entry(message.getKey(), Optional.of(message.getValue().request())));
    }
    return found;
  }

  synchronized void finish(List<Long> positions) {
    for (Long position : positions) {
      Kept removed = messages.remove(position);
      if (removed != null) bytes -= removed.bytes();
    }
  }

  /** Removes and returns all messages. */
  synchronized List<SendToDlqRequest> clear() {
    List<SendToDlqRequest> requests = messages.values().stream().map(Kept::request).toList();
    messages.clear();
    bytes = 0;
    return requests;
  }
}
