package io.dlqservice.dlq;

/**
 * The span of one send or handler. It never throws: what it calls is foreign code in an error path.
 */
abstract class OpenSpan<R> {
  /** Makes the span current in this thread, until it is closed. */
  interface Active extends AutoCloseable {
    @Override
    void close();
  }

  /** The span of a program without a tracer. */
  static <R> OpenSpan<R> none() {
    return new OpenSpan<>() {
      @Override
      protected Active tryActivate() {
        return () -> {};
      }

      @Override
      protected void tryEnd(R result) {}
    };
  }

  protected abstract Active tryActivate();

  protected abstract void tryEnd(R result);

  final Active activate() {
    try {
      Active active = tryActivate();
      return () -> guarded(active::close);
    } catch (Throwable failed) {
      return () -> {};
    }
  }

  /** May be called in another thread. */
  final void end(R result) {
    guarded(() -> tryEnd(result));
  }

  private static void guarded(Runnable call) {
    try {
      call.run();
    } catch (Throwable failed) {
      // a fault of the tracer
    }
  }
}
