package agent.faults;

import com.google.gson.JsonObject;
import io.dlqservice.dlq.v1.AckRequest;
import io.dlqservice.dlq.v1.AckResponse;
import io.dlqservice.dlq.v1.ExtendLeaseRequest;
import io.dlqservice.dlq.v1.ExtendLeaseResponse;
import io.dlqservice.dlq.v1.SendToDlqBatchRequest;
import io.dlqservice.dlq.v1.SendToDlqBatchResponse;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.dlqservice.dlq.v1.SendToDlqResponse;
import io.dlqservice.dlq.v1.StreamDueRequest;
import io.dlqservice.dlq.v1.StreamDueResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Records all calls of the client and their answers in the history. */
final class Recording implements ClientInterceptor {
  private static final long CHECK_MS = 10;

  /** Calls have deadlines of a few seconds, and end with their channels. */
  private static final long ENDED_WITHIN_MS = 20_000;

  private final Entries entries;
  private final Consumer<String> onSent;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger named = new AtomicInteger();

  /**
   * @param onSent called with the id of each accepted request
   */
  Recording(History history, Consumer<String> onSent) {
    entries = new Entries(history);
    this.onSent = onSent;
  }

  /** Waits until each call has ended: some end after their client. */
  void waitUntilEnded() throws InterruptedException {
    long endMs = System.currentTimeMillis() + ENDED_WITHIN_MS;
    while (open.get() > 0) {
      if (System.currentTimeMillis() > endMs) {
        throw new IllegalStateException(open + " calls of the client have not ended");
      }
      Thread.sleep(CHECK_MS);
    }
  }

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
      private CallEntries written;

      /** The answer of a unary call. It counts only if the call ends without an error. */
      private R answer;

      /** Records the end of a call that ended before its request was sent. */
      private Runnable end;

      /** Sets the listener before the request, which gRPC sends at once. */
      @Override
      public void start(Listener<R> listener, Metadata headers) {
        open.incrementAndGet();
        super.start(
            new SimpleForwardingClientCallListener<>(listener) {
              @Override
              public void onMessage(R message) {
                if (method.getType().serverSendsOneMessage()) answer = message;
                else answered(message);
                super.onMessage(message);
              }

              @Override
              public void onClose(Status status, Metadata trailers) {
                closed(
                    () -> {
                      if (status.isOk() && answer != null) written.answered(answer);
                      written.closed(status, Refusal.of(status, trailers));
                    });
                open.decrementAndGet();
                super.onClose(status, trailers);
              }
            },
            headers);
      }

      @Override
      public void sendMessage(Q message) {
        begun(message);
        super.sendMessage(message);
      }

      private synchronized void begun(Q message) {
        written = begin(message);
        if (end != null && written != null) end.run();
      }

      private synchronized void answered(R message) {
        if (written != null) written.answered(message);
      }

      private synchronized void closed(Runnable write) {
        if (written != null) write.run();
        else end = write;
      }
    };
  }

  /** Writes the entries of one call. */
  private interface CallEntries {
    void answered(Object message);

    void closed(Status status, boolean isRefused);
  }

  /**
   * @return null for calls without entries
   */
  private CallEntries begin(Object request) {
    if (request instanceof SendToDlqRequest one) return new Sends(List.of(one));
    if (request instanceof SendToDlqBatchRequest batch) return new Sends(batch.getRequestsList());
    if (request instanceof AckRequest ack) return new Ack(ack);
    if (request instanceof ExtendLeaseRequest extend) return new Extension(extend);
    return request instanceof StreamDueRequest ? new Stream() : null;
  }

  private String name(String kind) {
    return kind + "-" + named.incrementAndGet();
  }

  private final class Sends implements CallEntries {
    private final List<String> requests;

    Sends(List<SendToDlqRequest> sends) {
      sends.forEach(entries::sending);
      requests = sends.stream().map(SendToDlqRequest::getRequestId).toList();
    }

    @Override
    public void answered(Object message) {
      if (message instanceof SendToDlqResponse response) {
        sent(requests.get(0), response);
        return;
      }
      SendToDlqBatchResponse batch = (SendToDlqBatchResponse) message;
      for (int at = 0; at < requests.size(); at++) {
        var result = batch.getResults(at);
        if (result.hasResponse()) {
          sent(requests.get(at), result.getResponse());
        } else {
          Status.Code code = Status.fromCodeValue(result.getError().getCode()).getCode();
          entries.unsent(requests.get(at), code, Refusal.CODES.contains(code));
        }
      }
    }

    private void sent(String request, SendToDlqResponse response) {
      entries.sent(request, response);
      onSent.accept(request);
    }

    @Override
    public void closed(Status status, boolean isRefused) {
      if (status.isOk()) return;
      requests.forEach(request -> entries.unsent(request, status.getCode(), isRefused));
    }
  }

  private final class Ack implements CallEntries {
    private final String request;

    Ack(AckRequest ack) {
      request = ack.getRequestId();
      entries.acking(ack);
    }

    @Override
    public void answered(Object message) {
      entries.acked(request, (AckResponse) message);
    }

    @Override
    public void closed(Status status, boolean isRefused) {
      if (!status.isOk()) entries.unacked(request, status.getCode(), isRefused);
    }
  }

  private final class Extension implements CallEntries {
    private final String request = name("extension");

    Extension(ExtendLeaseRequest extend) {
      entries.extending(request, extend);
    }

    @Override
    public void answered(Object message) {
      entries.extended(request, (ExtendLeaseResponse) message);
    }

    @Override
    public void closed(Status status, boolean isRefused) {
      if (!status.isOk()) entries.unextended(request, status.getCode());
    }
  }

  private final class Stream implements CallEntries {
    private final String stream = name("stream");
    private boolean isOpen;
    private boolean isDrained;

    @Override
    public void answered(Object message) {
      StreamDueResponse frame = (StreamDueResponse) message;
      switch (frame.getFrameCase()) {
        case OPENED -> {
          isOpen = true;
          entries.opened(stream, frame.getOpened());
        }
        case DELIVERIES ->
            frame.getDeliveries().getDeliveriesList().forEach(one -> entries.delivered(stream, one));
        case DRAIN -> isDrained = true;
        default -> {} // a heartbeat
      }
    }

    @Override
    public void closed(Status status, boolean isRefused) {
      if (!isOpen) return;
      String why = isDrained ? "drain" : status.isOk() ? "end" : status.getCode().toString();
      JsonObject fields = new JsonObject();
      fields.addProperty("stream", stream);
      fields.addProperty("why", why);
      entries.write("closed", fields);
    }
  }
}
