package agent.failures;

import agent.failures.Failures.Act;
import com.google.protobuf.Empty;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.HandlerRegistry;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Exceptions of gRPC calls. */
final class GrpcFailures {
  private static final String HOST = "127.0.0.1:";
  private static final long LONG_MS = 5_000;
  private static final long SHORT_MS = 200;
  private static final MethodDescriptor<Empty, Empty> METHOD =
      MethodDescriptor.<Empty, Empty>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("shop.Orders/Charge")
          .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
          .build();

  /** Answers every call with one status. */
  private static final class Refuser extends HandlerRegistry {
    private final Status status;

    Refuser(Status status) {
      this.status = status;
    }

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
      return ServerMethodDefinition.create(
          METHOD,
          (call, headers) -> {
            call.close(status, new Metadata());
            return new ServerCall.Listener<>() {};
          });
    }
  }

  private GrpcFailures() {}

  static void addTo(Map<String, Act> all) {
    Map<Status.Code, String> descriptions =
        Map.of(
            Status.Code.INVALID_ARGUMENT, "order_id must not be empty",
            Status.Code.NOT_FOUND, "order 17 not found",
            Status.Code.PERMISSION_DENIED, "caller may not read orders",
            Status.Code.RESOURCE_EXHAUSTED, "quota of 100 requests a minute is used up",
            Status.Code.ABORTED, "transaction was aborted, try again",
            Status.Code.UNIMPLEMENTED, "method not implemented",
            Status.Code.UNAVAILABLE, "server is shutting down",
            Status.Code.UNAUTHENTICATED, "token expired");
    descriptions.forEach(
        (code, description) ->
            all.put(
                "grpc: " + code.value(),
                () -> refused(code.toStatus().withDescription(description))));
    all.put("grpc: refused", () -> call(Peer.closedPort(), LONG_MS));
    all.put(
        "grpc: hang", () -> SocketFailures.with(Peer.silent(), port -> call(port, SHORT_MS)));
  }

  private static void refused(Status status) throws IOException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .fallbackHandlerRegistry(new Refuser(status))
            .build()
            .start();
    try {
      call(server.getPort(), LONG_MS);
    } finally {
      server.shutdownNow();
    }
  }

  private static void call(int port, long timeoutMs) {
    ManagedChannel channel =
        Grpc.newChannelBuilder(HOST + port, InsecureChannelCredentials.create()).build();
    try {
      CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(timeoutMs, TimeUnit.MILLISECONDS);
      ClientCalls.blockingUnaryCall(channel, METHOD, options, Empty.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }
}
