import Diffraction
import FrameFormats
import Foundation
import Testing

/// Projections row by row: as a table, and as a TIFF that states its axes.
@Suite struct SinogramTests {
  private func open(_ bytes: [UInt8], _ name: String) throws -> any FrameSource {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: name).path
    try Data(bytes).write(to: URL(filePath: path))
    return try FormatList.open(path: path)
  }

  @Test func `A table is a frame with a row a tilt, in their order`() throws {
    let text = "u,theta_0,theta_90,theta_45\n-0.2,1,2,3\n0.0,4,5,6\n0.2,7,8,9\n"
    let source = try open(Array(text.utf8), "a.csv")
    let frame = try source.frame(at: 0)
    #expect(source.summary.format == "CSV" && source.summary.frames == 1)
    #expect(frame.pixels.doubles() == [1, 4, 7, 3, 6, 9, 2, 5, 8])
    #expect(frame.calibration.y?.value == AxisCalibration(scale: 45, origin: 0, unit: "deg"))
    #expect(frame.calibration.x?.value.origin == -0.2)
    #expect(abs((frame.calibration.x?.value.scale ?? 0) - 0.2) < 1e-12)
  }

  @Test func `Uneven tilts are no axis, and what is no table says so`() throws {
    let uneven = try open(Array("u,theta_0,theta_10,theta_70\n0,1,1,1\n1,1,1,1\n".utf8), "a.csv")
    #expect(uneven.summary.calibration.y == nil)
    for (text, words) in [
      ("u,theta_0\n", "no row"), ("u,theta_x\n0,1\n1,1\n", "names no tilt"),
      ("u,theta_0\n0,1\n1\n2,2\n", "line 3"), ("name,value\n0,1\n1,1\n", "text"),
    ] {
      #expect(throws: FileRefusal.self, "\(words)") { try open(Array(text.utf8), "a.csv") }
      do { _ = try open(Array(text.utf8), "a.csv") } catch { #expect("\(error)".contains(words)) }
    }
    // Half a last line is still being written.
    do {
      _ = try open(Array("u,theta_0\n0,1\n1,2\n2".utf8), "a.csv")
    } catch let refusal as FileRefusal { #expect(refusal.kind == .truncated) }
  }

  @Test func `A TIFF's description states tilts and pixels`() throws {
    let axes = SinogramAxes(degrees: [0, 60, 120], pitch: 0.1, start: -6.6)
    let page = TIFFWriter.Page(
      Pixels(width: 4, height: 3, values: [Float](repeating: 1, count: 12)),
      description: "simulated\n" + axes.description)
    let frame = try open(TIFFWriter.encode([page]), "a.tif").frame(at: 0)
    #expect(frame.calibration.x?.value == AxisCalibration(scale: 0.1, origin: -6.6, unit: "r0"))
    #expect(frame.calibration.y?.value == AxisCalibration(scale: 60, origin: 0, unit: "deg"))
  }

  @Test func `A name says the tilts of its rows where the file does not`() throws {
    let page = TIFFWriter.Page(Pixels(width: 4, height: 3, values: [Float](repeating: 1, count: 12)))
    let bytes = TIFFWriter.encode([page])
    let source = try open(bytes, "crystal_7_0_60_120deg.tif")
    // Four numbers for three rows are not the tilts.
    #expect(source.summary.calibration.y == nil)
    let frame = try open(bytes, "crystal_a_-60_0_60deg.tif").frame(at: 0)
    #expect(frame.calibration.y?.value == AxisCalibration(scale: 60, origin: -60, unit: "deg"))
    #expect(try open(bytes, "crystal_0_60_120.tif").summary.calibration.y == nil)
    #expect(try open(bytes, "crystal_0_10_120deg.tif").summary.calibration.y == nil)
  }

  @Test func `A stack's tilts are in its name, or in a list beside it`() throws {
    let page = TIFFWriter.Page(Pixels(width: 4, height: 30, values: [Float](repeating: 1, count: 120)))
    let bytes = TIFFWriter.encode([page, page, page])
    func tilts(_ source: any FrameSource) -> String? {
      source.summary.metadata.first { $0.name == "tilts" }?.value
    }
    #expect(tilts(try open(bytes, "crystal_0_45_100deg.tif")) == "0.0, 45.0, 100.0")
    #expect(tilts(try open(bytes, "crystal_0_45deg.tif")) == nil)
    // Even ones, too, are no axis of an image.
    #expect(try open(bytes, "crystal_0_45_90deg.tif").summary.calibration.y == nil)
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "series.tif").path
    try Data(bytes).write(to: URL(filePath: path))
    for (list, expected) in [
      ("-60\n0.5\n60\n", "-60.0, 0.5, 60.0"), ("-60\n0\n", nil), ("-60\nnorth\n60\n", nil),
    ] {
      try Data(list.utf8).write(to: folder.appending(path: "series.tlt"))
      #expect(tilts(try FormatList.open(path: path)) == expected)
    }
    // What the file itself says comes first.
    let axes = SinogramAxes(degrees: [0, 10, 70], pitch: 0.1, start: -6.6)
    let stating = TIFFWriter.Page(page.pixels, description: axes.description)
    try Data(TIFFWriter.encode([stating, page, page])).write(to: URL(filePath: path))
    try Data("1\n2\n3\n".utf8).write(to: folder.appending(path: "series.tlt"))
    #expect(tilts(try FormatList.open(path: path)) == "0.0, 10.0, 70.0")
  }

  @Test func `Files of one series are told by their names, and are its frames`() throws {
    #expect(ProjectionName(path: "a/crystal_-60.5deg.tif")?.degrees == -60.5)
    #expect(
      ProjectionName(path: "a/crystal_0deg.tif")?.series
        == ProjectionName(path: "a/crystal_60deg.tif")?.series)
    for other in ["b/crystal_60deg.tif", "a/crystal_60deg.mrc", "a/other_60deg.tif"] {
      let name = try #require(ProjectionName(path: other))
      #expect(name.series != ProjectionName(path: "a/crystal_0deg.tif")?.series)
    }
    for none in ["crystal_0_60deg.tif", "crystal_60.tif", "crystal_northdeg.tif", "60deg.tif", "x_60deg", ""]
    {
      #expect(ProjectionName(path: none) == nil, "\(none)")
    }
    let gathered = ProjectionName.gathered([
      "x_0deg.tif", "y.tif", "d/x_9deg.tif", "x_60deg.tif", "x_9deg.tif",
    ])
    #expect(gathered.map(\.path) == ["x_0deg.tif", "y.tif", "d/x_9deg.tif"])
    #expect(gathered.map(\.others) == [["x_60deg.tif", "x_9deg.tif"], [], []])

    func file(_ value: Float, width: Int = 4, pages: Int = 1, degrees: Double? = nil) throws
      -> any FrameSource
    {
      let description = degrees.map { SinogramAxes(degrees: [$0], pitch: 0.1, start: -1).description }
      let page = TIFFWriter.Page(
        Pixels(width: width, height: 30, values: [Float](repeating: value, count: 30 * width)),
        description: description)
      return try open(TIFFWriter.encode([TIFFWriter.Page](repeating: page, count: pages)), "x.tif")
    }
    let series = try SeriesFrames([
      ("x_0deg.tif", file(1)), ("x_60deg.tif", file(2)), ("x_9deg.tif", file(3)),
    ])
    #expect(series.summary.frames == 3 && series.summary.isComplete)
    #expect(series.summary.metadata.last?.value == "0.0, 60.0, 9.0")
    #expect(try series.frame(at: 2).pixels.doubles().allSatisfy { $0 == 3 } && series.frame(at: 2).index == 2)
    #expect(throws: FileRefusal.self) { try series.frame(at: 3) }
    // What a file states goes before its name.
    let stating = try SeriesFrames([("a.tif", file(1, degrees: 7)), ("x_60deg.tif", file(2, degrees: 61))])
    #expect(stating.summary.metadata.filter { $0.name == "tilts" }.map(\.value) == ["7.0, 61.0"])
    let silent = try SeriesFrames([("a.tif", file(1)), ("x_60deg.tif", file(2))])
    #expect(!silent.summary.metadata.contains { $0.name == "tilts" })
    for (other, words) in [(try file(2, width: 5), "5 by 30 pixels"), (try file(2, pages: 2), "2 frames")] {
      #expect {
        _ = try SeriesFrames([("a.tif", file(1)), ("b.tif", other)])
      } throws: { "\($0)".contains("b.tif") && "\($0)".contains(words) }
    }
  }
}
