package io.dlqservice.dlq;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Puts middleware around a handler; the first is the outermost. The result of the handler stands if
 * middleware returns none.
 */
final class MiddlewareChain {
  private static final String NOT_CALLED =
      "middleware returned no outcome, and did not call the handler; return an Outcome";
  private static final String NOT_ENDED =
      "middleware returned no outcome while the handler runs; wait for it, or return an Outcome";

  private MiddlewareChain() {}

  static OutcomeHandler around(OutcomeHandler handler, List<Middleware> middleware) {
    if (middleware.isEmpty()) return handler;
    Middleware first = middleware.get(0);
    OutcomeHandler rest = around(handler, middleware.subList(1, middleware.size()));
    return delivery -> {
      Next next = new Next(rest);
      Outcome outcome = first.handle(delivery, next);
      return outcome == null ? next.result() : outcome;
    };
  }

  /** Remembers the latest result of the handler, which middleware may call in another thread. */
  private static final class Next implements OutcomeHandler {
    private final OutcomeHandler handler;
    private CompletableFuture<Outcome> result;

    Next(OutcomeHandler handler) {
      this.handler = handler;
    }

    @Override
    public Outcome handle(Delivery delivery) throws Exception {
      CompletableFuture<Outcome> ended = new CompletableFuture<>();
      synchronized (this) {
        result = ended;
      }
      try {
        Outcome outcome = handler.handle(delivery);
        ended.complete(outcome);
        return outcome;
      } catch (Throwable thrown) {
        ended.completeExceptionally(thrown);
        throw thrown;
      }
    }

    /** Throws what the handler threw, in a CompletionException. */
    synchronized Outcome result() {
      if (result == null) throw new IllegalStateException(NOT_CALLED);
      if (!result.isDone()) throw new IllegalStateException(NOT_ENDED);
      return result.join();
    }
  }

  static AsyncHandler aroundAsync(AsyncHandler handler, List<AsyncMiddleware> middleware) {
    if (middleware.isEmpty()) return handler;
    AsyncMiddleware first = middleware.get(0);
    AsyncHandler rest =
        cancelledWithItsDelivery(aroundAsync(handler, middleware.subList(1, middleware.size())));
    return delivery -> {
      AsyncNext next = new AsyncNext(rest);
      CompletionStage<?> stage =
          cancelledWithItsDelivery(of -> first.handle(of, next)).handle(delivery);
      return stage == null ? null : stage.thenCompose(next::orResult);
    };
  }

  /** Remembers the latest stage of the handler. */
  private static final class AsyncNext implements AsyncHandler {
    private final AsyncHandler handler;
    private volatile CompletionStage<?> stage;

    AsyncNext(AsyncHandler handler) {
      this.handler = handler;
    }

    @Override
    public CompletionStage<?> handle(Delivery delivery) throws Exception {
      try {
        stage = handler.handle(delivery);
        return stage;
      } catch (Throwable thrown) {
        stage = CompletableFuture.failedFuture(thrown);
        throw thrown;
      }
    }

    CompletionStage<Object> orResult(Object result) {
      if (result != null) return CompletableFuture.completedFuture(result);
      if (stage == null) throw new IllegalStateException(NOT_CALLED);
      return stage.thenApply(own -> own);
    }
  }

  /** Cancelling a stage does not cancel the one that it depends on. */
  private static AsyncHandler cancelledWithItsDelivery(AsyncHandler handler) {
    return delivery -> {
      CompletionStage<?> stage = handler.handle(delivery);
      if (stage != null) HandlerCalls.cancelWith(delivery.cancelled(), stage);
      return stage;
    };
  }
}
