package carpool.cli.output;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/// Columns as wide as their widest cell, two spaces between them.
public final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  /// A table with this header.
  public Table(String... header) {
    rows.add(List.of(header));
  }

  /// Adds a row; as many cells as the header has.
  public void row(String... cells) {
    rows.add(List.of(cells));
  }

  /// Prints it, each line after `indent`.
  public void print(PrintStream out, String indent) {
    var widths = new int[rows.getFirst().size()];
    for (var row : rows) {
      for (var i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], width(row.get(i)));
      }
    }
    for (var row : rows) {
      var line = new StringBuilder(indent);
      for (var i = 0; i < row.size(); i++) {
        line.append(row.get(i));
        if (i < row.size() - 1) {
          line.repeat(' ', widths[i] - width(row.get(i)) + 2);
        }
      }
      out.println(line.toString().stripTrailing());
    }
  }

  /// Characters on the screen: colour sequences take no room.
  private static int width(String cell) {
    return cell.replaceAll("\u001b\\[[0-9;]*m", "").length();
  }
}
