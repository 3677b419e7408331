package io.dlqservice.dlq.grpc;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.SendResult;
import io.dlqservice.dlq.internal.Headers;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the requests of failed calls to a queue. */
record FailedCalls(DlqClient dlq, String queue, Consumer<SendOptions.Builder> options) {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);
  private static final Metadata.Key<String> IDEMPOTENCY_KEY =
      Metadata.Key.of("idempotency-key", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> TRACEPARENT =
      Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> TRACESTATE =
      Metadata.Key.of("tracestate", Metadata.ASCII_STRING_MARSHALLER);

  /** Whether the request is wrong, so that a retry cannot help. */
  static boolean cannotSucceed(Status status) {
    return switch (status.getCode()) {
      case INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          FAILED_PRECONDITION,
          OUT_OF_RANGE,
          UNIMPLEMENTED ->
          true;
      default -> false;
    };
  }

  /** False also if only another token can help, or the caller no longer waits. */
  static boolean isWorthSending(Status status) {
    return switch (status.getCode()) {
      case OK, PERMISSION_DENIED, UNAUTHENTICATED, CANCELLED -> false;
      default -> !cannotSucceed(status);
    };
  }

  /**
   * Never completes exceptionally. The result is null if the request cannot be encoded, or its
   * options throw.
   */
  <Q> CompletableFuture<SendResult> send(
      MethodDescriptor<Q, ?> method, Q request, Metadata headers, Throwable error) {
    byte[] payload;
    try (InputStream bytes = method.streamRequest(request)) {
      payload = bytes.readAllBytes();
    } catch (IOException | RuntimeException unreadable) {
      LOG.error("cannot send a failed call to the DLQ: its request cannot be encoded", unreadable);
      return CompletableFuture.completedFuture(null);
    }
    SendOptions.Builder all =
        SendOptions.builder()
            .contentType(GrpcDeadLetters.CONTENT_TYPE)
            .attribute(GrpcDeadLetters.METHOD_ATTRIBUTE, "/" + method.getFullMethodName());
    if (headers != null) {
      Headers.identity(headers.get(IDEMPOTENCY_KEY)).ifPresent(all::sourceId);
      all.traceContext(headers.get(TRACEPARENT), headers.get(TRACESTATE));
    }
    try {
      options.accept(all);
    } catch (RuntimeException thrown) {
      LOG.error("cannot send a failed call to the DLQ: its options threw", thrown);
      return CompletableFuture.completedFuture(null);
    }
    return dlq.sendAsync(queue, payload, error, all.build());
  }
}
