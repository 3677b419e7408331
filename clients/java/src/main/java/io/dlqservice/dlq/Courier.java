package io.dlqservice.dlq;

import io.dlqservice.dlq.SendCall.Answer;
import io.dlqservice.dlq.spool.LetterStore;
import io.dlqservice.dlq.spool.Shelf;
import io.dlqservice.dlq.spool.StoredLetter;
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

/** Delivers what is on the shelf, oldest first, until nothing is left; in a thread of its own. */
final class Courier {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final int MOST_MESSAGES = 100;
  private static final long TRY_TIMEOUT_MS = 5_000;
  private static final long FIRST_PAUSE_MS = 100;
  private static final long MOST_PAUSE_MS = 30_000;

  /** How long others go before what is refused for now, however many come meanwhile. */
  static final long MOST_PASS_MS = MOST_PAUSE_MS;

  private record Waiting(long position, SendToDlqRequest request) {}

  /** The service can't be reached, or the client is closed: this pass is over. */
  private static final class CutOff extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private final Loop road = new Loop("dlq-client-courier");
  private final WaitReport report = new WaitReport(road);
  private final Shelf shelf;
  private final Loop loop;
  private final Line line;
  private final Reachability reachability;
  private final BiConsumer<DlqException, String> onRefused;
  private final Backoff backoff = new Backoff(FIRST_PAUSE_MS, MOST_PAUSE_MS);
  private final CallSize size = new CallSize(); // of the courier's thread
  private final PassTime passTime; // of the courier's thread
  private ScheduledFuture<?> timer;
  private boolean isHastened;
  private volatile boolean isClosed;

  /**
   * @param onRefused told of each letter that the service refused for good
   * @param mostPassMs after which the oldest that was left is tried again
   */
  Courier(
      Shelf shelf,
      Loop loop,
      Line line,
      Reachability reachability,
      BiConsumer<DlqException, String> onRefused,
      long mostPassMs) {
    this.shelf = shelf;
    this.loop = loop;
    this.line = line;
    this.reachability = reachability;
    this.onRefused = onRefused;
    passTime = new PassTime(mostPassMs);
    reachability.onBack(this::hasten);
  }

  /** There is something to deliver: soon, if nothing is on its way already. */
  void start() {
    startWithin(MOST_PAUSE_MS);
  }

  private synchronized void startWithin(long mostMs) {
    if (isClosed || timer != null) return;
    timer = road.after(Math.min(backoff.nextMs(), mostMs), this::pass);
  }

  /** The service is known to be there: at once. */
  private synchronized void hasten() {
    if (isClosed || isHastened) return;
    isHastened = true;
    Loop.cancel(timer);
    timer = road.after(0, this::pass);
  }

  /** Begins no more calls; returns when the last one is over. */
  void close() {
    synchronized (this) {
      isClosed = true;
      Loop.cancel(timer);
    }
    CompletableFuture<Void> over = new CompletableFuture<>();
    road.execute(() -> over.complete(null));
    over.join();
    road.close();
  }

  /** Once over everything. */
  private void pass() {
    synchronized (this) {
      isHastened = false;
    }
    passTime.begins();
    boolean isAllDone = false;
    try {
      isAllDone = deliverAll();
    } catch (CutOff notNow) {
      // the service is away
    } catch (RuntimeException | Error bug) { // of somebody's log, or for want of memory
      LOG.error("the spool could not deliver; it goes on", bug);
    } finally {
      passed(isAllDone);
    }
  }

  private void passed(boolean isAllDone) {
    synchronized (this) {
      if (isAllDone) backoff.reset();
      if (isHastened) return;
      timer = null;
    }
    boolean isCutShort = isTimeForTheOldest(); // which have waited long enough
    if (shelf.count() > 0) startWithin(isCutShort ? 0 : MOST_PAUSE_MS);
  }

  private boolean deliverAll() throws CutOff {
    boolean isAllDone = true;
    for (LetterStore store : shelf.stores()) {
      isAllDone &= deliverFrom(store);
      if (isTimeForTheOldest()) return false;
    }
    return isAllDone;
  }

  /** What was left waits no longer for others, of which there may be ever more. */
  private boolean isTimeForTheOldest() {
    return passTime.isOver(Loop.nowMs());
  }

  /**
   * @return whether none was left that is to be tried again
   */
  private boolean deliverFrom(LetterStore store) throws CutOff {
    boolean isAllDone = true;
    long position = -1;
    while (!isClosed) {
      List<StoredLetter> letters;
      try {
        letters = store.read(position, MOST_MESSAGES, size.bytes());
      } catch (IOException unreadable) {
        return false; // this file, such as one that was taken from under our hands; on to the next
      }
      if (letters.isEmpty()) return isAllDone;
      position = letters.get(letters.size() - 1).position();
      List<Waiting> readable = new ArrayList<>();
      for (StoredLetter letter : letters) {
        letter
            .request()
            .ifPresent(request -> readable.add(new Waiting(letter.position(), request)));
      }
      int lost = letters.size() - readable.size();
      if (lost > 0) LOG.warn("the spool has lost {} letters, for their file is damaged", lost);
      Set<Long> left = new HashSet<>();
      for (Waiting again : send(readable)) left.add(again.position());
      if (!left.isEmpty()) isAllDone = false;
      List<Long> done =
          letters.stream().map(StoredLetter::position).filter(one -> !left.contains(one)).toList();
      if (!done.isEmpty()) shelf.finish(store, done);
      passTime.tried(readable.size(), left.size(), Loop.nowMs());
      if (isTimeForTheOldest()) return false;
    }
    return false;
  }

  /**
   * @return those that are to be tried again
   * @throws CutOff where the service can't be reached
   */
  private List<Waiting> send(List<Waiting> letters) throws CutOff {
    if (letters.isEmpty() || isClosed) return letters;
    List<SendToDlqRequest> requests = letters.stream().map(Waiting::request).toList();
    List<Answer> answers;
    long beganAtMs = Loop.nowMs();
    try {
      answers = call(requests).join();
      size.answered(Loop.nowMs() - beganAtMs);
    } catch (CompletionException failed) {
      CallError error = CallError.of(failed);
      if (!error.isAnswer()) {
        if (!error.neverArrived()) size.unanswered();
        if (!line.isClosed()) tellOf(error); // else the client itself has ended the call
        throw new CutOff();
      }
      if (letters.size() > 1) {
        if (!error.isOfTheWholeCall()) {
          tellOf(error);
          throw new CutOff();
        }
        // One of them spoils it for all; the halves find out which.
        int middle = letters.size() / 2;
        List<Waiting> again = new ArrayList<>(send(letters.subList(0, middle)));
        again.addAll(send(letters.subList(middle, letters.size())));
        return again;
      }
      answers = List.of(new Answer(null, error));
    }
    Optional<CallError> withoutService = SendCall.withoutService(answers);
    if (withoutService.isPresent()) {
      tellOf(withoutService.get());
      throw new CutOff();
    }
    List<Waiting> again = new ArrayList<>();
    for (int at = 0; at < letters.size(); at++) {
      Answer answer = at < answers.size() ? answers.get(at) : null;
      if (!isDone(letters.get(at), answer)) again.add(letters.get(at));
    }
    return again;
  }

  /** From the client's loop, where the line belongs to. */
  private CompletableFuture<List<Answer>> call(List<SendToDlqRequest> requests) throws CutOff {
    CompletableFuture<List<Answer>> answered = new CompletableFuture<>();
    boolean isOpen =
        loop.tryExecute(
            () -> {
              try {
                begin(requests, answered);
              } catch (RuntimeException | Error bug) {
                answered.completeExceptionally(bug); // somebody waits for it
              }
            });
    if (!isOpen) throw new CutOff();
    return answered;
  }

  private void begin(List<SendToDlqRequest> requests, CompletableFuture<List<Answer>> answered) {
    Connection connection = line.connection();
    long beganAtMs = Loop.nowMs();
    loop.whenDone(
        SendCall.send(connection, requests, TRY_TIMEOUT_MS),
        (answers, thrown) -> {
          if (thrown == null) {
            note(SendCall.withoutService(answers), beganAtMs);
            answered.complete(answers);
            return;
          }
          CallError error = CallError.of(thrown);
          line.failed(connection, error);
          note(Optional.of(error).filter(one -> !one.isAnswer()), beganAtMs);
          answered.completeExceptionally(thrown);
        });
  }

  /**
   * @param away why the service is, if it is
   */
  private void note(Optional<CallError> away, long beganAtMs) {
    away.ifPresentOrElse(
        error -> reachability.failed(beganAtMs, Loop.nowMs(), error),
        () -> reachability.heard(beganAtMs));
  }

  private boolean isDone(Waiting letter, Answer answer) {
    if (answer == null) return false;
    if (answer.response() != null) return true;
    if (!answer.error().isForGood()) {
      tellOf(answer.error());
      return false;
    }
    // Before it was kept, a try may have gone out.
    onRefused.accept(answer.error().refusal(true), letter.request().getQueue());
    return true;
  }

  /** Why something waits; from any thread. */
  void tellOf(CallError error) {
    report.tellOf(error);
  }
}
