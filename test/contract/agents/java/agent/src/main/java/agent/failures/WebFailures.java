package agent.failures;

import agent.failures.Failures.Act;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;

/** Exceptions of Java's HTTP clients. */
final class WebFailures {
  private static final String LOOPBACK = "http://127.0.0.1:";
  private static final int LONG_MS = 5_000;

  /** For the whole request. A shorter time may end before the connection. */
  private static final int SHORT_MS = 1_000;

  private WebFailures() {}

  static void addTo(Map<String, Act> all) {
    all.put("HttpClient: refused", () -> withHttpClient(LOOPBACK + Peer.closedPort() + "/", LONG_MS));
    all.put("HttpClient: hung up", () -> withHttpClient(Peer.closingAfterRequest(), "/close", LONG_MS));
    all.put("HttpClient: too slow", () -> withHttpClient(Peer.silent(), "/hang", SHORT_MS));
    all.put("HttpClient: no such name", () -> withHttpClient("http://shop.invalid/", LONG_MS));
    all.put("HttpClient: not a URI", () -> withHttpClient("shop orders", LONG_MS));
    all.put("HttpClient: no scheme", () -> withHttpClient("shop/orders", LONG_MS));
    all.put(
        "HttpURLConnection: refused",
        () -> withUrlConnection(LOOPBACK + Peer.closedPort() + "/", LONG_MS));
    all.put("HttpURLConnection: too slow", () -> withUrlConnection(Peer.silent(), "/", SHORT_MS));
    for (String status : new String[] {"401 Unauthorized", "404 Not Found", "503 Gone Away"}) {
      String code = status.substring(0, status.indexOf(' '));
      all.put(
          "HttpURLConnection: " + code,
          () ->
              withUrlConnection(
                  Peer.answering("HTTP/1.1 " + status + "\r\nContent-Length: 0", ""),
                  "/status/" + code,
                  LONG_MS));
    }
  }

  private static void withHttpClient(Peer peer, String path, int timeoutMs) throws Exception {
    try (peer) {
      withHttpClient(peer.url(path), timeoutMs);
    }
  }

  private static void withHttpClient(String where, int timeoutMs) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(where)).timeout(Duration.ofMillis(timeoutMs)).build();
    HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }

  private static void withUrlConnection(Peer peer, String path, int timeoutMs) throws IOException {
    try (peer) {
      withUrlConnection(peer.url(path), timeoutMs);
    }
  }

  private static void withUrlConnection(String where, int timeoutMs) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) new URL(where).openConnection();
    connection.setConnectTimeout(timeoutMs);
    connection.setReadTimeout(timeoutMs);
    connection.getInputStream().readAllBytes();
  }
}
