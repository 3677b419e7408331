package golden;

import com.alibaba.fastjson2.JSON;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.fasterxml.jackson.dataformat.xml.XmlMapper;
import com.github.jknack.handlebars.Handlebars;
import com.google.cloud.NoCredentials;
import com.google.cloud.storage.StorageOptions;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.jayway.jsonpath.JsonPath;
import com.jcraft.jsch.JSch;
import com.opencsv.bean.CsvToBeanBuilder;
import com.slack.api.Slack;
import com.slack.api.SlackConfig;
import com.squareup.moshi.Moshi;
import com.thoughtworks.xstream.XStream;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPConnectionOptions;
import io.minio.MinioClient;
import io.pebbletemplates.pebble.PebbleEngine;
import io.pebbletemplates.pebble.loader.StringLoader;
import io.reactivex.rxjava3.core.Observable;
import io.vertx.core.Vertx;
import io.vertx.ext.web.client.WebClient;
import jakarta.ws.rs.client.ClientBuilder;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.ibatis.mapping.Environment;
import org.apache.ibatis.session.SqlSessionFactoryBuilder;
import org.apache.ibatis.transaction.jdbc.JdbcTransactionFactory;
import org.apache.pdfbox.Loader;
import org.apache.poi.ss.usermodel.WorkbookFactory;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;
import org.asynchttpclient.Dsl;
import org.eclipse.jetty.client.HttpClient;
import org.jasypt.util.text.BasicTextEncryptor;
import org.jdbi.v3.core.Jdbi;
import org.joda.time.DateTime;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.HmacKey;
import org.json.JSONObject;
import org.redisson.Redisson;
import org.redisson.config.Config;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.authentication.dao.DaoAuthenticationProvider;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.thymeleaf.TemplateEngine;
import org.thymeleaf.context.Context;
import reactor.core.publisher.Mono;
import retrofit2.Call;
import retrofit2.Retrofit;
import retrofit2.converter.moshi.MoshiConverterFactory;
import retrofit2.http.GET;
import retrofit2.http.Path;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.sns.SnsClient;

/** The held-out set. */
final class HeldOut extends Cases {
  /** Stands for a table; found by MyBatis as well. */
  public static class Order {
    public int id;
  }

  /** Statements of MyBatis. */
  public interface Statements {
    @org.apache.ibatis.annotations.Update("${sql}")
    int run(@org.apache.ibatis.annotations.Param("sql") String sql);
  }

  private static void byMybatis(String peer, String sql) {
    var source = new DriverManagerDataSource(Peers.jdbc(peer), "app", "x");
    var configuration =
        new org.apache.ibatis.session.Configuration(
            new Environment("x", new JdbcTransactionFactory(), source));
    configuration.addMapper(Statements.class);
    try (var session = new SqlSessionFactoryBuilder().build(configuration).openSession(true)) {
      session.getMapper(Statements.class).run(sql);
    }
  }

  private static void byJooq(String peer, String sql) throws Exception {
    try (var connection = DriverManager.getConnection(Peers.jdbc(peer), "app", "x")) {
      DSL.using(connection, SQLDialect.POSTGRES).execute(sql);
    }
  }

  private static void byJdbi(String peer, String user, String sql) {
    Jdbi.create(Peers.jdbc(peer), user, "x").useHandle(handle -> handle.execute(sql));
  }

  private static void byOracle(String peer) throws Exception {
    String url = "jdbc:oracle:thin:@//" + Peers.address(peer) + "/shop?oracle.net.CONNECT_TIMEOUT=1000";
    DriverManager.getConnection(url, "app", "x").close();
  }

  private static void byTomcatPool(String peer, boolean twice) throws Exception {
    var source = new org.apache.tomcat.jdbc.pool.DataSource();
    source.setDriverClassName("org.postgresql.Driver");
    source.setUrl(Peers.jdbc(peer));
    source.setUsername("app");
    source.setMaxActive(1);
    source.setInitialSize(1);
    source.setMaxWait(SHORT_MS);
    source.getConnection();
    if (twice) source.getConnection();
  }

  private static void byRedisson(String peer, String password) {
    Config config = new Config();
    config
        .useSingleServer()
        .setAddress("redis://" + Peers.address(peer))
        .setPassword(password)
        .setRetryAttempts(0)
        .setTimeout(1000)
        .setConnectTimeout(1000)
        .setConnectionMinimumIdleSize(1);
    Redisson.create(config).getBucket("a").set("1");
  }

  private static void byRabbit(String peer, String user, String queue) {
    var factory = new CachingConnectionFactory(Peers.HOST, Peers.port(peer));
    factory.setUsername(user);
    factory.setPassword("x");
    factory.setConnectionTimeout(1000);
    new RabbitTemplate(factory).execute(channel -> channel.queueDeclarePassive(queue));
  }

  private static void byArtemis(String peer) throws Exception {
    String url = "tcp://" + Peers.address(peer) + "?reconnectAttempts=0&initialConnectAttempts=1&callTimeout=1000";
    new org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory(url).createConnection().start();
  }

  private static void byQpid(String peer) throws Exception {
    String url = "amqp://" + Peers.address(peer) + "?transport.connectTimeout=1000&jms.connectTimeout=1000";
    new org.apache.qpid.jms.JmsConnectionFactory(url).createConnection().start();
  }

  private static void byWebflux(String url) {
    org.springframework.web.reactive.function.client.WebClient.create()
        .get()
        .uri(url)
        .retrieve()
        .bodyToMono(Map.class)
        .block(Duration.ofMillis(limitOf(url)));
  }

  private static void byVertx(String url) throws Exception {
    WebClient.create(Vertx.vertx())
        .getAbs(url)
        .timeout(limitOf(url))
        .send()
        .toCompletionStage()
        .toCompletableFuture()
        .get();
  }

  private static void byJersey(String url) {
    ClientBuilder.newBuilder()
        .readTimeout(limitOf(url), TimeUnit.MILLISECONDS)
        .build()
        .target(url)
        .request()
        .get(String.class);
  }

  private static void byJetty(String url) throws Exception {
    HttpClient client = new HttpClient();
    client.start();
    client.newRequest(url).timeout(limitOf(url), TimeUnit.MILLISECONDS).send();
  }

  private static void byAsyncHttp(String url) throws Exception {
    var config = Dsl.config().setRequestTimeout(Duration.ofMillis(limitOf(url))).setMaxRequestRetry(0);
    Dsl.asyncHttpClient(config).prepareGet(url).execute().get();
  }

  /** An API for Retrofit. */
  public interface Shop {
    @GET("{path}")
    Call<Map<String, Integer>> order(@Path("path") String path);
  }

  private static void byRetrofit(String path) throws Exception {
    var builder = new Retrofit.Builder().baseUrl(Peers.url("http", "/"));
    var call = builder.addConverterFactory(MoshiConverterFactory.create()).build().create(Shop.class).order(path);
    call.timeout().timeout(limitOf(path), TimeUnit.MILLISECONDS);
    call.execute();
  }

  static <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C aws(B builder) {
    return builder
        .endpointOverride(URI.create(Peers.url("aws", "/")))
        .region(Region.EU_CENTRAL_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("id", "secret")))
        .httpClient(UrlConnectionHttpClient.create())
        .overrideConfiguration(o -> o.retryStrategy(b -> b.maxAttempts(1)))
        .build();
  }

  private static void bySecrets(String error) {
    aws(SecretsManagerClient.builder()).getSecretValue(r -> r.secretId(error));
  }

  private static void bySns(String error) {
    aws(SnsClient.builder()).publish(r -> r.topicArn("arn:aws:sns:eu-central-1:1:" + error).message("1"));
  }

  private static void byS3(String error) {
    aws(S3Client.builder().forcePathStyle(true)).getObjectAsBytes(r -> r.bucket("shop").key(error));
  }

  private static void byBlob(String error) {
    new BlobServiceClientBuilder()
        .endpoint(Peers.url("api", "/shop"))
        .credential(new StorageSharedKeyCredential("shop", "c2VjcmV0"))
        .retryOptions(new RequestRetryOptions(RetryPolicyType.FIXED, 1, 5, null, null, null))
        .buildClient()
        .getBlobContainerClient("fail_azure_" + error)
        .getProperties();
  }

  private static void byStorage(String error) {
    StorageOptions.newBuilder()
        .setHost(Peers.url("api", ""))
        .setProjectId("shop")
        .setCredentials(NoCredentials.getInstance())
        .setRetrySettings(com.google.cloud.ServiceOptions.getNoRetrySettings())
        .build()
        .getService()
        .get("fail_google_" + error);
  }

  private static void byMinio(String peer, String error) throws Exception {
    MinioClient.builder()
        .endpoint(Peers.url(peer, ""))
        .region("x")
        .credentials("id", "secret")
        .build()
        .getObject(io.minio.GetObjectArgs.builder().bucket("shop").object(error).build());
  }

  private static void bySlack(String peer, String path) throws Exception {
    SlackConfig config = new SlackConfig();
    config.setMethodsEndpointUrlPrefix(Peers.url(peer, path + "/"));
    Slack.getInstance(config).methods("x").authTest(r -> r);
  }

  private static void byLdap(String peer) throws Exception {
    LDAPConnectionOptions options = new LDAPConnectionOptions();
    options.setConnectTimeoutMillis(LONG_MS);
    options.setResponseTimeoutMillis(peer.equals("silent") ? SHORT_MS : LONG_MS);
    new LDAPConnection(options, Peers.HOST, Peers.port(peer)).bind("cn=app", "x");
  }

  private static void byFtp(String peer) throws Exception {
    FTPClient client = new FTPClient();
    client.setConnectTimeout(SHORT_MS);
    client.setDefaultTimeout(SHORT_MS);
    client.connect(Peers.HOST, Peers.port(peer));
  }

  private static void byJsch(String peer) throws Exception {
    var session = new JSch().getSession("app", Peers.HOST, Peers.port(peer));
    session.setPassword("x");
    session.connect(SHORT_MS);
  }

  private static void bySshj(String peer) throws Exception {
    var client = new net.schmizz.sshj.SSHClient();
    client.setConnectTimeout(SHORT_MS);
    client.setTimeout(SHORT_MS);
    client.connect(Peers.HOST, Peers.port(peer));
  }

  private static void login(String user, String password) {
    var users = new InMemoryUserDetailsManager(User.withUsername("app").password("{noop}right").build());
    new ProviderManager(new DaoAuthenticationProvider(users))
        .authenticate(new UsernamePasswordAuthenticationToken(user, password));
  }

  private static HmacKey key(char fill) {
    return new HmacKey(String.valueOf(fill).repeat(40).getBytes(StandardCharsets.UTF_8));
  }

  private static void byJose(float minutesLeft, char fill) throws Exception {
    var claims = new org.jose4j.jwt.JwtClaims();
    claims.setExpirationTimeMinutesInTheFuture(minutesLeft);
    var signature = new org.jose4j.jws.JsonWebSignature();
    signature.setPayload(claims.toJson());
    signature.setKey(key('k'));
    signature.setAlgorithmHeaderValue("HS256");
    new JwtConsumerBuilder()
        .setVerificationKey(key(fill))
        .build()
        .processToClaims(signature.getCompactSerialization());
  }

  private static void byJasypt() {
    BasicTextEncryptor encryptor = new BasicTextEncryptor();
    encryptor.setPassword("x");
    encryptor.decrypt("eA==");
  }

  private static void byThymeleaf(String text) {
    new TemplateEngine().process(text, new Context());
  }

  private static void byPebble(String text) throws Exception {
    new PebbleEngine.Builder()
        .loader(new StringLoader())
        .strictVariables(true)
        .build()
        .getTemplate(text)
        .evaluate(new StringWriter());
  }

  private static void byFreemarker(String text) throws Exception {
    var configuration = new freemarker.template.Configuration(freemarker.template.Configuration.VERSION_2_3_34);
    configuration.setLogTemplateExceptions(false);
    new freemarker.template.Template("order", text, configuration).process(Map.of(), new StringWriter());
  }

  private static void byVelocity(String text) {
    new VelocityEngine().evaluate(new VelocityContext(), new StringWriter(), "order", text);
  }

  HeldOut() {
    String mybatis = "mybatis 3.5.19";
    add("mybatis: refused", mybatis, NET, () -> byMybatis("closed", "SELECT 1"));
    add("mybatis: a duplicate", mybatis, INVALID, () -> byMybatis("postgres", "fail_23505"));
    add("mybatis: a missing table", mybatis, WRONG, () -> byMybatis("postgres", "fail_42P01"));
    add("mybatis: too slow", mybatis, TIME, () -> byMybatis("postgres", "fail_57014"));
    every("jooq", "jooq 3.19.39", state -> byJooq("postgres", "fail_" + state), "23502", INVALID, "40P01", UNKNOWN, "42601", WRONG, "42501", AUTH);
    String jdbi = "jdbi3-core 3.55.0";
    add("jdbi: refused", jdbi, NET, () -> byJdbi("closed", "app", "SELECT 1"));
    add("jdbi: a wrong password", jdbi, AUTH, () -> byJdbi("postgres", "fail_28P01", "SELECT 1"));
    add("jdbi: a duplicate", jdbi, INVALID, () -> byJdbi("postgres", "app", "fail_23505"));
    add("oracle: refused", "ojdbc11 23.7.0.25.01", NET, () -> byOracle("closed"));
    String tomcat = "tomcat-jdbc 11.0.27";
    add("tomcat pool: refused", tomcat, NET, () -> byTomcatPool("closed", false));
    add("tomcat pool: full", tomcat, FULL, () -> byTomcatPool("postgres", true));
    String redisson = "redisson 3.45.1";
    add("redisson: refused", redisson, NET, () -> byRedisson("closed", null));
    add("redisson: a wrong password", redisson, AUTH, () -> byRedisson("lockedRedis", "x"));
    add("redisson: full memory", redisson, FULL, () -> byRedisson("fullRedis", null));
    add("redisson: no answer", redisson, TIME, () -> byRedisson("silent", null));
    String rabbit = "spring-rabbit 4.1.2";
    add("spring-rabbit: refused", rabbit, NET, () -> byRabbit("closed", "app", "orders"));
    add("spring-rabbit: a wrong password", rabbit, AUTH, () -> byRabbit("amqp", "fail_403", "orders"));
    add("spring-rabbit: a missing queue", rabbit, UNKNOWN, () -> byRabbit("amqp", "app", "fail_404"));
    add("spring-rabbit: the broker stops", rabbit, NET, () -> byRabbit("amqp", "app", "fail_320"));
    add("artemis: refused", "artemis-jakarta-client 2.40.0", NET, () -> byArtemis("closed"));
    add("qpid: refused", "qpid-jms-client 2.7.0", NET, () -> byQpid("closed"));
    String webflux = "spring-webflux 7.0.10";
    every("webflux", webflux, path -> byWebflux(Peers.url("http", path)), "/status/401", AUTH, "/status/429", FULL, "/status/503", WEB, "/hang", TIME, "/close", NET, "/half-json", INVALID);
    add("webflux: refused", webflux, NET, () -> byWebflux(Peers.url("closed", "/")));
    String vertx = "vertx-web-client 5.0.7";
    every("vertx", vertx, path -> byVertx(Peers.url("http", path)), "/hang", TIME, "/close", NET);
    add("vertx: refused", vertx, NET, () -> byVertx(Peers.url("closed", "/")));
    String jersey = "jersey-client 4.0.2";
    every("jersey", jersey, path -> byJersey(Peers.url("http", path)), "/status/403", AUTH, "/status/404", WEB, "/status/503", WEB, "/hang", TIME);
    add("jersey: refused", jersey, NET, () -> byJersey(Peers.url("closed", "/")));
    String jetty = "jetty-client 12.1.14";
    every("jetty", jetty, path -> byJetty(Peers.url("http", path)), "/hang", TIME, "/close", NET);
    add("jetty: refused", jetty, NET, () -> byJetty(Peers.url("closed", "/")));
    String asyncHttp = "async-http-client 3.0.1";
    every("async-http-client", asyncHttp, path -> byAsyncHttp(Peers.url("http", path)), "/hang", TIME, "/close", NET);
    add("async-http-client: refused", asyncHttp, NET, () -> byAsyncHttp(Peers.url("closed", "/")));
    every("retrofit", "retrofit 3.0.0", HeldOut::byRetrofit, "wrong-json", INVALID, "hang", TIME);
    every("secrets manager", "software.amazon.awssdk:secretsmanager 2.57.8", HeldOut::bySecrets, "AccessDeniedException", AUTH, "DecryptionFailure", AUTH, "InternalServiceError", WEB);
    every("sns", "software.amazon.awssdk:sns 2.57.8", HeldOut::bySns, "AuthorizationError", AUTH, "InvalidParameter", INVALID, "Throttled", FULL);
    every("s3", "software.amazon.awssdk:s3 2.57.8", HeldOut::byS3, "AccessDenied", AUTH, "NoSuchKey", WEB, "SlowDown", FULL);
    every("azure blob", "azure-storage-blob 12.35.0", HeldOut::byBlob, "role", AUTH, "container", WEB, "busy", FULL);
    every("google storage", "google-cloud-storage 2.63.0", HeldOut::byStorage, "access", AUTH, "rate", FULL, "backend", WEB);
    String minio = "minio 8.5.17";
    every("minio", minio, error -> byMinio("aws", error), "AccessDenied", AUTH, "NoSuchBucket", WEB, "SlowDown", FULL);
    add("minio: refused", minio, NET, () -> byMinio("closed", "x"));
    String slack = "slack-api-client 1.45.3";
    every("slack", slack, path -> bySlack("http", path), "/status/429", FULL, "/status/503", WEB);
    add("slack: refused", slack, NET, () -> bySlack("closed", ""));
    String ldap = "unboundid-ldapsdk 7.0.2";
    add("ldap: refused", ldap, NET, () -> byLdap("closed"));
    add("ldap: a wrong password", ldap, AUTH, () -> byLdap("ldap"));
    add("ldap: no answer", ldap, TIME, () -> byLdap("silent"));
    add("ftp: no greeting", "commons-net 3.11.1", TIME, () -> byFtp("silent"));
    add("jsch: refused", "jsch 2.28.8", NET, () -> byJsch("closed"));
    add("jsch: no answer", "jsch 2.28.8", TIME, () -> byJsch("silent"));
    add("sshj: refused", "sshj 0.39.0", NET, () -> bySshj("closed"));
    String security = "spring-security-core 7.1.2";
    add("spring-security: a wrong password", security, AUTH, () -> login("app", "wrong"));
    String jose = "jose4j 0.9.6";
    add("jose4j: expired", jose, AUTH, () -> byJose(-60, 'k'));
    add("jose4j: a wrong signature", jose, AUTH, () -> byJose(60, 'x'));
    add("jasypt: not encrypted", "jasypt 1.9.3", UNKNOWN, HeldOut::byJasypt);
    add("thymeleaf: an unknown name", "thymeleaf 3.1.6.RELEASE", WRONG, () -> byThymeleaf("<p th:text=\"${order.id}\"/>"));
    add("pebble: an unknown name", "pebble 3.2.4", WRONG, () -> byPebble("{{ order.id }}"));
    add("freemarker: an unknown name", "freemarker 2.3.35", WRONG, () -> byFreemarker("${order.id}"));
    add("freemarker: an open tag", "freemarker 2.3.35", WRONG, () -> byFreemarker("<#if a>"));
    add("velocity: an open tag", "velocity-engine-core 2.4.1", WRONG, () -> byVelocity("#if($a)"));
    add("handlebars: an open tag", "handlebars 4.4.0", WRONG, () -> new Handlebars().compileInline("{{#if a}}"));
    add("reactor: too slow", "reactor-core 3.8.8", TIME, () -> Mono.never().timeout(SHORT).block());
    add("rxjava: too slow", "rxjava 3.1.10", TIME, () -> Observable.never().timeout(SHORT_MS, TimeUnit.MILLISECONDS).blockingFirst());
    add("moshi: a wrong type", "moshi 1.15.2", INVALID, () -> new Moshi.Builder().build().adapter(Integer.class).fromJson("\"x\""));
    add("fastjson: cut off", "fastjson2 2.0.57", INVALID, () -> JSON.parseObject("{\"id\": "));
    add("org.json: cut off", "json 20250107", INVALID, () -> new JSONObject("{\"id\": "));
    add("org.json: a missing field", "json 20250107", INVALID, () -> new JSONObject("{}").getInt("id"));
    add("jackson-dataformat-xml: an open tag", "jackson-dataformat-xml 2.23.0", INVALID, () -> new XmlMapper().readValue("<order><id>1</order>", Map.class));
    add("kryo: cut off", "kryo 5.6.2", INVALID, () -> new Kryo().readObject(new Input(new byte[] {2}), String.class));
    add("xstream: an open tag", "xstream 1.4.21", INVALID, () -> new XStream().fromXML("<string>a"));
    add("opencsv: a wrong type", "opencsv 5.12.0", INVALID, () -> new CsvToBeanBuilder<Order>(new StringReader("id\nx\n")).withType(Order.class).build().parse());
    add("json-path: a missing field", "json-path 2.9.0", INVALID, () -> JsonPath.read("{}", "$.id"));
    add("poi: not a sheet", "poi-ooxml 5.5.1", INVALID, () -> WorkbookFactory.create(new ByteArrayInputStream(new byte[] {120})));
    add("pdfbox: cut off", "pdfbox 3.0.8", INVALID, () -> Loader.loadPDF("%PDF-".getBytes(StandardCharsets.UTF_8)));
    add("libphonenumber: not a number", "libphonenumber 8.13.55", INVALID, () -> PhoneNumberUtil.getInstance().parse("x", "DE"));
    add("joda-time: not a date", "joda-time 2.15.1", INVALID, () -> DateTime.parse("soon"));
  }
}
