package io.dlqservice.dlq;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Adds the token to each call. A function for it runs in a thread of its own: calls wait until
 * their deadline at most, also if it hangs.
 */
final class Bearer extends CallCredentials {
  /** A token that does not change. */
  record Fixed(String get) implements Supplier<String> {}

  /** The cause of a call that was not made, because the supplier of its token failed. */
  static final class NoTokenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoTokenException(Throwable thrown) {
      super(thrown);
    }
  }

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** A function that runs for this time hangs: calls fail instead of waiting for it. */
  private static final long HANGS_AFTER_NS = TimeUnit.SECONDS.toNanos(5);

  private static final int MAX_WAITING = 10_000;

  private final Supplier<String> token;
  private final ExecutorService executor = Threads.single("dlq-client-token", MAX_WAITING);

  /** The thread that runs the function now, and since when; null for none. */
  private volatile Running running;

  private record Running(Thread thread, long sinceNs) {}

  Bearer(Supplier<String> token) {
    this.token = token;
  }

  /** Whether the current thread runs the function of the token. */
  boolean isCurrent() {
    Running now = running;
    return now != null && now.thread == Thread.currentThread();
  }

  @Override
  public void applyRequestMetadata(RequestInfo call, Executor unused, MetadataApplier applier) {
    if (token instanceof Fixed) {
      apply(applier);
      return;
    }
    Running now = running;
    if (now != null && System.nanoTime() - now.sinceNs > HANGS_AFTER_NS) {
      fail(applier, "its function does not return", new IllegalStateException("it hangs"));
      return;
    }
    try {
      executor.execute(() -> apply(applier));
    } catch (RejectedExecutionException | OutOfMemoryError noThread) {
      fail(applier, noThread.toString(), noThread);
    }
  }

  private void apply(MetadataApplier applier) {
    String given;
    running = new Running(Thread.currentThread(), System.nanoTime());
    try {
      given = token.get();
    } catch (Throwable thrown) {
      fail(applier, thrown.toString(), thrown);
      return;
    } finally {
      running = null;
    }
    Metadata headers = new Metadata();
    String bare = given == null ? "" : given.strip();
    if (!bare.isEmpty()) headers.put(AUTHORIZATION, "Bearer " + bare);
    applier.apply(headers);
  }

  /** Nothing was sent, and a later call may get a token. */
  private static void fail(MetadataApplier applier, String why, Throwable cause) {
    applier.fail(
        Status.UNAVAILABLE
            .withDescription("there is no token: " + why)
            .withCause(new NoTokenException(cause)));
  }
}
