package golden;

import com.alibaba.druid.pool.DruidDataSource;
import com.amazonaws.ClientConfiguration;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.models.messages.MessageCreateParams;
import com.braintreegateway.BraintreeGateway;
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.parser.CronParser;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.mustachejava.DefaultMustacheFactory;
import com.github.rholder.retry.RetryerBuilder;
import com.github.rholder.retry.StopStrategies;
import com.google.api.client.http.GenericUrl;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.auth.oauth2.UserCredentials;
import com.google.maps.GeoApiContext;
import com.google.maps.GeocodingApi;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.influxdb.client.InfluxDBClientFactory;
import com.influxdb.client.domain.WritePrecision;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.mchange.v2.c3p0.ComboPooledDataSource;
import com.mongodb.client.MongoClients;
import com.netflix.hystrix.HystrixCommand;
import com.netflix.hystrix.HystrixCommandGroupKey;
import com.netflix.hystrix.HystrixCommandKey;
import com.netflix.hystrix.HystrixCommandProperties;
import com.twilio.http.NetworkHttpClient;
import com.twilio.http.TwilioRestClient;
import com.twilio.rest.api.v2010.account.Message;
import com.twilio.type.PhoneNumber;
import com.typesafe.config.ConfigFactory;
import com.univocity.parsers.csv.CsvParserSettings;
import dev.langchain4j.model.openai.OpenAiChatModel;
import groovy.lang.GroovyShell;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.smallrye.faulttolerance.api.FaultTolerance;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.mysqlclient.MySQLConnectOptions;
import io.vertx.mysqlclient.MySQLConnection;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import jakarta.json.Json;
import jakarta.xml.ws.Dispatch;
import jakarta.xml.ws.Service;
import jakarta.xml.ws.soap.SOAPBinding;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.rmi.registry.LocateRegistry;
import java.security.KeyStore;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.namespace.QName;
import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;
import net.lingala.zip4j.model.ZipParameters;
import net.lingala.zip4j.model.enums.EncryptionMethod;
import net.rubyeye.xmemcached.XMemcachedClient;
import ognl.Ognl;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.commons.compress.archivers.ArchiveStreamFactory;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.queryparser.classic.QueryParser;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.shiro.authc.UsernamePasswordToken;
import org.apache.shiro.mgt.DefaultSecurityManager;
import org.apache.shiro.realm.SimpleAccountRealm;
import org.apache.shiro.subject.SimplePrincipalCollection;
import org.apache.solr.client.solrj.SolrQuery;
import org.apache.solr.client.solrj.impl.HttpJdkSolrClient;
import org.apache.sshd.client.SshClient;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TSocket;
import org.apache.zookeeper.ZooKeeper;
import org.bouncycastle.openssl.PEMParser;
import org.bson.Document;
import org.eclipse.jgit.api.Git;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.persistence.sessions.DatabaseLogin;
import org.eclipse.persistence.sessions.Project;
import org.everit.json.schema.loader.SchemaLoader;
import org.flywaydb.core.Flyway;
import org.jdom2.input.SAXBuilder;
import org.json.JSONObject;
import org.jsoup.Jsoup;
import org.keycloak.TokenVerifier;
import org.keycloak.representations.AccessToken;
import org.mvel2.MVEL;
import org.quartz.CronScheduleBuilder;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.TriggerBuilder;
import org.quartz.impl.StdSchedulerFactory;
import org.simplejavamail.email.EmailBuilder;
import org.simplejavamail.mailer.MailerBuilder;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.springframework.beans.MutablePropertyValues;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.convert.support.DefaultConversionService;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.data.mongodb.core.MongoTemplate;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.graphql.client.HttpSyncGraphQlClient;
import org.springframework.integration.channel.QueueChannel;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.ldap.core.support.LdapContextSource;
import org.springframework.mail.SimpleMailMessage;
import org.springframework.mail.javamail.JavaMailSenderImpl;
import org.springframework.messaging.core.GenericMessagingTemplate;
import org.springframework.messaging.support.GenericMessage;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.security.oauth2.client.endpoint.OAuth2ClientCredentialsGrantRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientClientCredentialsTokenResponseClient;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.validation.DataBinder;
import org.springframework.vault.authentication.TokenAuthentication;
import org.springframework.vault.client.VaultEndpoint;
import org.springframework.vault.core.VaultTemplate;
import org.springframework.web.client.RestClient;
import reactor.core.publisher.Mono;
import reactor.pool.PoolBuilder;
import software.amazon.awssdk.services.cognitoidentityprovider.CognitoIdentityProviderClient;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.sfn.SfnClient;

/** The third part of the blind set. */
final class Blind3 extends Cases {
  private static void refused() throws Exception {
    HttpClients.createDefault().execute(new HttpGet(Peers.url("closed", "/")));
  }

  private static void bySpringRedis(String peer, String password) {
    var server = new RedisStandaloneConfiguration(Peers.HOST, Peers.port(peer));
    if (password != null) server.setPassword(password);
    var client = LettuceClientConfiguration.builder().commandTimeout(Duration.ofSeconds(1)).build();
    var factory = new LettuceConnectionFactory(server, client);
    factory.afterPropertiesSet();
    factory.start();
    new StringRedisTemplate(factory).opsForValue().set("a", "1");
  }

  private interface MongoAct {
    void act(MongoTemplate template);
  }

  private static void bySpringMongo(String peer, MongoAct act) {
    String url = "mongodb://" + Peers.address(peer) + "/?serverSelectionTimeoutMS=1000";
    try (var client = MongoClients.create(url)) {
      act.act(new MongoTemplate(client, "shop"));
    }
  }

  private static void insert(MongoTemplate template, String collection) {
    template.insert(new Document("_id", 17), collection);
  }

  private static void find(MongoTemplate template, String collection) {
    template.findAll(Document.class, collection);
  }

  private static void bySpringKafka(String peer) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", Peers.address(peer), "max.block.ms", 1000);
    var serializer = new StringSerializer();
    var factory = new DefaultKafkaProducerFactory<>(settings, serializer, serializer);
    new KafkaTemplate<>(factory).send("orders", "1").get();
  }

  private static void bySpringMail(String peer, String password, String from, String to) {
    var sender = new JavaMailSenderImpl();
    sender.setHost(Peers.HOST);
    sender.setPort(Peers.port(peer));
    sender.getJavaMailProperties().put("mail.smtp.timeout", String.valueOf(LONG_MS));
    if (password != null) {
      sender.setUsername("app");
      sender.setPassword(password);
      sender.getJavaMailProperties().put("mail.smtp.auth", "true");
    }
    var message = new SimpleMailMessage();
    message.setFrom(from);
    message.setTo(to);
    message.setText("x");
    sender.send(message);
  }

  private static void bySpringLdap(String peer) throws Exception {
    var source = new LdapContextSource();
    source.setUrl("ldap://" + Peers.address(peer));
    source.setUserDn("cn=app");
    source.setPassword("x");
    String limit = String.valueOf(peer.equals("silent") ? SHORT_MS : LONG_MS);
    source.setBaseEnvironmentProperties(Map.of("com.sun.jndi.ldap.connect.timeout", limit, "com.sun.jndi.ldap.read.timeout", limit));
    source.afterPropertiesSet();
    source.getReadOnlyContext();
  }

  private static void bySoap(String url) {
    QName name = new QName("http://shop.example/", "Orders");
    Service service = Service.create(name);
    service.addPort(name, SOAPBinding.SOAP11HTTP_BINDING, url);
    Dispatch<Source> dispatch = service.createDispatch(name, Source.class, Service.Mode.PAYLOAD);
    dispatch.getRequestContext().put("com.sun.xml.ws.request.timeout", limitOf(url));
    dispatch.invoke(new StreamSource(new StringReader("<order xmlns='http://shop.example/'/>")));
  }

  private static void byGraphql(String url) {
    HttpSyncGraphQlClient.create(RestClient.create(url)).document("{ order { id } }").retrieveSync("order").toEntity(Map.class);
  }

  private static void byVault(String peer, String error) {
    var endpoint = VaultEndpoint.from(URI.create(Peers.url(peer, "")));
    new VaultTemplate(endpoint, new TokenAuthentication("x")).read("secret/fail_vault_" + error);
  }

  private static SecretKeySpec hmacKey(char fill) {
    return new SecretKeySpec(Blind2.key(fill), "HmacSHA256");
  }

  private static void byDecoder(int secondsLeft, char fill) throws Exception {
    NimbusJwtDecoder.withSecretKey(hmacKey(fill)).build().decode(Blind2.token(secondsLeft));
  }

  private static void byOauth(String peer, String error) {
    var registration =
        ClientRegistration.withRegistrationId("shop")
            .clientId("app")
            .clientSecret("x")
            .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
            .tokenUri(Peers.url(peer, "/fail_oauth_" + error))
            .build();
    new RestClientClientCredentialsTokenResponseClient().getTokenResponse(new OAuth2ClientCredentialsGrantRequest(registration));
  }

  private static void fullChannel() {
    var template = new GenericMessagingTemplate();
    template.setSendTimeout(SHORT_MS);
    var channel = new QueueChannel(1);
    channel.setBeanName("orders");
    template.send(channel, new GenericMessage<>("1"));
    template.send(channel, new GenericMessage<>("2"));
  }

  private static void bind(String value) throws Exception {
    var binder = new DataBinder(new HeldOut.Order(), "order");
    binder.initDirectFieldAccess();
    binder.bind(new MutablePropertyValues(Map.of("id", value)));
    binder.close();
  }

  private static PostgresqlConnectionFactory r2dbc(String peer, String user) {
    return new PostgresqlConnectionFactory(
        PostgresqlConnectionConfiguration.builder()
            .host(Peers.HOST)
            .port(Peers.port(peer))
            .username(user)
            .password("x")
            .database("shop")
            .build());
  }

  private static void byR2dbc(String peer, String user, String sql) {
    r2dbc(peer, user)
        .create()
        .flatMapMany(connection -> connection.createStatement(sql).execute())
        .flatMap(result -> result.getRowsUpdated())
        .blockLast(Duration.ofMillis(LONG_MS));
  }

  private static void bySpringR2dbc(String sql) {
    DatabaseClient.create(r2dbc("postgres", "app")).sql(sql).then().block(Duration.ofMillis(LONG_MS));
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get();
  }

  private static void byVertxPg(String peer, String user, String sql) throws Exception {
    var options = new PgConnectOptions().setHost(Peers.HOST).setPort(Peers.port(peer)).setUser(user).setPassword("x").setDatabase("shop");
    await(PgConnection.connect(Vertx.vertx(), options).compose(connection -> connection.query(sql).execute()));
  }

  private static void byVertxMysql(String user, String sql) throws Exception {
    var options = new MySQLConnectOptions().setHost(Peers.HOST).setPort(Peers.port("mysql")).setUser(user).setPassword("x").setDatabase("shop");
    await(MySQLConnection.connect(Vertx.vertx(), options).compose(connection -> connection.query(sql).execute()));
  }

  private static void byEventBus(boolean hasConsumer) throws Exception {
    var bus = Vertx.vertx().eventBus();
    if (hasConsumer) bus.consumer("orders", message -> {});
    await(bus.request("orders", "1", new DeliveryOptions().setSendTimeout(SHORT_MS)));
  }

  private static void byVertxBreaker(boolean open) throws Exception {
    var breaker = CircuitBreaker.create("shop", Vertx.vertx(), new CircuitBreakerOptions().setTimeout(SHORT_MS));
    if (open) breaker.open();
    await(breaker.execute(promise -> {}));
  }

  private static void lockedByDerby() throws Exception {
    String url = "jdbc:derby:memory:locked;create=true";
    try (var first = DriverManager.getConnection(url); var second = DriverManager.getConnection(url)) {
      first.createStatement().execute("CREATE TABLE orders(id INT PRIMARY KEY)");
      first.setAutoCommit(false);
      first.createStatement().execute("INSERT INTO orders VALUES (1)");
      second.createStatement().execute("CALL SYSCS_UTIL.SYSCS_SET_DATABASE_PROPERTY('derby.locks.waitTimeout', '1')");
      try {
        second.createStatement().execute("DELETE FROM orders");
      } finally {
        first.rollback();
      }
    }
  }

  private static void byDb2(String peer) throws Exception {
    DriverManager.getConnection("jdbc:db2://" + Peers.address(peer) + "/shop:loginTimeout=1;", "app", "x").close();
  }

  private static void byC3p0(String peer) throws Exception {
    var source = new ComboPooledDataSource();
    source.setJdbcUrl(Peers.jdbc(peer));
    source.setUser("app");
    source.setPassword("x");
    source.setInitialPoolSize(1);
    source.setMinPoolSize(1);
    source.setMaxPoolSize(1);
    source.setAcquireRetryAttempts(1);
    source.setCheckoutTimeout(LONG_MS);
    source.getConnection();
  }

  private static void byDruid(String peer) throws Exception {
    var source = new DruidDataSource();
    source.setUrl(Peers.jdbc(peer));
    source.setUsername("app");
    source.setPassword("x");
    source.setMaxActive(1);
    source.setMaxWait(2000);
    source.getConnection();
  }

  private static void byFlyway(String url, String sql) throws Exception {
    Path folder = Files.createTempDirectory("tmp");
    Files.writeString(folder.resolve("V1__orders.sql"), sql);
    Flyway.configure().dataSource(url, "app", "x").locations("filesystem:" + folder).load().migrate();
  }

  private static void byEclipselink(String peer, String sql) {
    var login = new DatabaseLogin();
    login.setDriverClassName("org.postgresql.Driver");
    login.setConnectionString(Peers.jdbc(peer));
    login.setUserName("app");
    login.setPassword("x");
    var session = new Project(login).createDatabaseSession();
    session.dontLogMessages();
    session.login();
    session.executeNonSelectingSQL(sql);
  }

  private static void byInflux(String peer, String error) {
    try (var client = InfluxDBClientFactory.create(Peers.url(peer, ""), "x".toCharArray(), "fail_influx_" + error, "shop")) {
      client.getWriteApiBlocking().writeRecord(WritePrecision.NS, "orders value=1");
    }
  }

  private static void byHazelcast() {
    var config = new ClientConfig();
    config.setProperty("hazelcast.logging.type", "none");
    config.getNetworkConfig().addAddress(Peers.address("closed"));
    config.getConnectionStrategyConfig().getConnectionRetryConfig().setClusterConnectTimeoutMillis(1000);
    HazelcastClient.newHazelcastClient(config);
  }

  private static void byCurator() throws Exception {
    var client = CuratorFrameworkFactory.newClient(Peers.address("closed"), LONG_MS, 1000, new RetryOneTime(100));
    client.start();
    client.create().forPath("/orders");
  }

  private static void byOpensearch(String error) throws Exception {
    var host = new org.apache.hc.core5.http.HttpHost("http", Peers.HOST, Peers.port("api"));
    var transport = org.opensearch.client.transport.httpclient5.ApacheHttpClient5TransportBuilder.builder(host).build();
    new org.opensearch.client.opensearch.OpenSearchClient(transport).index(i -> i.index("fail_elastic_" + error).document(Map.of("id", "x")));
  }

  private static void bySolr(String url) throws Exception {
    new HttpJdkSolrClient.Builder(url)
        .withConnectionTimeout(1, TimeUnit.SECONDS)
        .withRequestTimeout(limitOf(url), TimeUnit.MILLISECONDS)
        .build()
        .query("orders", new SolrQuery("*:*"));
  }

  private static void secondWriter() throws Exception {
    var directory = new ByteBuffersDirectory();
    new IndexWriter(directory, new IndexWriterConfig());
    new IndexWriter(directory, new IndexWriterConfig());
  }

  private static void byPulsar(String peer) throws Exception {
    try (var client =
        PulsarClient.builder()
            .serviceUrl("pulsar://" + Peers.address(peer))
            .operationTimeout(1, TimeUnit.SECONDS)
            .connectionTimeout(1, TimeUnit.SECONDS)
            .build()) {
      client.newProducer().topic("orders").create();
    }
  }

  private static void byPaho(String peer, String user) throws Exception {
    var options = new MqttConnectionOptions();
    options.setUserName(user);
    options.setConnectionTimeout(1);
    var client = new MqttClient("tcp://" + Peers.address(peer), "golden", new MemoryPersistence());
    client.setTimeToWait(peer.equals("silent") ? 1000 : LONG_MS);
    client.connect(options);
  }

  private static void byHivemq(String peer, String user) {
    Mqtt3Client.builder()
        .identifier("golden")
        .serverHost(Peers.HOST)
        .serverPort(Peers.port(peer))
        .simpleAuth()
        .username(user)
        .password(new byte[] {120})
        .applySimpleAuth()
        .buildBlocking()
        .connect();
  }

  private static void byLambda(String error) {
    HeldOut.aws(LambdaClient.builder()).invoke(r -> r.functionName(error));
  }

  private static void bySfn(String error) {
    HeldOut.aws(SfnClient.builder()).startExecution(r -> r.stateMachineArn(error));
  }

  private static void byCognito(String error) {
    HeldOut.aws(CognitoIdentityProviderClient.builder()).initiateAuth(r -> r.clientId(error).authFlow("USER_PASSWORD_AUTH"));
  }

  private static void byS3v1(String peer, String key) {
    AmazonS3ClientBuilder.standard()
        .withEndpointConfiguration(new EndpointConfiguration(Peers.url(peer, ""), "eu-central-1"))
        .withPathStyleAccessEnabled(true)
        .withCredentials(new AWSStaticCredentialsProvider(new BasicAWSCredentials("id", "secret")))
        .withClientConfiguration(new ClientConfiguration().withMaxErrorRetry(0).withSocketTimeout(peer.equals("silent") ? SHORT_MS : LONG_MS))
        .build()
        .getObject("shop", key);
  }

  private static void byGoogleAuth(String peer, String error) throws Exception {
    UserCredentials.newBuilder()
        .setClientId("app")
        .setClientSecret("x")
        .setRefreshToken("x")
        .setTokenServerUri(URI.create(Peers.url(peer, "/fail_oauth_" + error)))
        .build()
        .refreshAccessToken();
  }

  private static void byGoogleHttp(String url) throws Exception {
    var request = new NetHttpTransport().createRequestFactory().buildGetRequest(new GenericUrl(url));
    request.setReadTimeout(limitOf(url)).execute();
  }

  private static KubernetesClient kubernetes(String peer) {
    var config = io.fabric8.kubernetes.client.Config.empty();
    config.setMasterUrl(Peers.url(peer, "/"));
    config.setRequestRetryBackoffLimit(0);
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private static void byKubernetes(String peer, String name) {
    kubernetes(peer).pods().inNamespace("shop").withName(name).get();
  }

  private static void createPod(String name) {
    var pod = new PodBuilder().withNewMetadata().withName(name).endMetadata().build();
    kubernetes("api").pods().inNamespace("shop").resource(pod).create();
  }

  private static void byDocker(String peer, String error) {
    var config = DefaultDockerClientConfig.createDefaultConfigBuilder().withDockerHost("tcp://" + Peers.address(peer)).build();
    var http = new ZerodepDockerHttpClient.Builder().dockerHost(config.getDockerHost()).build();
    DockerClientImpl.getInstance(config, http).startContainerCmd("fail_docker_" + error).exec();
  }

  private static void byGit(String peer, String path) throws Exception {
    Git.lsRemoteRepository().setRemote(Peers.url(peer, path)).setTimeout(path.endsWith("hang") ? 1 : 5).call();
  }

  private static void byTwilio(String error) {
    var http =
        new NetworkHttpClient() {
          @Override
          public com.twilio.http.Response makeRequest(com.twilio.http.Request request) {
            return super.makeRequest(new com.twilio.http.Request(request.getMethod(), Peers.url("api", "/fail_twilio_" + error)));
          }
        };
    var client = new TwilioRestClient.Builder("app", "x").httpClient(http).build();
    Message.creator(new PhoneNumber("1"), new PhoneNumber("2"), "x").create(client);
  }

  private static void byAnthropic(String peer, String error) {
    AnthropicOkHttpClient.builder()
        .apiKey("x")
        .baseUrl(Peers.url(peer, ""))
        .maxRetries(0)
        .build()
        .messages()
        .create(MessageCreateParams.builder().model("claude").maxTokens(1).addUserMessage("fail_anthropic_" + error).build());
  }

  private static void byLangchain(String url) {
    OpenAiChatModel.builder()
        .apiKey("x")
        .modelName("gpt")
        .baseUrl(url)
        .maxRetries(0)
        .timeout(Duration.ofMillis(limitOf(url)))
        .build()
        .chat("x");
  }

  private static void byBraintree(String peer, String path) {
    String url = Peers.url(peer, path);
    var environment = new com.braintreegateway.Environment(url, url, new String[0], "golden");
    var gateway = new BraintreeGateway(environment, "shop", "x", "x");
    gateway.getConfiguration().setTimeout(limitOf(path));
    gateway.customer().find("1");
  }

  private static void byMaps(String error) throws Exception {
    var context = new GeoApiContext.Builder().apiKey("AIza").baseUrlOverride(Peers.url("api", "/fail_maps_" + error)).disableRetries().build();
    GeocodingApi.geocode(context, "Berlin").await();
  }

  private static void byAuthZero(String error) throws Exception {
    com.auth0.client.mgmt.ManagementAPI.newBuilder(Peers.url("api", "/"), "x").build().users().get("fail_authzero_" + error, null).execute();
  }

  private static void bySimpleMail(String peer, String to) {
    MailerBuilder.withSMTPServer(Peers.HOST, Peers.port(peer))
        .withSessionTimeout(peer.equals("silent") ? SHORT_MS : LONG_MS)
        .buildMailer()
        .sendMail(EmailBuilder.startingBlank().from("a@example.com").to(to).withPlainText("x").buildEmail())
        .join();
  }

  private static DefaultSecurityManager shiro() {
    var realm = new SimpleAccountRealm("shop");
    realm.addAccount("app", "right");
    return new DefaultSecurityManager(realm);
  }

  private static byte[] gcm(int mode, byte[] key, byte[] text) throws Exception {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, new byte[12]));
    return cipher.doFinal(text);
  }

  private static void byCipher() throws Exception {
    byte[] secret = gcm(Cipher.ENCRYPT_MODE, new byte[16], new byte[] {1});
    gcm(Cipher.DECRYPT_MODE, "0123456789abcdef".getBytes(StandardCharsets.UTF_8), secret);
  }

  private static void byKeyStore() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    var bytes = new ByteArrayOutputStream();
    store.store(bytes, "right".toCharArray());
    KeyStore.getInstance("PKCS12").load(new ByteArrayInputStream(bytes.toByteArray()), "wrong".toCharArray());
  }

  private static void byKeycloak(int secondsLeft, char fill) throws Exception {
    TokenVerifier.create(Blind2.token(secondsLeft), AccessToken.class)
        .withChecks(TokenVerifier.IS_ACTIVE)
        .secretKey(hmacKey(fill))
        .verify();
  }

  private static void byThrift(String peer) throws Exception {
    TSocket socket = new TSocket(Peers.HOST, Peers.port(peer), peer.equals("silent") ? SHORT_MS : LONG_MS);
    socket.open();
    socket.write(new byte[] {0});
    socket.flush();
    new TBinaryProtocol(socket).readMessageBegin();
  }

  private static void byZip() throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new net.lingala.zip4j.io.outputstream.ZipOutputStream(bytes, "right".toCharArray())) {
      var parameters = new ZipParameters();
      parameters.setFileNameInZip("orders.csv");
      parameters.setEncryptFiles(true);
      parameters.setEncryptionMethod(EncryptionMethod.AES);
      zip.putNextEntry(parameters);
      zip.write(1);
      zip.closeEntry();
    }
    new net.lingala.zip4j.io.inputstream.ZipInputStream(new ByteArrayInputStream(bytes.toByteArray()), "wrong".toCharArray()).getNextEntry();
  }

  private static void lockedPdf() throws Exception {
    var bytes = new ByteArrayOutputStream();
    var document = new com.lowagie.text.Document();
    var writer = com.lowagie.text.pdf.PdfWriter.getInstance(document, bytes);
    writer.setEncryption("right".getBytes(StandardCharsets.UTF_8), "owner".getBytes(StandardCharsets.UTF_8), 0, com.lowagie.text.pdf.PdfWriter.STANDARD_ENCRYPTION_128);
    document.open();
    document.add(new com.lowagie.text.Paragraph("x"));
    document.close();
    new com.lowagie.text.pdf.PdfReader(bytes.toByteArray(), "wrong".getBytes(StandardCharsets.UTF_8));
  }

  /** Quartz needs a class. */
  public static final class Nothing implements Job {
    @Override
    public void execute(org.quartz.JobExecutionContext context) {}
  }

  private static void twiceByQuartz() throws Exception {
    var scheduler = new StdSchedulerFactory().getScheduler();
    var job = JobBuilder.newJob(Nothing.class).withIdentity("orders").storeDurably().build();
    scheduler.addJob(job, false);
    scheduler.addJob(job, false);
  }

  private static void neverByQuartz() throws Exception {
    var job = JobBuilder.newJob(Nothing.class).withIdentity("past").build();
    var schedule = CronScheduleBuilder.cronSchedule("0 0 0 1 1 ? 2020");
    new StdSchedulerFactory().getScheduler().scheduleJob(job, TriggerBuilder.newTrigger().withIdentity("past").withSchedule(schedule).build());
  }

  private static void byDbScheduler(String url) {
    var task = Tasks.oneTime("orders").execute((instance, context) -> {});
    SchedulerClient.Builder.create(new DriverManagerDataSource(url, "app", "x"), task).build().scheduleIfNotExists(task.instance("1"), Instant.now());
  }

  private static void byHystrix(HystrixCommandProperties.Setter properties, Failing.Act act) {
    var group = HystrixCommandGroupKey.Factory.asKey("shop");
    var key = HystrixCommandKey.Factory.asKey("orders" + properties.hashCode());
    var setter = HystrixCommand.Setter.withGroupKey(group).andCommandKey(key).andCommandPropertiesDefaults(properties);
    new HystrixCommand<String>(setter) {
      @Override
      protected String run() throws Exception {
        try {
          act.run();
        } catch (Exception | Error thrown) {
          throw thrown;
        } catch (Throwable thrown) {
          throw new AssertionError(thrown);
        }
        return "";
      }
    }.execute();
  }

  private static void fullRing() throws Exception {
    RingBuffer<int[]> ring = RingBuffer.createSingleProducer(() -> new int[1], 1);
    ring.addGatingSequences(new Sequence());
    ring.publish(ring.tryNext());
    ring.tryNext();
  }

  private static void byMemcached(String peer) throws Exception {
    var client = new XMemcachedClient(Peers.HOST, Peers.port(peer));
    client.get("a", peer.equals("silent") ? SHORT_MS : LONG_MS);
  }

  private static void byNettyDns(String name) throws Exception {
    var server = new InetSocketAddress(Peers.HOST, Peers.port("dns"));
    new DnsNameResolverBuilder(new NioEventLoopGroup(1).next())
        .datagramChannelType(NioDatagramChannel.class)
        .nameServerProvider(new SingletonDnsServerAddressStreamProvider(server))
        .searchDomains(List.of())
        .queryTimeoutMillis(name.startsWith("hang") ? SHORT_MS : LONG_MS)
        .build()
        .resolve(name)
        .get();
  }

  private static void bySsh(String peer) throws Exception {
    try (SshClient client = SshClient.setUpDefaultClient()) {
      client.start();
      var session = client.connect("app", Peers.HOST, Peers.port(peer)).verify(LONG_MS).getSession();
      session.addPasswordIdentity("x");
      session.auth().verify(peer.equals("silent") ? SHORT_MS : LONG_MS);
    }
  }

  private static void byHttp4(String url, boolean full) throws Exception {
    var limits = RequestConfig.custom().setSocketTimeout(limitOf(url)).setConnectionRequestTimeout(SHORT_MS).build();
    try (var client = HttpClients.custom().setDefaultRequestConfig(limits).disableAutomaticRetries().setMaxConnTotal(1).build()) {
      var response = client.execute(new HttpGet(url));
      if (full) client.execute(new HttpGet(url));
      EntityUtils.toString(response.getEntity());
    }
  }

  private static void byJsoup(String url) throws Exception {
    Jsoup.connect(url).timeout(limitOf(url)).get();
  }

  private static void byJndiDns(String name) throws Exception {
    var settings = new java.util.Hashtable<String, String>();
    settings.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
    settings.put("java.naming.provider.url", "dns://" + Peers.address("dns"));
    settings.put("com.sun.jndi.dns.timeout.initial", String.valueOf(name.startsWith("hang") ? SHORT_MS : LONG_MS));
    settings.put("com.sun.jndi.dns.timeout.retries", "1");
    new javax.naming.directory.InitialDirContext(settings).getAttributes(name, new String[] {"A"});
  }

  Blind3() {
    String springRedis = "spring-data-redis 4.1.2";
    add("spring-data-redis: full memory", springRedis, FULL, () -> bySpringRedis("fullRedis", null));
    add("spring-data-redis: no answer", springRedis, TIME, () -> bySpringRedis("silent", null));
    String springMongo = "spring-data-mongodb 5.1.2";
    add("spring-data-mongodb: refused", springMongo, NET, () -> bySpringMongo("closed", m -> find(m, "orders")));
    add("spring-data-mongodb: no answer", springMongo, TIME, () -> bySpringMongo("silent", m -> find(m, "orders")));
    add("spring-data-mongodb: 11000", springMongo, INVALID, () -> bySpringMongo("mongodb", m -> insert(m, "fail_11000")));
    add("spring-data-mongodb: 121", springMongo, INVALID, () -> bySpringMongo("mongodb", m -> insert(m, "fail_121")));
    add("spring-data-mongodb: 112", springMongo, UNKNOWN, () -> bySpringMongo("mongodb", m -> insert(m, "fail_112")));
    add("spring-data-mongodb: 13", springMongo, AUTH, () -> bySpringMongo("mongodb", m -> find(m, "fail_13")));
    add("spring-data-mongodb: 50", springMongo, TIME, () -> bySpringMongo("mongodb", m -> find(m, "fail_50")));
    String springKafka = "spring-kafka 4.1.2";
    add("spring-kafka: refused", springKafka, NET, () -> bySpringKafka("closed"));
    add("spring-kafka: no answer", springKafka, TIME, () -> bySpringKafka("silent"));
    add("spring-jms: refused", "spring-jms 7.0.10", NET, () -> new JmsTemplate(new ActiveMQConnectionFactory("tcp://" + Peers.address("closed"))).convertAndSend("orders", "1"));
    String springMail = "spring-context-support 7.0.10";
    add("spring mail: refused", springMail, NET, () -> bySpringMail("closed", null, "a@example.com", "b@example.com"));
    add("spring mail: a wrong password", springMail, AUTH, () -> bySpringMail("smtp", "x", "a@example.com", "b@example.com"));
    add("spring mail: a full mailbox", springMail, FULL, () -> bySpringMail("smtp", null, "a@example.com", "fail_452@example.com"));
    add("spring mail: the server stops", springMail, NET, () -> bySpringMail("smtp", null, "fail_421@example.com", "b@example.com"));
    String springLdap = "spring-ldap-core 4.1.2";
    add("spring-ldap: refused", springLdap, NET, () -> bySpringLdap("closed"));
    add("spring-ldap: a wrong password", springLdap, AUTH, () -> bySpringLdap("ldap"));
    add("spring-ldap: no answer", springLdap, TIME, () -> bySpringLdap("silent"));
    String soap = "jaxws-rt 4.0.3";
    add("jaxws: refused", soap, NET, () -> bySoap(Peers.url("closed", "/")));
    every("jaxws", soap, error -> bySoap(Peers.url("api", "/fail_soap_" + error)), "server", WEB, "client", INVALID);
    every("jaxws", soap, path -> bySoap(Peers.url("http", path)), "/status/401", AUTH, "/status/503", WEB, "/hang", TIME);
    String graphql = "spring-graphql 2.0.6";
    every("spring-graphql", graphql, error -> byGraphql(Peers.url("api", "/fail_graphql_" + error)), "input", INVALID, "login", AUTH, "rate", FULL);
    add("spring-graphql: /status/503", graphql, WEB, () -> byGraphql(Peers.url("http", "/status/503")));
    String vault = "spring-vault-core 4.0.4";
    add("spring-vault: refused", vault, NET, () -> byVault("closed", "x"));
    every("spring-vault", vault, error -> byVault("api", error), "access", AUTH, "sealed", WEB);
    String decoder = "spring-security-oauth2-jose 7.1.2";
    add("spring jwt decoder: expired", decoder, AUTH, () -> byDecoder(-3600, 'k'));
    add("spring jwt decoder: a wrong signature", decoder, AUTH, () -> byDecoder(3600, 'x'));
    String oauth = "spring-security-oauth2-client 7.1.2";
    add("spring oauth: refused", oauth, NET, () -> byOauth("closed", "x"));
    every("spring oauth", oauth, error -> byOauth("api", error), "client", AUTH, "grant", AUTH);
    add("spring-integration: a full channel", "spring-integration-core 7.1.2", FULL, Blind3::fullChannel);
    String springCore = "spring-core 7.0.10";
    add("spring-core: refused twice", springCore, NET, () -> new RetryTemplate(RetryPolicy.withMaxRetries(1)).execute(() -> {
      refused();
      return "";
    }));
    add("spring-core: not a number", springCore, INVALID, () -> DefaultConversionService.getSharedInstance().convert("x", Integer.class));
    String spel = "spring-expression 7.0.10";
    add("spring-expression: an unknown field", spel, WRONG, () -> new SpelExpressionParser().parseExpression("price").getValue(new HeldOut.Order()));
    add("spring-expression: an open bracket", spel, WRONG, () -> new SpelExpressionParser().parseExpression("{1, "));
    String springContext = "spring-context 7.0.10";
    add("spring-context: a wrong type", springContext, INVALID, () -> bind("x"));
    add("spring-context: a missing bean", springContext, WRONG, () -> new AnnotationConfigApplicationContext(HeldOut.Order.class).getBean("customers"));
    String springR2dbc = "spring-r2dbc 7.0.10";
    every("spring-r2dbc", springR2dbc, state -> bySpringR2dbc("fail_" + state), "23505", INVALID, "42P01", WRONG, "57014", TIME);
    String r2dbc = "r2dbc-postgresql 1.1.3.RELEASE";
    add("r2dbc: refused", r2dbc, NET, () -> byR2dbc("closed", "app", "SELECT 1"));
    add("r2dbc: a wrong password", r2dbc, AUTH, () -> byR2dbc("postgres", "fail_28P01", "SELECT 1"));
    every("r2dbc", r2dbc, state -> byR2dbc("postgres", "app", "fail_" + state), "23502", INVALID, "40001", UNKNOWN, "53100", FULL);
    String reactorPool = "reactor-pool 1.2.8";
    add("reactor-pool: full", reactorPool, FULL, () -> {
      var pool = PoolBuilder.from(Mono.just("x")).sizeBetween(0, 1).buildPool();
      pool.acquire().block();
      pool.acquire(SHORT).block();
    });
    add("reactor-pool: too many waiting", reactorPool, FULL, () -> {
      var pool = PoolBuilder.from(Mono.just("x")).sizeBetween(0, 1).maxPendingAcquire(1).buildPool();
      pool.acquire().block();
      pool.acquire().subscribe();
      pool.acquire().block();
    });
    String vertxPg = "vertx-pg-client 5.0.7";
    add("vertx-pg: refused", vertxPg, NET, () -> byVertxPg("closed", "app", "SELECT 1"));
    add("vertx-pg: a wrong password", vertxPg, AUTH, () -> byVertxPg("postgres", "fail_28P01", "SELECT 1"));
    every("vertx-pg", vertxPg, state -> byVertxPg("postgres", "app", "fail_" + state), "23503", INVALID, "42601", WRONG, "53200", FULL);
    String vertxMysql = "vertx-mysql-client 5.0.7";
    add("vertx-mysql: a wrong password", vertxMysql, AUTH, () -> byVertxMysql("fail_1045", "SELECT 1"));
    every("vertx-mysql", vertxMysql, code -> byVertxMysql("app", "fail_" + code), "1062", INVALID, "1142", AUTH, "1205", TIME, "1213", UNKNOWN, "1054", WRONG);
    String vertxCore = "vertx-core 5.0.7";
    add("vertx event bus: no reply", vertxCore, TIME, () -> byEventBus(true));
    add("vertx event bus: no handlers", vertxCore, NET, () -> byEventBus(false));
    String vertxBreaker = "vertx-circuit-breaker 5.0.7";
    add("vertx breaker: too slow", vertxBreaker, TIME, () -> byVertxBreaker(false));
    add("vertx breaker: open", vertxBreaker, UNKNOWN, () -> byVertxBreaker(true));
    String derby = "derby 10.16.1.1";
    add("derby: too long", derby, INVALID, () -> besideOrders("jdbc:derby:memory:b;create=true", "INSERT INTO orders VALUES (2, 'abcd')"));
    add("derby: a missing table", derby, WRONG, () -> besideOrders("jdbc:derby:memory:c;create=true", "SELECT * FROM customers"));
    add("derby: a locked row", derby, TIME, Blind3::lockedByDerby);
    String duckdb = "duckdb_jdbc 1.5.6.0";
    add("duckdb: a duplicate", duckdb, INVALID, () -> besideOrders("jdbc:duckdb:", "INSERT INTO orders VALUES (1, 'b')"));
    add("duckdb: not a number", duckdb, INVALID, () -> besideOrders("jdbc:duckdb:", "INSERT INTO orders VALUES ('x', 'b')"));
    add("duckdb: invalid SQL", duckdb, WRONG, () -> besideOrders("jdbc:duckdb:", "SELCT 1"));
    String db2 = "com.ibm.db2:jcc 11.5.9.0";
    add("db2: refused", db2, NET, () -> byDb2("closed"));
    add("db2: no answer", db2, TIME, () -> byDb2("silent"));
    String c3p0 = "c3p0 0.10.2";
    add("c3p0: refused", c3p0, NET, () -> byC3p0("closed"));
    String druid = "druid 1.2.24";
    add("druid: refused", druid, NET, () -> byDruid("closed"));
    String flyway = "flyway-core 13.12.1";
    add("flyway: refused", flyway, NET, () -> byFlyway("jdbc:h2:tcp://" + Peers.address("closed") + "/shop", ""));
    add("flyway: invalid SQL", flyway, WRONG, () -> byFlyway("jdbc:h2:mem:flyway", "SELCT 1;"));
    String eclipselink = "eclipselink 4.0.5";
    add("eclipselink: refused", eclipselink, NET, () -> byEclipselink("closed", "SELECT 1"));
    every("eclipselink", eclipselink, state -> byEclipselink("postgres", "fail_" + state), "23505", INVALID, "42P01", WRONG, "42501", AUTH);
    String influx = "influxdb-client-java 7.2.0";
    add("influxdb: refused", influx, NET, () -> byInflux("closed", "x"));
    every("influxdb", influx, error -> byInflux("api", error), "login", AUTH, "rate", FULL, "value", INVALID);
    add("hazelcast: refused", "hazelcast 5.7.0", NET, Blind3::byHazelcast);
    add("zookeeper: refused", "zookeeper 3.9.5", NET, () -> new ZooKeeper(Peers.address("closed"), LONG_MS, event -> {}).getData("/orders", false, null));
    add("curator: refused", "curator-framework 5.9.0", NET, Blind3::byCurator);
    String opensearch = "opensearch-java 2.23.0";
    every("opensearch", opensearch, Blind3::byOpensearch, "index", WEB, "full", FULL);
    String solr = "solr-solrj 9.10.1";
    add("solr: refused", solr, NET, () -> bySolr(Peers.url("closed", "/solr")));
    every("solr", solr, path -> bySolr(Peers.url("http", path)), "/status/503", WEB, "/hang", TIME);
    String lucene = "lucene-queryparser 9.12.3";
    add("lucene: an open bracket", lucene, INVALID, () -> new QueryParser("id", new StandardAnalyzer()).parse("id:[1"));
    add("lucene: a second writer", "lucene-core 9.12.3", UNKNOWN, Blind3::secondWriter);
    String pulsar = "pulsar-client 4.0.4";
    add("pulsar: refused", pulsar, NET, () -> byPulsar("closed"));
    String paho = "org.eclipse.paho.mqttv5.client 1.2.5";
    add("mqtt 5: refused", paho, NET, () -> byPaho("closed", "app"));
    add("mqtt 5: no answer", paho, TIME, () -> byPaho("silent", "app"));
    every("mqtt 5", paho, user -> byPaho("mqtt", user), "fail_134", AUTH, "fail_151", FULL);
    String hivemq = "hivemq-mqtt-client 1.3.5";
    add("hivemq: refused", hivemq, NET, () -> byHivemq("closed", "app"));
    add("hivemq: no access", hivemq, AUTH, () -> byHivemq("mqtt", "fail_5"));
    String lambda = "software.amazon.awssdk:lambda 2.57.8";
    every("lambda", lambda, Blind3::byLambda, "InvalidRequestContentException", INVALID, "ServiceException", WEB, "TooManyRequestsException", FULL);
    String sfn = "software.amazon.awssdk:sfn 2.57.8";
    every("step functions", sfn, Blind3::bySfn, "ExecutionAlreadyExists", UNKNOWN, "ExecutionLimitExceeded", FULL, "InvalidExecutionInput", INVALID);
    String cognito = "software.amazon.awssdk:cognitoidentityprovider 2.57.8";
    every("cognito", cognito, Blind3::byCognito, "InvalidPasswordException", INVALID, "LimitExceededException", FULL, "NotAuthorizedException", AUTH);
    String s3 = "com.amazonaws:aws-java-sdk-s3 1.12.783";
    add("s3 v1: refused", s3, NET, () -> byS3v1("closed", "x"));
    add("s3 v1: no answer", s3, TIME, () -> byS3v1("silent", "x"));
    every("s3 v1", s3, key -> byS3v1("aws", key), "InternalError", WEB, "RequestTimeout", TIME, "SignatureDoesNotMatch", AUTH, "SlowDown", FULL);
    String googleAuth = "google-auth-library-oauth2-http 1.57.0";
    add("google auth: refused", googleAuth, NET, () -> byGoogleAuth("closed", "x"));
    every("google auth", googleAuth, error -> byGoogleAuth("api", error), "client", AUTH, "grant", AUTH);
    String googleHttp = "google-http-client 2.2.0";
    every("google http", googleHttp, path -> byGoogleHttp(Peers.url("http", path)), "/status/403", AUTH, "/status/404", WEB, "/status/429", FULL, "/hang", TIME);
    String kubernetes = "io.fabric8:kubernetes-client 8.0.0";
    add("kubernetes: refused", kubernetes, NET, () -> byKubernetes("closed", "orders"));
    every("kubernetes", kubernetes, error -> byKubernetes("api", "fail_kubernetes_" + error), "access", AUTH, "rate", FULL);
    add("kubernetes: value", kubernetes, INVALID, () -> createPod("fail_kubernetes_value"));
    String docker = "docker-java-core 3.5.1";
    add("docker: refused", docker, NET, () -> byDocker("closed", "x"));
    every("docker", docker, error -> byDocker("api", error), "missing", WEB, "disk", FULL);
    String jgit = "org.eclipse.jgit 7.2.0.202503040940-r";
    add("jgit: refused", jgit, NET, () -> byGit("closed", "/"));
    every("jgit", jgit, path -> byGit("http", path), "/status/401", AUTH, "/status/403", AUTH, "/status/404", WEB, "/status/503", WEB, "/hang", TIME);
    every("twilio", "twilio 9.14.1", Blind3::byTwilio, "login", AUTH, "number", INVALID, "rate", FULL);
    String anthropic = "anthropic-java 3.14.0";
    add("anthropic: refused", anthropic, NET, () -> byAnthropic("closed", "x"));
    every("anthropic", anthropic, error -> byAnthropic("api", error), "busy", FULL, "down", WEB, "key", AUTH, "long", INVALID, "rate", FULL);
    String langchain = "langchain4j-open-ai 1.19.0";
    add("langchain4j: refused", langchain, NET, () -> byLangchain(Peers.url("closed", "/")));
    add("langchain4j: no answer", langchain, TIME, () -> byLangchain(Peers.url("http", "/hang")));
    every("langchain4j", langchain, error -> byLangchain(Peers.url("api", "/fail_openai_" + error)), "busy", WEB, "context", INVALID, "key", AUTH, "quota", FULL);
    String braintree = "braintree-java 3.40.0";
    add("braintree: refused", braintree, NET, () -> byBraintree("closed", ""));
    every("braintree", braintree, path -> byBraintree("http", path), "/status/401", AUTH, "/status/429", FULL, "/status/503", WEB, "/hang", TIME);
    every("google maps", "google-maps-services 2.2.0", Blind3::byMaps, "denied", AUTH, "limit", FULL, "request", INVALID);
    every("auth0", "com.auth0:auth0 2.18.0", Blind3::byAuthZero, "rate", FULL, "scope", AUTH, "value", INVALID);
    String simpleMail = "simple-java-mail 8.12.6";
    add("simple-java-mail: refused", simpleMail, NET, () -> bySimpleMail("closed", "b@example.com"));
    add("simple-java-mail: not an address", simpleMail, INVALID, () -> bySimpleMail("smtp", "b@@example"));
    String shiro = "shiro-core 2.0.4";
    add("shiro: a wrong password", shiro, AUTH, () -> shiro().authenticate(new UsernamePasswordToken("app", "wrong")));
    add("shiro: no permission", shiro, AUTH, () -> shiro().checkPermission(new SimplePrincipalCollection("app", "shop"), "orders:read"));
    String keycloak = "keycloak-core 26.8.2";
    add("keycloak: expired", keycloak, AUTH, () -> byKeycloak(-3600, 'k'));
    add("keycloak: a wrong signature", keycloak, AUTH, () -> byKeycloak(3600, 'x'));
    add("bouncycastle: a cut certificate", "bcpkix-jdk18on 1.87", INVALID, () -> new PEMParser(new StringReader("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")).readObject());
    String java = "java 17";
    add("cipher: a wrong key", java, AUTH, Blind3::byCipher);
    add("key store: a wrong password", java, AUTH, Blind3::byKeyStore);
    add("rmi: refused", java, NET, () -> LocateRegistry.getRegistry(Peers.HOST, Peers.port("closed")).lookup("orders"));
    add("rmi: another protocol", java, NET, () -> LocateRegistry.getRegistry(Peers.HOST, Peers.port("foreign")).lookup("orders"));
    add("jndi dns: no answer", java, TIME, () -> byJndiDns("hang.shop.example"));
    add("jndi dns: no such name", java, NET, () -> byJndiDns("fail-3.shop.example"));
    String protobuf = "protobuf-java 4.36.2";
    add("protobuf: cut off", protobuf, INVALID, () -> Struct.parseFrom(new byte[] {10, 5, 1}));
    add("protobuf: a zero tag", protobuf, INVALID, () -> Struct.parseFrom(new byte[] {0}));
    add("protobuf json: not a time", "protobuf-java-util 4.36.2", INVALID, () -> JsonFormat.parser().merge("\"soon\"", Timestamp.newBuilder()));
    String thrift = "libthrift 0.25.0";
    add("thrift: refused", thrift, NET, () -> byThrift("closed"));
    add("thrift: no answer", thrift, TIME, () -> byThrift("silent"));
    add("thrift: hung up", thrift, NET, () -> byThrift("hangsUp"));
    add("thrift: another protocol", thrift, NET, () -> byThrift("foreign"));
    add("graphql-java: an open bracket", "graphql-java 26.0", WRONG, () -> new graphql.parser.Parser().parseDocument("{ order("));
    add("graphql-java: a wrong schema", "graphql-java 26.0", WRONG, () -> new graphql.schema.idl.SchemaParser().parse("type Query { id: }"));
    add("jackson-dataformat-yaml: an open bracket", "jackson-dataformat-yaml 2.23.0", INVALID, () -> new YAMLMapper().readValue("a: [1", Map.class));
    add("jackson-dataformat-csv: a wrong type", "jackson-dataformat-csv 2.23.0", INVALID, () -> new CsvMapper().readerFor(HeldOut.Order.class).with(new CsvMapper().schemaFor(HeldOut.Order.class)).readValue("x\n"));
    add("parsson: cut off", "parsson 1.1.9", INVALID, () -> Json.createReader(new StringReader("{\"id\": ")).readObject());
    add("snakeyaml-engine: a duplicate", "snakeyaml-engine 3.2", INVALID, () -> new Load(LoadSettings.builder().build()).loadFromString("a: 1\na: 2"));
    add("jdom: an open tag", "jdom2 2.0.6.1", INVALID, () -> new SAXBuilder().build(new StringReader("<order><id>1</order>")));
    add("univocity: too long", "univocity-parsers 2.9.1", INVALID, () -> {
      var settings = new CsvParserSettings();
      settings.setMaxCharsPerColumn(4);
      new com.univocity.parsers.csv.CsvParser(settings).parseAll(new StringReader("abcdefgh\n"));
    });
    add("typesafe config: a wrong type", "com.typesafe:config 1.4.3", INVALID, () -> ConfigFactory.parseString("id = x").getInt("id"));
    add("commons-compress: not an archive", "commons-compress 1.28.0", INVALID, () -> new ArchiveStreamFactory().createArchiveInputStream(new ByteArrayInputStream(new byte[600])));
    add("zip4j: a wrong password", "zip4j 2.11.5", AUTH, Blind3::byZip);
    String openpdf = "openpdf 2.0.5";
    add("openpdf: a wrong password", openpdf, AUTH, Blind3::lockedPdf);
    add("openpdf: not a PDF", openpdf, INVALID, () -> new com.lowagie.text.pdf.PdfReader(new byte[] {120}));
    add("cron-utils: not a schedule", "cron-utils 9.2.1", INVALID, () -> new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.QUARTZ)).parse("soon"));
    String everit = "everit-json-schema 1.14.4";
    add("everit: a wrong type", everit, INVALID, () -> SchemaLoader.load(new JSONObject("{\"type\": \"integer\"}")).validate("x"));
    add("everit: a missing field", everit, INVALID, () -> SchemaLoader.load(new JSONObject("{\"type\": \"object\", \"required\": [\"id\"]}")).validate(new JSONObject()));
    add("mustache: an open tag", "com.github.spullara.mustache.java:compiler 0.9.14", WRONG, () -> new DefaultMustacheFactory().compile(new StringReader("{{#a}}"), "order"));
    String groovy = "groovy 5.0.8";
    add("groovy: an open bracket", groovy, WRONG, () -> new GroovyShell().evaluate("[1, "));
    add("mvel: an unknown name", "mvel2 2.5.2.Final", WRONG, () -> MVEL.eval("order.id"));
    add("ognl: an unknown field", "ognl 3.4.17", WRONG, () -> Ognl.getValue("price", new HeldOut.Order()));
    String quartz = "quartz 2.5.2";
    add("quartz: a job that exists", quartz, UNKNOWN, Blind3::twiceByQuartz);
    add("quartz: not a schedule", quartz, INVALID, () -> CronScheduleBuilder.cronSchedule("soon"));
    add("quartz: a schedule of the past", quartz, INVALID, Blind3::neverByQuartz);
    String dbScheduler = "db-scheduler 16.7.1";
    add("db-scheduler: a missing table", dbScheduler, WRONG, () -> byDbScheduler("jdbc:h2:mem:scheduler"));
    add("db-scheduler: refused", dbScheduler, NET, () -> byDbScheduler(Peers.jdbc("closed")));
    String hystrix = "hystrix-core 1.5.18";
    add("hystrix: too slow", hystrix, TIME, () -> byHystrix(HystrixCommandProperties.Setter().withExecutionTimeoutInMilliseconds(SHORT_MS), () -> Thread.sleep(5000)));
    add("hystrix: refused", hystrix, NET, () -> byHystrix(HystrixCommandProperties.Setter(), Blind3::refused));
    add("hystrix: open", hystrix, UNKNOWN, () -> byHystrix(HystrixCommandProperties.Setter().withCircuitBreakerForceOpen(true), () -> {}));
    add("hystrix: full", hystrix, FULL, () -> byHystrix(HystrixCommandProperties.Setter().withExecutionIsolationStrategy(HystrixCommandProperties.ExecutionIsolationStrategy.SEMAPHORE).withExecutionIsolationSemaphoreMaxConcurrentRequests(0), () -> {}));
    String smallrye = "smallrye-fault-tolerance-standalone 6.11.2";
    add("smallrye: too fast", smallrye, FULL, () -> {
      var guard = FaultTolerance.<String>create().withRateLimit().limit(1).window(1, ChronoUnit.HOURS).done().build();
      guard.call(() -> "");
      guard.call(() -> "");
    });
    add("smallrye: full", smallrye, FULL, () -> {
      var guard = FaultTolerance.<String>create().withBulkhead().limit(1).done().build();
      guard.call(() -> guard.call(() -> ""));
    });
    add("guava-retrying: refused", "guava-retrying 2.0.0", NET, () -> RetryerBuilder.newBuilder().retryIfException().withStopStrategy(StopStrategies.stopAfterAttempt(2)).build().call(() -> {
      refused();
      return "";
    }));
    add("disruptor: full", "disruptor 4.0.0", FULL, Blind3::fullRing);
    add("caffeine: refused", "caffeine 3.3.1", NET, () -> Caffeine.newBuilder().build(key -> {
      refused();
      return "";
    }).get("a"));
    String memcached = "xmemcached 2.4.8";
    add("xmemcached: refused", memcached, NET, () -> byMemcached("closed"));
    add("xmemcached: no answer", memcached, TIME, () -> byMemcached("silent"));
    String nettyDns = "netty-resolver-dns 4.2.17.Final";
    add("netty dns: no answer", nettyDns, TIME, () -> byNettyDns("hang.shop.example"));
    add("netty dns: no such name", nettyDns, NET, () -> byNettyDns("fail-3.shop.example"));
    String sshd = "sshd-core 2.20.0";
    add("sshd: refused", sshd, NET, () -> bySsh("closed"));
    add("sshd: no answer", sshd, TIME, () -> bySsh("silent"));
    add("sshd: cut off", sshd, NET, () -> bySsh("foreign"));
    String http4 = "org.apache.httpcomponents:httpclient 4.5.14";
    add("httpclient 4: refused", http4, NET, Blind3::refused);
    every("httpclient 4", http4, path -> byHttp4(Peers.url("http", path), false), "/close", NET, "/cut", NET, "/hang", TIME);
    add("httpclient 4: a full pool", http4, FULL, () -> byHttp4(Peers.url("http", "/slow-body"), true));
    String jsoup = "jsoup 1.24.1";
    every("jsoup", jsoup, path -> byJsoup(Peers.url("http", path)), "/status/404", WEB, "/status/429", FULL, "/hang", TIME, "/wrong-json", INVALID);
  }
}
