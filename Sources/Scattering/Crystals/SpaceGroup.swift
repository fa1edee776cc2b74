import CSpglib
import Synchronization

/// A setting of a space group, from the tables of spglib.
package struct SpaceGroup: Sendable, Hashable {
  package let number: Int
  /// Hermann-Mauguin with the setting where a group has several: `Fd-3m:2`.
  package let name: String
  package let operations: [SymmetryOperation]

  /// 230 groups in 530 settings.
  private static let settings = 1...530
  // The library keeps its last error in a global, so calls take turns.
  private static let library = Mutex<Void>(())

  /// The group of a Hermann-Mauguin or Hall symbol, or of a number in decimal digits.
  ///
  /// Spaces, underscores and case do not matter. Where a symbol leaves the origin or the axes open
  /// (`Fd-3m`, `R-3m`, number 227), the setting stands behind a colon (`:1`, `:2`, `:H`, `:R`) or the
  /// older `S`, `Z`, `H`, `R` at the end; without one the symbol is ambiguous and is refused, except
  /// that a rhombohedral group follows `hexagonalAxes`.
  package init(named text: some StringProtocol, hexagonalAxes: Bool? = nil) throws(ScatteringError) {
    var (symbol, choice) = Self.split(String(text))
    let all = Self.list
    var matches = all.filter { $0.answers(to: symbol) }
    if matches.isEmpty, choice == nil, let last = symbol.last, "szhr".contains(last) {
      symbol.removeLast()
      choice = last == "s" ? "1" : last == "z" ? "2" : String(last)
      matches = all.filter { $0.answers(to: symbol) }
    }
    guard !matches.isEmpty else { throw .parameter("no space group is called \"\(text.prefix(40))\"") }
    // A number or a short symbol stands for the standard axes, which come first in the tables; other
    // axes have other full symbols.
    if let choice {
      matches = matches.filter { $0.choice.lowercased().hasPrefix(choice) }
    } else if matches.contains(where: { $0.choice == "H" }), let hexagonalAxes {
      matches = matches.filter { $0.choice == (hexagonalAxes ? "H" : "R") }
    } else {
      let choices = Set(matches.compactMap { $0.choice.first }).intersection("12HR")
      if !choices.isEmpty {
        let list = choices.sorted().map { ":\($0)" }.joined(separator: " or ")
        throw .parameter("space group \"\(text.prefix(40))\" has several settings: say which, \(list)")
      }
    }
    guard let setting = matches.first else {
      throw .parameter("space group \"\(text.prefix(40))\" has no such setting")
    }
    number = setting.number
    name = setting.short + (setting.choice.isEmpty ? "" : ":" + setting.choice)
    operations = Self.operations(hall: setting.hall)
  }

  private struct Setting {
    var hall: Int
    var number: Int
    var choice: String
    var short: String
    var symbols: [String]

    func answers(to symbol: String) -> Bool { String(number) == symbol || symbols.contains(symbol) }
  }

  private static func split(_ text: String) -> (String, String?) {
    let parts = text.lowercased().split(separator: ":", maxSplits: 1)
    guard let head = parts.first else { return ("", nil) }
    return (plain(head), parts.count > 1 ? plain(parts[1]) : nil)
  }

  private static func plain(_ text: some StringProtocol) -> String {
    text.lowercased().filter { $0 != " " && $0 != "_" && $0 != "\t" }
  }

  private static let list: [Setting] = library.withLock { _ in
    settings.map { hall in
      let type = spg_get_spacegroup_type(Int32(hall))
      let short = string(type.international_short)
      // The long field lists alternatives: "P 2/c = P 1 2/c 1".
      let long = string(type.international).split(separator: "=").map { plain($0) }
      // "P 1 2_1/n 1" is mostly written "P 2_1/n".
      let upright = long.compactMap { symbol -> String? in
        let parts = symbol.dropFirst()
        return parts.count > 2 && parts.first == "1" && parts.last == "1"
          ? String(symbol.prefix(1) + parts.dropFirst().dropLast()) : nil
      }
      let symbols =
        long + upright + [
          plain(short), plain(string(type.international_full)), plain(string(type.hall_symbol)),
        ]
      return Setting(
        hall: hall, number: Int(type.number), choice: string(type.choice), short: short, symbols: symbols)
    }
  }

  private static func operations(hall: Int) -> [SymmetryOperation] {
    var rotations = [Int32](repeating: 0, count: 192 * 9)
    var translations = [Double](repeating: 0, count: 192 * 3)
    let count = library.withLock { _ in
      rotations.withUnsafeMutableBytes { r in
        translations.withUnsafeMutableBytes { t in
          spg_get_symmetry_from_database(
            r.assumingMemoryBound(
              to: ((Int32, Int32, Int32), (Int32, Int32, Int32), (Int32, Int32, Int32)).self
            )
            .baseAddress, t.assumingMemoryBound(to: (Double, Double, Double).self).baseAddress, Int32(hall))
        }
      }
    }
    return (0..<Int(count)).map { i in
      func row(_ k: Int) -> Vector3 {
        let at = 9 * i + 3 * k
        return [Double(rotations[at]), Double(rotations[at + 1]), Double(rotations[at + 2])]
      }
      return SymmetryOperation(
        rotation: Matrix3(rows: row(0), row(1), row(2)),
        translation: [translations[3 * i], translations[3 * i + 1], translations[3 * i + 2]])
    }
  }

  /// The text in a C array of characters.
  private static func string<T>(_ array: T) -> String {
    withUnsafeBytes(of: array) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
