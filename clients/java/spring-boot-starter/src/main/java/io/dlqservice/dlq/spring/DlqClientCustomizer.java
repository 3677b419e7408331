package io.dlqservice.dlq.spring;

import io.dlqservice.dlq.DlqClientBuilder;

/** A bean of this type changes the client that is made by properties, such as its listeners. */
@FunctionalInterface
public interface DlqClientCustomizer {
  void customize(DlqClientBuilder builder);
}
