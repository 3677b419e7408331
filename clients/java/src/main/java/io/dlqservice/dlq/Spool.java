package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.spool.SpoolResult;
import io.dlqservice.dlq.internal.spool.SpoolScope;
import io.dlqservice.dlq.internal.spool.SpoolStore;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes send requests to files while the service is unavailable, and sends them later. */
final class Spool implements SendSpool {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  private static final long RECOVER_EVERY_MS = 30_000;
  private static final long TOUCH_EVERY_MS = 20_000;

  /** The only thread that writes files. */
  private final Loop disk = new Loop("dlq-client-spool");

  private final long maxBytes;
  private final SpoolStore store;
  private final SpoolSender sender;
  private final BiConsumer<DlqException, String> onDropped;
  private final SpoolWriter writer;

  /**
   * @param onSent called for each message that the service accepts; null for none
   */
  Spool(
      SpoolOptions options,
      SpoolScope scope,
      Loop loop,
      ReconnectingChannel channel,
      Reachability reachability,
      Listeners logLines,
      BiConsumer<DlqException, String> onDropped,
      BiConsumer<SendToDlqRequest, SendResult> onSent) {
    this.onDropped = onDropped;
    maxBytes = options.maxBytes;
    // A logger may send, and wait for a write.
    Consumer<String> warn = text -> logLines.call(() -> LOG.warn(text));
    store = new SpoolStore(scope, options.folder, options.maxBytes, options.sync, warn);
    sender =
        new SpoolSender(
            store, loop, channel, reachability, onDropped, onSent, SpoolSender.MAX_PASS_MS);
    writer = new SpoolWriter(disk, store, sender::start, logLines);
  }

  void start() {
    disk.execute(this::recoverOrphans);
    disk.every(RECOVER_EVERY_MS, this::recoverOrphans);
    disk.every(TOUCH_EVERY_MS, store::touch);
  }

  private void recoverOrphans() {
    store.recoverOrphans();
    if (store.count() > 0) sender.start();
  }

  @Override
  public long maxBytes() {
    return maxBytes;
  }

  @Override
  public CompletableFuture<SpoolResult> keep(SendRequest request) {
    return writer.write(request);
  }

  @Override
  public void warn(CallError error) {
    sender.warn(error);
  }

  /** What is still to be sent. May wait for a write. */
  SpoolUsage usage() {
    return new SpoolUsage(store.count(), store.bytes(), store.oldestAge());
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
