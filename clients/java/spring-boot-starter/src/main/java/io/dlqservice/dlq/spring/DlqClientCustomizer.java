package io.dlqservice.dlq.spring;

import io.dlqservice.dlq.DlqClientBuilder;

/** A bean of this type changes the builder of the client, for instance its listeners. */
@FunctionalInterface
public interface DlqClientCustomizer {
  void customize(DlqClientBuilder builder);
}
