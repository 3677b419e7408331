package io.dlqservice.dlq;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Calls a worker's handler, and finds the outcome of each delivery. */
final class HandlerCalls {
  private final AsyncBatchHandler handler;
  private final boolean isBatch;
  private final WorkerReports reports;
  private final Telemetry telemetry;

  HandlerCalls(WorkerBuilder options, WorkerReports reports, Telemetry telemetry) {
    handler = options.handler;
    isBatch = options.isBatch;
    this.reports = reports;
    this.telemetry = telemetry;
  }

  /**
   * Calls the handler in this thread. The stage completes when the handler has ended, and what it
   * forwarded has a result, with the outcome of each delivery that it was called with.
   */
  CompletionStage<List<Outcome>> call(HandlerRun run) {
    List<HeldDelivery> batch = run.begin();
    if (batch.isEmpty()) return CompletableFuture.completedFuture(List.of());
    OpenSpan<List<Outcome>> span = telemetry.spans().handler(batch);
    CurrentDelivery.set(run);
    try (OpenSpan.Active active = span.activate()) {
      CompletionStage<?> stage =
          Objects.requireNonNull(
              handler.handle(List.copyOf(batch)),
              "the handler returned null instead of a CompletionStage");
      if (isSuccess(stage)) return ended(run, stage.toCompletableFuture().join(), null, span);
      cancelWith(run.cancelled(), stage);
      return stage
          .handle((result, thrown) -> ended(run, result, thrown, span))
          .thenCompose(outcomes -> outcomes);
    } catch (Throwable thrown) {
      return ended(run, null, thrown, span);
    } finally {
      run.end();
      CurrentDelivery.clear();
    }
  }

  /** Whether the handler ended without a failure when it returned, as most do. */
  private static boolean isSuccess(CompletionStage<?> stage) {
    return stage.getClass() == CompletableFuture.class
        && stage instanceof CompletableFuture<?> future
        && future.isDone()
        && !future.isCompletedExceptionally();
  }

  /** Cancels the stage with its delivery, in another thread: what is chained to it may block. */
  static void cancelWith(CompletableFuture<Void> cancelled, CompletionStage<?> stage) {
    cancelled.thenRun(() -> stage.toCompletableFuture().cancel(true));
  }

  /** A delivery whose forwarding is dropped has failed. */
  private CompletableFuture<List<Outcome>> ended(
      HandlerRun run, Object result, Throwable thrown, OpenSpan<List<Outcome>> span) {
    List<HeldDelivery> batch = run.called();
    Duration duration = run.ran();
    return forwarded(batch)
        .thenApply(none -> measured(batch, outcomes(batch, result, thrown), duration, span));
  }

  /** Completes when each send to another queue has its result, also one that begins meanwhile. */
  private static CompletableFuture<Void> forwarded(List<HeldDelivery> batch) {
    for (HeldDelivery held : batch) {
      CompletableFuture<Void> soFar = held.forwarded();
      if (!soFar.isDone()) return soFar.thenCompose(none -> forwarded(batch));
    }
    return HeldDelivery.NOTHING_FORWARDED;
  }

  private List<Outcome> measured(
      List<HeldDelivery> batch,
      List<Outcome> outcomes,
      Duration duration,
      OpenSpan<List<Outcome>> span) {
    for (int at = 0; at < batch.size(); at++) {
      HeldDelivery held = batch.get(at);
      held.handled = duration;
      telemetry.metrics().handled(held.queue(), outcomes.get(at), duration);
    }
    span.end(outcomes);
    return outcomes;
  }

  private List<Outcome> outcomes(List<HeldDelivery> batch, Object result, Throwable thrown) {
    if (thrown != null) return failed(batch, CauseChain.unwrapped(thrown));
    try {
      List<?> results = resultsOf(result, batch.size());
      List<Outcome> outcomes = new ArrayList<>();
      for (HeldDelivery held : batch) outcomes.add(outcome(held, results.get(outcomes.size())));
      return outcomes;
    } catch (RuntimeException invalid) { // also of the user's list
      return failed(batch, invalid);
    }
  }

  private List<?> resultsOf(Object result, int count) {
    if (!isBatch || !(result instanceof List<?> each)) return Collections.nCopies(count, result);
    if (each.size() == count) return each;
    throw new IllegalStateException(
        "the handler returned " + each.size() + " outcomes for " + count + " deliveries");
  }

  private static Outcome outcome(HeldDelivery held, Object result) {
    Outcome decided = held.decide(Outcome.succeeded());
    if (result != null && !(result instanceof Outcome)) throw noOutcome(result);
    if (!(result instanceof Outcome outcome)) return decided;
    // A message that the handler sent has failed, whatever it returns as success.
    boolean hasFailed = held.failsBySend() && outcome.kind() == Outcome.Kind.SUCCEEDED;
    return hasFailed ? decided : outcome;
  }

  /** Without the value itself, which may be a secret. */
  private static IllegalStateException noOutcome(Object result) {
    return new IllegalStateException(
        "the handler returned a value of type "
            + result.getClass().getName()
            + ", which is no outcome; complete the stage with null or an Outcome");
  }

  /** Deliveries that were cancelled have not failed. */
  private List<Outcome> failed(List<HeldDelivery> batch, Throwable thrown) {
    List<HeldDelivery> failed = batch.stream().filter(held -> !held.isAborted()).toList();
    if (!failed.isEmpty()) reports.handlerFailed(failed, thrown);
    Outcome outcome = failed.isEmpty() ? Outcome.RELEASED : Outcome.of(thrown);
    return batch.stream().map(held -> held.decideThrown(outcome)).toList();
  }
}
