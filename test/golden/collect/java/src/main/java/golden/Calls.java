package golden;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** gRPC. The contract agent has these cases, too. */
final class Calls {
  static final Map<String, Failing> CASES = new LinkedHashMap<>();

  private static final String LIBRARY = "grpc-netty-shaded 1.85.1";

  private static void add(String name, String reason, Failing.Act act) {
    CASES.put(name, new Failing(LIBRARY, reason, act));
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      return new byte[0];
    }
  }

  private static MethodDescriptor<byte[], byte[]> method(String what) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName("golden.Fail/" + what)
        .setRequestMarshaller(new Bytes())
        .setResponseMarshaller(new Bytes())
        .build();
  }

  private static ManagedChannel channel(String peer) {
    return ManagedChannelBuilder.forAddress(Peers.HOST, Peers.port(peer)).usePlaintext().build();
  }

  static Future<byte[]> inFuture(String peer, String what) {
    var options = CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS);
    return ClientCalls.futureUnaryCall(channel(peer).newCall(method(what), options), new byte[0]);
  }

  private static void byGrpc(String peer, String what) {
    ManagedChannel channel = channel(peer);
    try {
      var options = CallOptions.DEFAULT.withDeadlineAfter(what.equals("hang") ? 1 : 5, TimeUnit.SECONDS);
      ClientCalls.blockingUnaryCall(channel, method(what), options, new byte[0]);
    } finally {
      channel.shutdownNow();
    }
  }

  static {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("3", "VALIDATION_FAILED");
    codes.put("5", "UNKNOWN_ERROR");
    codes.put("7", "AUTHENTICATION_ERROR");
    codes.put("8", "RESOURCE_EXHAUSTED");
    codes.put("10", "UNKNOWN_ERROR");
    codes.put("12", "EXECUTION_FAILED");
    codes.put("14", "NETWORK_ERROR");
    codes.put("16", "AUTHENTICATION_ERROR");
    codes.put("hang", "TIMEOUT");
    codes.put("http503", "NETWORK_ERROR");
    codes.forEach((what, reason) -> add("grpc: " + what, reason, () -> byGrpc("grpc", what)));
    add("grpc: refused", "NETWORK_ERROR", () -> byGrpc("closed", "0"));
  }

  private Calls() {}
}
