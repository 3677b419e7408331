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

/** One HTTP/2 connection, opened by its first call and again when it breaks. */
final class Connection implements AutoCloseable {
  private final ManagedChannel managed;
  private final Channel channel;

  /**
   * @param channel the same with credentials and interceptors
   */
  Connection(ManagedChannel managed, Channel channel) {
    this.managed = managed;
    this.channel = channel;
  }

  Channel channel() {
    return channel;
  }

  /** No server is there. gRPC would let a new call fail by what it knows, without looking again. */
  boolean hasFailed() {
    return managed.getState(false) == ConnectivityState.TRANSIENT_FAILURE;
  }

  /** Completes exceptionally with a StatusRuntimeException; cancelling it cancels the call. */
  <Q, R> CompletableFuture<R> call(MethodDescriptor<Q, R> method, Q request, long timeoutMs) {
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(Math.max(1, timeoutMs), TimeUnit.MILLISECONDS);
    CompletableFuture<R> answer = new CompletableFuture<>();
    try {
      var call = channel.newCall(method, options);
      answer.whenComplete(
          (response, error) -> {
            if (answer.isCancelled()) call.cancel("nobody waits for it any more", null);
          });
      ClientCalls.asyncUnaryCall(call, request, new Answer<>(answer));
    } catch (RuntimeException | Error thrown) {
      // By an interceptor of the user's, for instance.
      answer.completeExceptionally(asStatus(thrown));
    }
    return answer;
  }

  static StatusRuntimeException asStatus(Throwable thrown) {
    if (thrown instanceof StatusRuntimeException status) return status;
    return Status.INTERNAL
        .withDescription("the call could not be made: " + thrown)
        .withCause(thrown)
        .asRuntimeException(new Metadata());
  }

  /** Lets calls that are under way come to their end, and takes no new ones. */
  void retire() {
    managed.shutdown();
  }

  /** Ends it, and with it all calls that are under way. */
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
