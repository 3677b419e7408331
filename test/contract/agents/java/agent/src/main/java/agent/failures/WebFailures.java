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

/** What Java's HTTP clients throw. */
final class WebFailures {
  private static final String NOWHERE = "http://127.0.0.1:";
  private static final int LONG_MS = 5_000;

  /** Of the whole request: a shorter time might be over before there is a connection. */
  private static final int SHORT_MS = 1_000;

  private WebFailures() {}

  static void addTo(Map<String, Act> all) {
    all.put("HttpClient: refused", () -> byJdk(NOWHERE + Peer.closedPort() + "/", LONG_MS));
    all.put("HttpClient: hung up", () -> byJdk(Peer.speechless(), "/close", LONG_MS));
    all.put("HttpClient: too slow", () -> byJdk(Peer.silent(), "/hang", SHORT_MS));
    all.put("HttpClient: no such name", () -> byJdk("http://shop.invalid/", LONG_MS));
    all.put("HttpClient: not a URI", () -> byJdk("shop orders", LONG_MS));
    all.put("HttpClient: no scheme", () -> byJdk("shop/orders", LONG_MS));
    all.put(
        "HttpURLConnection: refused",
        () -> byUrlConnection(NOWHERE + Peer.closedPort() + "/", LONG_MS));
    all.put("HttpURLConnection: too slow", () -> byUrlConnection(Peer.silent(), "/", SHORT_MS));
    for (String status : new String[] {"401 Unauthorized", "404 Not Found", "503 Gone Away"}) {
      String code = status.substring(0, status.indexOf(' '));
      all.put(
          "HttpURLConnection: " + code,
          () ->
              byUrlConnection(
                  Peer.answering("HTTP/1.1 " + status + "\r\nContent-Length: 0", ""),
                  "/status/" + code,
                  LONG_MS));
    }
  }

  private static void byJdk(Peer peer, String path, int timeoutMs) throws Exception {
    try (peer) {
      byJdk(peer.url(path), timeoutMs);
    }
  }

  private static void byJdk(String where, int timeoutMs) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(where)).timeout(Duration.ofMillis(timeoutMs)).build();
    HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }

  private static void byUrlConnection(Peer peer, String path, int timeoutMs) throws IOException {
    try (peer) {
      byUrlConnection(peer.url(path), timeoutMs);
    }
  }

  private static void byUrlConnection(String where, int timeoutMs) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) new URL(where).openConnection();
    connection.setConnectTimeout(timeoutMs);
    connection.setReadTimeout(timeoutMs);
    connection.getInputStream().readAllBytes();
  }
}
