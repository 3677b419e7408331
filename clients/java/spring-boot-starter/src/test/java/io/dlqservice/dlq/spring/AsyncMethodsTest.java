package io.dlqservice.dlq.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.dlqservice.dlq.Delivery;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.NonRetryableException;
import io.dlqservice.dlq.Outcome;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.testing.FakeServer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import kotlin.coroutines.Continuation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.scheduling.annotation.Async;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Methods that return a future are awaited, and no result is ignored. */
class AsyncMethodsTest {
  private FakeServer fake;
  private ApplicationContextRunner application;

  @BeforeEach
  void start() throws IOException {
    fake = FakeServer.start();
    application =
        new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(DlqAutoConfiguration.class))
            .withPropertyValues("dlq.target=" + fake.target(), "dlq.spool.enabled=false");
  }

  @AfterEach
  void close() {
    fake.close();
  }

  static class Awaited {
    final CompletableFuture<Void> begun = new CompletableFuture<>();
    final CompletableFuture<Outcome> later = new CompletableFuture<>();

    @DueMessages("future")
    CompletableFuture<Outcome> future(String text) {
      begun.complete(null);
      return later;
    }

    @DueMessages("mono")
    Mono<Void> mono(Delivery delivery) {
      return Mono.error(new NonRetryableException("no bank"));
    }

    @DueMessages("forgotten")
    void forgets(String text) {
      Outcome.discarded(text); // without return
    }

    @DueMessages("any")
    CompletableFuture<?> any() {
      return CompletableFuture.completedFuture("text");
    }
  }

  @Test
  void aFutureIsAwaited() {
    application
        .withBean(Awaited.class)
        .run(
            context -> {
              DlqClient dlq = context.getBean(DlqClient.class);
              Awaited bean = context.getBean(Awaited.class);
              dlq.send("future", "a", null);
              bean.begun.join();
              assertThat(fake.messages("future").get(0).state()).isEqualTo(MessageState.IN_FLIGHT);
              bean.later.complete(Outcome.discarded("not needed"));
              fake.await("future", MessageState.DISCARDED, 1);
            });
  }

  @Test
  void aMonoIsAwaited() {
    application
        .withBean(Awaited.class)
        .run(
            context -> {
              context.getBean(DlqClient.class).send("mono", "a", null);
              fake.await("mono", MessageState.QUARANTINED, 1);
            });
  }

  @Test
  void aResultThatIsNoOutcomeFails() {
    application
        .withBean(Awaited.class)
        .run(
            context -> {
              SendOptions once = SendOptions.builder().maxRetries(0).build();
              for (String queue : List.of("any", "forgotten")) {
                context.getBean(DlqClient.class).send(queue, "a", null, once);
                fake.await(queue, MessageState.QUARANTINED, 1);
              }
            });
  }

  static class Text {
    @DueMessages("q")
    String handle() {
      return "";
    }
  }

  static class AnyFuture {
    @DueMessages("q")
    Future<Void> handle() {
      return CompletableFuture.completedFuture(null);
    }
  }

  static class FutureOfText {
    @DueMessages("q")
    CompletableFuture<List<String>> handle() {
      return CompletableFuture.completedFuture(List.of());
    }
  }

  static class Many {
    @DueMessages("q")
    Flux<Outcome> handle() {
      return Flux.empty();
    }
  }

  static class Suspended {
    @DueMessages("q")
    Object handle(String text, Continuation<Object> continuation) {
      return text;
    }
  }

  static class InAnotherThread {
    @Async
    @DueMessages("q")
    void handle() {}
  }

  private void isRefused(Class<?> bean, String why) {
    application
        .withBean(bean)
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .hasMessage(
                        "the @DueMessages method "
                            + bean.getName()
                            + ".handle "
                            + why
                            + "; return void, an Outcome, or a CompletionStage or Mono of Void or"
                            + " of an Outcome"));
  }

  @Test
  void otherResultsAreRefusedAtTheStart() {
    isRefused(Text.class, "returns java.lang.String, whose value is no Outcome");
    isRefused(
        AnyFuture.class,
        "returns java.util.concurrent.Future<java.lang.Void>, whose value is no Outcome");
    isRefused(
        FutureOfText.class,
        "returns java.util.concurrent.CompletableFuture<java.util.List<java.lang.String>>, whose"
            + " value is no Outcome");
    isRefused(
        Many.class,
        "returns reactor.core.publisher.Flux<io.dlqservice.dlq.Outcome>, whose value is no Outcome");
    isRefused(Suspended.class, "is a suspend function, which cannot be awaited");
    isRefused(
        InAnotherThread.class, "is @Async without a future, so that its errors would be ignored");
  }
}
