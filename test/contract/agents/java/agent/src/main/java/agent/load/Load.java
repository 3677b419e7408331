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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * The load of the bench: reads the commands of test/bench/load/commands.ts, runs them one at a
 * time, and ends when the bench does.
 */
public final class Load {
  /** How often a running command tells how far it is. */
  private static final long PROGRESS_EVERY_MS = 10;

  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  private final ClientLoad load;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

  /** Of the running command; belongs to the clock. */
  private int told;

  private CountDownLatch stop = new CountDownLatch(1);

  private Load(ClientLoad load) {
    this.load = load;
  }

  /**
   * Serves commands until the input ends.
   *
   * @param address of the server, HOST:PORT
   */
  public static void serve(String address) throws IOException {
    Load load = new Load(new ClientLoad(DlqClient.builder(address).withoutSpool().build()));
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
    clock.execute(() -> told = 0);
    ScheduledFuture<?> progress =
        clock.scheduleWithFixedDelay(
            () -> tell(tally), PROGRESS_EVERY_MS, PROGRESS_EVERY_MS, TimeUnit.MILLISECONDS);
    JsonObject answer = new JsonObject();
    try {
      answer.add("result", resultOf(command, tally, ownStop));
    } catch (Exception | Error thrown) {
      StringWriter words = new StringWriter();
      thrown.printStackTrace(new PrintWriter(words));
      answer.addProperty("error", words.toString());
    }
    progress.cancel(false);
    clock.execute(() -> say(answer)); // in the thread of what is told on the way: last of all
  }

  private void tell(Tally tally) {
    int count = tally.count();
    if (count == told) return;
    told = count;
    JsonObject progress = new JsonObject();
    progress.addProperty("progress", count);
    say(progress);
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
      default -> throw new IllegalArgumentException("this load knows no " + op);
    }
    return tally.result();
  }

  private static void say(JsonObject answer) {
    OUT.println(answer);
    OUT.flush();
  }
}
