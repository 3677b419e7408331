package io.dlqservice.dlq;

import io.dlqservice.dlq.SendCall.Answer;
import io.dlqservice.dlq.internal.spool.SpoolSource;
import io.dlqservice.dlq.internal.spool.SpoolStore;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledFuture;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends spooled messages, oldest first, until none is left. Works in its own thread, and retries
 * with backoff up to 30 s.
 */
final class SpoolSender {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final int MAX_MESSAGES = 100;
  private static final long TRY_TIMEOUT_MS = 5_000;
  private static final long FIRST_PAUSE_MS = 100;
  private static final long MAX_PAUSE_MS = 30_000;

  /** After this time a pass ends, so that messages refused for now are retried. */
  static final long MAX_PASS_MS = MAX_PAUSE_MS;

  private record Message(long position, SendToDlqRequest request) {}

  /** Ends a pass: the service is unavailable, or the client is closed. */
  private static final class PassEnded extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private final Loop ownLoop = new Loop("dlq-client-spool-sender");
  private final SpoolStore store;
  private final Loop clientLoop;
  private final ReconnectingChannel channel;
  private final Reachability reachability;
  private final BiConsumer<DlqException, String> onRefused;

  /** Null for none. */
  private final BiConsumer<SendToDlqRequest, SendResult> onSent;

  private final SpoolWarning warning;
  private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);
  private final CallSize size = new CallSize(); // used in the own thread only
  private final PassTime passTime; // used in the own thread only
  private ScheduledFuture<?> timer;
  private boolean isStartingNow;
  private volatile boolean isClosed;

  /**
   * @param onRefused called for each message that the service refuses permanently
   * @param onSent called for each message that the service accepts; null for none
   * @param maxPassMs how long a pass may take while refused messages wait
   */
  SpoolSender(
      SpoolStore store,
      Loop clientLoop,
      ReconnectingChannel channel,
      Reachability reachability,
      BiConsumer<DlqException, String> onRefused,
      BiConsumer<SendToDlqRequest, SendResult> onSent,
      long maxPassMs) {
    this.store = store;
    this.clientLoop = clientLoop;
    this.channel = channel;
    this.reachability = reachability;
    this.onRefused = onRefused;
    this.onSent = onSent;
    warning = new SpoolWarning(ownLoop, store);
    passTime = new PassTime(maxPassMs);
    reachability.onAvailable(this::startNow);
  }

  /** Schedules a pass after the backoff, unless one is scheduled or running. */
  void start() {
    startWithin(MAX_PAUSE_MS);
  }

  private synchronized void startWithin(long maxMs) {
    if (isClosed || timer != null) return;
    timer = ownLoop.after(Math.min(backoff.nextMs(), maxMs), this::pass);
  }

  private synchronized void startNow() {
    if (isClosed || isStartingNow) return;
    isStartingNow = true;
    Loop.cancel(timer);
    timer = ownLoop.after(0, this::pass);
  }

  /** Starts no more calls, and returns when the last one has ended. */
  void close() {
    synchronized (this) {
      isClosed = true;
      Loop.cancel(timer);
    }
    CompletableFuture<Void> ended = new CompletableFuture<>();
    ownLoop.execute(() -> ended.complete(null));
    ended.join();
    ownLoop.close();
  }

  private void pass() {
    synchronized (this) {
      isStartingNow = false;
    }
    passTime.begins();
    boolean isAllDone = false;
    try {
      isAllDone = sendAll();
    } catch (PassEnded ended) {
      // the next pass continues
    } catch (RuntimeException | Error bug) { // such as a logger that throws, or no memory
      LOG.error("a pass over the spool failed; retrying", bug);
    } finally {
      passed(isAllDone);
    }
  }

  private void passed(boolean isAllDone) {
    synchronized (this) {
      if (isAllDone) backoff.reset();
      if (isStartingNow) return;
      timer = null;
    }
    boolean isCutShort = isPassOver();
    if (store.count() > 0) startWithin(isCutShort ? 0 : MAX_PAUSE_MS);
    else warning.emptied();
  }

  private boolean sendAll() throws PassEnded {
    boolean isAllDone = true;
    for (SpoolSource source : store.sources()) {
      isAllDone &= sendFrom(source);
      if (isPassOver()) return false;
    }
    return isAllDone;
  }

  /** New messages may come without end: refused ones must not wait for all of them. */
  private boolean isPassOver() {
    return passTime.isOver(Loop.nowMs());
  }

  /**
   * @return whether nothing is left to retry
   */
  private boolean sendFrom(SpoolSource source) throws PassEnded {
    boolean isAllDone = true;
    long position = -1;
    while (!isClosed) {
      List<SpoolSource.Entry> entries;
      try {
        entries = source.read(position, MAX_MESSAGES, size.bytes());
      } catch (IOException unreadable) {
        return false; // such as a file that another process has recovered
      }
      if (entries.isEmpty()) return isAllDone;
      position = entries.get(entries.size() - 1).position();
      List<Message> readable = new ArrayList<>();
      for (SpoolSource.Entry entry : entries) {
        entry.request().ifPresent(request -> readable.add(new Message(entry.position(), request)));
      }
      int lost = entries.size() - readable.size();
      if (lost > 0) {
        LOG.warn(
            "lost {} spooled messages: their records in spool file {} are damaged",
            lost,
            source.name());
      }
      Set<Long> left = new HashSet<>();
      for (Message again : send(readable)) left.add(again.position());
      if (!left.isEmpty()) isAllDone = false;
      List<Long> done =
          entries.stream()
              .map(SpoolSource.Entry::position)
              .filter(one -> !left.contains(one))
              .toList();
      if (!done.isEmpty()) store.finish(source, done);
      passTime.tried(readable.size(), left.size(), Loop.nowMs());
      if (isPassOver()) return false;
    }
    return false;
  }

  /**
   * @return the messages to retry
   * @throws PassEnded if the service is unavailable
   */
  private List<Message> send(List<Message> messages) throws PassEnded {
    if (messages.isEmpty() || isClosed) return messages;
    List<SendToDlqRequest> requests = messages.stream().map(Message::request).toList();
    List<Answer> answers;
    long beganAtMs = Loop.nowMs();
    try {
      answers = call(requests).join();
      size.answered(Loop.nowMs() - beganAtMs);
    } catch (CompletionException failed) {
      CallError error = CallError.of(failed);
      if (!error.isAnswer()) {
        if (!error.neverArrived()) size.unanswered();
        if (!channel.isClosed()) warn(error); // a closed client ended the call itself
        throw new PassEnded();
      }
      if (messages.size() > 1) {
        if (!error.mayConcernOneMessage()) {
          warn(error);
          throw new PassEnded();
        }
        // One message may be the cause: sending halves finds it.
        int middle = messages.size() / 2;
        List<Message> again = new ArrayList<>(send(messages.subList(0, middle)));
        again.addAll(send(messages.subList(middle, messages.size())));
        return again;
      }
      answers = List.of(new Answer(null, error));
    }
    Optional<CallError> unavailable = SendCall.unavailable(answers);
    if (unavailable.isPresent()) {
      warn(unavailable.get());
      throw new PassEnded();
    }
    List<Message> again = new ArrayList<>();
    for (int at = 0; at < messages.size(); at++) {
      Answer answer = at < answers.size() ? answers.get(at) : null;
      if (!isDone(messages.get(at), answer)) again.add(messages.get(at));
    }
    return again;
  }

  /** Calls from the client's loop, which owns the channel. */
  private CompletableFuture<List<Answer>> call(List<SendToDlqRequest> requests) throws PassEnded {
    CompletableFuture<List<Answer>> answered = new CompletableFuture<>();
    boolean isOpen =
        clientLoop.tryExecute(
            () -> {
              try {
                begin(requests, answered);
              } catch (RuntimeException | Error bug) {
                answered.completeExceptionally(bug);
              }
            });
    if (!isOpen) throw new PassEnded();
    return answered;
  }

  private void begin(List<SendToDlqRequest> requests, CompletableFuture<List<Answer>> answered) {
    Connection connection = channel.connection();
    long beganAtMs = Loop.nowMs();
    clientLoop.whenDone(
        SendCall.send(connection, requests, TRY_TIMEOUT_MS),
        (answers, thrown) -> {
          if (thrown == null) {
            recordReachability(SendCall.unavailable(answers), beganAtMs);
            answered.complete(answers);
            return;
          }
          CallError error = CallError.of(thrown);
          channel.failed(connection, error);
          recordReachability(Optional.of(error).filter(one -> !one.isAnswer()), beganAtMs);
          answered.completeExceptionally(thrown);
        });
  }

  /**
   * @param unavailable why the service is unavailable; empty if it is available
   */
  private void recordReachability(Optional<CallError> unavailable, long beganAtMs) {
    unavailable.ifPresentOrElse(
        error -> reachability.failed(beganAtMs, Loop.nowMs(), error),
        () -> reachability.recordAnswer(beganAtMs)); // must not start another pass
  }

  private boolean isDone(Message message, Answer answer) {
    if (answer == null) return false;
    if (answer.response() != null) {
      SendToDlqRequest sent = message.request();
      if (onSent != null) onSent.accept(sent, SendCall.stored(answer.response(), sent.getQueue()));
      return true;
    }
    if (!answer.error().isPermanent()) {
      warn(answer.error());
      return false;
    }
    // maybeStored: a try before the message was spooled may have arrived.
    onRefused.accept(answer.error().refusal(true), message.request().getQueue());
    return true;
  }

  /** Logs why messages wait. May be called from any thread. */
  void warn(CallError error) {
    warning.warn(error);
  }
}
