import Diffraction
import Glibc

/// Numbers as people read them on a small screen.
enum Format {
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "-" }
    let scale = pow(10, Double(decimals))
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return String(value) }
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let whole = Int(scaled)
    if decimals == 0 { return sign + String(whole) }
    let unit = Int(scale)
    let fraction = String(whole % unit)
    return "\(sign)\(whole / unit)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  /// At most seven characters: `41.5`, `12.34M`.
  static func value(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return "-" }
    for (limit, suffix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e5, "k")] where value.magnitude >= limit {
      let unit = suffix == "k" ? 1e3 : limit
      return fixed(value / unit, value.magnitude / unit >= 100 ? 1 : 2) + suffix
    }
    return fixed(value, decimals)
  }

  /// `.83`
  static func probability(_ value: Double) -> String {
    let text = fixed(value, 2)
    return text.hasPrefix("0.") ? String(text.dropFirst()) : text
  }

  static func bytes(_ count: Int) -> String {
    for (limit, suffix) in [(1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "k")]
    where count >= limit {
      return "\(count / limit)\(suffix)"
    }
    return "\(count)B"
  }

  static func age(_ seconds: Int) -> String {
    if seconds < 100 { return "\(seconds)s" }
    if seconds < 6000 { return "\(seconds / 60)m" }
    return "\(seconds / 3600)h"
  }
}
