package io.dlqservice.dlq.grpc;

import io.dlqservice.dlq.SendResult;
import io.dlqservice.dlq.SendResult.FailedDelivery;
import io.dlqservice.dlq.SendResult.Stored;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.Executor;

/** See {@link GrpcDeadLetters#clientInterceptor}. */
record DeadLetterClientInterceptor(FailedCalls failed) implements ClientInterceptor {
  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    ClientCall<Q, R> call = next.newCall(method, options);
    if (method.getType() != MethodDescriptor.MethodType.UNARY) return call;
    // A blocking stub runs its callbacks in an executor of its own.
    Executor answers = options.getExecutor() == null ? Runnable::run : options.getExecutor();
    return new SimpleForwardingClientCall<>(call) {
      private Metadata headers;
      private volatile Q request;

      @Override
      public void start(Listener<R> listener, Metadata headers) {
        this.headers = headers;
        super.start(
            new SimpleForwardingClientCallListener<>(listener) {
              @Override
              public void onClose(Status status, Metadata trailers) {
                if (request == null || !FailedCalls.isWorthSending(status)) {
                  super.onClose(status, trailers);
                } else {
                  keep(status, trailers, () -> super.onClose(status, trailers));
                }
              }
            },
            headers);
      }

      @Override
      public void sendMessage(Q message) {
        request = message;
        super.sendMessage(message);
      }

      /** Sends the request, then passes the failure on to the caller. */
      private void keep(Status status, Metadata trailers, Runnable passOn) {
        failed
            .send(method, request, headers, status.asRuntimeException(trailers))
            .whenComplete(
                (result, never) -> {
                  if (result != null && result.isKept()) {
                    trailers.put(GrpcDeadLetters.KEPT, idOf(result));
                  }
                  answers.execute(passOn);
                });
      }
    };
  }

  private static String idOf(SendResult result) {
    if (result instanceof Stored stored) return stored.id();
    return result instanceof FailedDelivery delivery ? delivery.id() : "";
  }
}
