package io.dlqservice.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.function.Consumer;

/** Captures the log until it is closed. */
public final class CapturedLog implements AutoCloseable {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream before = System.err;

  public CapturedLog() {
    this(line -> {});
  }

  /**
   * @param appender called with each line within a lock, as those of Logback
   */
  public CapturedLog(Consumer<String> appender) {
    System.setErr(
        new PrintStream(bytes, true, UTF_8) {
          @Override
          public synchronized void println(String line) {
            super.println(line);
            appender.accept(line);
          }
        });
  }

  public List<String> with(String text) {
    return bytes.toString(UTF_8).lines().filter(line -> line.contains(text)).toList();
  }

  @Override
  public void close() {
    System.setErr(before);
  }
}
