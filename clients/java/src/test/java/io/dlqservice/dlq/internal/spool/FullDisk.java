package io.dlqservice.dlq.internal.spool;

import com.google.protobuf.ByteString;
import io.dlqservice.dlq.v1.Payload;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Keeps messages in a folder where no file can hold one, and prints the results. */
final class FullDisk {
  private static final int PAYLOAD_BYTES = 4096;

  private FullDisk() {}

  public static void main(String[] args) throws IOException {
    Path root = Path.of(args[0]);
    SpoolScope scope = new SpoolScope("127.0.0.1:50051", "shop");
    Payload payload =
        Payload.newBuilder().setData(ByteString.copyFrom(new byte[PAYLOAD_BYTES])).build();
    List<SendToDlqRequest> message =
        List.of(SendToDlqRequest.newBuilder().setPayload(payload).build());
    List<SpoolResult> results =
        Stream.generate(() -> new SpoolStore(scope, root, 1 << 20, false, warning -> {}))
            .limit(2)
            .flatMap(store -> store.append(message).stream())
            .toList();
    long files = SpoolFolder.list(root.resolve("shop")).size();
    System.out.println(results + " files=" + files + " descriptors=" + openBelow(root));
  }

  private static long openBelow(Path root) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(one -> isBelow(root, one)).count();
    }
  }

  private static boolean isBelow(Path root, Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).startsWith(root);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }
}
