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
 * Writes the history of an actor: one JSON object a line, see test/faults/history/event.ts. A line is
 * written before the action, and unbuffered, so that a killed process loses at most its last line.
 * Thread-safe.
 */
final class History {
  private static final double MS_PER_SECOND = 1_000;
  private static final double NANOS_PER_MS = 1_000_000;

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

  /** Takes the time under the lock, so that lines are in order. */
  synchronized void write(String event, JsonObject fields) {
    JsonObject line = new JsonObject();
    line.addProperty("e", event);
    Instant now = Instant.now();
    line.addProperty("at", now.getEpochSecond() * MS_PER_SECOND + now.getNano() / NANOS_PER_MS);
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
    return instant.getSeconds() * MS_PER_SECOND + instant.getNanos() / NANOS_PER_MS;
  }
}
