import Diffraction
import Foundation
import FrameFormats
import LiveSession
import Testing

import ewald

/// Measured frames of other things than an engine reads: for checking only, so they are not in the project.
private enum ForeignFrames {
  static let folder =
    (ProcessInfo.processInfo.environment["EWALD_SHARED"] ?? "../shared") + "/reference/foreign_frames"
  static let areThere = FileManager.default.fileExists(atPath: folder)

  static var paths: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { !$0.hasSuffix(".md") }.sorted().map { "\(folder)/\($0)" }
  }
}

@Test(
  .enabled(if: ForeignFrames.areThere, "needs reference/foreign_frames under EWALD_SHARED or ../shared"),
  arguments: ["cbleed", "sped"])
func whatNobodyHereMadeIsNotAccepted(_ name: String) throws {
  let engine = try #require(Ewald.engines.first { $0.name == name })
  let analyst = Analyst(
    engines: [engine], choice: name,
    files: FileAccess(opening: { path throws(FileRefusal) in try FormatList.open(path: path) }))
  #expect(ForeignFrames.paths.count > 3)
  for path in ForeignFrames.paths {
    // What cannot be opened is refused, which is an answer, too.
    guard let opened = try? analyst.open(path: path) else { continue }
    let finding = try analyst.conclude(opened, engine, ParameterValues(), AnalysisContext())
    #expect(finding.verdict != .accept, "\(path): \(finding.reasons)")
  }
}
