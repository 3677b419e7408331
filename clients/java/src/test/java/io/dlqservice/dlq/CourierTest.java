package io.dlqservice.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.dlqservice.dlq.spool.Shelf;
import io.dlqservice.dlq.spool.SpoolPurpose;
import io.dlqservice.dlq.testing.FakeServer;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.ErrorStatus;
import io.dlqservice.dlq.v1.SendToDlqBatchRequest;
import io.dlqservice.dlq.v1.SendToDlqBatchResponse;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.dlqservice.dlq.v1.SendToDlqResponse;
import io.grpc.Grpc;
import io.grpc.HandlerRegistry;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CourierTest {
  private static final String SERVICE = "tests";
  private static final int MIB = 1024 * 1024;

  @TempDir Path folder;

  /** As a proxy that knows no such path: UNIMPLEMENTED, without a word of the service. */
  private static final class Stranger extends HandlerRegistry {
    final AtomicInteger calls = new AtomicInteger();

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String method, String authority) {
      calls.incrementAndGet();
      return null;
    }
  }

  private Shelf shelf(String target) {
    return new Shelf(new SpoolPurpose(target, SERVICE), folder, MIB, false, words -> {});
  }

  private void leave(String target, int letters) {
    Shelf left = shelf(target);
    left.append(
        IntStream.range(0, letters)
            .mapToObj(n -> SendToDlqRequest.newBuilder().setRequestId("r" + n).setQueue("q"))
            .map(SendToDlqRequest.Builder::build)
            .toList());
    left.release();
  }

  private DlqClient clientOf(String target) {
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    return DlqClient.builder(target).service(SERVICE).spool(spool).build();
  }

  @Test
  void whatAStrangerAnswersIsNoWordOnLetters() throws IOException {
    Stranger stranger = new Stranger();
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .fallbackHandlerRegistry(stranger)
            .build()
            .start();
    String target = "127.0.0.1:" + server.getPort();
    leave(target, 1);
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(logged, true, UTF_8));
    try (DlqClient dlq = clientOf(target)) {
      Poll.until(() -> stranger.calls.get() > 2);
    } finally {
      System.setErr(before);
      server.shutdownNow();
    }
    List<String> told =
        logged.toString(UTF_8).lines().filter(line -> line.contains("keeps what")).toList();
    assertEquals(1, told.size(), "it is told once: " + told);
    assertTrue(told.get(0).contains("is the target the gRPC address"), told.get(0));
    Shelf after = shelf(target);
    after.adopt();
    assertEquals(1, after.count());
  }

  /** As of a job that ends at once: the courier has no time to find out. */
  @Test
  void aRefusalIsToldBeforeTheClientIsClosed() throws IOException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .fallbackHandlerRegistry(new Stranger())
            .build()
            .start();
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(logged, true, UTF_8));
    try (DlqClient dlq = clientOf("127.0.0.1:" + server.getPort())) {
      for (int n = 0; n < 3; n++) {
        assertEquals(SendStatus.SPOOLED, dlq.send("q", "x", null).status());
      }
    } finally {
      System.setErr(before);
      server.shutdownNow();
    }
    String told = logged.toString(UTF_8);
    assertEquals(1, told.lines().filter(line -> line.contains("keeps what")).count(), told);
  }

  /** Its one queue is full, and the other one, as it says, not to be reached. */
  private static final class Halved extends DlqServiceGrpc.DlqServiceImplBase {
    final AtomicInteger calls = new AtomicInteger();

    @Override
    public void sendToDlqBatch(
        SendToDlqBatchRequest batch, StreamObserver<SendToDlqBatchResponse> answer) {
      calls.incrementAndGet();
      Any details = Any.pack(ErrorInfo.newBuilder().setReason("QUEUE_LIMIT").build());
      SendToDlqBatchResponse.Builder response = SendToDlqBatchResponse.newBuilder();
      for (SendToDlqRequest request : batch.getRequestsList()) {
        ErrorStatus.Builder error = response.addResultsBuilder().getErrorBuilder();
        boolean isFirst = Integer.parseInt(request.getRequestId().substring(1)) < 100;
        if (isFirst) error.setCode(Status.Code.RESOURCE_EXHAUSTED.value()).addDetails(details);
        else error.setCode(Status.Code.UNAVAILABLE.value());
      }
      answer.onNext(response.build());
      answer.onCompleted();
    }
  }

  @Test
  void whatItHearsItselfHastensItNot() throws IOException, InterruptedException {
    Halved halved = new Halved();
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(halved)
            .build()
            .start();
    String target = "127.0.0.1:" + server.getPort();
    leave(target, 200);
    try (DlqClient dlq = clientOf(target)) {
      Poll.until(() -> halved.calls.get() > 1);
      Thread.sleep(1_000);
      int calls = halved.calls.get();
      assertTrue(calls <= 40, calls + " calls in a second");
    } finally {
      server.shutdownNow();
    }
  }

  @Test
  void whatWasLeftIsDelivered() throws IOException {
    try (FakeServer fake = FakeServer.start()) {
      leave(fake.target(), 250);
      try (DlqClient dlq = clientOf(fake.target())) {
        Poll.until(() -> fake.messages("q").size() == 250);
        Poll.until(() -> folder.resolve(SERVICE).toFile().list().length == 0);
      }
      List<String> ids =
          fake.messages("q").stream().map(one -> one.request().getRequestId()).toList();
      assertEquals(IntStream.range(0, 250).mapToObj(n -> "r" + n).toList(), ids);
    }
  }

  /** Refuses each letter for good. */
  private static final class Refusing extends DlqServiceGrpc.DlqServiceImplBase {
    @Override
    public void sendToDlq(SendToDlqRequest request, StreamObserver<SendToDlqResponse> answer) {
      com.google.rpc.Status refusal =
          com.google.rpc.Status.newBuilder()
              .setCode(Status.Code.INVALID_ARGUMENT.value())
              .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("INVALID").build()))
              .build();
      answer.onError(StatusProto.toStatusRuntimeException(refusal));
    }
  }

  @Test
  void anErrorOfWhoIsToldEndsItNot() throws IOException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new Refusing())
            .build()
            .start();
    String target = "127.0.0.1:" + server.getPort();
    leave(target, 1);
    Shelf shelf = shelf(target);
    shelf.adopt();
    Loop loop = new Loop("test");
    Line line = new Line(() -> new Connector(target, null, null, List.of()).connect(), loop);
    AtomicInteger told = new AtomicInteger();
    Courier courier =
        new Courier(
            shelf,
            loop,
            line,
            new Reachability(),
            (error, queue) -> {
              if (told.incrementAndGet() == 1)
                throw new NoClassDefFoundError("a log lacks a class");
            },
            Courier.MOST_PASS_MS);
    courier.start();
    Poll.until(() -> shelf.count() == 0);
    assertEquals(2, told.get());
    loop.execute(line::close);
    courier.close();
    loop.close();
    server.shutdownNow();
  }

  /** As of two queues, one of which stays full while others go to the other one all the time. */
  @Test
  void whatIsRefusedIsTriedAgainHoweverManyOthersCome() throws IOException {
    Shelf shelf = new Shelf(new SpoolPurpose("t", SERVICE), folder, 256L * MIB, false, words -> {});
    AtomicInteger tries = new AtomicInteger();
    AtomicInteger others = new AtomicInteger();
    SendToDlqRequest refused =
        SendToDlqRequest.newBuilder().setRequestId("refused").setQueue("full").build();
    try (ScriptedServer server =
        ScriptedServer.start(
            request -> {
              if (request.equals(refused)) {
                tries.incrementAndGet();
                return Optional.of(
                    ScriptedServer.refusal(Status.Code.RESOURCE_EXHAUSTED, "QUEUE_LIMIT", "full"));
              }
              shelf.append(List.of(refused.toBuilder().setRequestId("o" + others).build()));
              others.incrementAndGet();
              return Optional.empty();
            })) {
      shelf.append(List.of(refused, refused.toBuilder().setRequestId("first").build()));
      Loop loop = new Loop("test");
      Connector connector = new Connector(server.target(), null, null, List.of());
      Line line = new Line(connector::connect, loop);
      Courier courier =
          new Courier(shelf, loop, line, new Reachability(), (error, queue) -> {}, 200);
      courier.start();
      try {
        Poll.until(() -> tries.get() > 3);
        assertTrue(others.get() > 3);
      } finally {
        loop.execute(line::close);
        courier.close();
        loop.close();
      }
    }
  }

  private Courier courierOf(Shelf shelf, Loop loop, Line line, long mostPassMs) {
    return new Courier(shelf, loop, line, new Reachability(), (error, queue) -> {}, mostPassMs);
  }

  private static Optional<StatusRuntimeException> fullOr(boolean isOther) {
    return isOther
        ? Optional.empty()
        : Optional.of(
            ScriptedServer.refusal(Status.Code.RESOURCE_EXHAUSTED, "QUEUE_LIMIT", "full"));
  }

  private static List<SendToDlqRequest> letters(String queue, int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> SendToDlqRequest.newBuilder().setRequestId(queue + n).setQueue(queue))
        .map(SendToDlqRequest.Builder::build)
        .toList();
  }

  /** As of a full queue that has left more than one pass has time for. */
  @Test
  void whatIsRefusedHoldsUpNoOthersHoweverLongItTakes() throws IOException {
    Shelf shelf = shelf("t");
    AtomicInteger others = new AtomicInteger();
    try (ScriptedServer server =
        ScriptedServer.start(
            request -> {
              if (request.getQueue().equals("open")) others.incrementAndGet();
              return fullOr(request.getQueue().equals("open"));
            })) {
      shelf.append(letters("full", 300));
      shelf.append(letters("open", 1));
      Loop loop = new Loop("test");
      Connector connector = new Connector(server.target(), null, null, List.of());
      Line line = new Line(connector::connect, loop);
      Courier courier = courierOf(shelf, loop, line, 0);
      courier.start();
      try {
        Poll.until(() -> others.get() == 1);
      } finally {
        loop.execute(line::close);
        courier.close();
        loop.close();
      }
    }
  }

  /** However long a pass takes. */
  @Test
  void thereIsAPauseWhereNothingButTheRefusedIsLeft() throws IOException, InterruptedException {
    Shelf shelf = shelf("t");
    try (ScriptedServer server = ScriptedServer.start(request -> fullOr(false))) {
      shelf.append(letters("full", 1));
      Loop loop = new Loop("test");
      Connector connector = new Connector(server.target(), null, null, List.of());
      Line line = new Line(connector::connect, loop);
      Courier courier = courierOf(shelf, loop, line, 0);
      courier.start();
      try {
        Poll.until(() -> server.calls.get() > 1);
        Thread.sleep(1_000);
        int calls = server.calls.get();
        assertTrue(calls <= 40, calls + " calls in a second");
      } finally {
        loop.execute(line::close);
        courier.close();
        loop.close();
      }
    }
  }
}
