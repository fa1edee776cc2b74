import Diffraction
import Glibc
import LiveSession
import TerminalUI

/// Numbers and words as the screen writes them.
enum Format {
  static func fixed(_ value: Double, _ decimals: Int) -> String { Axis.number(value, decimals) }

  /// `3 528`, `8.1 M`.
  static func value(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return "—" }
    for (limit, suffix) in [(1e12, " T"), (1e9, " G"), (1e6, " M")] where value.magnitude >= limit {
      return fixed(value / limit, value.magnitude / limit >= 100 ? 1 : 2) + suffix
    }
    if value.magnitude >= 10_000 { return grouped(value.rounded()) }
    return fixed(value, decimals)
  }

  /// Thousands set apart by a space.
  static func grouped(_ value: Double) -> String {
    let digits = Axis.number(value.magnitude, 0)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(" ") }
      text.append(digit)
    }
    return (value < 0 ? "−" : "") + text
  }

  static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  /// Two significant digits in the half width of the interval; never more than the engine states, and one more than
  /// it does only where the interval is that narrow.
  static func decimals(_ quantity: Quantity, _ outputs: [Output]) -> Int {
    let output = outputs.first { $0.name == quantity.name }
    let stated = output?.decimals ?? (quantity.value == quantity.value.rounded() ? 0 : 3)
    guard let low = quantity.low, let high = quantity.high, high > low else { return stated }
    let half = (high - low) / 2
    let wanted = 1 - Int(max(-12, min(12, log10(half).rounded(.down))))
    return max(0, min(stated, wanted))
  }

  static func interval(_ quantity: Quantity, decimals: Int) -> String? {
    guard let low = quantity.low, let high = quantity.high else { return nil }
    return "\(value(low, decimals: decimals)) – \(value(high, decimals: decimals))"
  }

  /// `0.66`; nothing is certain.
  static func probability(_ value: Double) -> String {
    guard value.isFinite else { return "—" }
    if value >= 0.995 { return ">0.99" }
    if value < 0.005 { return "<0.01" }
    return fixed(value, 2)
  }

  static func bytes(_ count: Int) -> String {
    for (limit, suffix) in [(1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")]
    where count >= limit {
      return "\(count / limit) \(suffix)"
    }
    return "\(count) B"
  }

  static func age(_ seconds: Int) -> String {
    if seconds < 100 { return "\(seconds) s" }
    if seconds < 6000 { return "\(seconds / 60) min" }
    return "\(seconds / 3600) h"
  }

  /// The end of a name tells it from others: it is cut in front.
  static func name(_ name: String, to width: Int) -> String {
    guard TextWidth.columns(of: name) > width else { return TextWidth.fitted(name, to: width) }
    guard width > 1 else { return TextWidth.fitted(name, to: width) }
    var kept: [Character] = []
    var used = 0
    for character in name.reversed() {
      let next = TextWidth.columns(of: String(character))
      if used + next > width - 1 { break }
      kept.append(character)
      used += next
    }
    return TextWidth.fitted("…" + String(kept.reversed()), to: width)
  }

  /// ① … ⑨.
  static func circled(_ number: Int) -> String {
    String(Character(Unicode.Scalar(UInt32(0x2460 + min(max(number, 1), 9) - 1)) ?? "?"))
  }

  /// `dimer_height` is `dimer height` to people; `1` is no unit.
  static func words(_ name: String) -> String { String(name.map { $0 == "_" ? " " : $0 }) }
  static func unit(_ unit: String) -> String {
    switch unit {
    case "1": ""
    case "deg": "°"
    case "A": "Å"
    case "A2": "Å²"
    case "1/A", "1/Å", "A^-1", "Å^-1": "Å⁻¹"
    case "1/nm", "nm^-1": "nm⁻¹"
    default: unit
    }
  }

  /// `t/nm`.
  static func head(_ symbol: String, _ unit: String) -> String {
    let unit = Format.unit(unit)
    return unit.isEmpty ? symbol : "\(symbol)/\(unit)"
  }
}

extension Verdict {
  /// A glyph, and two letters where there are none.
  func glyph(unicode: Bool) -> String {
    switch self {
    case .accept: unicode ? "✓" : "ok"
    case .doubtful: "?"
    case .outOfDomain: "≠"
    case .notAnalysable: "✕"
    }
  }

  /// Where there is room for one word only.
  var word: String { self == .notAnalysable ? "no answer" : words }

  var words: String {
    switch self {
    case .accept: "accept"
    case .doubtful: "doubtful"
    case .outOfDomain: "foreign"
    case .notAnalysable: "not analysable"
    }
  }
}

extension Theme {
  func style(_ verdict: Verdict) -> Style {
    switch verdict {
    case .accept: accept
    case .doubtful: doubtful
    case .outOfDomain: foreign
    case .notAnalysable: refused
    }
  }

  func style(_ severity: Alarm.Severity?) -> Style {
    switch severity {
    case .warning: doubtful
    case .alarm, .bad: refused
    case nil: dim
    }
  }
}
