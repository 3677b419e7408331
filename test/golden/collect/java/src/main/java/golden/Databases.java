package golden;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bson.Document;

/** Clients of databases. */
final class Databases {
  static final Map<String, Failing> CASES = new LinkedHashMap<>();

  private static final String PG = "postgresql 42.7.14";
  private static final String MYSQL = "mysql-connector-j 9.7.0";
  private static final String HIKARI = "HikariCP 7.1.0";

  private static void add(String name, String library, String reason, Failing.Act act) {
    CASES.put(name, new Failing(library, reason, act));
  }

  private static String pgUrl(String peer) {
    return "jdbc:postgresql://127.0.0.1:" + Peers.port(peer) + "/shop?sslmode=disable&connectTimeout=1&loginTimeout=1&socketTimeout=1";
  }

  private static void byPg(String peer, String user, String sql) throws Exception {
    try (Connection connection = DriverManager.getConnection(pgUrl(peer), user, "x")) {
      connection.createStatement().execute(sql);
    }
  }

  private static void byMysql(String peer, String user) throws Exception {
    String where = "jdbc:mysql://127.0.0.1:" + Peers.port(peer) + "/shop?connectTimeout=200&socketTimeout=200&sslMode=DISABLED";
    DriverManager.getConnection(where, user, "x").close();
  }

  private static void byHikari(String peer, boolean full) throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(pgUrl(peer));
    config.setUsername("app");
    config.setMaximumPoolSize(1);
    config.setConnectionTimeout(300);
    config.setInitializationFailTimeout(-1);
    try (HikariDataSource source = new HikariDataSource(config)) {
      try (Connection first = source.getConnection();
          Connection second = full ? source.getConnection() : first) {
        second.createStatement();
      }
    }
  }

  private static void byMongo(String peer) {
    String where = "mongodb://127.0.0.1:" + Peers.port(peer) + "/?serverSelectionTimeoutMS=300";
    try (MongoClient client = MongoClients.create(where)) {
      client.getDatabase("shop").runCommand(new Document("ping", 1));
    }
  }

  static {
    Map<String, String> states = new LinkedHashMap<>();
    states.put("22P02", "VALIDATION_FAILED");
    states.put("22001", "VALIDATION_FAILED");
    states.put("23502", "VALIDATION_FAILED");
    states.put("23505", "VALIDATION_FAILED");
    states.put("25006", "UNKNOWN_ERROR");
    states.put("40001", "UNKNOWN_ERROR");
    states.put("40P01", "UNKNOWN_ERROR");
    states.put("42501", "AUTHENTICATION_ERROR");
    states.put("42601", "EXECUTION_FAILED");
    states.put("42P01", "EXECUTION_FAILED");
    states.put("53100", "RESOURCE_EXHAUSTED");
    states.put("55P03", "TIMEOUT");
    states.put("57014", "TIMEOUT");
    states.put("57P01", "NETWORK_ERROR");
    states.forEach(
        (state, reason) ->
            add("pg: error " + state, PG, reason, () -> byPg("postgres", "app", "SELECT 'fail_" + state + "'")));
    add("pg: refused", PG, "NETWORK_ERROR", () -> byPg("closed", "app", ""));
    add("pg: hung up", PG, "NETWORK_ERROR", () -> byPg("hangsUp", "app", ""));
    add("pg: another protocol", PG, "NETWORK_ERROR", () -> byPg("foreign", "app", ""));
    add("pg: no answer", PG, "TIMEOUT", () -> byPg("silent", "app", ""));
    add("pg: a wrong password", PG, "AUTHENTICATION_ERROR", () -> byPg("postgres", "fail_28P01", ""));
    add("pg: too many clients", PG, "RESOURCE_EXHAUSTED", () -> byPg("postgres", "fail_53300", ""));
    add("pg: no such database", PG, "EXECUTION_FAILED", () -> byPg("postgres", "fail_3D000", ""));
    add("pg: starting up", PG, "NETWORK_ERROR", () -> byPg("postgres", "fail_57P03", ""));
    add("jdbc: no driver", "java 17", "EXECUTION_FAILED", () -> DriverManager.getConnection("jdbc:oracle:shop"));
    add("mysql: refused", MYSQL, "NETWORK_ERROR", () -> byMysql("closed", "app"));
    add("mysql: no answer", MYSQL, "TIMEOUT", () -> byMysql("silent", "app"));
    add("mysql: a wrong password", MYSQL, "AUTHENTICATION_ERROR", () -> byMysql("mysql", "fail_1045"));
    add("mysql: too many connections", MYSQL, "RESOURCE_EXHAUSTED", () -> byMysql("mysql", "fail_1040"));
    add("mysql: no such database", MYSQL, "EXECUTION_FAILED", () -> byMysql("mysql", "fail_1049"));
    add("hikari: a full pool", HIKARI, "RESOURCE_EXHAUSTED", () -> byHikari("postgres", true));
    add("hikari: a database that is down", HIKARI, "NETWORK_ERROR", () -> byHikari("closed", false));
    add("mongodb: refused", "mongodb-driver-sync 5.14.0", "NETWORK_ERROR", () -> byMongo("closed"));
    add("mongodb: no answer", "mongodb-driver-sync 5.14.0", "TIMEOUT", () -> byMongo("silent"));
  }

  private Databases() {}
}
