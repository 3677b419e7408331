package io.dlqservice.dlq.spring;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.DlqClientBuilder;
import io.dlqservice.dlq.JsonCodec;
import io.dlqservice.dlq.SpoolOptions;
import io.dlqservice.dlq.TlsOptions;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.PropertyMapper;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Makes a {@link DlqClient} by {@link DlqProperties}, and runs {@link DueMessages}. */
@AutoConfiguration(
    afterName = "org.springframework.boot.autoconfigure.jackson.JacksonAutoConfiguration")
@EnableConfigurationProperties(DlqProperties.class)
public class DlqAutoConfiguration {
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  DlqClient dlqClient(
      DlqProperties properties,
      Environment environment,
      ObjectProvider<JsonCodec> json,
      ObjectProvider<DlqClientCustomizer> customizers) {
    DlqClientBuilder builder = DlqClient.builder(properties.target());
    PropertyMapper given = PropertyMapper.get().alwaysApplyingWhenNonNull();
    given.from(properties::token).to(builder::token);
    String name = environment.getProperty("spring.application.name");
    given.from(properties.service() == null ? name : properties.service()).to(builder::service);
    given.from(properties::instance).to(builder::instance);
    given.from(properties::version).to(builder::version);
    given.from(properties::timeout).to(builder::timeout);
    given.from(properties::tryTimeout).to(builder::tryTimeout);
    given.from(properties::tls).as(DlqAutoConfiguration::tls).to(builder::tls);
    if (properties.spool().enabled()) builder.spool(spool(properties.spool(), given));
    else builder.withoutSpool();
    json.ifAvailable(builder::json);
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

  private static SpoolOptions spool(DlqProperties.Spool spool, PropertyMapper given) {
    SpoolOptions.Builder options = SpoolOptions.builder().sync(spool.sync());
    given.from(spool::folder).to(options::folder);
    given.from(spool::maxSize).to(size -> options.maxBytes(size.toBytes()));
    return options.build();
  }

  @Bean
  @ConditionalOnProperty(name = "dlq.workers", matchIfMissing = true)
  DueMessagesWorkers dueMessagesWorkers(ObjectProvider<DlqClient> client) {
    return new DueMessagesWorkers(client);
  }

  /** Payloads as the application's own JSON has them. */
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
