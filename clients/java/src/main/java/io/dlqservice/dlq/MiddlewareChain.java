package io.dlqservice.dlq;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Puts middleware around a handler; the first is the outermost. */
final class MiddlewareChain {
  private MiddlewareChain() {}

  static OutcomeHandler around(OutcomeHandler handler, List<Middleware> middleware) {
    if (middleware.isEmpty()) return handler;
    Middleware first = middleware.get(0);
    OutcomeHandler next = around(handler, middleware.subList(1, middleware.size()));
    return delivery -> first.handle(delivery, next);
  }

  static AsyncHandler aroundAsync(AsyncHandler handler, List<AsyncMiddleware> middleware) {
    if (middleware.isEmpty()) return handler;
    AsyncMiddleware first = middleware.get(0);
    AsyncHandler next =
        aroundAsync(cancelledWithItsDelivery(handler), middleware.subList(1, middleware.size()));
    return delivery -> first.handle(delivery, next);
  }

  /** The middleware may return another stage: cancelling that would not cancel this one. */
  private static AsyncHandler cancelledWithItsDelivery(AsyncHandler handler) {
    return delivery -> {
      CompletionStage<?> stage = handler.handle(delivery);
      if (stage != null) HandlerCalls.cancelWith(delivery.cancelled(), stage);
      return stage;
    };
  }
}
