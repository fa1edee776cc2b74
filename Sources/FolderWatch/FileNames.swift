/// What a name alone says about a file.
package enum NameClass: Sendable, Equatable {
  case frame
  case temporary
  case sidecar
  /// Never a frame: hidden files, locks and droppings of desktops and file servers.
  case ignored
}

package enum FileNames {
  private static let temporarySuffixes: [[UInt8]] =
    [".tmp", ".part", ".partial", ".filepart", ".crdownload"].map { Array($0.utf8) }
  private static let sidecarSuffixes: [[UInt8]] =
    [".hdr", ".xml", "_info.txt", ".mdoc", ".emi"].map { Array($0.utf8) }
  private static let ignoredNames: [[UInt8]] = ["thumbs.db", "desktop.ini"].map { Array($0.utf8) }

  /// A leading dot covers rsync (`.name.XXXXXX`), NFS (`.nfs…`) and desktops; `~$` is an office lock.
  package static func classify(_ name: UnsafeBufferPointer<UInt8>) -> NameClass {
    guard let first = name.first else { return .ignored }
    if first == UInt8(ascii: ".") { return .ignored }
    if first == UInt8(ascii: "~"), name.count > 1, name[1] == UInt8(ascii: "$") { return .ignored }
    if ignoredNames.contains(where: { $0.count == name.count && ends(name, with: $0) }) { return .ignored }
    if temporarySuffixes.contains(where: { ends(name, with: $0) }) { return .temporary }
    if sidecarSuffixes.contains(where: { ends(name, with: $0) }) { return .sidecar }
    return .frame
  }

  package static func classify(_ name: [UInt8]) -> NameClass { name.withUnsafeBufferPointer { classify($0) } }

  /// Without regard to the case of ASCII letters: the writers are Windows machines.
  package static func ends(_ name: UnsafeBufferPointer<UInt8>, with lowerCaseSuffix: [UInt8]) -> Bool {
    let start = name.count - lowerCaseSuffix.count
    guard start >= 0 else { return false }
    var i = lowerCaseSuffix.count - 1
    while i >= 0 {
      var byte = name[start + i]
      if byte >= 65, byte <= 90 { byte += 32 }
      if byte != lowerCaseSuffix[i] { return false }
      i -= 1
    }
    return true
  }
}

/// Which file describes which.
///
/// The order in which the two are written is no contract (it changed between versions of acquisition
/// programs), so a file waits for a while and is read again should its sidecar come later.
package struct SidecarRule: Sendable {
  package enum Place: Sendable {
    /// `a.mib`, `a.hdr`
    case sameStem(String)
    /// `a1.mib`, `a.hdr`: one for all parts of a recording
    case withoutNumber(String)
    /// `a.mrc`, `a.mrc.mdoc`
    case appended(String)
    /// `a_movie.mrc` or `a.mrc`, `a_info.txt`
    case movieInfo
    /// `a_1.ser`, `a.emi`
    case series
    /// `scan_x64_y64.raw`, `anything.xml`
    case anyInFolder(String)
  }

  package var suffix: [UInt8]
  package var places: [Place]

  package static let all: [SidecarRule] = [
    SidecarRule(suffix: Array(".mib".utf8), places: [.sameStem(".hdr"), .withoutNumber(".hdr")]),
    SidecarRule(suffix: Array(".raw".utf8), places: [.sameStem(".xml"), .anyInFolder(".xml")]),
    SidecarRule(suffix: Array(".mrc".utf8), places: [.appended(".mdoc"), .movieInfo]),
    SidecarRule(suffix: Array(".ser".utf8), places: [.series, .sameStem(".emi")]),
  ]

  package static func index(for name: [UInt8]) -> Int? {
    name.withUnsafeBufferPointer { buffer in all.firstIndex { FileNames.ends(buffer, with: $0.suffix) } }
  }

  /// The names that the sidecar of `name` may have; `anyInFolder` has none.
  package func sidecarNames(of name: [UInt8]) -> [[UInt8]] {
    let stem = name.dropLast(suffix.count)
    return places.compactMap { place in
      switch place {
      case .sameStem(let other): stem + Array(other.utf8)
      case .withoutNumber(let other):
        stem.last == UInt8(ascii: "1") ? Self.withoutNumber(stem) + Array(other.utf8) : nil
      case .appended(let other): name + Array(other.utf8)
      case .movieInfo: Self.removing("_movie", from: stem) + Array("_info.txt".utf8)
      case .series: Self.removingNumber(from: stem).map { $0 + Array(".emi".utf8) }
      case .anyInFolder: nil
      }
    }
  }

  package var acceptsAnyInFolder: [UInt8]? {
    for case .anyInFolder(let other) in places { return Array(other.utf8) }
    return nil
  }

  private static func removing(_ ending: String, from stem: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let ending = Array(ending.utf8)
    return stem.suffix(ending.count).elementsEqual(ending) ? stem.dropLast(ending.count) : stem
  }

  private static func withoutNumber(_ stem: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    stem[..<((stem.lastIndex { !($0 >= 48 && $0 <= 57) } ?? stem.startIndex - 1) + 1)]
  }

  private static func removingNumber(from stem: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let bar = stem.lastIndex(of: UInt8(ascii: "_")), bar > stem.startIndex else { return nil }
    let digits = stem[(bar + 1)...]
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    return stem[..<bar]
  }
}

extension SidecarRule {
  /// The names of the files that a sidecar of this name may belong to, except for series.
  package func primaryNames(of sidecar: [UInt8]) -> [[UInt8]] {
    var stems: [[UInt8]] = []
    var names: [[UInt8]] = []
    for place in places {
      switch place {
      case .sameStem(let ending): if let stem = Self.stem(sidecar, ending) { stems.append(stem) }
      case .withoutNumber(let ending):
        if let stem = Self.stem(sidecar, ending) { stems.append(stem + [UInt8(ascii: "1")]) }
      case .appended(let ending): if let name = Self.stem(sidecar, ending) { names.append(name) }
      case .movieInfo:
        if let stem = Self.stem(sidecar, "_info.txt") { stems += [stem, stem + Array("_movie".utf8)] }
      case .series, .anyInFolder: break
      }
    }
    let upper = suffix.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }
    return names + stems.flatMap { [$0 + suffix, $0 + upper] }
  }

  /// The `number`th file of a series that shares this sidecar, from 1.
  package func seriesName(of sidecar: [UInt8], number: Int) -> [UInt8]? {
    for case .series in places {
      return Self.stem(sidecar, ".emi").map { $0 + Array("_\(number)".utf8) + suffix }
    }
    return nil
  }

  private static func stem(_ name: [UInt8], _ ending: String) -> [UInt8]? {
    let ending = Array(ending.utf8)
    let matches = name.withUnsafeBufferPointer { FileNames.ends($0, with: ending) }
    return matches ? Array(name.dropLast(ending.count)) : nil
  }
}
