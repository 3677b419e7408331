package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sent messages of a client until they are gone, and the watches of their queues. Used on the
 * client's loop, if nothing else is said.
 */
final class FollowedMessages {
  static final int MAX_MESSAGES = 10_000;
  static final long IDLE_MS = TimeUnit.MINUTES.toMillis(1);

  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /** A watch begins this long before the oldest message was accepted. */
  private static final Duration LEAD = Duration.ofSeconds(1);

  /** The version of ids that begin with a time. */
  private static final int WITH_TIME = 7;

  private static final int TIME_SHIFT = 16;

  /** A sent message that is not known to be gone. */
  static final class Followed {
    final String id;
    final String sourceId;

    /** The watch of the queue where it is. */
    OutcomeWatch watch;

    Followed(String id, String sourceId) {
      this.id = id;
      this.sourceId = sourceId;
    }
  }

  private final Loop loop;
  private final ReconnectingChannel channel;
  private final OutcomeCallbacks callbacks;
  private final Listeners logLines;
  private final long idleMs;
  private final RepeatedLines ofBound = new RepeatedLines();
  private final RepeatedLines ofQueues = new RepeatedLines();

  /** Oldest first. */
  private final Map<String, Followed> byId = new LinkedHashMap<>();

  private final Map<String, OutcomeWatch> watches = new ConcurrentHashMap<>();
  private boolean isUnimplementedLogged;
  private boolean isClosed;

  /**
   * @param idleMs how long a watch stays with nothing to follow
   */
  FollowedMessages(
      Loop loop,
      ReconnectingChannel channel,
      OutcomeCallbacks callbacks,
      Listeners logLines,
      long idleMs) {
    this.loop = loop;
    this.channel = channel;
    this.callbacks = callbacks;
    this.logLines = logLines;
    this.idleMs = idleMs;
  }

  /** Follows the message of a send if the service has it. May be called from any thread. */
  void sent(SendToDlqRequest request, SendResult result) {
    if (!(result instanceof Stored stored) || stored.id().isEmpty()) return;
    loop.execute(() -> follow(stored.id(), stored.queue(), request.getSourceId()));
  }

  private void follow(String id, String queue, String sourceId) {
    if (isClosed || byId.containsKey(id)) return;
    if (byId.size() == MAX_MESSAGES) forgetOldest();
    Instant since = acceptedAt(id);
    Followed message = new Followed(id, sourceId);
    byId.put(id, message);
    join(message, queue, since);
  }

  private void forgetOldest() {
    forget(byId.values().iterator().next());
    if (!ofBound.mayLog("", Loop.nowMs())) return;
    logLines.call(
        () ->
            LOG.warn(
                "more than {} sent messages are followed; the callbacks get nothing more of the"
                    + " oldest",
                MAX_MESSAGES));
  }

  /** Returns the time at the start of a UUIDv7. */
  private static Instant acceptedAt(String id) {
    UUID parsed = UUID.fromString(id);
    if (parsed.version() != WITH_TIME) return Instant.now();
    return Instant.ofEpochMilli(parsed.getMostSignificantBits() >>> TIME_SHIFT);
  }

  private void join(Followed message, String queue, Instant since) {
    OutcomeWatch watch = watches.get(queue);
    if (watch == null) {
      watch = new OutcomeWatch(loop, channel, queue, since.minus(LEAD), this, callbacks, idleMs);
      watches.put(queue, watch);
      watch.start();
    }
    message.watch = watch;
    watch.add(message);
  }

  /** Returns null if it is not followed. */
  Followed find(String id) {
    return byId.get(id);
  }

  /** Follows a message in another queue. */
  void move(Followed message, String queue, Instant time) {
    message.watch.remove();
    join(message, queue, time);
  }

  void forget(Followed message) {
    byId.remove(message.id);
    message.watch.remove();
  }

  /** Ends a watch that has nothing to follow. */
  void end(OutcomeWatch watch) {
    watches.remove(watch.queue(), watch);
    watch.close();
    watch.awaitCallback(0); // it has none
  }

  void logGap(String queue) {
    if (!ofQueues.mayLog("gap " + queue, Loop.nowMs())) return;
    logLines.call(
        () ->
            LOG.warn(
                "the server no longer has some events of queue \"{}\": calls of the outcome"
                    + " callbacks may be missing",
                queue));
  }

  void logBroken(String queue, CallError error) {
    String why = error.description();
    if (error.code() == Status.Code.UNIMPLEMENTED) {
      if (isUnimplementedLogged) return;
      isUnimplementedLogged = true;
      logLines.call(
          () ->
              LOG.warn(
                  "the server has no WatchEvents ({}): the outcome callbacks get nothing before"
                      + " it is updated",
                  why));
    } else if (ofQueues.mayLog("broken " + queue, Loop.nowMs())) {
      String advised = error.descriptionWithAdvice();
      logLines.call(
          () -> LOG.warn("the watch of queue \"{}\" broke: {}; reconnecting", queue, advised));
    }
  }

  /** Whether the current thread runs a callback. May be called from any thread. */
  boolean isCurrent() {
    return watches.values().stream().anyMatch(OutcomeWatch::isCurrent);
  }

  /** Ends the watches. Call it outside of the loop. */
  void close() {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    loop.execute(
        () -> {
          isClosed = true;
          watches.values().forEach(OutcomeWatch::close);
          ended.complete(null);
        });
    ended.join();
  }

  /** Waits for running callbacks. Call it after {@link #close}. */
  void awaitCallbacks(long untilMs) {
    List<OutcomeWatch> all = new ArrayList<>(watches.values());
    all.forEach(watch -> watch.awaitCallback(Math.max(0, untilMs - Loop.nowMs())));
  }
}
