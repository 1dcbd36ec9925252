package carpool.election.core.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Rows of the golden CSV files by column name; quoted fields may hold commas.
public final class Golden {
  private Golden() {}

  /// One row; a column that is not there is a mistake of the test.
  public record Row(Map<String, String> columns) {
    public String get(String column) {
      return Objects.requireNonNull(columns.get(column), column);
    }

    public String getOrDefault(String column, String other) {
      return columns.getOrDefault(column, other);
    }

    public int number(String column) {
      return Integer.decode(get(column));
    }
  }

  public static List<Row> rows(String file) {
    List<String> lines = new String(bytes(file), StandardCharsets.UTF_8).lines().toList();
    List<String> header = fields(lines.getFirst());
    var rows = new ArrayList<Row>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> values = fields(line);
      var row = new HashMap<String, String>();
      for (int i = 0; i < header.size(); i++) {
        row.put(header.get(i), values.get(i));
      }
      rows.add(new Row(row));
    }
    return rows;
  }

  public static byte[] bytes(String file) {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/carp/" + file)) {
      if (in == null) {
        throw new IllegalArgumentException("no golden file " + file);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> fields(String line) {
    var out = new ArrayList<String>();
    var field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        out.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    out.add(field.toString());
    return out;
  }
}
