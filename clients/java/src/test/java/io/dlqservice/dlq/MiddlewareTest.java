package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MiddlewareTest extends WithFakeServer {
  private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

  @BeforeEach
  void send() {
    dlq.send("q", "x", null);
  }

  private Outcome.Kind outcome() throws InterruptedException {
    return next(settled).outcome();
  }

  private Middleware named(String name) {
    return (delivery, next) -> {
      seen.add(name + " " + delivery.payload().text());
      try {
        return next.handle(delivery);
      } finally {
        seen.add("after " + name);
      }
    };
  }

  @Test
  void theFirstIsTheOutermostAndReplacesTheResult() throws Exception {
    Middleware quarantining =
        (delivery, next) -> {
          try {
            return next.handle(delivery);
          } catch (IOException noStock) {
            return Outcome.quarantined(noStock.getMessage());
          }
        };
    worker()
        .middleware(named("one"), quarantining)
        .middleware(named("three"))
        .start(
            delivery -> {
              throw new IOException("no stock");
            });
    assertEquals(Outcome.Kind.QUARANTINED, outcome());
    assertEquals(List.of("one x", "three x", "after three", "after one"), List.copyOf(seen));
  }

  @Test
  void anErrorOfMiddlewareIsAFailure() throws Exception {
    worker()
        .middleware(
            (delivery, next) -> {
              next.handle(delivery);
              throw new IOException("no audit");
            })
        .startWithOutcomes(delivery -> Outcome.discarded("done"));
    assertEquals(Outcome.Kind.FAILED, outcome());
    assertEquals(ErrorKind.HANDLER_FAILED, next(errors).kind());
  }

  @Test
  void theResultOfTheHandlerStandsIfMiddlewareReturnsNone() throws Exception {
    worker()
        .middleware(
            (delivery, next) -> {
              next.handle(delivery);
              return null;
            })
        .startWithOutcomes(delivery -> Outcome.discarded("done"));
    assertEquals(Outcome.Kind.DISCARDED, outcome());
  }

  @Test
  void anErrorThatMiddlewareOnlyLogsIsAFailure() throws Exception {
    worker()
        .middleware(
            (delivery, next) -> {
              try {
                return next.handle(delivery);
              } catch (IOException logged) {
                return null;
              }
            })
        .start(
            delivery -> {
              throw new IOException("no stock");
            });
    SettledDelivery failed = next(settled);
    assertEquals(Outcome.Kind.FAILED, failed.outcome());
    assertEquals("no stock", failed.error().orElseThrow().getMessage());
  }

  @Test
  void middlewareThatNeitherCallsTheHandlerNorReturnsAnOutcomeFails() throws Exception {
    worker().middleware((delivery, next) -> null).start(delivery -> {});
    assertEquals(Outcome.Kind.FAILED, outcome());
  }

  @Test
  void asynchronousMiddlewareThatNeitherCallsNorReturnsAnOutcomeFails() throws Exception {
    worker()
        .asyncMiddleware((delivery, next) -> CompletableFuture.completedFuture(null))
        .startAsync(delivery -> CompletableFuture.completedFuture(null));
    assertEquals(Outcome.Kind.FAILED, outcome());
  }

  @Test
  void theResultOfTheHandlerStandsIfAsynchronousMiddlewareHasNone() throws Exception {
    worker()
        .asyncMiddleware((delivery, next) -> next.handle(delivery).thenAccept(seenResult -> {}))
        .startAsync(delivery -> CompletableFuture.completedFuture(Outcome.discarded("done")));
    assertEquals(Outcome.Kind.DISCARDED, outcome());
  }

  @Test
  void anErrorThatAsynchronousMiddlewareOnlyLogsIsAFailure() throws Exception {
    worker()
        .asyncMiddleware((delivery, next) -> next.handle(delivery).handle((result, error) -> null))
        .startAsync(delivery -> CompletableFuture.failedFuture(new IOException("no stock")));
    assertEquals(Outcome.Kind.FAILED, outcome());
  }

  @Test
  void asynchronousMiddlewareWaitsForTheStage() throws Exception {
    CompletableFuture<Outcome> handling = new CompletableFuture<>();
    worker()
        .asyncMiddleware(
            (delivery, next) ->
                next.handle(delivery)
                    .thenApply(
                        result -> {
                          seen.add("one " + result);
                          return Outcome.succeeded();
                        }))
        .startAsync(
            delivery -> {
              seen.add("begun");
              return handling;
            });
    assertEquals("begun", next(seen));
    handling.complete(Outcome.discarded("done"));
    assertEquals("one DISCARDED", next(seen));
    assertEquals(Outcome.Kind.SUCCEEDED, outcome());
  }

  /** Cancelling a stage does not cancel the one that it depends on. */
  @Test
  void aStopCancelsTheStageOfTheHandlerToo() throws Exception {
    CompletableFuture<Object> handling = new CompletableFuture<>();
    Worker worker =
        worker()
            .asyncMiddleware((delivery, next) -> next.handle(delivery).thenApply(result -> null))
            .startAsync(
                delivery -> {
                  seen.add("begun");
                  return handling;
                });
    assertEquals("begun", next(seen));
    worker.stop(Duration.ZERO).get(20, TimeUnit.SECONDS);
    Poll.until(handling::isCancelled);
    assertEquals(Outcome.Kind.RELEASED, outcome());
  }

  @Test
  void middlewareOfTheOtherKindIsRefused() {
    WorkerBuilder blocking = worker().middleware(named("one"));
    assertThrows(IllegalStateException.class, () -> blocking.startAsync(delivery -> null));
    WorkerBuilder async = worker().asyncMiddleware((delivery, next) -> next.handle(delivery));
    assertThrows(IllegalStateException.class, () -> async.start(delivery -> {}));
  }
}
