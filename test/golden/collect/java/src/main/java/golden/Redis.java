package golden;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/** Clients of Redis. */
final class Redis {
  static final Map<String, Failing> CASES = new LinkedHashMap<>();

  private static void byJedis(String peer, String user, String password, Consumer<Jedis> act) {
    var config =
        DefaultJedisClientConfig.builder()
            .connectionTimeoutMillis(200)
            .socketTimeoutMillis(200)
            .user(user)
            .password(password)
            .build();
    try (Jedis jedis = new Jedis(new HostAndPort(Peers.HOST, Peers.port(peer)), config)) {
      act.accept(jedis);
    }
  }

  private static void byLettuce(String peer, String password, Consumer<RedisCommands<String, String>> act) {
    RedisURI where = RedisURI.create(Peers.HOST, Peers.port(peer));
    where.setTimeout(Duration.ofMillis(200));
    if (password != null) where.setCredentialsProvider(io.lettuce.core.RedisCredentialsProvider.from(() -> io.lettuce.core.RedisCredentials.just(null, password)));
    RedisClient client = RedisClient.create(where);
    client.setOptions(
        ClientOptions.builder()
            .autoReconnect(false)
            .socketOptions(SocketOptions.builder().connectTimeout(Duration.ofMillis(200)).build())
            .build());
    try (var connection = client.connect()) {
      act.accept(connection.sync());
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofMillis(100));
    }
  }

  private static void jedis(String name, String reason, Failing.Act act) {
    CASES.put("jedis: " + name, new Failing("jedis 8.0.2", reason, act));
  }

  private static void lettuce(String name, String reason, Failing.Act act) {
    CASES.put("lettuce: " + name, new Failing("lettuce-core 7.7.0", reason, act));
  }

  static {
    jedis("refused", "NETWORK_ERROR", () -> byJedis("closed", null, null, j -> j.get("a")));
    jedis("hung up", "NETWORK_ERROR", () -> byJedis("hangsUp", null, null, j -> j.get("a")));
    jedis("reading too slow", "TIMEOUT", () -> byJedis("silent", null, null, j -> j.get("a")));
    jedis("connecting too slow", "TIMEOUT", () -> byJedis("stalled", null, null, j -> j.get("a")));
    jedis("another protocol", "NETWORK_ERROR", () -> byJedis("foreign", null, null, j -> j.get("a")));
    jedis("no password", "AUTHENTICATION_ERROR", () -> byJedis("lockedRedis", null, null, j -> j.get("a")));
    jedis("a wrong password", "AUTHENTICATION_ERROR", () -> byJedis("lockedRedis", null, "wrong", j -> j.get("a")));
    jedis("not permitted", "AUTHENTICATION_ERROR", () -> byJedis("lockedRedis", "reader", "secret", j -> j.set("a", "1")));
    jedis("out of memory", "RESOURCE_EXHAUSTED", () -> byJedis("fullRedis", null, null, j -> j.set("a", "1")));
    jedis("a wrong kind of key", "EXECUTION_FAILED", () -> byJedis("openRedis", null, null, j -> {
      j.del("list");
      j.rpush("list", "1");
      j.get("list");
    }));
    jedis("no such script", "EXECUTION_FAILED", () -> byJedis("openRedis", null, null, j -> j.evalsha("0".repeat(40))));
    jedis("a replica asked to write", "UNKNOWN_ERROR", () -> byJedis("replicaRedis", null, null, j -> j.set("a", "1")));
    lettuce("refused", "NETWORK_ERROR", () -> byLettuce("closed", null, c -> c.get("a")));
    lettuce("too slow", "TIMEOUT", () -> byLettuce("openRedis", null, c -> c.blpop(2, "none")));
    lettuce("no answer to the handshake", "TIMEOUT", () -> byLettuce("silent", null, c -> c.get("a")));
    lettuce("connecting too slow", "TIMEOUT", () -> byLettuce("stalled", null, c -> c.get("a")));
    lettuce("hung up", "NETWORK_ERROR", () -> byLettuce("hangsUp", null, c -> c.get("a")));
    lettuce("a wrong password", "AUTHENTICATION_ERROR", () -> byLettuce("lockedRedis", "wrong", c -> c.get("a")));
    lettuce("out of memory", "RESOURCE_EXHAUSTED", () -> byLettuce("fullRedis", null, c -> c.set("a", "1")));
    lettuce("a replica whose primary is down", "NETWORK_ERROR", () -> byLettuce("replicaRedis", null, c -> c.get("a")));
  }

  private Redis() {}
}
