package golden;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dlqservice.dlq.ClientFailures;
import io.dlqservice.dlq.v1.Failure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.LogManager;

/** Runs the cases and prints each failure as a Java program would usually report it. */
public final class Main {
  private static final long LIMIT_S = 30;
  private static final String SET = System.getenv().getOrDefault("GOLDEN_SET", "golden");
  private static final boolean IS_BLIND = !SET.equals("golden");
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    LogManager.getLogManager().reset();
    String only = System.getenv().getOrDefault("GOLDEN_ONLY", "");
    ExecutorService runner = Executors.newCachedThreadPool();
    for (Map<String, Failing> table : tables()) {
      for (Map.Entry<String, Failing> one : table.entrySet()) {
        if (one.getKey().contains(only)) report(one.getKey(), one.getValue(), runner);
      }
    }
    Runtime.getRuntime().halt(0);
  }

  private static List<Map<String, Failing>> tables() {
    return switch (SET) {
      case "blind" -> List.of(new Blind().byName, new Blind2().byName, new Blind3().byName);
      case "blind-3" -> List.of(new Blind3().byName);
      case "held-out" -> List.of(new HeldOut().byName);
      default ->
          List.of(
              Language.CASES,
              JdkWeb.CASES,
              Web.CASES,
              GsonParsers.CASES,
              Parsers.CASES,
              Redis.CASES,
              Databases.CASES,
              Calls.CASES,
              Services.CASES);
    };
  }

  private static void report(String name, Failing failing, ExecutorService runner)
      throws Exception {
    Throwable thrown = outcome(failing, runner);
    if (thrown == null) {
      System.err.println(name + ": nothing failed");
      return;
    }
    if (IS_BLIND) {
      writeSent(name, failing, ClientFailures.of(thrown));
      return;
    }
    write(name, failing, thrown);
    // Half of the programs unwrap the exception.
    Throwable root = thrown;
    while (root.getCause() != null && root.getCause() != root) root = root.getCause();
    boolean isShaded = root.getClass().getName().startsWith("io.grpc.netty.shaded");
    boolean saysTheSame =
        root.getClass() == thrown.getClass()
            && Objects.equals(root.getMessage(), thrown.getMessage());
    if (!isShaded && !saysTheSame) {
      write(name + ", root cause", failing, root);
    }
  }

  private static Throwable outcome(Failing failing, ExecutorService runner) {
    Throwable[] caught = new Throwable[1];
    try {
      runner
          .submit(
              () -> {
                try {
                  failing.act().run();
                } catch (Throwable thrown) {
                  caught[0] = thrown;
                }
              })
          .get(LIMIT_S, TimeUnit.SECONDS);
      return caught[0];
    } catch (TimeoutException tooLong) {
      return null;
    } catch (Exception unexpected) {
      return unexpected;
    }
  }

  private static void write(String name, Failing failing, Throwable thrown) throws Exception {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", name);
    entry.put("library", failing.library());
    entry.put("type", thrown.getClass().getName());
    entry.put("message", thrown.getMessage() == null ? "" : thrown.getMessage());
    if (thrown instanceof io.grpc.StatusRuntimeException held) {
      entry.put("grpc_code", held.getStatus().getCode().value());
    }
    if (thrown instanceof software.amazon.awssdk.awscore.exception.AwsServiceException held) {
      entry.put("http_status", held.statusCode());
    }
    entry.put("reason", failing.reason());
    System.out.println(JSON.writeValueAsString(entry));
  }

  /** Writes the failure as the Java client sends it. */
  private static void writeSent(String name, Failing failing, Failure sent) throws Exception {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", name);
    entry.put("library", failing.library());
    entry.put("type", sent.getType());
    entry.put("message", sent.getMessage());
    if (sent.hasGrpcCode()) entry.put("grpc_code", sent.getGrpcCode());
    if (sent.hasHttpStatus()) entry.put("http_status", sent.getHttpStatus());
    String sqlstate = sent.getAttributesMap().get("sqlstate");
    if (sqlstate != null) entry.put("sqlstate", sqlstate);
    entry.put("reason", failing.reason());
    System.out.println(JSON.writeValueAsString(entry));
  }
}
