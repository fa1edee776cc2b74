import Diffraction
import FrameFormats
import Foundation
import LiveSession
import Testing
import Workers

import ewald

/// An engine of the one list, with what the contract needs of it: a newcomer is tested by being listed. The template
/// of the guide is one of them. `EWALD_ENGINE=NAME` takes one of them alone, while it is being written.
struct ContractedEngine: Sendable, CustomTestStringConvertible {
  let engine: any AnalysisEngine
  let showpiece: Showpiece

  static let all: [ContractedEngine] = {
    let only = ProcessInfo.processInfo.environment["EWALD_ENGINE"]
    return (Ewald.engines + [TemplateEngine()]).filter { only == nil || $0.name == only }.map {
      ContractedEngine($0)
    }
  }()

  init(_ engine: any AnalysisEngine) {
    self.engine = engine
    // One that has nothing of its own to show is shown what needs no model.
    showpiece = specimens.first { $0.name == engine.name } ?? specimens[0]
  }

  var testDescription: String { engine.name }

  func settings(_ width: Int) throws -> ParameterValues {
    try ParameterValues(texts: showpiece.settings(width), for: engine)
  }

  /// Reads and analyses in this process, as the session does.
  var analyst: Analyst {
    Analyst(
      engines: [engine], choice: engine.name,
      files: FileAccess(opening: { path throws(FileRefusal) in try FormatList.open(path: path) }))
  }
}

/// An engine's own acquisition in a folder of a test's own: its sample, or what the demo's microscope writes.
struct Acquisition {
  let folder: TemporaryFolder
  let names: [String]
  let contracted: ContractedEngine

  static let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Samples")

  init(_ contracted: ContractedEngine) throws {
    guard !contracted.showpiece.samples.isEmpty else {
      self = try Acquisition(demonstrating: contracted, exposures: 2)
      return
    }
    self.contracted = contracted
    folder = try TemporaryFolder()
    names = contracted.showpiece.samples.map { URL(filePath: $0).lastPathComponent }
    for (sample, name) in zip(contracted.showpiece.samples, names) {
      try FileManager.default.copyItem(
        at: Self.samples.appending(path: sample), to: URL(filePath: "\(folder.path)/\(name)"))
    }
  }

  /// The first exposures of the engine's specimen.
  init(demonstrating contracted: ContractedEngine, exposures: Int) throws {
    self.contracted = contracted
    folder = try TemporaryFolder()
    var specimen = try contracted.showpiece.make(96, 1)
    var names: [String] = []
    for number in 1...exposures {
      let exposure = try specimen.exposure(number, nil)
      let url = URL(filePath: "\(folder.path)/\(exposure.file)")
      let before = exposure.appends ? try Data(contentsOf: url) : Data()
      try (before + exposure.bytes).write(to: url)
      if !names.contains(exposure.file) { names.append(exposure.file) }
    }
    self.names = names
  }

  func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  func open(_ index: Int = 0) throws -> Analyst.Opened {
    try contracted.analyst.open(path: path(names[index]))
  }

  /// One file after the other, each with the finding before it.
  func findings() throws -> [Finding] {
    var findings: [Finding] = []
    for name in names {
      let opened = try contracted.analyst.open(path: path(name))
      findings.append(
        try contracted.analyst.conclude(
          opened, contracted.engine, try contracted.settings(opened.summary.width),
          AnalysisContext(previous: findings.last)))
    }
    return findings
  }
}

extension Finding {
  /// All of it, exhibits included, as it would go to another process.
  var bytes: [UInt8] {
    var message = MessageWriter()
    message.put(self)
    return message.images.reduce(into: message.bytes) { bytes, image in
      image.pixels.withBytes { bytes.append(contentsOf: $0) }
    }
  }
}
