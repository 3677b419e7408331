package io.dlqservice.dlq.internal;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Hides the values of secrets in the query of a request, by the rule of all clients. */
public final class ShownQuery {
  private static final Pattern PARAMETER = Pattern.compile("[^&;]+");

  /** Matches plain names of parameters. */
  private static final Pattern SECRET_NAME =
      Pattern.compile(
          "token|passw|passphrase|pwd|secret|credential|apikey|accesskey|privatekey|subscriptionkey"
              + "|signature|assertion|authorization|bearer|session"
              + "|^(?:auth|code|jwt|key|otp|pin|sid|sig|state)$");

  /** A JSON Web Token, whatever its name is. */
  private static final Pattern TOKEN = Pattern.compile("eyJ[^.]*\\.[^.]*\\.");

  private final Set<String> secrets;

  /**
   * @param secrets more names of secret parameters
   */
  public ShownQuery(Collection<String> secrets) {
    this.secrets = secrets.stream().map(ShownQuery::plain).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Returns the query with the values of secrets hidden.
   *
   * @param query null for none
   */
  public String of(String query) {
    return query == null ? "" : PARAMETER.matcher(query).replaceAll(this::shown);
  }

  private String shown(MatchResult parameter) {
    String text = parameter.group();
    int equals = text.indexOf('=');
    boolean isSecret =
        equals >= 0
            && (isSecretName(text.substring(0, equals))
                || TOKEN.matcher(text.substring(equals)).find());
    return Matcher.quoteReplacement(isSecret ? text.substring(0, equals) + "=[hidden]" : text);
  }

  private boolean isSecretName(String encoded) {
    String name = plain(decoded(encoded));
    return SECRET_NAME.matcher(name).find() || secrets.contains(name);
  }

  private static String decoded(String name) {
    try {
      return URLDecoder.decode(name, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return name;
    }
  }

  /** Returns the ASCII letters and digits of a name in lower case. */
  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }
}
