package agent.load;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.dlqservice.dlq.DlqClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Generates load for the bench. Reads the commands of test/bench/load/commands.ts, and runs them
 * one at a time until the input ends.
 */
public final class Load {
  /** How often a running command reports its progress. */
  private static final long PROGRESS_EVERY_MS = 10;

  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  private final ClientLoad load;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

  /** The reported progress of the running command. Used on the clock only. */
  private int reported;

  private CountDownLatch stop = new CountDownLatch(1);

  private Load(ClientLoad load) {
    this.load = load;
  }

  /**
   * Serves commands until the input ends.
   *
   * @param address the server's HOST:PORT
   */
  public static void serve(String address) throws IOException {
    DlqClient client =
        DlqClient.builder(address).withoutSpool().timeout(Duration.ofMinutes(1)).build();
    Load load = new Load(new ClientLoad(client));
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      load.begin(JsonParser.parseString(line).getAsJsonObject());
    }
    Runtime.getRuntime().halt(0);
  }

  private void begin(JsonObject command) {
    if (command.get("op").getAsString().equals("stop")) {
      stop.countDown();
      return;
    }
    stop = new CountDownLatch(1);
    CountDownLatch ownStop = stop;
    Thread thread = new Thread(() -> run(command, ownStop), "load");
    thread.setDaemon(true);
    thread.start();
  }

  private void run(JsonObject command, CountDownLatch ownStop) {
    Tally tally = new Tally();
    clock.execute(() -> reported = 0);
    ScheduledFuture<?> progress =
        clock.scheduleWithFixedDelay(
            () -> report(tally), PROGRESS_EVERY_MS, PROGRESS_EVERY_MS, TimeUnit.MILLISECONDS);
    JsonObject answer = new JsonObject();
    try {
      answer.add("result", resultOf(command, tally, ownStop));
    } catch (Exception | Error thrown) {
      StringWriter trace = new StringWriter();
      thrown.printStackTrace(new PrintWriter(trace));
      answer.addProperty("error", trace.toString());
    }
    progress.cancel(false);
    clock.execute(() -> write(answer)); // on the clock, so that it comes after the progress
  }

  private void report(Tally tally) {
    int count = tally.count();
    if (count == reported) return;
    reported = count;
    JsonObject progress = new JsonObject();
    progress.addProperty("progress", count);
    write(progress);
  }

  private JsonObject resultOf(JsonObject command, Tally tally, CountDownLatch ownStop)
      throws InterruptedException {
    String op = command.get("op").getAsString();
    switch (op) {
      case "send" -> load.send(command, tally);
      case "consume" -> load.consume(command, tally, ownStop);
      case "left" -> {
        JsonObject left = new JsonObject();
        left.addProperty("count", load.left(command));
        return left;
      }
      default -> throw new IllegalArgumentException("unknown command: " + op);
    }
    return tally.result();
  }

  private static void write(JsonObject answer) {
    OUT.println(answer);
    OUT.flush();
  }
}
