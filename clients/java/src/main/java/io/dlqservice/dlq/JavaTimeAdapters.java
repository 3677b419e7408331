package io.dlqservice.dlq;

import static java.util.Map.entry;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import com.google.gson.TypeAdapter;
import com.google.gson.TypeAdapterFactory;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.function.Function;

/** Converts times of java.time to ISO 8601 in JSON. Gson cannot read the JDK's private fields. */
final class JavaTimeAdapters implements TypeAdapterFactory {
  private static final Map<Class<?>, Function<String, Object>> READERS =
      Map.ofEntries(
          entry(Duration.class, Duration::parse),
          entry(Instant.class, Instant::parse),
          entry(LocalDate.class, LocalDate::parse),
          entry(LocalDateTime.class, LocalDateTime::parse),
          entry(LocalTime.class, LocalTime::parse),
          entry(MonthDay.class, MonthDay::parse),
          entry(OffsetDateTime.class, OffsetDateTime::parse),
          entry(OffsetTime.class, OffsetTime::parse),
          entry(Period.class, Period::parse),
          entry(Year.class, Year::parse),
          entry(YearMonth.class, YearMonth::parse),
          entry(ZoneId.class, ZoneId::of),
          entry(ZonedDateTime.class, ZonedDateTime::parse));

  @Override
  public <T> TypeAdapter<T> create(Gson gson, TypeToken<T> type) {
    Class<? super T> raw = type.getRawType();
    // Zones are instances of its subclasses.
    var reader = READERS.get(ZoneId.class.isAssignableFrom(raw) ? ZoneId.class : raw);
    return reader == null ? null : new Adapter<T>(raw, reader).nullSafe();
  }

  private static final class Adapter<T> extends TypeAdapter<T> {
    private final Class<? super T> type;
    private final Function<String, Object> reader;

    Adapter(Class<? super T> type, Function<String, Object> reader) {
      this.type = type;
      this.reader = reader;
    }

    @Override
    public void write(JsonWriter out, T value) throws IOException {
      out.value(value.toString());
    }

    @Override
    @SuppressWarnings("unchecked") // each reader returns its own class
    public T read(JsonReader in) throws IOException {
      String text = in.nextString();
      try {
        return (T) type.cast(reader.apply(text));
      } catch (DateTimeException | ClassCastException invalid) {
        throw new JsonParseException("\"" + text + "\" is not a " + type.getName(), invalid);
      }
    }
  }
}
