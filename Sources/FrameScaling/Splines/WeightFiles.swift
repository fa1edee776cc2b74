import Analysis
import Glibc

/// Weights and constraints as text for other programs.
extension SplineWeights {
  /// A row a frame: its abscissa, then its weights; the head names the nodes.
  package func csv(abscissa: String = "frame") -> String {
    var text = ([abscissa] + nodes.map { "q\(Self.name($0))" }).joined(separator: ",") + "\n"
    for (row, x) in abscissae.enumerated() {
      let weights = nodes.indices.map { Self.name(matrix[row, $0]) }
      text += ([Self.name(x)] + weights).joined(separator: ",") + "\n"
    }
    return text
  }

  /// A line for each frame that is no node: its scale as a sum of the nodes' scales.
  package func constraints(_ template: ConstraintTemplate) -> String {
    var text = ""
    for (row, x) in abscissae.enumerated() where !nodes.contains(x) {
      var terms = ""
      for (column, node) in nodes.enumerated() {
        let weight = matrix[row, column]
        let digits = fixed(weight.magnitude, 10)
        // Nothing is left of it at the digits that are written.
        guard digits.contains(where: { "123456789".contains($0) }) else { continue }
        terms += weight < 0 ? "-" : terms.isEmpty ? "" : "+"
        terms += template.term(weight: digits, node: Self.name(node))
      }
      text += template.line(frame: Self.name(x), terms: terms) + "\n"
    }
    return text
  }

  /// A whole number without its point.
  static func name(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 1e9 ? "\(Int(value))" : "\(value)"
  }
}

/// How a constraint is spelled. The spelling that Jana2020's window of equations accepts is not documented publicly:
/// the standard is an assumption, and every word of it can be changed.
package struct ConstraintTemplate: Sendable, Equatable {
  /// `{frame}` and `{terms}` are filled in.
  package var line: String
  /// `{weight}` and `{node}` are filled in.
  package var term: String

  package init(line: String = "scale[zone#{frame}]={terms}", term: String = "{weight}*scale[zone#{node}]") {
    self.line = line
    self.term = term
  }

  func line(frame: String, terms: String) -> String {
    line.replacing("{frame}", with: frame).replacing("{terms}", with: terms)
  }

  func term(weight: String, node: String) -> String {
    term.replacing("{weight}", with: weight).replacing("{node}", with: node)
  }
}

/// With so many digits behind the point.
func fixed(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
    let length = withVaList([Int32(decimals), value]) {
      vsnprintf(buffer.baseAddress, buffer.count, "%.*f", $0)
    }
    return String(
      decoding: buffer.prefix(max(0, min(Int(length), buffer.count - 1))).map { UInt8(bitPattern: $0) },
      as: UTF8.self)
  }
}
