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
import java.util.function.Consumer;

/**
 * Interceptors that send the requests of unary calls that failed, for a reason that is not the
 * request's own, and the handler that makes these calls again.
 */
public final class GrpcDeadLetters {
  /** Of the payload, which is the request's bytes. */
  public static final String CONTENT_TYPE = "application/x-protobuf";

  /** The attribute that has the full name of the method, as {@code /package.Service/Method}. */
  public static final String METHOD_ATTRIBUTE = "grpc.method";

  /** In the trailers of a call of a client whose request is kept: its id, or empty. */
  static final Metadata.Key<String> KEPT =
      Metadata.Key.of("dlq-kept", Metadata.ASCII_STRING_MARSHALLER);

  private GrpcDeadLetters() {}

  /**
   * For a server: sends requests that a handler fails on. The caller gets the handler's error all
   * the same, for gRPC has no other word for it. The metadata {@code idempotency-key} and {@code
   * traceparent} become source id and trace context.
   */
  public static ServerInterceptor serverInterceptor(DlqClient dlq, String queue) {
    return serverInterceptor(dlq, queue, options -> {});
  }

  /**
   * The same.
   *
   * @param options adds to those of each send
   */
  public static ServerInterceptor serverInterceptor(
      DlqClient dlq, String queue, Consumer<SendOptions.Builder> options) {
    return new DeadLetterServerInterceptor(new FailedCalls(dlq, queue, options));
  }

  /**
   * For a client: sends calls that fail. {@link #isKept} says of the error of such a call whether
   * it is made again.
   */
  public static ClientInterceptor clientInterceptor(DlqClient dlq, String queue) {
    return clientInterceptor(dlq, queue, options -> {});
  }

  /**
   * The same.
   *
   * @param options adds to those of each send
   */
  public static ClientInterceptor clientInterceptor(
      DlqClient dlq, String queue, Consumer<SendOptions.Builder> options) {
    return new DeadLetterClientInterceptor(new FailedCalls(dlq, queue, options));
  }

  /** Whether the request of a call that failed is in the DLQ, and made again. */
  public static boolean isKept(Throwable error) {
    Metadata trailers = Status.trailersFromThrowable(error);
    return trailers != null && trailers.containsKey(KEPT);
  }

  /**
   * A worker's handler for what the interceptors have sent: makes the call again.
   *
   * @param channel without the client's interceptor, which would send what fails again
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
        ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request);
      } catch (StatusRuntimeException failure) {
        if (FailedCalls.isHopeless(failure.getStatus())) {
          throw new NonRetryableException(failure.getMessage(), failure);
        }
        throw failure;
      }
    };
  }

  /** A message that is not looked into. */
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
