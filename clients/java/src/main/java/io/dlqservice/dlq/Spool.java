package io.dlqservice.dlq;

import io.dlqservice.dlq.spool.SpoolResult;
import io.dlqservice.dlq.spool.SpoolScope;
import io.dlqservice.dlq.spool.SpoolStore;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes send requests to files while the service is unavailable, and sends them later. */
final class Spool implements SendFallback {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /** Limit of one write. */
  private static final int WRITE_BYTES = 4 * 1024 * 1024;

  /** Limit of what waits for a slow disk. */
  private static final long MAX_UNWRITTEN_BYTES = 64L * 1024 * 1024;

  private static final long RECOVER_EVERY_MS = 30_000;
  private static final long TOUCH_EVERY_MS = 20_000;

  private record Unwritten(SendRequest request, CompletableFuture<SpoolResult> result) {}

  /** The only thread that writes files. */
  private final Loop disk = new Loop("dlq-client-spool");

  private final long maxBytes;
  private final SpoolStore store;
  private final SpoolSender sender;
  private final BiConsumer<DlqException, String> onDropped;
  private final Deque<Unwritten> unwritten = new ArrayDeque<>();
  private long unwrittenBytes;
  private boolean isWriting;

  Spool(
      SpoolOptions options,
      SpoolScope scope,
      Loop loop,
      ReconnectingChannel channel,
      Reachability reachability,
      BiConsumer<DlqException, String> onDropped) {
    this.onDropped = onDropped;
    maxBytes = options.maxBytes;
    store = new SpoolStore(scope, options.folder, options.maxBytes, options.sync, LOG::warn);
    sender =
        new SpoolSender(store, loop, channel, reachability, onDropped, SpoolSender.MAX_PASS_MS);
  }

  void start() {
    disk.execute(this::recover);
    disk.every(RECOVER_EVERY_MS, this::recover);
    disk.every(TOUCH_EVERY_MS, store::touch);
  }

  private void recover() {
    store.recover();
    if (store.count() > 0) sender.start();
  }

  @Override
  public long maxBytes() {
    return maxBytes;
  }

  /** Requests that come at the same time share a write. */
  @Override
  public synchronized CompletableFuture<SpoolResult> keep(SendRequest request) {
    if (request.bytes() > SpoolStore.MAX_MESSAGE_BYTES) { // before its copies take memory
      return CompletableFuture.completedFuture(SpoolResult.TOO_LONG);
    }
    if (unwrittenBytes + request.bytes() > MAX_UNWRITTEN_BYTES) {
      return CompletableFuture.completedFuture(SpoolResult.FULL);
    }
    CompletableFuture<SpoolResult> result = new CompletableFuture<>();
    unwritten.addLast(new Unwritten(request, result));
    unwrittenBytes += request.bytes();
    if (!isWriting) isWriting = disk.tryExecute(this::writeAll);
    return isWriting ? result : CompletableFuture.completedFuture(SpoolResult.FULL);
  }

  @Override
  public void warn(CallError error) {
    sender.warn(error);
  }

  private void writeAll() {
    for (List<Unwritten> taken = take(); !taken.isEmpty(); taken = take()) {
      List<SpoolResult> results = write(taken);
      for (int at = 0; at < taken.size(); at++) taken.get(at).result().complete(results.get(at));
      sender.start();
    }
  }

  /** Never throws: each request needs a result. */
  private List<SpoolResult> write(List<Unwritten> taken) {
    List<SendToDlqRequest> requests = taken.stream().map(one -> one.request().proto()).toList();
    try {
      return store.append(requests);
    } catch (RuntimeException | Error bug) {
      LOG.error("cannot spool {} messages; dropping them", requests.size(), bug);
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

  /** Leaves the files to other clients, and drops messages that are in memory only. */
  void close() {
    sender.close();
    CompletableFuture<List<SendToDlqRequest>> inMemory = new CompletableFuture<>();
    disk.execute(() -> inMemory.complete(store.release()));
    disk.execute(() -> inMemory.complete(List.of())); // if release threw
    inMemory
        .join()
        .forEach(request -> onDropped.accept(SendErrors.closedBefore(true), request.getQueue()));
    disk.close();
  }
}
