package golden;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.source.ImmutableSecret;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Date;
import kong.unirest.core.Unirest;
import kong.unirest.core.UnirestInstance;
import net.spy.memcached.ConnectionFactoryBuilder;
import net.spy.memcached.MemcachedClient;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.dbcp2.BasicDataSource;
import org.apache.http.HttpHost;
import org.elasticsearch.client.Request;
import org.elasticsearch.client.RestClient;
import org.msgpack.core.MessagePack;

/** More of the blind set, until a newer set was collected the held-out set. */
final class Blind2 extends Cases {
  private static void byUnirest(String url) {
    try (UnirestInstance client = Unirest.spawnInstance()) {
      client.config().requestTimeout(url.endsWith("hang") ? SHORT_MS : 5000);
      client.get(url).asString().getBody();
    }
  }

  private static void byMemcached(String peer) throws Exception {
    var factory = new ConnectionFactoryBuilder().setOpTimeout(SHORT_MS).build();
    var address = new java.net.InetSocketAddress(Peers.HOST, Peers.port(peer));
    new MemcachedClient(factory, java.util.List.of(address)).get("a");
  }

  private static void byHsql(String name, String sql) throws Exception {
    besideOrders("jdbc:hsqldb:mem:" + name + ";user=SA;password=", sql);
  }

  private static void byDbcp(String peer, String user, boolean full) throws Exception {
    try (BasicDataSource source = new BasicDataSource()) {
      source.setUrl("jdbc:postgresql://127.0.0.1:" + Peers.port(peer) + "/shop?sslmode=disable");
      source.setUsername(user);
      source.setPassword("x");
      source.setMaxTotal(1);
      source.setMaxWait(Duration.ofMillis(1000));
      source.getConnection();
      if (full) source.getConnection();
    }
  }

  private static void byActive(String peer) throws Exception {
    String url = "tcp://127.0.0.1:" + Peers.port(peer) + "?soTimeout=300&connectionTimeout=300&wireFormat.maxInactivityDuration=300";
    var connection = new ActiveMQConnectionFactory(url).createConnection();
    connection.start();
  }

  private static void byElastic(String peer, String path) throws Exception {
    try (RestClient client =
        RestClient.builder(new HttpHost(Peers.HOST, Peers.port(peer), "http"))
            .setRequestConfigCallback(c -> c.setSocketTimeout(path.endsWith("hang") ? SHORT_MS : 5000))
            .build()) {
      client.performRequest(new Request("GET", path));
    }
  }

  static byte[] key(char fill) {
    return String.valueOf(fill).repeat(40).getBytes(StandardCharsets.UTF_8);
  }

  static String token(int secondsLeft) throws Exception {
    Date end = new Date(System.currentTimeMillis() + 1000L * secondsLeft);
    JWTClaimsSet claims = new JWTClaimsSet.Builder().subject("1").expirationTime(end).build();
    SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
    token.sign(new MACSigner(key('k')));
    return token.serialize();
  }

  private static void byNimbus(int secondsLeft, char fill) throws Exception {
    var processor = new DefaultJWTProcessor<SecurityContext>();
    var secret = new ImmutableSecret<SecurityContext>(key(fill));
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.HS256, secret));
    processor.process(token(secondsLeft), null);
  }

  Blind2() {
    String unirest = "unirest-java-core 4.10.1";
    add("unirest: refused", unirest, NET, () -> byUnirest(Peers.url("closed", "/")));
    add("unirest: no answer", unirest, TIME, () -> byUnirest(Peers.url("http", "/hang")));
    add("unirest: hung up", unirest, NET, () -> byUnirest(Peers.url("http", "/close")));
    String memcached = "spymemcached 2.12.3";
    add("spymemcached: no answer", memcached, TIME, () -> byMemcached("silent"));
    String sqlite = "sqlite-jdbc 3.54.1.0";
    add("sqlite: a duplicate", sqlite, INVALID, () -> besideOrders("jdbc:sqlite::memory:", "INSERT INTO orders VALUES (1, 'b')"));
    add("sqlite: a null", sqlite, INVALID, () -> besideOrders("jdbc:sqlite::memory:", "INSERT INTO orders VALUES (2, NULL)"));
    add("sqlite: a missing table", sqlite, WRONG, () -> besideOrders("jdbc:sqlite::memory:", "SELECT * FROM customers"));
    add("sqlite: invalid SQL", sqlite, WRONG, () -> besideOrders("jdbc:sqlite::memory:", "SELCT 1"));
    String hsql = "hsqldb 2.7.4";
    add("hsqldb: a duplicate", hsql, INVALID, () -> byHsql("a", "INSERT INTO orders VALUES (1, 'b')"));
    add("hsqldb: a null", hsql, INVALID, () -> byHsql("b", "INSERT INTO orders VALUES (2, NULL)"));
    add("hsqldb: too long", hsql, INVALID, () -> byHsql("c", "INSERT INTO orders VALUES (2, 'abcd')"));
    add("hsqldb: a missing table", hsql, WRONG, () -> byHsql("d", "SELECT * FROM customers"));
    String dbcp = "commons-dbcp2 2.14.0";
    add("dbcp: refused", dbcp, NET, () -> byDbcp("closed", "app", false));
    add("dbcp: a wrong password", dbcp, AUTH, () -> byDbcp("postgres", "fail_28P01", false));
    add("dbcp: full", dbcp, FULL, () -> byDbcp("postgres", "app", true));
    String active = "activemq-client 6.3.1";
    add("activemq: refused", active, NET, () -> byActive("closed"));
    add("activemq: hung up", active, NET, () -> byActive("hangsUp"));
    String elastic = "elasticsearch-rest-client 9.5.6";
    add("elasticsearch: refused", elastic, NET, () -> byElastic("closed", "/"));
    add("elasticsearch: no answer", elastic, TIME, () -> byElastic("http", "/hang"));
    add("elasticsearch: hung up", elastic, NET, () -> byElastic("http", "/close"));
    add("elasticsearch: 401", elastic, AUTH, () -> byElastic("http", "/status/401"));
    add("elasticsearch: 429", elastic, FULL, () -> byElastic("http", "/status/429"));
    add("elasticsearch: 503", elastic, WEB, () -> byElastic("http", "/status/503"));
    String nimbus = "nimbus-jose-jwt 10.10";
    add("nimbus: expired", nimbus, AUTH, () -> byNimbus(-3600, 'k'));
    add("nimbus: a wrong signature", nimbus, AUTH, () -> byNimbus(3600, 'x'));
    add("nimbus: not a token", nimbus, AUTH, () -> SignedJWT.parse("x.y"));
    add("commons-csv: an open quote", "commons-csv 1.14.1", INVALID, () -> CSVFormat.DEFAULT.parse(new java.io.StringReader("a,\"b\n")).getRecords());
    add("msgpack: a wrong type", "msgpack-core 0.9.12", INVALID, () -> MessagePack.newDefaultUnpacker(new byte[] {1}).unpackString());
    add("msgpack: cut off", "msgpack-core 0.9.12", INVALID, () -> MessagePack.newDefaultUnpacker(new byte[] {(byte) 0xa5, 65}).unpackString());
  }
}
