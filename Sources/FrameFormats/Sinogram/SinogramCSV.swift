import Diffraction

/// Projections as a table: the coordinate in the first column, then one column a tilt, which its head names:
/// `u,theta_0,theta_60`. As a frame each projection is a row, in the order of their tilts.
package struct SinogramCSV: DiskFormat {
  package let name = "CSV"
  package let suffixes = ["csv"]

  /// Projections of a few thousand pixels are far below.
  private static let largest = 16 << 20
  private static let mostColumns = 64

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    head.starts(with: "u,theta".utf8)
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    guard file.size <= Self.largest else {
      throw FileRefusal(.tooLarge, "CSV: \(file.size) bytes are more than projections take")
    }
    let bytes = try file.bytes(at: 0, upTo: file.size)
    let lines = bytes.split(whereSeparator: { $0 == 10 || $0 == 13 })
    guard let head = lines.first, lines.count > 2 else {
      throw FileRefusal(.truncated, "CSV: no row of numbers yet", offset: bytes.count)
    }
    let names = Self.cells(head).dropFirst()
    var degrees: [Double] = []
    for name in names {
      guard let angle = Double(name.drop { !"-0123456789".contains($0) }), angle.isFinite else {
        throw FileRefusal(.damaged, "CSV: the column \"\(CleanText.clean(name))\" names no tilt")
      }
      degrees.append(angle)
    }
    guard 1...Self.mostColumns ~= degrees.count else {
      throw FileRefusal(.unsupported, "CSV: \(degrees.count) projections")
    }
    var rows: [[Double]] = []
    for (index, line) in lines.dropFirst().enumerated() {
      let values = Self.cells(line).map { Double($0) ?? .nan }
      guard values.count == degrees.count + 1 else {
        // The last line may be half a line.
        let isLast = index == lines.count - 2 && bytes.last != 10
        throw FileRefusal(
          isLast ? .truncated : .damaged,
          "CSV: line \(index + 2) has \(values.count) numbers, not \(degrees.count + 1)")
      }
      rows.append(values)
    }
    let order = degrees.indices.sorted { degrees[$0] < degrees[$1] }
    let steps = (rows[rows.count - 1][0] - rows[0][0]) / Double(rows.count - 1)
    let axes = SinogramAxes(
      degrees: order.map { degrees[$0] }, pitch: steps.isFinite && steps > 0 ? steps : nil,
      start: rows[0][0].isFinite ? rows[0][0] : 0)
    let values = order.flatMap { column in rows.map { Float($0[column + 1]) } }
    let pixels = Pixels(width: rows.count, height: degrees.count, values: values)
    let source = "head of the table"
    var summary = FileSummary(
      format: name, width: pixels.width, height: pixels.height, sample: pixels.sample, frames: 1,
      calibration: axes.calibration(source: source))
    summary.metadata.append(axes.item(source: source))
    return OneFrame(pixels, summary: summary)
  }

  private static func cells(_ line: ArraySlice<UInt8>) -> [String] {
    line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
      String(decoding: $0.drop { $0 == 32 }.prefix { $0 != 32 }, as: UTF8.self)
    }
  }
}
