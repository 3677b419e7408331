package io.dlqservice.dlq.spool;

import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Letters that no file could take: lost with the process. */
final class MemoryLetters implements LetterStore {
  private record Kept(SendToDlqRequest request, int bytes) {}

  private final TreeMap<Long, Kept> letters = new TreeMap<>();
  private long bytes;
  private long next;

  @Override
  public synchronized int count() {
    return letters.size();
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized void add(SendToDlqRequest request, int ownBytes) {
    letters.put(next++, new Kept(request, ownBytes));
    bytes += ownBytes;
  }

  @Override
  public synchronized List<StoredLetter> read(long after, int maxLetters, int maxBytes) {
    List<StoredLetter> found = new ArrayList<>();
    long sum = 0;
    for (Map.Entry<Long, Kept> letter : letters.tailMap(after, false).entrySet()) {
      sum += letter.getValue().bytes();
      if (found.size() == maxLetters || (!found.isEmpty() && sum > maxBytes)) break;
      found.add(new StoredLetter(letter.getKey(), Optional.of(letter.getValue().request())));
    }
    return found;
  }

  synchronized void finish(List<Long> positions) {
    for (Long position : positions) {
      Kept gone = letters.remove(position);
      if (gone != null) bytes -= gone.bytes();
    }
  }

  /** Takes out what is there. */
  synchronized List<SendToDlqRequest> clear() {
    List<SendToDlqRequest> requests = letters.values().stream().map(Kept::request).toList();
    letters.clear();
    bytes = 0;
    return requests;
  }
}
