package golden;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.Validation;
import jakarta.validation.constraints.NotBlank;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hibernate.validator.messageinterpolation.ParameterMessageInterpolator;

/** Parsers and validators of other libraries. */
final class Parsers {
  static final Map<String, Failing> CASES = new LinkedHashMap<>();

  public static final class Order {
    public int id;
    @NotBlank public String email;
  }

  public static final class Closed {
    private final int hidden = 1;
  }

  private static void add(String name, String library, String reason, Failing.Act act) {
    CASES.put(name, new Failing(library, reason, act));
  }

  private static void byJackson(String text) throws Exception {
    new ObjectMapper().readValue(text, Order.class);
  }

  private static void validate() {
    var factory =
        Validation.byDefaultProvider()
            .configure()
            .messageInterpolator(new ParameterMessageInterpolator())
            .buildValidatorFactory();
    var found = factory.getValidator().validate(new Order());
    if (!found.isEmpty()) throw new ConstraintViolationException(found);
  }

  static {
    String jackson = "jackson-databind 2.23.0";
    add("jackson: HTML", jackson, "VALIDATION_FAILED", () -> byJackson("<html>"));
    add("jackson: empty", jackson, "VALIDATION_FAILED", () -> byJackson(""));
    add("jackson: cut off", jackson, "VALIDATION_FAILED", () -> byJackson("{\"id\": 5"));
    add("jackson: a wrong type", jackson, "VALIDATION_FAILED", () -> byJackson("{\"id\": \"five\"}"));
    add("jackson: an unknown field", jackson, "VALIDATION_FAILED", () -> byJackson("{\"nr\": 5}"));
    add("jackson: a class without properties", jackson, "EXECUTION_FAILED", () -> new ObjectMapper().writeValueAsString(new Closed()));
    add("bean validation: a blank", "hibernate-validator 9.1.6", "VALIDATION_FAILED", Parsers::validate);
    String jwt = "java-jwt 4.6.2";
    Algorithm key = Algorithm.HMAC256("key");
    add("jwt: expired", jwt, "AUTHENTICATION_ERROR", () -> JWT.require(key).build().verify(JWT.create().withExpiresAt(Instant.EPOCH).sign(key)));
    add("jwt: another key", jwt, "AUTHENTICATION_ERROR", () -> JWT.require(key).build().verify(JWT.create().sign(Algorithm.HMAC256("other"))));
    add("jwt: malformed", jwt, "AUTHENTICATION_ERROR", () -> JWT.decode("abc"));
  }

  private Parsers() {}
}
