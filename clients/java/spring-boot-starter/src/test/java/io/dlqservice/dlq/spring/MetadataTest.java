package io.dlqservice.dlq.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What editors know about the properties. */
class MetadataTest {
  @Test
  void eachPropertyIsDescribed() throws IOException {
    Map<String, String> described = new TreeMap<>();
    try (InputStream metadata =
        DlqProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
      for (JsonNode property : new ObjectMapper().readTree(metadata).get("properties")) {
        described.put(property.get("name").asText(), property.path("description").asText());
      }
    }
    assertThat(described)
        .containsOnlyKeys(
            "dlq.target",
            "dlq.token",
            "dlq.service",
            "dlq.instance",
            "dlq.version",
            "dlq.timeout",
            "dlq.try-timeout",
            "dlq.tls.ca",
            "dlq.tls.certificate",
            "dlq.tls.key",
            "dlq.tls.server-name",
            "dlq.spool.enabled",
            "dlq.spool.folder",
            "dlq.spool.max-size",
            "dlq.spool.sync",
            "dlq.workers",
            "management.health.dlq.enabled");
    assertThat(described.values()).noneMatch(text -> text.isEmpty() || text.contains("{@"));
  }
}
