package io.dlqservice.dlq;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One HTTP/2 connection. The first call opens it, and a later call opens it again after it broke.
 */
final class Connection implements AutoCloseable {
  private final ManagedChannel managed;
  private final Channel channel;

  /**
   * @param channel {@code managed} with credentials and interceptors
   */
  Connection(ManagedChannel managed, Channel channel) {
    this.managed = managed;
    this.channel = channel;
  }

  Channel channel() {
    return channel;
  }

  /** Whether no server was reached. gRPC would fail new calls at once instead of trying again. */
  boolean hasFailed() {
    return managed.getState(false) == ConnectivityState.TRANSIENT_FAILURE;
  }

  /**
   * Completes exceptionally with a StatusRuntimeException. Cancelling the future cancels the call.
   */
  <Q, R> CompletableFuture<R> call(MethodDescriptor<Q, R> method, Q request, long timeoutMs) {
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(Math.max(1, timeoutMs), TimeUnit.MILLISECONDS);
    CompletableFuture<R> answer = new CompletableFuture<>();
    try {
      var call = channel.newCall(method, options);
      answer.whenComplete(
          (response, error) -> {
            if (answer.isCancelled()) call.cancel("the caller cancelled it", null);
          });
      ClientCalls.asyncUnaryCall(call, request, new Answer<>(answer));
    } catch (RuntimeException | Error thrown) {
      // Such as a user's interceptor that throws.
      answer.completeExceptionally(asStatus(thrown));
    }
    return answer;
  }

  static StatusRuntimeException asStatus(Throwable thrown) {
    if (thrown instanceof StatusRuntimeException status) return status;
    return Status.INTERNAL
        .withDescription("cannot make the call: " + thrown)
        .withCause(thrown)
        .asRuntimeException(new Metadata());
  }

  /** Lets active calls finish, and takes no new ones. */
  void retire() {
    managed.shutdown();
  }

  /** Ends the connection and all its calls. */
  @Override
  public void close() {
    managed.shutdownNow();
  }

  private static final class Answer<R> implements StreamObserver<R> {
    private final CompletableFuture<R> future;
    private R response;

    Answer(CompletableFuture<R> future) {
      this.future = future;
    }

    @Override
    public void onNext(R response) {
      this.response = response;
    }

    @Override
    public void onError(Throwable error) {
      future.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      future.complete(response);
    }
  }
}
