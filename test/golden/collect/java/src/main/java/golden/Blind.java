package golden;

import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.rabbitmq.client.ConnectionFactory;
import com.stripe.StripeClient;
import dev.failsafe.CircuitBreaker;
import dev.failsafe.Failsafe;
import dev.failsafe.RateLimiter;
import feign.Feign;
import feign.RequestLine;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.jsonwebtoken.Jwts;
import io.nats.client.Nats;
import io.nats.client.Options;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.Date;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.hibernate.cfg.Configuration;
import org.neo4j.driver.AuthTokens;
import org.neo4j.driver.GraphDatabase;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.web.client.RestTemplate;
import org.yaml.snakeyaml.Yaml;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;

/** The blind set. */
final class Blind extends Cases {
  private static void byAmqp(String peer, String user, String queue) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(Peers.HOST);
    factory.setPort(Peers.port(peer));
    factory.setUsername(user);
    factory.setConnectionTimeout(SHORT_MS);
    factory.setHandshakeTimeout(2000);
    factory.setChannelRpcTimeout(2000);
    factory.newConnection().createChannel().queueDeclare(queue, true, false, false, null);
  }

  private static io.nats.client.Connection nats(String peer, String user) throws Exception {
    Options.Builder options = new Options.Builder().server("nats://" + Peers.address(peer));
    options.noReconnect().connectionTimeout(SHORT).userInfo(user.toCharArray(), new char[] {'x'});
    return Nats.connect(options.build());
  }

  private static void byMqtt(String peer, String user) throws Exception {
    MqttConnectOptions options = new MqttConnectOptions();
    options.setUserName(user);
    options.setConnectionTimeout(1);
    options.setMqttVersion(MqttConnectOptions.MQTT_VERSION_3_1_1);
    MqttClient client = new MqttClient("tcp://" + Peers.address(peer), "golden", new MemoryPersistence());
    client.setTimeToWait(1000);
    client.connect(options);
  }

  private static void byMariadb(String peer, String user, String sql) throws Exception {
    String url = "jdbc:mariadb://" + Peers.address(peer) + "/shop?connectTimeout=300&socketTimeout=300&sslMode=disable";
    try (Connection connection = DriverManager.getConnection(url, user, "x")) {
      connection.createStatement().execute(sql);
    }
  }

  private static void byMssql(String peer) throws Exception {
    String url = "jdbc:sqlserver://" + Peers.address(peer) + ";encrypt=false;connectRetryCount=0;loginTimeout=1";
    DriverManager.getConnection(url, "app", "x").close();
  }

  private static void byH2(String sql) throws Exception {
    besideOrders("jdbc:h2:mem:;USER=app;PASSWORD=x", sql);
  }

  private static JdbcTemplate spring(String peer, String user) {
    return new JdbcTemplate(new DriverManagerDataSource(Peers.jdbc(peer), user, "x"));
  }

  /** Hibernate needs a public entity. */
  @Entity(name = "orders")
  public static class Order {
    @Id int id;

    @Column(nullable = false)
    String name;

    public Order() {}
  }

  private static void byHibernate(String url, String hql) {
    Configuration configuration = new Configuration().addAnnotatedClass(Order.class);
    configuration.setProperty("hibernate.connection.url", url);
    configuration.setProperty("hibernate.connection.username", "app");
    configuration.setProperty("jakarta.persistence.validation.mode", "none");
    configuration.setProperty("hibernate.hbm2ddl.auto", "create");
    configuration.setProperty("hibernate.hbm2ddl.halt_on_error", "true");
    try (var factory = configuration.buildSessionFactory()) {
      factory.inTransaction(
          session -> {
            session.createMutationQuery("insert into orders(id, name) values (1, 'a')").executeUpdate();
            session.createMutationQuery(hql).executeUpdate();
          });
    }
  }

  private static void bySpringWeb(String url) {
    var requests = new SimpleClientHttpRequestFactory();
    requests.setReadTimeout(SHORT);
    requests.setConnectTimeout(SHORT);
    new RestTemplate(requests).getForObject(url, Map.class);
  }

  private interface Shop {
    @RequestLine("GET /")
    String orders();
  }

  private static void byFeign(String url) {
    var options = new feign.Request.Options(SHORT_MS, TimeUnit.MILLISECONDS, SHORT_MS, TimeUnit.MILLISECONDS, true);
    Feign.builder().options(options).retryer(feign.Retryer.NEVER_RETRY).target(Shop.class, url).orders();
  }

  private static void byStripe(String peer, String error) throws Exception {
    StripeClient.builder()
        .setApiKey("sk_test")
        .setApiBase(Peers.url(peer, ""))
        .setReadTimeout(SHORT_MS)
        .setMaxNetworkRetries(0)
        .build()
        .v1()
        .customers()
        .retrieve("fail_stripe_" + error);
  }

  private static void bySqs(String peer, String error, AwsCredentialsProvider credentials) {
    try (SqsClient client =
        SqsClient.builder()
            .endpointOverride(URI.create(Peers.url(peer, "/")))
            .region(Region.EU_CENTRAL_1)
            .credentialsProvider(credentials)
            .httpClient(UrlConnectionHttpClient.builder().socketTimeout(SHORT).build())
            .overrideConfiguration(o -> o.retryStrategy(b -> b.maxAttempts(1)))
            .build()) {
      client.sendMessage(m -> m.queueUrl(Peers.url(peer, "/1/" + error)).messageBody("1"));
    }
  }

  private static final AwsCredentialsProvider KEYS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("id", "secret"));

  private static void byPubsub(String peer, String error) throws Exception {
    var channel = io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder.forAddress(Peers.HOST, Peers.port(peer));
    var transport =
        com.google.api.gax.grpc.GrpcTransportChannel.create(channel.usePlaintext().build());
    var settings =
        com.google.cloud.pubsub.v1.TopicAdminSettings.newBuilder()
            .setTransportChannelProvider(com.google.api.gax.rpc.FixedTransportChannelProvider.create(transport))
            .setCredentialsProvider(com.google.api.gax.core.NoCredentialsProvider.create());
    settings.deleteTopicSettings().setSimpleTimeoutNoRetriesDuration(Duration.ofSeconds(error.equals("hang") ? 1 : 8));
    try (var client = com.google.cloud.pubsub.v1.TopicAdminClient.create(settings.build())) {
      client.deleteTopic("projects/shop/topics/fail_" + error);
    }
  }

  private static void grpcFuture(String peer, String what) throws Exception {
    Calls.inFuture(peer, what).get();
  }

  private static void byCassandra(String peer) {
    com.datastax.oss.driver.api.core.CqlSession.builder()
        .addContactPoint(new InetSocketAddress(Peers.HOST, Peers.port(peer)))
        .withLocalDatacenter("dc1")
        .build()
        .close();
  }

  private static void byNeo4j(String peer) {
    try (var driver = GraphDatabase.driver("bolt://" + Peers.address(peer), AuthTokens.none())) {
      driver.verifyConnectivity();
    }
  }

  private static void byMail(String peer, String to, String user) throws Exception {
    Properties properties = new Properties();
    properties.put("mail.smtp.host", Peers.HOST);
    properties.put("mail.smtp.port", String.valueOf(Peers.port(peer)));
    properties.put("mail.smtp.timeout", String.valueOf(SHORT_MS));
    properties.put("mail.smtp.auth", String.valueOf(user != null));
    MimeMessage message = new MimeMessage(Session.getInstance(properties));
    message.setFrom(new InternetAddress("a@example.com"));
    message.setRecipient(Message.RecipientType.TO, new InternetAddress(to));
    message.setText("x");
    jakarta.mail.Transport.send(message, user, "x");
  }

  private static final SecretKey KEY = key('k');

  private static SecretKey key(char fill) {
    byte[] bytes = String.valueOf(fill).repeat(40).getBytes(StandardCharsets.UTF_8);
    return new SecretKeySpec(bytes, "HmacSHA256");
  }

  private static void byJwt(int secondsLeft, SecretKey verifiedWith) {
    Date end = new Date(System.currentTimeMillis() + 1000L * secondsLeft);
    String token = Jwts.builder().subject("1").expiration(end).signWith(KEY).compact();
    Jwts.parser().verifyWith(verifiedWith).build().parseSignedClaims(token);
  }

  private static void fullPool() throws Exception {
    var config = new org.apache.commons.pool2.impl.GenericObjectPoolConfig<String>();
    config.setMaxTotal(1);
    config.setMaxWait(SHORT);
    var pool =
        new GenericObjectPool<>(
            new BasePooledObjectFactory<String>() {
              @Override
              public String create() {
                return "x";
              }

              @Override
              public PooledObject<String> wrap(String value) {
                return new DefaultPooledObject<>(value);
              }
            },
            config);
    pool.borrowObject();
    pool.borrowObject();
  }

  private static void byGuava(String peer) {
    CacheBuilder.newBuilder()
        .build(
            new CacheLoader<String, String>() {
              @Override
              public String load(String name) {
                return new RestTemplate().getForObject(Peers.url(peer, "/"), String.class);
              }
            })
        .getUnchecked("x");
  }

  private static void byGuavaError() throws Exception {
    CacheBuilder.newBuilder()
        .build()
        .get(
            "x",
            () -> {
              throw new AssertionError("no price");
            });
  }

  Blind() {
    String amqp = "amqp-client 5.37.1";
    add("amqp: refused", amqp, NET, () -> byAmqp("closed", "app", "orders"));
    add("amqp: no answer", amqp, TIME, () -> byAmqp("silent", "app", "orders"));
    add("amqp: hung up", amqp, NET, () -> byAmqp("hangsUp", "app", "orders"));
    add("amqp: a wrong password", amqp, AUTH, () -> byAmqp("amqp", "fail_403", "orders"));
    add("amqp: no access", amqp, AUTH, () -> byAmqp("amqp", "app", "fail_403"));
    add("amqp: a missing queue", amqp, UNKNOWN, () -> byAmqp("amqp", "app", "fail_404"));
    add("amqp: the broker stops", amqp, NET, () -> byAmqp("amqp", "app", "fail_320"));
    add("amqp: no answer to a method", amqp, TIME, () -> byAmqp("amqp", "app", "fail_0"));

    String jnats = "jnats 2.26.2";
    add("nats: refused", jnats, NET, () -> nats("closed", "app"));
    add("nats: a wrong password", jnats, AUTH, () -> nats("nats", "fail_login"));
    add("nats: too large", jnats, INVALID, () -> nats("nats", "app").publish("orders", new byte[5000]));
    add("nats: no responders", jnats, NET, () -> nats("nats", "app").request("orders", new byte[1]).get());
    add("nats: no response", jnats, TIME, () -> nats("nats", "app").requestWithTimeout("orders.slow", new byte[1], SHORT).get());

    String paho = "org.eclipse.paho.client.mqttv3 1.2.5";
    add("mqtt: refused", paho, NET, () -> byMqtt("closed", "app"));
    add("mqtt: no answer", paho, TIME, () -> byMqtt("silent", "app"));
    every("mqtt", paho, user -> byMqtt("mqtt", user), "fail_3", NET, "fail_4", AUTH, "fail_5", AUTH);

    String mariadb = "mariadb-java-client 3.5.6";
    add("mariadb: refused", mariadb, NET, () -> byMariadb("closed", "app", "SELECT 1"));
    add("mariadb: no greeting", mariadb, TIME, () -> byMariadb("silent", "app", "SELECT 1"));
    add("mariadb: a wrong password", mariadb, AUTH, () -> byMariadb("mysql", "fail_1045", "SELECT 1"));
    String mssql = "mssql-jdbc 13.6.2.jre11";
    add("mssql: refused", mssql, NET, () -> byMssql("closed"));
    add("mssql: no answer", mssql, TIME, () -> byMssql("silent"));
    String h2 = "h2 2.4.240";
    add("h2: a duplicate", h2, INVALID, () -> byH2("INSERT INTO orders VALUES (1, 'b')"));
    add("h2: a null", h2, INVALID, () -> byH2("INSERT INTO orders VALUES (2, NULL)"));
    add("h2: too long", h2, INVALID, () -> byH2("INSERT INTO orders VALUES (2, 'abcd')"));
    add("h2: a missing table", h2, WRONG, () -> byH2("SELECT * FROM customers"));
    add("h2: invalid SQL", h2, WRONG, () -> byH2("SELCT 1"));

    String jdbc = "spring-jdbc 7.0.10";
    add("spring-jdbc: refused", jdbc, NET, () -> spring("closed", "app").execute("SELECT 1"));
    add("spring-jdbc: a wrong password", jdbc, AUTH, () -> spring("postgres", "fail_28P01").execute("SELECT 1"));
    every("spring-jdbc", jdbc, state -> spring("postgres", "app").execute("fail_" + state),
        "23505", INVALID, "42P01", WRONG, "42501", AUTH, "40P01", UNKNOWN, "53300", FULL, "57014", TIME);

    String hibernate = "hibernate-core 7.4.15.Final";
    add("hibernate: an unknown field", hibernate, WRONG, () -> byHibernate("jdbc:h2:mem:c", "update orders set price = 1"));
    add("hibernate: refused", hibernate, NET, () -> byHibernate("jdbc:postgresql://" + Peers.address("closed") + "/shop", ""));

    String springWeb = "spring-web 7.0.10";
    every("spring-web", springWeb, path -> bySpringWeb(Peers.url("http", path)),
        "/status/401", AUTH, "/status/404", WEB, "/status/429", FULL, "/status/503", WEB,
        "/hang", TIME, "/html", INVALID);
    add("spring-web: refused", springWeb, NET, () -> bySpringWeb(Peers.url("closed", "/")));
    String feign = "feign-core 13.13";
    every("feign", feign, path -> byFeign(Peers.url("http", path)),
        "/status/400", INVALID, "/status/429", FULL, "/status/500", WEB, "/hang", TIME);
    add("feign: refused", feign, NET, () -> byFeign(Peers.url("closed", "")));

    String stripe = "stripe-java 33.3.0";
    every("stripe", stripe, error -> byStripe("api", error),
        "card", WEB, "down", WEB, "integer", INVALID, "key", AUTH, "rate", FULL);
    add("stripe: refused", stripe, NET, () -> byStripe("closed", "x"));
    add("stripe: no answer", stripe, TIME, () -> byStripe("silent", "x"));
    String sqs = "software.amazon.awssdk:sqs 2.57.8";
    every("sqs", sqs, error -> bySqs("aws", error, KEYS),
        "InvalidClientTokenId", AUTH, "KmsThrottled", FULL, "QueueDoesNotExist", UNKNOWN, "InvalidMessageContents", INVALID);
    add("sqs: refused", sqs, NET, () -> bySqs("closed", "x", KEYS));
    add("sqs: hung up", sqs, NET, () -> bySqs("hangsUp", "x", KEYS));
    add("sqs: no answer", sqs, TIME, () -> bySqs("silent", "x", KEYS));
    add("sqs: no keys", sqs, AUTH, () -> bySqs("aws", "x", ProfileCredentialsProvider.create("golden")));
    add("sqs: no keys anywhere", sqs, AUTH, () -> {
      System.setProperty("aws.disableEc2Metadata", "true");
      bySqs("aws", "x", DefaultCredentialsProvider.builder().build());
    });
    String pubsub = "google-cloud-pubsub 1.160.0";
    every("pubsub", pubsub, error -> byPubsub("grpc", error),
        "3", INVALID, "7", AUTH, "8", FULL, "14", NET, "hang", TIME);
    add("pubsub: refused", pubsub, NET, () -> byPubsub("closed", "0"));
    String grpc = "grpc-stub 1.85.1";
    add("grpc future: refused", grpc, NET, () -> grpcFuture("closed", "0"));
    add("grpc future: 16", grpc, AUTH, () -> grpcFuture("grpc", "16"));
    add("grpc future: 8", grpc, FULL, () -> grpcFuture("grpc", "8"));

    add("cassandra: refused", "org.apache.cassandra:java-driver-core 4.19.4", NET, () -> byCassandra("closed"));
    add("neo4j: refused", "neo4j-java-driver 6.2.1", NET, () -> byNeo4j("closed"));
    String mail = "angus-mail 2.0.5";
    add("mail: refused", mail, NET, () -> byMail("closed", "b@example.com", null));
    add("mail: no greeting", mail, TIME, () -> byMail("silent", "b@example.com", null));
    add("mail: a wrong password", mail, AUTH, () -> byMail("smtp", "b@example.com", "app"));
    add("mail: not an address", mail, INVALID, () -> byMail("smtp", "b@@example", null));

    String jwt = "jjwt-impl 0.13.0";
    add("jjwt: expired", jwt, AUTH, () -> byJwt(-60, KEY));
    add("jjwt: a wrong signature", jwt, AUTH, () -> byJwt(60, key('x')));
    add("json-schema: a schema that is not JSON", "json-schema-validator 1.5.9", INVALID, () -> JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema("{\"type\": 5"));
    add("snakeyaml: an open bracket", "snakeyaml 2.7", INVALID, () -> new Yaml().load("a: [1"));
    add("avro: a wrong schema", "avro 1.12.2", WRONG, () -> new Schema.Parser().parse("{\"type\":\"x\"}"));
    add("avro: cut off", "avro 1.12.2", INVALID, () -> new GenericDatumReader<>(new Schema.Parser().parse("\"string\"")).read(null, DecoderFactory.get().binaryDecoder(new byte[] {20, 65}, null)));
    add("commons-pool: full", "commons-pool2 2.13.1", FULL, Blind::fullPool);

    String resilience = "resilience4j-all 2.4.0";
    add("resilience4j: too fast", resilience, FULL, () -> {
      var config = RateLimiterConfig.custom().limitForPeriod(1).timeoutDuration(Duration.ZERO).limitRefreshPeriod(Duration.ofHours(1)).build();
      var limiter = io.github.resilience4j.ratelimiter.RateLimiter.of("shop", config);
      limiter.executeRunnable(() -> {});
      limiter.executeRunnable(() -> {});
    });
    add("resilience4j: full", resilience, FULL, () -> {
      var bulkhead = Bulkhead.of("shop", BulkheadConfig.custom().maxConcurrentCalls(1).maxWaitDuration(Duration.ZERO).build());
      bulkhead.executeRunnable(() -> bulkhead.executeRunnable(() -> {}));
    });
    add("resilience4j: open", resilience, UNKNOWN, () -> {
      var breaker = io.github.resilience4j.circuitbreaker.CircuitBreaker.ofDefaults("shop");
      breaker.transitionToOpenState();
      breaker.executeRunnable(() -> {});
    });
    add("resilience4j: too slow", resilience, TIME, () ->
        io.github.resilience4j.timelimiter.TimeLimiter.of(SHORT).executeFutureSupplier(CompletableFuture::new));
    String failsafe = "failsafe 3.3.2";
    add("failsafe: too slow", failsafe, TIME, () ->
        Failsafe.with(dev.failsafe.Timeout.of(SHORT)).run(() -> Thread.sleep(5000)));
    add("failsafe: open", failsafe, UNKNOWN, () -> {
      CircuitBreaker<Object> breaker = CircuitBreaker.ofDefaults();
      breaker.open();
      Failsafe.with(breaker).run(() -> {});
    });
    add("failsafe: too fast", failsafe, FULL, () -> {
      RateLimiter<Object> limiter = RateLimiter.burstyBuilder(1, Duration.ofHours(1)).build();
      Failsafe.with(limiter).run(() -> {});
      Failsafe.with(limiter).run(() -> {});
    });
    String guava = "guava 33.8.0-jre";
    add("guava: refused", guava, NET, () -> byGuava("closed"));
    add("guava: an error", guava, WRONG, Blind::byGuavaError);
  }
}
