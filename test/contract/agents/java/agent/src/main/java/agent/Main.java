package agent;

import agent.faults.Consumer;
import agent.faults.Producer;
import agent.load.Load;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionException;

/**
 * Runs the Java client in tests. The first argument is the role: {@code producer} or {@code worker}
 * of the fault suite, {@code slow-worker}, or {@code load} of the bench. Without one it plays scenarios: it reads
 * commands as lines of JSON, and answers in the same form.
 */
final class Main {
  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  private Main() {}

  public static void main(String[] args) throws Exception {
    List<String> rest = List.of(args).subList(Math.min(1, args.length), args.length);
    switch (args.length == 0 ? "contract" : args[0]) {
      case "contract" -> playScenarios();
      case "producer" -> Producer.run(rest);
      case "worker" -> Consumer.run(rest);
      case "slow-worker" -> SlowWorker.run(rest.get(0), rest.get(1));
      case "load" -> Load.serve(rest.get(0));
      default -> throw new IllegalArgumentException("unknown role: " + args[0]);
    }
  }

  private static void playScenarios() throws IOException {
    Session session = new Session(Main::emit);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      answer(session, JsonParser.parseString(line).getAsJsonObject());
    }
    Runtime.getRuntime().halt(0);
  }

  private static void answer(Session session, JsonObject command) {
    JsonObject reply = new JsonObject();
    reply.add("id", command.get("id"));
    try {
      session
          .run(command.get("op").getAsString(), command)
          .whenComplete(
              (result, thrown) -> {
                if (thrown == null) reply.add("result", result);
                else reply.addProperty("error", describe(thrown));
                emit(reply);
              });
    } catch (Exception thrown) {
      reply.addProperty("error", thrown.toString());
      emit(reply);
    }
  }

  private static String describe(Throwable thrown) {
    boolean isWrapped = thrown instanceof CompletionException && thrown.getCause() != null;
    return (isWrapped ? thrown.getCause() : thrown).toString();
  }

  private static synchronized void emit(JsonObject message) {
    OUT.println(message);
    OUT.flush();
  }
}
