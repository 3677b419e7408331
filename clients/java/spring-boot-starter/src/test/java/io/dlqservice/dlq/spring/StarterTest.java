package io.dlqservice.dlq.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dlqservice.dlq.Delivery;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.Outcome;
import io.dlqservice.dlq.SendStatus;
import io.dlqservice.dlq.testing.FakeMessage;
import io.dlqservice.dlq.testing.FakeServer;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.jackson.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;

@ExtendWith(OutputCaptureExtension.class)
class StarterTest {
  private static final DlqClientCustomizer CUSTOMIZER = builder -> builder.instance("customized");

  private FakeServer fake;
  private ApplicationContextRunner application;

  record Order(String id, int amount) {}

  static class Orders {
    final BlockingQueue<String> handled = new LinkedBlockingQueue<>();

    @DueMessages(value = "${orders.queue}", concurrency = 2)
    void charge(Order order, Delivery delivery) throws IOException {
      handled.add(order.id() + " " + delivery.attempt());
      if (delivery.attempt() == 1) throw new IOException("no bank");
    }

    @DueMessages("notes")
    Outcome note(String text) {
      handled.add(text);
      return Outcome.discarded("not needed");
    }
  }

  @Configuration
  static class Shop {
    @Bean
    Orders orders() {
      return new Orders();
    }

    @Bean
    DlqClientCustomizer customizer() {
      return CUSTOMIZER;
    }
  }

  @BeforeEach
  void start() throws IOException {
    fake = FakeServer.start();
    application =
        new ApplicationContextRunner()
            .withConfiguration(
                AutoConfigurations.of(DlqAutoConfiguration.class, JacksonAutoConfiguration.class))
            .withPropertyValues(
                "spring.application.name=shop",
                "orders.queue=orders",
                "dlq.target=" + fake.target(),
                "dlq.timeout=3s",
                "dlq.spool.enabled=false");
  }

  @AfterEach
  void close() {
    fake.close();
  }

  @Test
  void buildsAClientFromProperties() {
    application.run(
        context -> {
          DlqClient dlq = context.getBean(DlqClient.class);
          assertThat(dlq.send("q", "a", null).status()).isEqualTo(SendStatus.SENT);
          FakeMessage sent = fake.messages("q").get(0);
          assertThat(sent.service()).isEqualTo("shop");
        });
  }

  @Test
  void keepsAClientOfTheApplication() {
    DlqClient own = DlqClient.builder(fake.target()).withoutSpool().build();
    application
        .withBean(DlqClient.class, () -> own)
        .run(context -> assertThat(context.getBean(DlqClient.class)).isSameAs(own));
  }

  @Test
  void runsAnnotatedMethodsUntilTheApplicationStops() {
    Orders[] orders = new Orders[1];
    application
        .withUserConfiguration(Shop.class)
        .run(
            context -> {
              orders[0] = context.getBean(Orders.class);
              DlqClient dlq = context.getBean(DlqClient.class);
              dlq.send("orders", new Order("order-42", 100), null);
              assertThat(orders[0].handled.poll(20, TimeUnit.SECONDS)).isEqualTo("order-42 1");
              assertThat(orders[0].handled.poll(20, TimeUnit.SECONDS)).isEqualTo("order-42 2");
              FakeMessage done = fake.await("orders", MessageState.SUCCEEDED, 1).get(0);
              assertThat(done.failures().get(1).type()).isEqualTo("java.io.IOException");
              assertThat(done.instance()).isEqualTo("customized");
              assertThat(keepAliveThreads()).isEqualTo(1);
              dlq.send("notes", "hello", null);
              fake.await("notes", MessageState.DISCARDED, 1);
            });
    await().until(() -> keepAliveThreads() == 0);
    try (DlqClient after = DlqClient.builder(fake.target()).withoutSpool().build()) {
      after.send("notes", "later", null);
      assertThat(fake.messages("notes").get(1).state()).isEqualTo(MessageState.SCHEDULED);
    }
  }

  private static long keepAliveThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("dlq-due-messages") && !thread.isDaemon())
        .count();
  }

  @Test
  void anUnreadablePayloadIsQuarantined() {
    application
        .withUserConfiguration(Shop.class)
        .run(
            context -> {
              context.getBean(DlqClient.class).send("orders", "no JSON", null);
              fake.await("orders", MessageState.QUARANTINED, 1);
            });
  }

  @Test
  void runsNoWorkersIfDisabled() {
    application
        .withUserConfiguration(Shop.class)
        .withPropertyValues("dlq.workers=false")
        .run(context -> assertThat(context).doesNotHaveBean(DueMessagesWorkers.class));
  }

  /** Two workers fail at each of their tries. */
  @Test
  void aWrongTargetIsOneWarningThatNamesTheProperty(CapturedOutput output) {
    application
        .withUserConfiguration(Shop.class)
        .withPropertyValues("dlq.target=127.0.0.1:1")
        .run(
            context -> {
              Orders orders = context.getBean(Orders.class);
              await().until(() -> output.getAll().contains("dlq.target in Spring Boot"));
              assertThat(orders.handled).isEmpty();
            });
    assertThat(output.getAll().lines().filter(line -> line.contains("WARN")))
        .singleElement()
        .asString()
        .contains("Connection refused", "check the target (dlq.target in Spring Boot)");
  }

  @Configuration
  static class Refreshed {
    @Bean
    @Scope(
        value = ConfigurableBeanFactory.SCOPE_PROTOTYPE,
        proxyMode = ScopedProxyMode.TARGET_CLASS)
    Orders orders() {
      return new Orders();
    }
  }

  @Test
  void aScopedBeanHasOneWorkerPerMethod() {
    application
        .withUserConfiguration(Refreshed.class)
        .run(
            context -> {
              DueMessagesWorkers workers = context.getBean(DueMessagesWorkers.class);
              assertThat(workers.count()).isEqualTo(2);
            });
  }
}
