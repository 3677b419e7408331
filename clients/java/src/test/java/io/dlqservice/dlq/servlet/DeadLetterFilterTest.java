package io.dlqservice.dlq.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.testing.FakeMessage;
import io.dlqservice.dlq.testing.FakeServer;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.EnumSet;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeadLetterFilterTest {
  private static final int MAX_BODY = 1024 * 1024;

  private volatile String tenant = "a";
  private FakeServer fake;
  private DlqClient dlq;
  private Server jetty;

  /** Its path says how much of the body it reads. It throws, unless the path is "/fine". */
  public static final class Orders extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException, ServletException {
      switch (request.getPathInfo()) {
        case "/part" -> request.getInputStream().read();
        case "/reader" -> request.getReader().readLine();
        case "/fine" -> {
          response.getWriter().print(request.getReader().readLine());
          return;
        }
        default -> {}
      }
      throw new ServletException("wrapped", new IllegalStateException("no bank"));
    }
  }

  @BeforeEach
  void open() throws Exception {
    fake = FakeServer.start();
    dlq = DlqClient.builder(fake.target()).withoutSpool().build();
    jetty = new Server(0);
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServlet(new ServletHolder(new Orders()), "/orders/*");
    DeadLetterFilter filter =
        new DeadLetterFilter(
            dlq, "orders", (request, options) -> options.maxRetries(7).attribute("tenant", tenant));
    context.addFilter(new FilterHolder(filter), "/*", EnumSet.of(DispatcherType.REQUEST));
    jetty.setHandler(context);
    jetty.start();
  }

  @AfterEach
  void close() throws Exception {
    jetty.stop();
    dlq.close();
    fake.close();
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    int port = ((ServerConnector) jetty.getConnectors()[0]).getLocalPort();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/orders" + path))
            .header("Idempotency-Key", "order-42")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }

  @Test
  void keepsAFailedRequestAndAnswers202() throws Exception {
    for (String path : new String[] {"/nothing", "/part", "/reader"}) {
      HttpResponse<String> answer = post(path, "{\"id\":42}");
      assertEquals(202, answer.statusCode());
      assertTrue(answer.body().startsWith("{\"status\":\"sent\",\"id\":\""), answer.body());
    }
    FakeMessage kept = fake.messages("orders").get(2);
    assertEquals("{\"id\":42}", kept.text());
    assertEquals("order-42", kept.request().getSourceId());
    assertEquals("application/json", kept.request().getPayload().getContentType());
    assertEquals("/orders/reader", kept.request().getAttributesOrThrow("http.path"));
    assertEquals(7, kept.request().getMaxRetries());
    assertEquals("java.lang.IllegalStateException", kept.failures().get(0).getType());
    assertEquals(3, fake.messages("orders").size());
  }

  @Test
  void passesSuccessfulRequestsOn() throws Exception {
    assertEquals("{\"id\":42}", post("/fine", "{\"id\":42}").body());
    assertEquals(0, fake.messages("orders").size());
  }

  @Test
  void aRequestThatCannotBeKeptFails() throws Exception {
    assertEquals(500, post("/nothing", "").statusCode(), "no body");
    assertEquals(500, post("/nothing", "x".repeat(MAX_BODY + 1)).statusCode(), "too long");
    dlq.close();
    assertEquals(500, post("/nothing", "{}").statusCode(), "closed");
    assertEquals(0, fake.messages("orders").size());
  }

  @Test
  void optionsThatThrowDoNotHideTheFailure() throws Exception {
    tenant = null; // attributes must not be null
    HttpResponse<String> answer = post("/nothing", "{}");
    assertEquals(500, answer.statusCode());
    assertTrue(answer.body().contains("wrapped"), answer.body());
  }

  /** The service would refuse the message, and callers may send any header. */
  @Test
  void longHeadersAreLeftOutOrCut() throws Exception {
    int port = ((ServerConnector) jetty.getConnectors()[0]).getLocalPort();
    String path = "/orders/" + "a".repeat(5_000);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Idempotency-Key", "k".repeat(257))
            .header("Content-Type", "text/" + "x".repeat(252))
            .POST(BodyPublishers.ofString("{}"))
            .build();
    assertEquals(
        202, HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).statusCode());
    FakeMessage kept = fake.messages("orders").get(0);
    assertEquals("", kept.request().getSourceId());
    assertEquals("", kept.request().getPayload().getContentType());
    assertEquals(path.substring(0, 4_096), kept.request().getAttributesOrThrow("http.path"));
  }
}
