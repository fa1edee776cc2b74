import Glibc  // log10, pow

/// Errors in percent under growing noise as a plot in characters, its axis logarithmic.
struct ErrorPlot {
  var noises: [Double]
  /// A character, what it stands for, and a value for every noise.
  var series: [(mark: Character, name: String, values: [Double])]

  private static let decades = -2...2
  private static let rowsPerDecade = 4
  private static let columnsPerNoise = 10

  var lines: [String] {
    let height = (Self.decades.count - 1) * Self.rowsPerDecade
    var rows = [[Character]](
      repeating: [Character](repeating: " ", count: noises.count * Self.columnsPerNoise), count: height + 1)
    for (mark, _, values) in series {
      for (number, value) in values.enumerated() where value > 0 {
        let above = (log10(value) - Double(Self.decades.lowerBound)) * Double(Self.rowsPerDecade)
        let row = height - min(height, max(0, Int(above.rounded())))
        var column = number * Self.columnsPerNoise + 2
        // Marks of one place stand side by side.
        while rows[row][column] != " " { column += 1 }
        rows[row][column] = mark
      }
    }
    var lines = rows.enumerated().map { number, row in
      let isDecade = (height - number) % Self.rowsPerDecade == 0
      let value = pow(10, Double(Self.decades.lowerBound + (height - number) / Self.rowsPerDecade))
      let label = isDecade ? (value >= 1 ? "\(Int(value))" : "\(value)") + " %" : ""
      return Self.right(label, 8) + (isDecade ? " +" : " |") + String(row)
    }
    lines.append(
      Self.right("noise", 8) + "  " + noises.map { Self.left("  \($0)", Self.columnsPerNoise) }.joined())
    lines += series.map { Self.right("\($0.mark)", 8) + "  \($0.name)" }
    return lines
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
