package io.dlqservice.dlq.servlet;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import java.util.function.Consumer;

/** Reports the end of an asynchronous request. */
final class AsyncFailure implements AsyncListener {
  private final Consumer<Throwable> onEnd;

  /**
   * @param onEnd gets what was thrown, or null
   */
  AsyncFailure(Consumer<Throwable> onEnd) {
    this.onEnd = onEnd;
  }

  @Override
  public void onComplete(AsyncEvent event) {
    onEnd.accept(event.getThrowable());
  }

  @Override
  public void onError(AsyncEvent event) {
    onEnd.accept(event.getThrowable());
  }

  @Override
  public void onTimeout(AsyncEvent event) {}

  /** Another cycle has no listeners. */
  @Override
  public void onStartAsync(AsyncEvent event) {
    event.getAsyncContext().addListener(this);
  }
}
