package io.dlqservice.dlq.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicBoolean;

/** See {@link GrpcDeadLetters#serverInterceptor}. */
record DeadLetterServerInterceptor(FailedCalls failed) implements ServerInterceptor {
  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    if (!call.getMethodDescriptor().getType().clientSendsOneMessage()
        || !call.getMethodDescriptor().getType().serverSendsOneMessage()) {
      return next.startCall(call, headers);
    }
    Recorded<Q, R> recorded = new Recorded<>(call, headers);
    return new SimpleForwardingServerCallListener<>(next.startCall(recorded, headers)) {
      @Override
      public void onMessage(Q message) {
        recorded.request = message;
        super.onMessage(message);
      }

      /** Runs the handlers of unary calls. gRPC answers if they throw. */
      @Override
      public void onHalfClose() {
        try {
          super.onHalfClose();
        } catch (RuntimeException | Error thrown) {
          Status status = Status.fromThrowable(thrown);
          if (FailedCalls.isWorthSending(status)) recorded.send(thrown);
          throw thrown;
        }
      }
    };
  }

  private final class Recorded<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final Metadata headers;
    private volatile Q request;

    /** The first end counts: a handler may answer and throw. */
    private final AtomicBoolean isOver = new AtomicBoolean();

    Recorded(ServerCall<Q, R> call, Metadata headers) {
      super(call);
      this.headers = headers;
    }

    /** Sends the request, then passes the failure on to the caller, without blocking. */
    @Override
    public void close(Status status, Metadata trailers) {
      boolean isFirst = isOver.compareAndSet(false, true);
      if (!isFirst || request == null || !FailedCalls.isWorthSending(status)) {
        super.close(status, trailers);
        return;
      }
      failed
          .send(getMethodDescriptor(), request, headers, status.asRuntimeException(trailers))
          .whenComplete((result, never) -> super.close(status, trailers));
    }

    void send(Throwable thrown) {
      boolean isFirst = isOver.compareAndSet(false, true);
      if (isFirst && request != null) failed.send(getMethodDescriptor(), request, headers, thrown);
    }
  }
}
