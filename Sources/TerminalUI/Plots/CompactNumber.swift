import Glibc

/// A number in as few characters as `digits` significant digits need: `.52`, `41.5`, `-.1`, `1.2e5`.
package func compact(_ value: Float, digits: Int = 2) -> String {
  guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
  guard value != 0 else { return "0" }
  let digits = min(max(digits, 1), 9)
  let size = Double(abs(value))
  var exponent = Int(log10(size).rounded(.down))
  // Rounding may carry into the next decade (9.96 with two digits is 10).
  if (size / pow(10, Double(exponent - digits + 1))).rounded() >= pow(10, Double(digits)) { exponent += 1 }
  let sign = value < 0 ? "-" : ""
  if exponent > max(digits, 4) || exponent < -4 {
    let mantissa = decimal(size / pow(10, Double(exponent)), places: digits - 1)
    return "\(sign)\(mantissa)e\(exponent)"
  }
  let text = decimal(size, places: max(0, digits - 1 - exponent))
  return sign + (text.hasPrefix("0.") ? String(text.dropFirst()) : text)
}

/// With at most `places` decimals, zeros at the end left out.
private func decimal(_ value: Double, places: Int) -> String {
  let scale = Int64(pow(10, Double(places)).rounded())
  let scaled = Int64((value * Double(scale)).rounded())
  let whole = String(scaled / scale)
  guard places > 0 else { return whole }
  let digits = String(scaled % scale)
  var fraction = String(repeating: "0", count: places - digits.count) + digits
  while fraction.hasSuffix("0") { fraction.removeLast() }
  return fraction.isEmpty ? whole : "\(whole).\(fraction)"
}
