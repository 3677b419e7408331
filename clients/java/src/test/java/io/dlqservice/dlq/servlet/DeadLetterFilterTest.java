package io.dlqservice.dlq.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.CapturedLog;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.WithFakeServer;
import io.dlqservice.dlq.testing.FakeMessage;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.security.access.AccessDeniedException;

class DeadLetterFilterTest extends WithFakeServer {
  private static final int MAX_BODY = 1024 * 1024;
  private static final String SPRING =
      "org.springframework.web.servlet.DispatcherServlet.EXCEPTION";

  private volatile String tenant = "a";
  private Server jetty;

  /** Its path says how much of the body it reads. It throws, unless the path is "/fine". */
  public static final class Orders extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException, ServletException {
      switch (request.getPathInfo()) {
        case "/denied" -> throw new ServletException(new AccessDeniedException("not yours"));
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

  /** Fails as frameworks do. */
  public static final class Frameworks extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException, ServletException {
      switch (request.getPathInfo()) {
        case "/resolved" -> {
          request.setAttribute(SPRING, new IllegalStateException("no bank"));
          response.sendError(502);
        }
        case "/sent" -> response.sendError(503, "closed");
        case "/wrong" -> response.sendError(400);
        case "/own" -> {
          response.setStatus(500);
          response.getWriter().print("own");
        }
        case "/flushed" -> {
          response.getWriter().print("begun");
          response.flushBuffer();
          throw new IllegalStateException("no bank");
        }
        case "/parts" -> {
          for (Part part : request.getParts()) part.delete();
          throw new IllegalStateException("no bank");
        }
        default -> {
          if (request.getDispatcherType() == DispatcherType.ASYNC) {
            throw new IllegalStateException("no bank");
          }
          request.getInputStream().readAllBytes();
          AsyncContext async = request.startAsync(request, response);
          async.start(async::dispatch);
        }
      }
    }
  }

  @BeforeEach
  void open() throws Exception {
    jetty = new Server(0);
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServlet(new ServletHolder(new Orders()), "/orders/*");
    ServletHolder frameworks = new ServletHolder(new Frameworks());
    frameworks.setAsyncSupported(true);
    frameworks.getRegistration().setMultipartConfig(new MultipartConfigElement("/tmp"));
    context.addServlet(frameworks, "/orders/frameworks/*");
    context.addServlet(frameworks, "/async/*");
    DeadLetterFilter filter =
        new DeadLetterFilter(
            dlq, "orders", (request, options) -> options.maxRetries(7).attribute("tenant", tenant));
    FilterHolder holder = new FilterHolder(filter);
    holder.setAsyncSupported(true);
    context.addFilter(holder, "/orders/*", EnumSet.of(DispatcherType.REQUEST));
    context.addFilter(holder, "/async/*", EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC));
    jetty.setHandler(context);
    jetty.start();
  }

  @AfterEach
  void close() throws Exception {
    jetty.stop();
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
    assertEquals("order-42", kept.sourceId());
    assertEquals("application/json", kept.contentType());
    assertEquals("/orders/reader", kept.attributes().get("http.path"));
    assertEquals(7, kept.maxRetries().orElseThrow());
    assertEquals("java.lang.IllegalStateException", kept.failures().get(0).type());
    assertEquals(3, fake.messages("orders").size());
  }

  /** Spring Security answers 403 for it; a retry would run without the caller's credentials. */
  @Test
  void aRequestThatSpringSecurityRefusesIsNotKept() throws Exception {
    assertEquals(500, post("/denied", "a").statusCode()); // Jetty's, without Spring
    assertEquals(List.of(), fake.messages("orders"));
  }

  private static HttpRequest.Builder to(Server jetty, String path) {
    int port = ((ServerConnector) jetty.getConnectors()[0]).getLocalPort();
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
  }

  private static HttpResponse<String> answerTo(HttpRequest request) throws Exception {
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }

  private String failureOfLast() {
    List<FakeMessage> all = fake.messages("orders");
    return all.get(all.size() - 1).failures().get(0).message();
  }

  @Test
  void keepsWhatFrameworksAnswerWithAServerError() throws Exception {
    assertEquals(202, post("/frameworks/resolved", "{}").statusCode());
    assertEquals("no bank", failureOfLast());
    assertEquals(202, post("/frameworks/sent", "{}").statusCode());
    assertEquals("the application answered with status 503", failureOfLast());
    assertEquals(400, post("/frameworks/wrong", "{}").statusCode());
    assertEquals("own", post("/frameworks/own", "{}").body());
    assertEquals(2, fake.messages("orders").size());
  }

  @Test
  void logsWhatItAnswersWith202() throws Exception {
    try (CapturedLog logged = new CapturedLog()) {
      post("/nothing", "{}");
      String text = "POST /orders/nothing failed; its message for queue \"orders\" is sent: ";
      assertEquals(1, logged.with(text).size());
      assertEquals(1, logged.with("IllegalStateException: no bank").size());
    }
  }

  @Test
  void keepsARequestWhoseAnswerHasBegun() {
    assertThrows(IOException.class, () -> post("/frameworks/flushed", "{}"));
    assertEquals("no bank", failureOfLast());
  }

  @Test
  void keepsParts() throws Exception {
    String lines =
        """
        --b
        Content-Disposition: form-data; name="note"

        hello
        --b
        Content-Disposition: form-data; name="f"; filename="a.txt"
        Content-Type: text/plain

        content
        --b--
        """;
    String body = lines.replace("\n", "\r\n");
    HttpRequest request =
        to(jetty, "/orders/frameworks/parts")
            .header("Content-Type", "multipart/form-data; boundary=b")
            .POST(BodyPublishers.ofString(body))
            .build();
    assertEquals(202, answerTo(request).statusCode());
    assertEquals(body, fake.messages("orders").get(0).text());
  }

  @Test
  void keepsAsynchronousRequests() throws Exception {
    assertEquals(500, post("/frameworks/async", "{}").statusCode());
    fake.await("orders", MessageState.SCHEDULED, 1);
    assertEquals("no bank", failureOfLast());
    HttpRequest request = to(jetty, "/async/").POST(BodyPublishers.ofString("{}")).build();
    assertEquals(202, answerTo(request).statusCode());
    assertEquals("no bank", failureOfLast());
    assertEquals(2, fake.messages("orders").size());
  }

  @Test
  void storesQueryAndEncodingWithoutSecrets() throws Exception {
    HttpRequest request =
        to(jetty, "/orders/nothing?shop=7&Token=secret&access%5Ftoken=secret&b")
            .header("Content-Encoding", "gzip")
            .POST(BodyPublishers.ofString("{}"))
            .build();
    assertEquals(202, answerTo(request).statusCode());
    Map<String, String> stored = fake.messages("orders").get(0).attributes();
    assertEquals("shop=7&Token=[hidden]&access%5Ftoken=[hidden]&b", stored.get("http.query"));
    assertEquals("gzip", stored.get("http.content_encoding"));
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
    assertEquals("", kept.sourceId());
    assertEquals("", kept.contentType());
    assertEquals(path.substring(0, 4_096), kept.attributes().get("http.path"));
  }
}
