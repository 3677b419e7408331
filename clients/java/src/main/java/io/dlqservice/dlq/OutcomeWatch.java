package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.EventGap;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.MessageState;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;

/**
 * Follows the sent messages of a queue, and calls the callbacks one after another, in a thread of
 * its own. Ends when it has had nothing to follow for a while. Used on the client's loop, if
 * nothing else is said.
 */
final class OutcomeWatch implements EventStream.Listener {
  private static final Set<MessageState> STORED =
      Set.of(
          MessageState.MESSAGE_STATE_SCHEDULED,
          MessageState.MESSAGE_STATE_IN_FLIGHT,
          MessageState.MESSAGE_STATE_QUARANTINED);

  private final Loop loop;
  private final String queue;
  private final FollowedMessages messages;
  private final OutcomeCallbacks callbacks;
  private final long idleMs;
  private final EventStream stream;
  private final EarlyEvents early = new EarlyEvents();
  private final SeenEvents seen = new SeenEvents();
  private final Listeners calls = new Listeners("dlq-client-outcomes");
  private int following;
  private ScheduledFuture<?> idle;
  private volatile boolean isClosed;

  /**
   * @param since when the first event may have happened
   * @param idleMs how long it stays with nothing to follow
   */
  OutcomeWatch(
      Loop loop,
      ReconnectingChannel channel,
      String queue,
      Instant since,
      FollowedMessages messages,
      OutcomeCallbacks callbacks,
      long idleMs) {
    this.loop = loop;
    this.queue = queue;
    this.messages = messages;
    this.callbacks = callbacks;
    this.idleMs = idleMs;
    stream = new EventStream(loop, channel, queue, since, this);
  }

  void start() {
    stream.open();
  }

  String queue() {
    return queue;
  }

  /** Follows a message, beginning with its events that have come already. */
  void add(FollowedMessages.Followed message) {
    following++;
    Loop.cancel(idle);
    for (Event event : early.take(message.id, Loop.nowMs())) take(event);
  }

  /** A message is no longer followed here. */
  void remove() {
    if (--following == 0 && !isClosed) idle = loop.after(idleMs, this::endIfIdle);
  }

  private void endIfIdle() {
    if (following > 0) return;
    if (calls.ended().isDone()) messages.end(this);
    else loop.whenDone(calls.ended(), (none, thrown) -> endIfIdle()); // of a slow callback
  }

  @Override
  public CompletableFuture<Void> events(List<Event> events) {
    events.forEach(this::take);
    return calls.ended();
  }

  private void take(Event event) {
    FollowedMessages.Followed message = messages.find(event.getMessageId());
    if (message == null || message.watch != this) {
      early.add(event, Loop.nowMs());
      return;
    }
    if (!seen.add(event.getId())) return;
    callbacks.callFor(event, message.sourceId).ifPresent(this::call);
    if (event.getType() == EventType.EVENT_TYPE_MOVED_AWAY) {
      messages.move(message, event.getOtherQueue(), Times.from(event.getTime()));
    } else if (isEnd(event)) {
      messages.forget(message);
    }
  }

  private void call(Runnable callback) {
    calls.call(
        () -> {
          if (!isClosed) callback.run();
        });
  }

  /** Whether the message is gone. */
  static boolean isEnd(Event event) {
    return switch (event.getType()) {
      case EVENT_TYPE_RETRY_SUCCESS, EVENT_TYPE_EXPIRED -> !STORED.contains(event.getState());
      case EVENT_TYPE_DISCARDED, EVENT_TYPE_PURGED -> true;
      default -> false;
    };
  }

  @Override
  public void gap(EventGap gap) {
    messages.logGap(queue, gap);
  }

  @Override
  public void broken(CallError error) {
    messages.logBroken(queue, error);
  }

  /** Whether the current thread runs a callback. May be called from any thread. */
  boolean isCurrent() {
    return calls.isCurrent();
  }

  /** Ends the stream, and calls no further callback. */
  void close() {
    isClosed = true;
    Loop.cancel(idle);
    stream.close();
  }

  /** Waits for the running callback. Call it outside of the loop, after {@link #close}. */
  void awaitCallback(long maxMs) {
    calls.close(maxMs);
  }
}
