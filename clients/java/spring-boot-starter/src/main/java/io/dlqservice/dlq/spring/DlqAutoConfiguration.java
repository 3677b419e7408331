package io.dlqservice.dlq.spring;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.DlqClientBuilder;
import io.dlqservice.dlq.JsonCodec;
import io.dlqservice.dlq.SpoolOptions;
import io.dlqservice.dlq.TelemetryOptions;
import io.dlqservice.dlq.TlsOptions;
import java.util.function.Consumer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import tools.jackson.databind.json.JsonMapper;

/** Builds a {@link DlqClient} from {@link DlqProperties}, and runs {@link DueMessages} methods. */
@AutoConfiguration(
    afterName = {
      "org.springframework.boot.autoconfigure.jackson.JacksonAutoConfiguration",
      "org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration", // Boot 4
      "org.springframework.boot.jackson2.autoconfigure.Jackson2AutoConfiguration"
    })
@EnableConfigurationProperties(DlqProperties.class)
@Import({TelemetryConfiguration.class, HealthConfiguration.class})
public class DlqAutoConfiguration {
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  DlqClient dlqClient(
      DlqProperties properties,
      Environment environment,
      ObjectProvider<JsonCodec> json,
      ObjectProvider<TelemetrySource> telemetry,
      ObjectProvider<DlqClientCustomizer> customizers) {
    DlqClientBuilder builder = DlqClient.builder(properties.target());
    ifGiven(properties.token(), builder::token);
    String name = environment.getProperty("spring.application.name");
    ifGiven(properties.service() == null ? name : properties.service(), builder::service);
    ifGiven(properties.instance(), builder::instance);
    ifGiven(properties.version(), builder::version);
    ifGiven(properties.timeout(), builder::timeout);
    ifGiven(properties.tryTimeout(), builder::tryTimeout);
    ifGiven(properties.tls(), tls -> builder.tls(tls(tls)));
    if (properties.spool().enabled()) builder.spool(spool(properties.spool()));
    else builder.withoutSpool();
    json.ifAvailable(builder::json);
    TelemetryOptions.Builder options = TelemetryOptions.builder();
    telemetry.forEach(one -> one.addTo(options));
    builder.telemetry(options.build());
    customizers.orderedStream().forEach(one -> one.customize(builder));
    return builder.build();
  }

  private static TlsOptions tls(DlqProperties.Tls tls) {
    return TlsOptions.builder()
        .ca(tls.ca())
        .certificate(tls.certificate(), tls.key())
        .serverName(tls.serverName())
        .build();
  }

  private static SpoolOptions spool(DlqProperties.Spool spool) {
    SpoolOptions.Builder options = SpoolOptions.builder().sync(spool.sync());
    ifGiven(spool.folder(), options::folder);
    ifGiven(spool.maxSize(), size -> options.maxBytes(size.toBytes()));
    return options.build();
  }

  /** Boot's PropertyMapper differs between versions. */
  private static <T> void ifGiven(T value, Consumer<T> set) {
    if (value != null) set.accept(value);
  }

  @Bean
  @ConditionalOnProperty(name = "dlq.workers", matchIfMissing = true)
  DueMessagesWorkers dueMessagesWorkers(ObjectProvider<DlqClient> client) {
    return new DueMessagesWorkers(client);
  }

  /** Uses the application's Jackson 3, as in Boot 4. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(JsonMapper.class)
  static class Jackson3 {
    @Bean
    @ConditionalOnBean(JsonMapper.class)
    @ConditionalOnMissingBean
    JsonCodec dlqJsonCodec(JsonMapper mapper) {
      return new JsonCodec() {
        @Override
        public String write(Object value) {
          return mapper.writeValueAsString(value);
        }

        @Override
        public <T> T read(String json, Class<T> type) {
          return mapper.readValue(json, type);
        }
      };
    }
  }

  /** Uses the application's Jackson 2, as in Boot 3. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(ObjectMapper.class)
  static class Jackson {
    @Bean
    @ConditionalOnBean(ObjectMapper.class)
    @ConditionalOnMissingBean
    JsonCodec dlqJsonCodec(ObjectMapper mapper) {
      return new JsonCodec() {
        @Override
        public String write(Object value) throws Exception {
          return mapper.writeValueAsString(value);
        }

        @Override
        public <T> T read(String json, Class<T> type) throws Exception {
          return mapper.readValue(json, type);
        }
      };
    }
  }
}
