import Arrays
import CBLEED
import Foundation
import Learning
import Testing

/// The model and the acquisition that come with the program.
@Suite struct ShippedModelTests {
  static let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Samples")

  struct Cases: Decodable {
    struct Case: Decodable {
      var file: String
      var energy: Double
      var height: Double
      var buckling: Double
      var length: Double

      enum CodingKeys: String, CodingKey {
        case file
        case energy = "beam_energy"
        case height = "dimer_height"
        case buckling = "dimer_buckling"
        case length = "dimer_length"
      }
    }
    var n: Int
    var cases: [Case]
  }

  static func acquisition() throws -> [(image: Matrix, truth: Cases.Case)] {
    let folder = samples.appending(path: "silicon-cbleed")
    let list = try JSONDecoder().decode(
      Cases.self, from: Data(contentsOf: folder.appending(path: "cases.json")))
    return try list.cases.map { item in
      // As they were written: pixels right behind the header.
      let bytes = try Data(contentsOf: folder.appending(path: item.file)).dropFirst(8)
      let values = (0..<list.n * list.n).map { index in
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * index, as: Float.self) }
      }
      return (Matrix(rows: list.n, columns: list.n, values: values), item)
    }
  }

  static func model() throws -> PatternModel {
    let folder = try ModelFolder(path: samples.appending(path: "models/silicon-dimers").path)
    try folder.verify()
    #expect(folder.engine == "cbleed")
    return try PatternModel(folder)
  }

  @Test func `the shipped model follows energy and buckling through the sample acquisition`() throws {
    let model = try Self.model()
    let names = model.targets.map(\.name)
    #expect(names == ["beam_energy", "dimer_buckling", "dimer_height", "dimer_length"])
    var errors = [Double](repeating: 0, count: 4)
    var held = 0
    let frames = try Self.acquisition()
    for (image, truth) in frames {
      let answer = try model.read(try #require(model.aligner.align(image)))
      let expected = [truth.energy, truth.buckling, truth.height, truth.length]
      for t in 0..<4 {
        errors[t] += abs(answer.values[t] - expected[t]) / Double(frames.count)
        if answer.low[t]...answer.high[t] ~= expected[t] { held += 1 }
      }
      #expect(answer.latentDistance < model.calibration.latentLimit)
      #expect(try #require(answer.misfit) < model.calibration.misfitLimit)
    }
    #expect(errors[0] < 0.15)
    #expect(errors[1] < 0.01 && errors[2] < 0.01)
    #expect(errors[3] < 0.03)
    #expect(Double(held) > 0.85 * Double(4 * frames.count))
  }

  @Test func `blind pixels and foreign discs are out of domain`() throws {
    let model = try Self.model()
    var image = try Self.acquisition()[3].image
    // Half of the detector sees nothing.
    for i in image.values.indices where i % 64 < 32 { image.values[i] *= 0.05 }
    let answer = try model.read(try #require(model.aligner.align(image)))
    let limits = model.calibration
    #expect(
      answer.latentDistance > limits.latentLimit || answer.residual > limits.residualLimit
        || (answer.misfit ?? 0) > limits.misfitLimit)
  }
}
