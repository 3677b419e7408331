package golden;

import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Kafka and AWS. */
final class Services {
  static final Map<String, Failing> CASES = new LinkedHashMap<>();

  private static final String DYNAMO = "software.amazon.awssdk:dynamodb 2.57.8";
  private static final String KAFKA = "kafka-clients 4.4.0";

  private static void add(String name, String library, String reason, Failing.Act act) {
    CASES.put(name, new Failing(library, reason, act));
  }

  private static void byDynamo(String peer, String failure) {
    try (DynamoDbClient client =
        DynamoDbClient.builder()
            .endpointOverride(URI.create(Peers.url(peer, "/")))
            .region(Region.EU_CENTRAL_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("id", "secret")))
            .httpClient(
                UrlConnectionHttpClient.builder().socketTimeout(Duration.ofMillis(200)).build())
            .overrideConfiguration(o -> o.retryStrategy(b -> b.maxAttempts(1)))
            .build()) {
      client.getItem(
          request -> request.tableName(failure).key(Map.of("id", AttributeValue.fromS("1"))));
    }
  }

  private static Properties kafka(String peer) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", Peers.HOST + ":" + Peers.port(peer));
    properties.put("max.block.ms", "300");
    properties.put("request.timeout.ms", "200");
    properties.put("default.api.timeout.ms", "300");
    properties.put("delivery.timeout.ms", "400");
    return properties;
  }

  private static void byProducer(String peer) throws Exception {
    var bytes = new ByteArraySerializer();
    try (var producer = new KafkaProducer<>(kafka(peer), bytes, bytes)) {
      producer.send(new ProducerRecord<>("orders", new byte[0])).get();
    }
  }

  private static void byAdmin(String peer) throws Exception {
    try (Admin admin = Admin.create(kafka(peer))) {
      admin.listTopics().names().get();
    }
  }

  static {
    Map<String, String> errors = new LinkedHashMap<>();
    errors.put("AccessDeniedException", "AUTHENTICATION_ERROR");
    errors.put("ConditionalCheckFailedException", "UNKNOWN_ERROR");
    errors.put("ExpiredTokenException", "AUTHENTICATION_ERROR");
    errors.put("InternalServerError", "WEBHOOK_FAILED");
    errors.put("ProvisionedThroughputExceededException", "RESOURCE_EXHAUSTED");
    errors.put("ThrottlingException", "RESOURCE_EXHAUSTED");
    errors.put("ValidationException", "VALIDATION_FAILED");
    errors.forEach((what, reason) -> add("dynamodb: " + what, DYNAMO, reason, () -> byDynamo("aws", what)));
    add("dynamodb: refused", DYNAMO, "NETWORK_ERROR", () -> byDynamo("closed", "refused"));
    add("dynamodb: no answer", DYNAMO, "TIMEOUT", () -> byDynamo("silent", "slow"));
    add("kafka: refused", KAFKA, "TIMEOUT", () -> byProducer("closed"));
    add("kafka: admin, refused", KAFKA, "TIMEOUT", () -> byAdmin("closed"));
    add("kafka: a wrong setting", KAFKA, "EXECUTION_FAILED", () -> {
      Properties wrong = kafka("closed");
      wrong.put("acks", "some");
      new KafkaProducer<>(wrong, new ByteArraySerializer(), new ByteArraySerializer());
    });
  }

  private Services() {}
}
