/// A space group operation in fractional coordinates: x' = rotation x + translation.
package struct SymmetryOperation: Sendable, Hashable {
  package var rotation: Matrix3
  package var translation: Vector3

  package init(rotation: Matrix3, translation: Vector3) {
    self.rotation = rotation
    self.translation = translation
  }

  package static let identity = SymmetryOperation(rotation: .identity, translation: .zero)

  package func callAsFunction(_ position: Vector3) -> Vector3 { rotation * position + translation }

  /// Reads `-y, x, 1/2+z`: sums of signed x, y, z (with small whole factors) and of fractions or
  /// decimals. Nil for anything else.
  package init?(_ text: some StringProtocol) {
    let parts = Substring(text).utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    var rows: [(Vector3, Double)] = []
    for part in parts {
      guard let row = Self.row(part) else { return nil }
      rows.append(row)
    }
    rotation = Matrix3(rows: rows[0].0, rows[1].0, rows[2].0)
    translation = [rows[0].1, rows[1].1, rows[2].1]
    guard abs(abs(rotation.determinant) - 1) < 1e-9 else { return nil }
  }

  private static func row(_ text: Substring.UTF8View) -> (Vector3, Double)? {
    var coefficients = Vector3.zero
    var shift = 0.0
    let bytes = text.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    guard !bytes.isEmpty, bytes.count <= 40 else { return nil }
    var i = 0
    var terms = 0
    while i < bytes.count {
      var sign = 1.0
      if bytes[i] == UInt8(ascii: "+") || bytes[i] == UInt8(ascii: "-") {
        sign = bytes[i] == UInt8(ascii: "-") ? -1 : 1
        i += 1
      } else if terms > 0 {
        return nil
      }
      guard let (value, next) = number(bytes, from: i) else {
        guard i < bytes.count, let axis = axis(bytes[i]) else { return nil }
        coefficients[axis] += sign
        i += 1
        terms += 1
        continue
      }
      i = next
      if i < bytes.count, bytes[i] == UInt8(ascii: "*") { i += 1 }
      if i < bytes.count, let axis = axis(bytes[i]) {
        coefficients[axis] += sign * value
        i += 1
      } else {
        shift += sign * value
      }
      terms += 1
    }
    return (coefficients, shift)
  }

  private static func axis(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "x"), UInt8(ascii: "X"): 0
    case UInt8(ascii: "y"), UInt8(ascii: "Y"): 1
    case UInt8(ascii: "z"), UInt8(ascii: "Z"): 2
    default: nil
    }
  }

  /// A decimal or a fraction at `start`, and where it ends.
  private static func number(_ bytes: [UInt8], from start: Int) -> (Double, Int)? {
    func decimal(_ from: Int) -> (Double, Int)? {
      var end = from
      while end < bytes.count, isDigit(bytes[end]) || bytes[end] == UInt8(ascii: ".") { end += 1 }
      guard end > from, let value = Double(String(decoding: bytes[from..<end], as: UTF8.self)) else {
        return nil
      }
      return (value, end)
    }
    guard let (numerator, end) = decimal(start) else { return nil }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "/") else { return (numerator, end) }
    guard let (denominator, last) = decimal(end + 1), denominator != 0 else { return nil }
    return (numerator / denominator, last)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
