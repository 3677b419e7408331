package io.dlqservice.dlq;

import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.v1.EventGap;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.grpc.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  private static final Pattern UUID_V7 =
      Pattern.compile(
          "([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
          Pattern.CASE_INSENSITIVE);

  private static final int HEX = 16;

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
  private final RepeatedLines lines = new RepeatedLines();

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
    if (!lines.mayLog("full", Loop.nowMs())) return;
    logLines.call(
        () ->
            LOG.warn(
                "outcome callbacks are not called for the oldest of more than {} followed messages;"
                    + " use events in NATS",
                MAX_MESSAGES));
  }

  /** Returns the time at the start of a UUIDv7; now if the id is none. */
  private static Instant acceptedAt(String id) {
    Matcher uuid = UUID_V7.matcher(id);
    if (!uuid.matches()) return Instant.now();
    return Instant.ofEpochMilli(Long.parseLong(uuid.group(1) + uuid.group(2), HEX));
  }

  private void join(Followed message, String queue, Instant since) {
    OutcomeWatch watch = watches.get(queue);
    if (watch == null) {
      watch = new OutcomeWatch(loop, channel, queue, since, this, callbacks, idleMs);
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

  void logGap(String queue, EventGap gap) {
    if (!lines.mayLog("gap", Loop.nowMs())) return;
    logLines.call(
        () ->
            LOG.warn(
                "outcome callbacks of queue \"{}\" may be missing: up to {} state changes were"
                    + " removed before they were read, and the store lost up to {}; read the"
                    + " messages for their state",
                queue,
                gap.getMissedCount(),
                gap.getUndoneCount()));
  }

  void logBroken(String queue, CallError error) {
    if (error.code() == Status.Code.UNIMPLEMENTED) {
      if (isUnimplementedLogged) return;
      isUnimplementedLogged = true;
      logLines.call(
          () ->
              LOG.warn(
                  "outcome callbacks are not called: the server has no WatchEvents; upgrade it"));
    } else if (lines.mayLog("broken", Loop.nowMs())) {
      String why = error.descriptionWithAdvice();
      logLines.call(
          () -> LOG.warn("outcome callbacks of queue \"{}\" wait: {}; retrying", queue, why));
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
