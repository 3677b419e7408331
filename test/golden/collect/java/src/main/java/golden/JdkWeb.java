package golden;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Java's own HTTP clients. The contract agent has these cases, too. */
final class JdkWeb {
  static final Map<String, Failing> CASES = new LinkedHashMap<>();

  private static void add(String name, String library, String reason, Failing.Act act) {
    CASES.put(name, new Failing(library, reason, act));
  }

  private static void byJdk(String where, int timeoutMs) throws Exception {
    HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(1))
            .followRedirects(HttpClient.Redirect.ALWAYS)
            .build();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(where)).timeout(Duration.ofMillis(timeoutMs)).build();
    client.send(request, BodyHandlers.ofString());
  }

  private static void byUrlConnection(String where, int timeoutMs) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) new URL(where).openConnection();
    connection.setConnectTimeout(timeoutMs);
    connection.setReadTimeout(timeoutMs);
    connection.getInputStream().readAllBytes();
  }

  static {
    String library = "java 17";
    add("HttpClient: refused", library, "NETWORK_ERROR", () -> byJdk(Peers.url("closed", "/"), 5000));
    add("HttpClient: hung up", library, "NETWORK_ERROR", () -> byJdk(Peers.url("http", "/close"), 5000));
    add("HttpClient: reset", library, "NETWORK_ERROR", () -> byJdk(Peers.url("http", "/reset"), 5000));
    add("HttpClient: another protocol", library, "NETWORK_ERROR", () -> byJdk(Peers.url("foreign", "/"), 5000));
    add("HttpClient: a body that was cut", library, "NETWORK_ERROR", () -> byJdk(Peers.url("http", "/cut"), 5000));
    add("HttpClient: too slow", library, "TIMEOUT", () -> byJdk(Peers.url("http", "/hang"), 1000));
    add("HttpClient: connecting too slow", library, "TIMEOUT", () -> byJdk(Peers.url("stalled", "/"), 5000));
    add("HttpClient: no such name", library, "NETWORK_ERROR", () -> byJdk("http://shop.invalid/", 5000));
    add("HttpClient: self-signed", library, "NETWORK_ERROR", () -> byJdk("https://127.0.0.1:" + Peers.port("https") + "/", 5000));
    add("HttpClient: not a URI", library, "VALIDATION_FAILED", () -> byJdk("shop orders", 5000));
    add("HttpClient: no scheme", library, "VALIDATION_FAILED", () -> byJdk("shop/orders", 5000));
    add("HttpURLConnection: refused", library, "NETWORK_ERROR", () -> byUrlConnection(Peers.url("closed", "/"), 1000));
    add("HttpURLConnection: hung up", library, "NETWORK_ERROR", () -> byUrlConnection(Peers.url("http", "/close"), 1000));
    add("HttpURLConnection: too slow", library, "TIMEOUT", () -> byUrlConnection(Peers.url("http", "/hang"), 1000));
    add("HttpURLConnection: connecting too slow", library, "TIMEOUT", () -> byUrlConnection(Peers.url("stalled", "/"), 50));
    add("HttpURLConnection: redirected in a circle", library, "WEBHOOK_FAILED", () -> byUrlConnection(Peers.url("http", "/loop"), 1000));
    add("HttpURLConnection: 401", library, "AUTHENTICATION_ERROR", () -> byUrlConnection(Peers.url("http", "/status/401"), 1000));
    add("HttpURLConnection: 404", library, "WEBHOOK_FAILED", () -> byUrlConnection(Peers.url("http", "/status/404"), 1000));
    add("HttpURLConnection: 503", library, "WEBHOOK_FAILED", () -> byUrlConnection(Peers.url("http", "/status/503"), 1000));
  }

  private JdkWeb() {}
}
