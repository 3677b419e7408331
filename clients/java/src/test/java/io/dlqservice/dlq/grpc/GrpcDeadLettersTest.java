package io.dlqservice.dlq.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.CapturedLog;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.WithFakeServer;
import io.dlqservice.dlq.testing.FakeMessage;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.DlqServiceGrpc.DlqServiceBlockingStub;
import io.dlqservice.dlq.v1.StatsRequest;
import io.dlqservice.dlq.v1.StatsResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Deadline;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GrpcDeadLettersTest extends WithFakeServer {
  private static final StatsRequest REQUEST = StatsRequest.newBuilder().addQueues("q").build();

  /** A service that fails once. It uses the DLQ's messages, because they are generated already. */
  private static final class Shop extends DlqServiceGrpc.DlqServiceImplBase {
    private final AtomicInteger calls = new AtomicInteger();
    private volatile RuntimeException thrown;

    /** Thrown after the answer. */
    private volatile RuntimeException thrownLast;

    private volatile Status failure = Status.INTERNAL.withDescription("no bank");

    @Override
    public void stats(StatsRequest request, StreamObserver<StatsResponse> out) {
      boolean isFirst = calls.incrementAndGet() == 1;
      if (isFirst && thrown != null) throw thrown;
      if (isFirst) out.onError(failure.asRuntimeException());
      else if (!request.equals(REQUEST)) out.onError(Status.DATA_LOSS.asRuntimeException());
      else {
        out.onNext(StatsResponse.getDefaultInstance());
        out.onCompleted();
      }
      if (thrownLast != null) throw thrownLast;
    }
  }

  private static final String TRACEPARENT =
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  private final Shop shop = new Shop();
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void open() throws Exception {
    server = serve(GrpcDeadLetters.serverInterceptor(dlq, "asked"));
    channel = channelTo(server);
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private Server serve(ServerInterceptor interceptor) throws IOException {
    return serve(shop.bindService(), interceptor);
  }

  private static Server serve(ServerServiceDefinition service, ServerInterceptor interceptor)
      throws IOException {
    return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .addService(ServerInterceptors.intercept(service, interceptor))
        .build()
        .start();
  }

  private static ManagedChannel channelTo(Server server) {
    return Grpc.newChannelBuilder(
            "127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create())
        .build();
  }

  private DlqServiceBlockingStub stub() {
    return DlqServiceGrpc.newBlockingStub(channel);
  }

  private DlqServiceBlockingStub interceptedStub() {
    return stub().withInterceptors(GrpcDeadLetters.clientInterceptor(dlq, "made"));
  }

  @Test
  void aFailedServerCallIsMadeAgain() throws Exception {
    Metadata metadata = new Metadata();
    metadata.put(Metadata.Key.of("idempotency-key", Metadata.ASCII_STRING_MARSHALLER), "order-42");
    metadata.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), TRACEPARENT);
    DlqServiceBlockingStub named =
        stub().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    StatusRuntimeException error =
        assertThrows(StatusRuntimeException.class, () -> named.stats(REQUEST));
    assertEquals("INTERNAL: no bank", error.getMessage());
    FakeMessage kept = fake.messages("asked").get(0);
    assertEquals("order-42", kept.sourceId());
    assertEquals(TRACEPARENT, kept.traceContext().orElseThrow().traceparent());
    assertEquals(13, kept.failures().get(0).grpcCode().orElseThrow());
    dlq.worker("asked").start(GrpcDeadLetters.redo(channel));
    fake.await("asked", MessageState.SUCCEEDED, 1);
    assertEquals(2, shop.calls.get());
  }

  @Test
  void aThrowingHandlerIsTheFailure() throws Exception {
    shop.thrown = new IllegalStateException("no bank");
    assertThrows(StatusRuntimeException.class, () -> stub().stats(REQUEST));
    FakeMessage kept = fake.await("asked", MessageState.SCHEDULED, 1).get(0);
    assertEquals("java.lang.IllegalStateException", kept.failures().get(0).type());
  }

  @Test
  void aWrongRequestIsNotSent() {
    shop.failure = Status.INVALID_ARGUMENT;
    StatusRuntimeException error =
        assertThrows(StatusRuntimeException.class, () -> interceptedStub().stats(REQUEST));
    assertFalse(GrpcDeadLetters.isKept(error));
    assertEquals(0, fake.messages("asked").size() + fake.messages("made").size());
  }

  @Test
  void aFailedClientCallIsMadeAgain() throws Exception {
    StatusRuntimeException error =
        assertThrows(StatusRuntimeException.class, () -> interceptedStub().stats(REQUEST));
    assertTrue(GrpcDeadLetters.isKept(error));
    assertEquals(Status.Code.INTERNAL, error.getStatus().getCode());
    CompletableFuture<Deadline> deadline = new CompletableFuture<>();
    ClientInterceptor seeing =
        new ClientInterceptor() {
          @Override
          public <Q, R> ClientCall<Q, R> interceptCall(
              MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            deadline.complete(options.getDeadline());
            return next.newCall(method, options);
          }
        };
    dlq.worker("made").start(GrpcDeadLetters.redo(ClientInterceptors.intercept(channel, seeing)));
    fake.await("made", MessageState.SUCCEEDED, 1);
    assertTrue(deadline.get().timeRemaining(TimeUnit.SECONDS) <= 30);
  }

  @Test
  void futureStubsGetTheKeptMarker() {
    var future =
        DlqServiceGrpc.newFutureStub(channel)
            .withInterceptors(GrpcDeadLetters.clientInterceptor(dlq, "made"))
            .stats(REQUEST);
    ExecutionException error = assertThrows(ExecutionException.class, future::get);
    assertTrue(GrpcDeadLetters.isKept(error.getCause()));
  }

  /** Waits until the handlers and their sends have ended. */
  private int sentAfterTheServerEnded() throws InterruptedException {
    server.shutdown();
    assertTrue(server.awaitTermination(20, TimeUnit.SECONDS));
    dlq.flush();
    return fake.messages("asked").size();
  }

  @Test
  void aHandlerThatFailsAndThrowsIsSentOnce() throws Exception {
    shop.thrownLast = new IllegalStateException("after its answer");
    assertThrows(StatusRuntimeException.class, () -> stub().stats(REQUEST));
    assertEquals(1, sentAfterTheServerEnded());
  }

  @Test
  void anAnsweredCallIsNotSent() throws Exception {
    shop.calls.set(1);
    shop.thrownLast = new IllegalStateException("after its answer");
    try {
      stub().stats(REQUEST);
    } catch (StatusRuntimeException alsoPossible) {
      // gRPC reports what came first
    }
    assertEquals(0, sentAfterTheServerEnded());
  }

  @Test
  void optionsThatThrowDoNotHideTheFailure() throws Exception {
    Consumer<SendOptions.Builder> wrong = options -> options.attribute("tenant", null);
    DlqServiceBlockingStub client =
        stub().withInterceptors(GrpcDeadLetters.clientInterceptor(dlq, "made", wrong));
    StatusRuntimeException error =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20),
            () -> assertThrows(StatusRuntimeException.class, () -> client.stats(REQUEST)));
    assertEquals("INTERNAL: no bank", error.getMessage());
    assertFalse(GrpcDeadLetters.isKept(error));
    shop.calls.set(0);
    Server other = serve(GrpcDeadLetters.serverInterceptor(dlq, "asked", wrong));
    ManagedChannel toOther = channelTo(other);
    error =
        assertThrows(
            StatusRuntimeException.class,
            () -> DlqServiceGrpc.newBlockingStub(toOther).stats(REQUEST));
    assertEquals("INTERNAL: no bank", error.getMessage());
    toOther.shutdownNow();
    other.shutdownNow();
  }

  @Test
  void aRequestThatCannotBeEncodedIsLogged() throws Exception {
    MethodDescriptor<StatsRequest, StatsResponse> method = DlqServiceGrpc.getStatsMethod();
    MethodDescriptor.Marshaller<StatsRequest> readOnly =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(StatsRequest request) {
            throw new UnsupportedOperationException("only read");
          }

          @Override
          public StatsRequest parse(InputStream bytes) {
            return method.parseRequest(bytes);
          }
        };
    ServerServiceDefinition service =
        ServerServiceDefinition.builder(DlqServiceGrpc.SERVICE_NAME)
            .addMethod(
                method.toBuilder(readOnly, method.getResponseMarshaller()).build(),
                ServerCalls.asyncUnaryCall(shop::stats))
            .build();
    Server other = serve(service, GrpcDeadLetters.serverInterceptor(dlq, "asked"));
    ManagedChannel toOther = channelTo(other);
    try (CapturedLog logged = new CapturedLog()) {
      StatusRuntimeException error =
          assertThrows(
              StatusRuntimeException.class,
              () -> DlqServiceGrpc.newBlockingStub(toOther).stats(REQUEST));
      assertEquals("INTERNAL: no bank", error.getMessage());
      List<String> lines = logged.with("cannot send a failed call to the DLQ: ");
      assertEquals(1, lines.size(), "" + lines);
      assertTrue(lines.get(0).endsWith("its request cannot be encoded"), lines.get(0));
    } finally {
      toOther.shutdownNow();
      other.shutdownNow();
    }
  }

  @Test
  void aLongIdempotencyKeyIsLeftOut() {
    for (String key : new String[] {"order-42", "k".repeat(257)}) {
      shop.calls.set(0); // the next call fails
      Metadata headers = new Metadata();
      headers.put(Metadata.Key.of("idempotency-key", Metadata.ASCII_STRING_MARSHALLER), key);
      var stub = stub().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
      assertThrows(StatusRuntimeException.class, () -> stub.stats(REQUEST));
    }
    assertEquals("order-42", fake.messages("asked").get(0).sourceId());
    assertEquals("", fake.messages("asked").get(1).sourceId());
  }

  /** A token may be fixed, and a cancelled call says nothing about its request. */
  @Test
  void temporaryFailuresAreRetried() throws Exception {
    SendOptions options =
        SendOptions.builder()
            .attribute(GrpcDeadLetters.METHOD_ATTRIBUTE, "/dlq.v1.DlqService/Stats")
            .build();
    dlq.worker("made").start(GrpcDeadLetters.redo(channel));
    int succeeded = 0;
    for (Status failure :
        new Status[] {Status.UNAUTHENTICATED, Status.PERMISSION_DENIED, Status.CANCELLED}) {
      shop.failure = failure;
      shop.calls.set(0);
      dlq.send("made", REQUEST.toByteArray(), null, options);
      fake.await("made", MessageState.SUCCEEDED, ++succeeded);
    }
    shop.failure = Status.INVALID_ARGUMENT;
    shop.calls.set(0);
    dlq.send("made", REQUEST.toByteArray(), null, options);
    fake.await("made", MessageState.QUARANTINED, 1);
  }
}
