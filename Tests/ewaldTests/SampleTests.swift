import Foundation
import Testing

import ewald

/// The program, as it comes, on the acquisitions that come with it.
@Suite(.timeLimit(.minutes(20))) struct SampleTests {
  private static let samples = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Samples")

  private struct Result: Decodable {
    struct Value: Decodable {
      var name: String
      var value: Double?
    }
    var type: String
    var file: String?
    var verdict: String?
    var values: [Value]?

    subscript(name: String) -> Double? { values?.first { $0.name == name }?.value }
  }

  private func results(_ arguments: [String]) async throws -> [Result] {
    let output = try await Program.run(["run", "--json"] + arguments).output
    let decoder = JSONDecoder()
    return try output.split(separator: "\n").map { try decoder.decode(Result.self, from: Data($0.utf8)) }
      .filter { $0.type == "result" }
  }

  @Test func theWedgeIsReadAsThickAsItWasSimulated() async throws {
    struct Truth: Decodable {
      struct Frame: Decodable {
        var file: String
        var thicknessNm: Double
      }
      var frames: [Frame]
      var mistiltMrad: [Double]
    }
    let folder = Self.samples.appending(path: "rutile-wedge")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let truth = try decoder.decode(
      Truth.self, from: Data(contentsOf: folder.appending(path: "truth.json")))
    let chosen = truth.frames.enumerated().filter { $0.offset % 6 == 1 }.map(\.element)
    let found = try await results(
      ["--engine", "pacbed", "--material", "rutile-80kv", "--convergence-mrad", "20", "--pixel-mrad", "0.5"]
        + chosen.map { folder.appending(path: $0.file).path })
    #expect(found.count == chosen.count)
    let tilt = hypot(truth.mistiltMrad[0], truth.mistiltMrad[1])
    for (result, frame) in zip(found, chosen) {
      let thickness = try #require(result["thickness"])
      #expect(abs(thickness - frame.thicknessNm) <= max(0.3, 0.03 * frame.thicknessNm), "\(frame.file)")
      #expect(abs(try #require(result["mistilt"]) - tilt) <= 0.6, "\(frame.file)")
      #expect(try #require(result["match"]) > 0.99)
      #expect(result.verdict == "accept")
    }
  }

  @Test func theCrystalsOfTheScanAreFoundAndWritten() async throws {
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("ewald-test-\(UUID())")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: output) }
    let scan = Self.samples.appending(path: "mgo-sped/mgo-sped.blo").path
    let found = try await results(["--engine", "sped", "--output", output.path, scan])
    // Six particles, two of which overlap others of the same orientation.
    let count = try #require(found.first?["crystals"])
    #expect((6...8).contains(count))
    let written = try FileManager.default.contentsOfDirectory(atPath: output.path)
    for ending in ["_segments.tif", "_patterns.tif", "_vectors.csv"] {
      #expect(written.contains { $0.hasSuffix(ending) }, "\(ending)")
    }
  }
}
