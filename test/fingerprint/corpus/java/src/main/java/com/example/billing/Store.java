package com.example.billing;

import static com.example.billing.Draw.port;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/** Keeps orders. */
final class Store {
  private static void execute(Connection db, String sql, Object... values) throws SQLException {
    try (var statement = db.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) statement.setObject(i + 1, values[i]);
      statement.execute();
    }
  }

  private static Connection postgres(String options) throws SQLException {
    return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port("POSTGRES") + "/postgres" + options, "app", "");
  }

  void insertOrder(int id, int customer, Object total, Object currency) throws SQLException {
    try (var db = postgres("?stringtype=unspecified")) {
      execute(db, "insert into orders (id, customer_id, total, currency) values (?, ?, ?, ?)", id, customer, total, currency);
    }
  }

  void insertCustomer(int id, String email, String name) throws SQLException {
    try (var db = postgres("")) {
      execute(db, "insert into customers values (?, ?, ?)", id, email, name);
    }
  }

  void find(String table, int id) throws SQLException {
    try (var db = postgres("")) {
      execute(db, "select * from " + table + " where id = ?", id);
    }
  }

  void slow(Draw draw) throws SQLException {
    try (var db = postgres("?options=-c%20statement_timeout=" + draw.waiting().toMillis() / 4)) {
      execute(db, "select pg_sleep(2)");
    }
  }

  void connect(Draw draw) throws SQLException {
    DriverManager.getConnection("jdbc:postgresql://db.internal:" + port("CLOSED") + "/shop" + draw.text("customer"), "app", "");
  }

  void byH2(String sql, Draw draw) throws SQLException {
    try (var db = DriverManager.getConnection("jdbc:h2:mem:")) {
      fill(db, draw);
      execute(db, sql, draw.order());
    }
  }

  void bySqlite(String sql, Draw draw) throws SQLException {
    try (var db = DriverManager.getConnection("jdbc:sqlite::memory:")) {
      fill(db, draw);
      execute(db, sql, draw.order());
    }
  }

  private static void fill(Connection db, Draw draw) throws SQLException {
    execute(db, "create table items (id int primary key, sku varchar(4) not null)");
    execute(db, "insert into items values (?, 'a')", draw.order());
  }

  private static Jedis jedis(Draw draw, String port) {
    var config = DefaultJedisClientConfig.builder().timeoutMillis((int) draw.waiting().toMillis()).build();
    return new Jedis(new HostAndPort("127.0.0.1", Integer.parseInt(port)), config);
  }

  void push(Draw draw, String port) {
    try (var cache = jedis(draw, port)) {
      cache.set("cart:" + draw.order(), "x");
      cache.lpush("cart:" + draw.order(), "1");
    }
  }

  void count(Draw draw, String port) {
    try (var cache = jedis(draw, port)) {
      cache.set("visits:" + draw.text("uuid"), draw.text("word"));
      cache.incr("visits:" + draw.text("uuid"));
    }
  }

  Map<String, Draw.Work> cases() {
    Map<String, Draw.Work> cases = new LinkedHashMap<>();
    cases.put("order-taken", draw -> insertOrder(draw.order(), 1, 10, "EUR"));
    cases.put("order-no-customer", draw -> insertOrder(draw.order() + 100000, draw.order() + 50, 10, "EUR"));
    cases.put("order-total-null", draw -> insertOrder(draw.order() + 100000, 1, null, "EUR"));
    cases.put("order-currency-null", draw -> insertOrder(draw.order() + 100000, 1, 10, null));
    cases.put("order-total-check", draw -> insertOrder(draw.order() + 100000, 1, draw.amount(), "EUR"));
    cases.put("order-currency-long", draw -> insertOrder(draw.order() + 100000, 1, 10, draw.text("code")));
    cases.put("order-total-text", draw -> insertOrder(draw.order() + 100000, 1, draw.text("word"), "EUR"));
    cases.put("customer-taken", draw -> insertCustomer(draw.order() + 100, draw.text("email_taken"), "A"));
    cases.put("customer-name-long", draw -> insertCustomer(draw.order() + 100, draw.text("email"), draw.text("uuid")));
    cases.put("table-invoices", draw -> find("invoices", draw.order()));
    cases.put("table-payments", draw -> find("payments", draw.order()));
    cases.put("slow", this::slow);
    cases.put("postgres-refused", this::connect);
    cases.put("h2-taken", draw -> byH2("insert into items values (?, 'b')", draw));
    cases.put("h2-null", draw -> byH2("insert into items values (? + 1, null)", draw));
    cases.put("h2-long", draw -> byH2("insert into items values (?1 + 1, '" + draw.text("uuid") + "')", draw));
    cases.put("h2-no-table", draw -> byH2("select * from prices where id = ?", draw));
    cases.put("h2-no-column", draw -> byH2("select price from items where id = ?", draw));
    cases.put("sqlite-taken", draw -> bySqlite("insert into items values (?, 'b')", draw));
    cases.put("sqlite-null", draw -> bySqlite("insert into items values (? + 1, null)", draw));
    cases.put("sqlite-no-column", draw -> bySqlite("select price from items where id = ?", draw));
    cases.put("redis-type", draw -> push(draw, port("REDIS")));
    cases.put("redis-integer", draw -> count(draw, port("REDIS")));
    cases.put("redis-refused", draw -> push(draw, port("CLOSED")));
    cases.put("redis-timeout", draw -> count(draw, port("HANG")));
    cases.put("upload", draw -> Files.readString(Path.of("/data/in/" + draw.text("file"))));
    cases.put("config", draw -> Files.readString(Path.of("/etc/billing/tax.toml")));
    return cases;
  }
}
