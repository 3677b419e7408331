package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.internal.FromProto;
import io.dlqservice.dlq.testing.FakeServer;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The public API names no generated type, and only classes that users may rely on. */
class PublicApiTest {
  private static final Pattern NOT_PUBLIC =
      Pattern.compile("io\\.dlqservice\\.dlq\\.(spool\\.)?(v1|internal)\\b.*");
  private static final Pattern FORBIDDEN =
      Pattern.compile(".*(" + NOT_PUBLIC.pattern() + "|com\\.google\\.protobuf\\.).*");

  @Test
  void signaturesNameNoGeneratedType() throws Exception {
    Method generated = RetryPolicy.class.getDeclaredMethod("message");
    assertTrue(FORBIDDEN.matcher(generated.toGenericString()).matches());
    List<Class<?>> api = new ArrayList<>();
    for (Class<?> known : List.of(DlqClient.class, FakeServer.class)) api.addAll(apiNear(known));
    assertTrue(api.size() > 50, api.toString());
    List<String> wrong = new ArrayList<>();
    for (Class<?> type : api) {
      for (String signature : signaturesOf(type)) {
        if (FORBIDDEN.matcher(signature).matches()) wrong.add(signature);
      }
    }
    assertEquals(List.of(), wrong);
  }

  /** Returns the public classes of the folder that has this class. */
  private static List<Class<?>> apiNear(Class<?> known) throws Exception {
    Path root = Path.of(known.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path folder = root.resolve("io/dlqservice/dlq");
    List<Class<?>> api = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        String name = root.relativize(file).toString().replace('/', '.').replace(".class", "");
        if (NOT_PUBLIC.matcher(name).matches() || name.contains("Test")) continue;
        Class<?> type = Class.forName(name, false, known.getClassLoader());
        if (isPublic(type)) api.add(type);
      }
    }
    return api;
  }

  private static boolean isPublic(Class<?> type) {
    boolean isOpen = Modifier.isPublic(type.getModifiers());
    return isOpen && (type.getEnclosingClass() == null || isPublic(type.getEnclosingClass()));
  }

  private static List<String> signaturesOf(Class<?> type) {
    List<String> signatures = new ArrayList<>();
    signatures.add(type.toGenericString() + " extends " + type.getGenericSuperclass());
    signatures.add(type + " implements " + List.of(type.getGenericInterfaces()));
    Stream.of(type.getDeclaredMethods())
        .filter(PublicApiTest::isOpen)
        .map(Method::toGenericString)
        .forEach(signatures::add);
    Stream.of(type.getDeclaredFields())
        .filter(PublicApiTest::isOpen)
        .map(Field::toGenericString)
        .forEach(signatures::add);
    Stream.of(type.getDeclaredConstructors())
        .filter(PublicApiTest::isOpen)
        .map(Constructor::toGenericString)
        .forEach(signatures::add);
    return signatures;
  }

  private static boolean isOpen(Member member) {
    return Modifier.isPublic(member.getModifiers()) || Modifier.isProtected(member.getModifiers());
  }

  @Test
  void enumsHaveTheValuesOfTheContract() {
    assertEquals(
        bareNames("REASON_", io.dlqservice.dlq.v1.Reason.values()), names(Reason.values()));
    assertEquals(
        bareNames("MESSAGE_STATE_", io.dlqservice.dlq.v1.MessageState.values()),
        names(MessageState.values()));
    assertEquals(
        bareNames("QUARANTINE_REASON_", io.dlqservice.dlq.v1.QuarantineReason.values()),
        names(QuarantineReason.values()));
    assertEquals(Reason.UNSPECIFIED, FromProto.reason(99));
  }

  private static List<String> names(Enum<?>[] values) {
    return Stream.of(values).map(Enum::name).toList();
  }

  private static List<String> bareNames(String prefix, Enum<?>[] generated) {
    return Stream.of(generated)
        .map(Enum::name)
        .filter(name -> !name.equals("UNRECOGNIZED"))
        .map(name -> name.substring(prefix.length()))
        .toList();
  }
}
