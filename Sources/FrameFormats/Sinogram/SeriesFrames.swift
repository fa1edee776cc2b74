import Diffraction
import System

/// Projections that lie in a file each, as the frames of one series.
package final class SeriesFrames: FrameSource {
  package let summary: FileSummary
  private let sources: [any FrameSource]

  /// Of the first file is what the summary says; the tilts are those that the files state, or their names.
  package init(_ files: [(path: String, source: any FrameSource)]) throws(FileRefusal) {
    guard let first = files.first?.source.summary else { throw FileRefusal(.damaged, "a series of no file") }
    for (path, source) in files {
      let one = source.summary
      guard one.frames == 1 else {
        throw FileRefusal(
          .unsupported,
          "\(FilePath.name(of: path)): \(one.frames) frames; of a series every file is one projection")
      }
      guard one.width == first.width, one.height == first.height else {
        throw FileRefusal(
          .unsupported,
          "\(FilePath.name(of: path)): \(one.width) by \(one.height) pixels, the series' first file has \(first.width) by \(first.height)"
        )
      }
    }
    sources = files.map(\.source)
    var summary = first
    (summary.frames, summary.declaredFrames) = (files.count, files.count)
    let degrees = files.compactMap { path, source in
      Self.tilt(stated: source.summary) ?? ProjectionName(path: path)?.degrees
    }
    summary.metadata.removeAll { $0.name == SinogramAxes.itemName }
    if degrees.count == files.count {
      summary.metadata.append(SinogramAxes(degrees: degrees, pitch: nil, start: 0).item(source: "files"))
    }
    self.summary = summary
  }

  private static func tilt(stated summary: FileSummary) -> Double? {
    summary.metadata.first { $0.name == SinogramAxes.itemName && $0.unit == "deg" }.flatMap {
      Double($0.value)
    }
  }

  package func frame(at index: Int) throws(FileRefusal) -> Frame {
    guard sources.indices.contains(index) else {
      throw FileRefusal(.damaged, "a series of \(sources.count) files has no projection \(index + 1)")
    }
    var frame = try sources[index].frame(at: 0)
    frame.index = index
    return frame
  }
}
