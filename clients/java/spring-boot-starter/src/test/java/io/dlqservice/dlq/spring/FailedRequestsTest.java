package io.dlqservice.dlq.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.servlet.DeadLetterFilter;
import io.dlqservice.dlq.testing.FakeMessage;
import io.dlqservice.dlq.testing.FakeServer;
import jakarta.servlet.DispatcherType;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.server.ResponseStatusException;

/** The client's filter in Spring MVC, with Tomcat. */
class FailedRequestsTest {
  private static final String TEXT = "text/plain";
  private static final String MULTIPART = "multipart/form-data; boundary=b";
  private static final String PART =
      "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\na\r\n--b--\r\n";

  private FakeServer fake;
  private ServletWebServerApplicationContext application;

  @ResponseStatus(HttpStatus.BAD_GATEWAY)
  static class NoBank extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @RestController
  static class Orders {
    @PostMapping("/thrown")
    String thrown(@RequestBody String body) {
      throw new IllegalStateException("no bank");
    }

    @PostMapping("/status")
    String status() {
      throw new ResponseStatusException(HttpStatus.SERVICE_UNAVAILABLE, "closed");
    }

    @PostMapping("/annotated")
    String annotated() {
      throw new NoBank();
    }

    @PostMapping("/wrong")
    String wrong() {
      throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "wrong");
    }

    @PostMapping("/callable")
    Callable<String> callable(@RequestBody String body) {
      return () -> {
        throw new IllegalStateException("no bank");
      };
    }

    @PostMapping("/future")
    CompletableFuture<String> future(@RequestBody String body) {
      return CompletableFuture.failedFuture(new NoBank());
    }

    @PostMapping("/file")
    String file(@RequestParam MultipartFile file) throws IOException {
      throw new IllegalStateException("no bank for " + file.getBytes().length);
    }
  }

  @Configuration
  @EnableAutoConfiguration
  static class Shop {
    @Bean
    Orders orders() {
      return new Orders();
    }
  }

  /** As a bean, the filter gets no ASYNC dispatches. */
  @Configuration
  static class Plain {
    @Bean
    DeadLetterFilter deadLetters(DlqClient dlq) {
      return new DeadLetterFilter(dlq, "orders");
    }
  }

  @Configuration
  static class Registered {
    @Bean
    FilterRegistrationBean<DeadLetterFilter> deadLetters(DlqClient dlq) {
      FilterRegistrationBean<DeadLetterFilter> filter =
          new FilterRegistrationBean<>(new DeadLetterFilter(dlq, "orders"));
      filter.setDispatcherTypes(EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC));
      return filter;
    }
  }

  @BeforeEach
  void start() throws IOException {
    fake = FakeServer.start();
  }

  @AfterEach
  void close() {
    if (application != null) application.close();
    fake.close();
  }

  private void start(Class<?> filter) {
    SpringApplication shop = new SpringApplication(Shop.class, filter);
    application =
        (ServletWebServerApplicationContext)
            shop.run(
                "--server.port=0", "--dlq.target=" + fake.target(), "--dlq.spool.enabled=false");
  }

  private int post(String path, String type, String body) throws Exception {
    int port = application.getWebServer().getPort();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString(body))
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.discarding()).statusCode();
  }

  private List<String> kept() {
    return fake.messages("orders").stream().map(FakeMessage::text).toList();
  }

  @Test
  void failuresAreKeptAndAnsweredWith202() throws Exception {
    start(Registered.class);
    for (String path : List.of("/thrown", "/status", "/annotated", "/callable", "/future")) {
      assertThat(post(path, TEXT, path)).as(path).isEqualTo(202);
    }
    assertThat(post("/file", MULTIPART, PART)).isEqualTo(202);
    assertThat(post("/wrong", TEXT, "wrong")).isEqualTo(400);
    assertThat(kept())
        .containsExactly("/thrown", "/status", "/annotated", "/callable", "/future", PART);
    assertThat(fake.messages("orders").get(1).failures().get(0).httpStatus().orElseThrow())
        .isEqualTo(503);
  }

  @Test
  void asynchronousFailuresAreKeptWithoutAsyncDispatches() throws Exception {
    start(Plain.class);
    assertThat(post("/thrown", TEXT, "/thrown")).isEqualTo(202);
    assertThat(post("/callable", TEXT, "/callable")).isEqualTo(500);
    await().until(() -> kept().size() == 2);
    assertThat(post("/future", TEXT, "/future")).isEqualTo(502);
    await().until(() -> kept().size() == 3);
    assertThat(kept()).containsExactly("/thrown", "/callable", "/future");
  }
}
