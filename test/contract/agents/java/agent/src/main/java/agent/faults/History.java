package agent.faults;

import com.google.gson.JsonObject;
import com.google.protobuf.Timestamp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * The history that an actor writes: one JSON object a line, as test/faults/history/event.ts says. A
 * line is written before the act that it announces, and at once, so that a process that is killed
 * loses its last line at most. Any thread may write.
 */
final class History {
  private static final double MS_A_SECOND = 1_000;
  private static final double NANOS_A_MS = 1_000_000;

  private final FileChannel file;

  History(Path path, String actor, String role) throws IOException {
    file =
        FileChannel.open(
            path,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
    JsonObject fields = new JsonObject();
    fields.addProperty("actor", actor);
    fields.addProperty("role", role);
    fields.addProperty("language", "java");
    write("started", fields);
  }

  /** The time is taken inside, so that lines are in the order of their times. */
  synchronized void write(String event, JsonObject fields) {
    JsonObject line = new JsonObject();
    line.addProperty("e", event);
    Instant now = Instant.now();
    line.addProperty("at", now.getEpochSecond() * MS_A_SECOND + now.getNano() / NANOS_A_MS);
    fields.entrySet().forEach(field -> line.add(field.getKey(), field.getValue()));
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      while (bytes.hasRemaining()) file.write(bytes);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  void end() {
    write("ended", new JsonObject());
  }

  static double msOf(Timestamp instant) {
    return instant.getSeconds() * MS_A_SECOND + instant.getNanos() / NANOS_A_MS;
  }
}
