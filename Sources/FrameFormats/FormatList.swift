import Diffraction

/// A format that reads from a file already opened and checked.
package protocol DiskFormat: FileFormat {
  /// Files that belong beside this one and tell more about it; a reader looks for them by itself.
  func companions(of path: String) -> [String]
  func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource
}

extension DiskFormat {
  package func companions(of path: String) -> [String] { [] }

  package func open(path: String, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    try open(try DiskFile(path: path), limits: limits)
  }
}

/// All formats that are read: a new one is a folder and one line here.
package enum FormatList {
  static let disk: [any DiskFormat] = [
    TIFFFormat(),
    NPYFormat(),
    NPZFormat(),
    HDF5Format(),
    PNGFormat(),
    BLOFormat(),
    UViewFormat(),
    TIAFormat(),
    TVIPSFormat(),
    EMPADFormat(),
    MIBFormat(),
    DMFormat(),
    MRCFormat(),
    SinogramCSV(),
    PETSFormat(),
  ]

  package static var formats: [any FileFormat] { disk }

  /// The suffixes of files that are worth trying, in lower case.
  package static var suffixes: Set<String> { Set(disk.flatMap(\.suffixes)) }

  /// Paths of the files that a recording of this name usually has beside it, and that are worth waiting for:
  /// the scan's shape or the voltage may be in them. They need not exist.
  package static func companions(of path: String) -> [String] {
    let suffix = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
    return disk.first { $0.suffixes.contains(suffix) }?.companions(of: path) ?? []
  }

  /// Opens a file by what it holds, whatever it is called; the suffix decides only where content cannot.
  /// `raw` is how a user describes files of bare numbers: it stands for what is called `.raw`, and for what
  /// no format knows.
  package static func open(
    path: String, limits: ReadLimits = ReadLimits(), raw: RawLayout? = nil
  ) throws(FileRefusal) -> any FrameSource {
    let file = try DiskFile(path: path)
    if let raw, file.suffix == "raw" { return try open(path: path, as: raw, limits: limits) }
    let head = try file.bytes(at: 0, upTo: 4096)
    let suffix = file.suffix
    for format in disk where head.withUnsafeBytes({ format.recognizes(head: $0, suffix: suffix) }) {
      let source = try format.open(file, limits: limits)
      return NamedTilts(source, path: path) ?? source
    }
    if let raw { return try open(path: path, as: raw, limits: limits) }
    throw unrecognized(head, suffix: suffix)
  }

  /// Says what the operator sees instead: whether waiting may help, or what the file is in truth.
  private static func unrecognized(_ head: [UInt8], suffix: String) -> FileRefusal {
    if head.isEmpty { return FileRefusal(.truncated, "empty: not written yet", offset: 0) }
    if head.allSatisfy({ $0 == 0 }) {
      return FileRefusal(.truncated, "starts with zeros only: allocated but not written yet", offset: 0)
    }
    if head.count < 16 {
      return FileRefusal(.truncated, "ends after \(head.count) bytes: shorter than any header", offset: 0)
    }
    let others: [([UInt8], String)] = [
      ([0xFF, 0xD8, 0xFF], "a JPEG image, whose pixels are changed by its compression"),
      (Array("PK\u{3}\u{4}".utf8), "a ZIP archive"), ([0x1F, 0x8B], "a gzip archive"),
      (Array("%PDF".utf8), "a PDF document"),
      (Array("GIF8".utf8), "a GIF image"), (Array("BM".utf8), "a BMP image"),
    ]
    if let other = others.first(where: { head.starts(with: $0.0) }) {
      return FileRefusal(.unsupported, "the file holds \(other.1)", offset: 0)
    }
    let printable = head.prefix(64).allSatisfy { (32..<127).contains($0) || (9...13).contains($0) }
    let expected = disk.first { $0.suffixes.contains(suffix) }.map { "not \($0.name)" } ?? "no known format"
    let content = printable ? "text (\"\(CleanText.utf8(head.prefix(24)))\")" : "unknown bytes"
    return FileRefusal(.unsupported, "\(expected): the file holds \(content)", offset: 0)
  }
}
