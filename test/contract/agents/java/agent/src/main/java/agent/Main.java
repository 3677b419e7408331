package agent;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;

/** Does what lines of JSON on its input say with the Java client, and answers in such. */
final class Main {
  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  private Main() {}

  public static void main(String[] args) throws IOException {
    Session session = new Session(Main::tell);
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
                else reply.addProperty("error", wordsOf(thrown));
                tell(reply);
              });
    } catch (Exception thrown) {
      reply.addProperty("error", thrown.toString());
      tell(reply);
    }
  }

  private static String wordsOf(Throwable thrown) {
    boolean isWrapped = thrown instanceof CompletionException && thrown.getCause() != null;
    return (isWrapped ? thrown.getCause() : thrown).toString();
  }

  private static synchronized void tell(JsonObject message) {
    OUT.println(message);
    OUT.flush();
  }
}
