package io.dlqservice.dlq.spring;

import io.dlqservice.dlq.DlqClient;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Health of the service, as this application sees it. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnExpression(
    "${management.health.dlq.enabled:${management.health.defaults.enabled:true}}")
class HealthConfiguration {
  /** With the actuator of Boot 3. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(HealthIndicator.class)
  static class Boot3 {
    @Bean
    @ConditionalOnMissingBean(name = "dlqHealthIndicator")
    HealthIndicator dlqHealthIndicator(DlqClient client) {
      return () -> {
        Health.Builder health = Health.up();
        ServiceCheck.of(client, health::withDetail).ifPresent(health::down);
        return health.build();
      };
    }
  }

  /** With the module of Boot 4. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(org.springframework.boot.health.contributor.HealthIndicator.class)
  static class Boot4 {
    @Bean
    @ConditionalOnMissingBean(name = "dlqHealthIndicator")
    org.springframework.boot.health.contributor.HealthIndicator dlqHealthIndicator(
        DlqClient client) {
      return () -> {
        var health = org.springframework.boot.health.contributor.Health.up();
        ServiceCheck.of(client, health::withDetail).ifPresent(health::down);
        return health.build();
      };
    }
  }
}
