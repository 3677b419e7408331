package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dlqservice.dlq.OutcomeReporter.UnreportedOutcome;
import io.dlqservice.dlq.v1.AckRequest;
import io.dlqservice.dlq.v1.AckResult;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutcomeReporterTest {
  /** Answers HTTP 413 to batches of several outcomes, and does not answer others. */
  private static final class BatchRefusingProxy implements ClientInterceptor {
    private final AtomicInteger unanswered = new AtomicInteger();

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(
        MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
      return new ClientCall<>() {
        private Listener<R> listener;

        @Override
        public void start(Listener<R> listener, Metadata headers) {
          this.listener = listener;
        }

        @Override
        public void sendMessage(Q message) {
          boolean isBatch = ((AckRequest) message).getOutcomesCount() > 1;
          if (isBatch) end(Status.UNKNOWN.withDescription("HTTP status code 413"));
          else unanswered.incrementAndGet();
        }

        @Override
        public void cancel(String message, Throwable cause) {
          end(Status.CANCELLED);
        }

        private void end(Status status) {
          listener.onClose(status, new Metadata());
        }

        @Override
        public void request(int messages) {}

        @Override
        public void halfClose() {}
      };
    }
  }

  private static final class GivenUp implements OutcomeReporter.Listener {
    private final List<HeldDelivery> deliveries = new CopyOnWriteArrayList<>();

    @Override
    public void answered(UnreportedOutcome one, AckResult result) {}

    @Override
    public void givenUp(UnreportedOutcome one, CallError error) {
      deliveries.add(one.held());
    }
  }

  private final BatchRefusingProxy proxy = new BatchRefusingProxy();
  private final GivenUp givenUp = new GivenUp();
  private final Loop loop = new Loop("test");
  private final ReconnectingChannel channel =
      new ReconnectingChannel(
          () ->
              new Connector(Target.of("127.0.0.1:1", false), null, null, List.of(proxy)).connect(),
          loop);
  private final OutcomeReporter outcomeReporter = new OutcomeReporter(loop, channel, givenUp);

  @AfterEach
  void close() {
    loop.execute(channel::close);
    loop.close();
  }

  private UnreportedOutcome outcome() {
    WorkerContext context =
        new WorkerContext(this, "", loop, channel, null, null, null, JsonCodec.gson(), null);
    io.dlqservice.dlq.v1.Delivery delivery = io.dlqservice.dlq.v1.Delivery.getDefaultInstance();
    return new UnreportedOutcome(new HeldDelivery(delivery, context, this, 0), Outcome.succeeded());
  }

  private void abandon() throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(() -> outcomeReporter.abandon().thenRun(() -> done.complete(null)));
    done.get(10, TimeUnit.SECONDS);
  }

  @Test
  void abandonGivesUpBothHalvesOfASplitBatch() throws Exception {
    loop.execute(
        () -> {
          outcomeReporter.add(outcome());
          outcomeReporter.add(outcome());
        });
    Poll.until(() -> proxy.unanswered.get() == 1);
    abandon();
    assertEquals(2, givenUp.deliveries.size());
    assertEquals(1, proxy.unanswered.get());
  }

  @Test
  void abandonGivesUpOutcomesThatWaitForACall() throws Exception {
    for (int calls = 1; calls <= 4; calls++) {
      loop.execute(() -> outcomeReporter.add(outcome()));
      int begun = calls;
      Poll.until(() -> proxy.unanswered.get() == begun);
    }
    loop.execute(() -> outcomeReporter.add(outcome()));
    abandon();
    assertEquals(5, givenUp.deliveries.size());
    assertEquals(4, proxy.unanswered.get());
  }
}
