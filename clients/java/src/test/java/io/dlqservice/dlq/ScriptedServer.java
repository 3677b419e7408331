package io.dlqservice.dlq;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.SendToDlqBatchRequest;
import io.dlqservice.dlq.v1.SendToDlqBatchResponse;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.dlqservice.dlq.v1.SendToDlqResponse;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A server whose answers a test decides. */
final class ScriptedServer extends DlqServiceGrpc.DlqServiceImplBase implements AutoCloseable {
  final AtomicInteger calls = new AtomicInteger();

  /** The credentials of each call; "none" without any. */
  final Queue<String> tokens = new ConcurrentLinkedQueue<>();

  /** Returns why a message is refused; empty accepts it. */
  private final Function<SendToDlqRequest, Optional<StatusRuntimeException>> script;

  private final Server server;

  private ScriptedServer(Function<SendToDlqRequest, Optional<StatusRuntimeException>> script)
      throws IOException {
    this.script = script;
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(ServerInterceptors.intercept(this, new Tokens()))
            .build()
            .start();
  }

  private final class Tokens implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      String token =
          headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER));
      tokens.add(token == null ? "none" : token);
      return next.startCall(call, headers);
    }
  }

  static ScriptedServer start(Function<SendToDlqRequest, Optional<StatusRuntimeException>> script)
      throws IOException {
    return new ScriptedServer(script);
  }

  /** An error like the service's, with details. */
  static StatusRuntimeException refusal(Status.Code code, String reason, String text) {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(text)
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason(reason).build()))
            .build());
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  @Override
  public void sendToDlq(SendToDlqRequest request, StreamObserver<SendToDlqResponse> out) {
    calls.incrementAndGet();
    Optional<StatusRuntimeException> refused = script.apply(request);
    if (refused.isPresent()) {
      out.onError(refused.get());
      return;
    }
    out.onNext(SendToDlqResponse.getDefaultInstance());
    out.onCompleted();
  }

  @Override
  public void sendToDlqBatch(
      SendToDlqBatchRequest batch, StreamObserver<SendToDlqBatchResponse> out) {
    calls.incrementAndGet();
    SendToDlqBatchResponse.Builder response = SendToDlqBatchResponse.newBuilder();
    for (SendToDlqRequest request : batch.getRequestsList()) {
      var result = response.addResultsBuilder();
      script
          .apply(request)
          .map(StatusProto::fromThrowable)
          .ifPresentOrElse(
              status ->
                  result
                      .getErrorBuilder()
                      .setCode(status.getCode())
                      .setMessage(status.getMessage())
                      .addAllDetails(status.getDetailsList()),
              () -> result.setResponse(SendToDlqResponse.getDefaultInstance()));
    }
    out.onNext(response.build());
    out.onCompleted();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
