import Diffraction

/// One recording in several files: `name1.mib`, `name2.mib` and so on, with one `name.hdr` for all.
///
/// Merlin counts recordings in the same way (`default1.mib`, `default2.mib`), but then each has a header file of
/// its own. So files belong together only where there is one header file, which orders more frames than the
/// first file holds, and where the running number of the frames goes on from file to file.
struct MIBParts {
  private let stem: Substring
  /// Which part the file is.
  let number: Int
  /// The header file of all.
  let companion: MIBCompanion

  init?(of path: String) {
    guard let dot = path.lastIndex(of: "."), path[dot...].lowercased() == ".mib" else { return nil }
    let digits = path[..<dot].reversed().prefix { $0.isASCII && $0.isNumber }
    guard (1...6).contains(digits.count), digits.last != "0", let number = Int(String(digits.reversed())),
      MIBCompanion(at: "\(path[..<dot]).hdr") == nil
    else { return nil }
    let stem = path[..<dot].dropLast(digits.count)
    guard let companion = MIBCompanion(at: "\(stem).hdr") else { return nil }
    self.stem = stem
    self.number = number
    self.companion = companion
  }

  /// Frames of the whole recording; 0 where it goes on until it is stopped.
  private var ordered: Int { companion.positive("Frames in Acquisition (Number)") ?? 0 }

  private func file(_ number: Int) -> DiskFile? {
    guard MIBCompanion(at: "\(stem)\(number).hdr") == nil else { return nil }
    return try? DiskFile(path: "\(stem)\(number).mib")
  }

  /// A later part is nothing by itself.
  func checkIsFirst(_ header: MIBHeader, stride: Int) throws(FileRefusal) {
    guard number > 1, ordered >= header.sequence, let before = file(number - 1),
      let start = try? MIBHeader(before, at: 0),
      start.shape == header.shape, let last = Self.lastNumber(before, stride: stride),
      Self.follows(header.sequence, last)
    else { return }
    let name = CleanText.clean(String(stem.split(separator: "/").last ?? ""), limit: 60)
    throw FileRefusal(
      .unsupported, "MIB: part \(number) of a recording, which is read with \(name)1.mib", offset: 0)
  }

  /// The files after the first that go on where the one before them ended.
  func followers(of first: DiskFile, _ header: MIBHeader, stride: Int) -> [DiskFile] {
    guard number == 1 else { return [] }
    var frames = first.size / stride
    var parts = [first]
    while frames < ordered, parts.count < 10_000, let last = parts.last, last.size % stride == 0,
      let number = Self.lastNumber(last, stride: stride), let next = file(parts.count + 1),
      let start = try? MIBHeader(next, at: 0), start.shape == header.shape, start.bytes == header.bytes,
      Self.follows(start.sequence, number)
    {
      parts.append(next)
      frames += next.size / stride
    }
    return Array(parts.dropFirst())
  }

  /// Six digits: after 999999 the counter starts again.
  private static func follows(_ number: Int, _ last: Int) -> Bool { number == (last + 1) % 1_000_000 }

  private static func lastNumber(_ file: DiskFile, stride: Int) -> Int? {
    guard file.size >= stride else { return nil }
    return (try? MIBHeader(file, at: (file.size / stride - 1) * stride))?.sequence
  }
}
