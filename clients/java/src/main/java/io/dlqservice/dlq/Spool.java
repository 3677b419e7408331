package io.dlqservice.dlq;

import io.dlqservice.dlq.spool.Placed;
import io.dlqservice.dlq.spool.Shelf;
import io.dlqservice.dlq.spool.SpoolPurpose;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps letters in files while the service is away, and delivers them when it is back. */
final class Spool implements Shelter {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /** What one write takes. */
  private static final int WRITE_BYTES = 4 * 1024 * 1024;

  /** What may wait for a disk that is slow. */
  private static final long MOST_UNWRITTEN_BYTES = 64L * 1024 * 1024;

  private static final long ADOPT_EVERY_MS = 30_000;
  private static final long TOUCH_EVERY_MS = 20_000;

  private record Unwritten(Letter letter, CompletableFuture<Placed> placed) {}

  /** The disk's own thread. */
  private final Loop disk = new Loop("dlq-client-spool");

  private final long maxBytes;
  private final Shelf shelf;
  private final Courier courier;
  private final BiConsumer<DlqException, String> onDropped;
  private final Deque<Unwritten> unwritten = new ArrayDeque<>();
  private long unwrittenBytes;
  private boolean isWriting;

  Spool(
      SpoolOptions options,
      String target,
      String service,
      Loop loop,
      Line line,
      Reachability reachability,
      BiConsumer<DlqException, String> onDropped) {
    this.onDropped = onDropped;
    maxBytes = options.maxBytes;
    shelf =
        new Shelf(
            new SpoolPurpose(target, service),
            options.folder,
            options.maxBytes,
            options.sync,
            words -> LOG.warn("the spool {}", words));
    courier = new Courier(shelf, loop, line, reachability, onDropped, Courier.MOST_PASS_MS);
  }

  void start() {
    disk.execute(this::adopt);
    disk.every(ADOPT_EVERY_MS, this::adopt);
    disk.every(TOUCH_EVERY_MS, shelf::touch);
  }

  private void adopt() {
    shelf.adopt();
    if (shelf.count() > 0) courier.start();
  }

  @Override
  public long maxBytes() {
    return maxBytes;
  }

  /** Letters that come together share a write. */
  @Override
  public synchronized CompletableFuture<Placed> keep(Letter letter) {
    if (letter.bytes() > Shelf.MOST_LETTER_BYTES) { // before its copies take memory
      return CompletableFuture.completedFuture(Placed.TOO_LONG);
    }
    if (unwrittenBytes + letter.bytes() > MOST_UNWRITTEN_BYTES) {
      return CompletableFuture.completedFuture(Placed.FULL);
    }
    CompletableFuture<Placed> placed = new CompletableFuture<>();
    unwritten.addLast(new Unwritten(letter, placed));
    unwrittenBytes += letter.bytes();
    if (!isWriting) isWriting = disk.tryExecute(this::writeAll);
    return isWriting ? placed : CompletableFuture.completedFuture(Placed.FULL);
  }

  @Override
  public void tellOf(CallError error) {
    courier.tellOf(error);
  }

  private void writeAll() {
    for (List<Unwritten> taken = take(); !taken.isEmpty(); taken = take()) {
      List<Placed> placed = write(taken); // never throws: somebody waits for each
      for (int at = 0; at < taken.size(); at++) taken.get(at).placed().complete(placed.get(at));
      courier.start();
    }
  }

  private List<Placed> write(List<Unwritten> taken) {
    List<SendToDlqRequest> requests = taken.stream().map(one -> one.letter().request()).toList();
    try {
      return shelf.append(requests);
    } catch (RuntimeException | Error bug) {
      LOG.error("the spool could not keep {} messages", requests.size(), bug);
      return requests.stream().map(request -> Placed.FULL).toList();
    }
  }

  private synchronized List<Unwritten> take() {
    List<Unwritten> taken = new ArrayList<>();
    long bytes = 0;
    while (!unwritten.isEmpty()) {
      int own = unwritten.peekFirst().letter().bytes();
      if (!taken.isEmpty() && bytes + own > WRITE_BYTES) break;
      bytes += own;
      taken.add(unwritten.removeFirst());
    }
    unwrittenBytes -= bytes;
    if (taken.isEmpty()) isWriting = false;
    return taken;
  }

  /** Leaves its files to whoever comes next. What is in memory only is lost, which is told. */
  void close() {
    courier.close();
    CompletableFuture<List<SendToDlqRequest>> left = new CompletableFuture<>();
    disk.execute(() -> left.complete(shelf.release()));
    // At the end of the tasks, whatever became of that one.
    disk.execute(() -> left.complete(List.of()));
    left.join()
        .forEach(request -> onDropped.accept(SendErrors.closedBefore(true), request.getQueue()));
    disk.close();
  }
}
