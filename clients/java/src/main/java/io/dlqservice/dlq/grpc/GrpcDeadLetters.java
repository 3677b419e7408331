package io.dlqservice.dlq.grpc;

import io.dlqservice.dlq.DeliveryHandler;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.NonRetryableException;
import io.dlqservice.dlq.SendOptions;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Interceptors that send the requests of failed unary calls, and the handler that makes these calls
 * again. A call that failed because of the request itself is not sent.
 */
public final class GrpcDeadLetters {
  /** The payload's content type: it has the bytes of the request. */
  public static final String CONTENT_TYPE = "application/x-protobuf";

  /** The attribute with the full name of the method, {@code /package.Service/Method}. */
  public static final String METHOD_ATTRIBUTE = "grpc.method";

  /** Trailer of a kept call: the message's id, or empty. */
  static final Metadata.Key<String> KEPT =
      Metadata.Key.of("dlq-kept", Metadata.ASCII_STRING_MARSHALLER);

  private static final long REDO_DEADLINE_S = 30;

  private GrpcDeadLetters() {}

  /**
   * For a server: sends the requests of calls that fail. The caller still gets the handler's error.
   * The metadata {@code idempotency-key} and {@code traceparent} become source id and trace
   * context.
   */
  public static ServerInterceptor serverInterceptor(DlqClient dlq, String queue) {
    return serverInterceptor(dlq, queue, options -> {});
  }

  /**
   * Returns an interceptor with options.
   *
   * @param options changes the options of each send
   */
  public static ServerInterceptor serverInterceptor(
      DlqClient dlq, String queue, Consumer<SendOptions.Builder> options) {
    return new DeadLetterServerInterceptor(new FailedCalls(dlq, queue, options));
  }

  /**
   * For a client: sends calls that fail. {@link #isKept} reports whether the request is in the DLQ.
   */
  public static ClientInterceptor clientInterceptor(DlqClient dlq, String queue) {
    return clientInterceptor(dlq, queue, options -> {});
  }

  /**
   * Returns an interceptor with options.
   *
   * @param options changes the options of each send
   */
  public static ClientInterceptor clientInterceptor(
      DlqClient dlq, String queue, Consumer<SendOptions.Builder> options) {
    return new DeadLetterClientInterceptor(new FailedCalls(dlq, queue, options));
  }

  /** Whether the request of a failed call is in the DLQ, and will be made again. */
  public static boolean isKept(Throwable error) {
    Metadata trailers = Status.trailersFromThrowable(error);
    return trailers != null && trailers.containsKey(KEPT);
  }

  /**
   * Returns a worker's handler that makes the calls again, with a deadline of 30 s.
   *
   * @param channel without the client's interceptor, which would send a failure again. Another
   *     interceptor may set another deadline
   */
  public static DeliveryHandler redo(Channel channel) {
    return delivery -> {
      String name = delivery.attributes().getOrDefault(METHOD_ATTRIBUTE, "");
      if (name.isEmpty()) {
        throw new NonRetryableException("the message has no attribute " + METHOD_ATTRIBUTE);
      }
      MethodDescriptor<byte[], byte[]> method =
          MethodDescriptor.<byte[], byte[]>newBuilder()
              .setType(MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(name.startsWith("/") ? name.substring(1) : name)
              .setRequestMarshaller(Bytes.AS_THEY_ARE)
              .setResponseMarshaller(Bytes.AS_THEY_ARE)
              .build();
      try {
        byte[] request = delivery.payload().bytes();
        CallOptions options =
            CallOptions.DEFAULT.withDeadlineAfter(REDO_DEADLINE_S, TimeUnit.SECONDS);
        ClientCalls.blockingUnaryCall(channel, method, options, request);
      } catch (StatusRuntimeException failure) {
        if (FailedCalls.cannotSucceed(failure.getStatus())) {
          throw new NonRetryableException(failure.getMessage(), failure);
        }
        throw failure;
      }
    };
  }

  /** Passes messages on as bytes. */
  private enum Bytes implements Marshaller<byte[]> {
    AS_THEY_ARE;

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
  }
}
