package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.spool.SpoolResult;
import io.dlqservice.dlq.internal.spool.SpoolStore;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes send requests to a spool store. Requests that come at the same time share a write. */
final class SpoolWriter {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /** Limit of one write. */
  private static final int WRITE_BYTES = 4 * 1024 * 1024;

  /** Limit of what waits for a slow disk. */
  private static final long MAX_UNWRITTEN_BYTES = 64L * 1024 * 1024;

  private record Unwritten(SendRequest request, CompletableFuture<SpoolResult> result) {}

  private final Loop disk;
  private final SpoolStore store;
  private final Runnable onWritten;
  private final Listeners logLines;
  private final Deque<Unwritten> unwritten = new ArrayDeque<>();
  private long unwrittenBytes;
  private boolean isWriting;

  /**
   * @param disk the loop that writes
   * @param onWritten called after each write
   * @param logLines calls the logger
   */
  SpoolWriter(Loop disk, SpoolStore store, Runnable onWritten, Listeners logLines) {
    this.disk = disk;
    this.store = store;
    this.onWritten = onWritten;
    this.logLines = logLines;
  }

  /** The future never completes exceptionally. */
  synchronized CompletableFuture<SpoolResult> write(SendRequest request) {
    if (request.bytes() > SpoolStore.MAX_MESSAGE_BYTES) { // before its copies take memory
      return CompletableFuture.completedFuture(SpoolResult.TOO_LONG);
    }
    if (unwrittenBytes + request.bytes() > MAX_UNWRITTEN_BYTES) {
      return CompletableFuture.completedFuture(SpoolResult.FULL);
    }
    if (!isWriting) isWriting = disk.tryExecute(this::writeAll);
    if (!isWriting) return CompletableFuture.completedFuture(SpoolResult.FULL); // closed
    CompletableFuture<SpoolResult> result = new CompletableFuture<>();
    unwritten.addLast(new Unwritten(request, result));
    unwrittenBytes += request.bytes();
    return result;
  }

  private void writeAll() {
    for (List<Unwritten> taken = take(); !taken.isEmpty(); taken = take()) {
      List<SpoolResult> results = append(taken);
      for (int at = 0; at < taken.size(); at++) taken.get(at).result().complete(results.get(at));
      onWritten.run();
    }
  }

  /** Never throws: each request needs a result. */
  private List<SpoolResult> append(List<Unwritten> taken) {
    List<SendToDlqRequest> requests = taken.stream().map(one -> one.request().proto()).toList();
    try {
      return store.append(requests);
    } catch (RuntimeException | Error bug) {
      logLines.call(
          () -> LOG.error("cannot spool {} messages; dropping them", requests.size(), bug));
      return requests.stream().map(request -> SpoolResult.FULL).toList();
    }
  }

  private synchronized List<Unwritten> take() {
    List<Unwritten> taken = new ArrayList<>();
    long bytes = 0;
    while (!unwritten.isEmpty()) {
      int own = unwritten.peekFirst().request().bytes();
      if (!taken.isEmpty() && bytes + own > WRITE_BYTES) break;
      bytes += own;
      taken.add(unwritten.removeFirst());
    }
    unwrittenBytes -= bytes;
    if (taken.isEmpty()) isWriting = false;
    return taken;
  }
}
