import Foundation
import Learning
import Testing

@Suite struct ONNXTests {
  struct Expected: Decodable {
    var samples: Int
    var inputs: [String: [Float]]
    var outputs: [String: [Float]]
  }

  @Test(
    "Networks from ONNX files answer as onnxruntime does",
    arguments: [
      "edges", "residual", "mobile", "autoencoder", "xception_small", "heads", "channels_last",
      "computed_sizes",
    ])
  func exported(_ name: String) throws {
    let expected = try Reference.json("onnx/\(name).json", as: Expected.self)
    let model = try TrainedNetwork(onnx: Reference.bytes("onnx/\(name).onnx"))
    let inference = try Inference(model.network, weights: model.weights, batch: expected.samples)
    let answer = try inference.run(expected.inputs)
    #expect(Set(answer.keys) == Set(expected.outputs.keys))
    for (output, values) in expected.outputs {
      #expect(relativeDifference(answer[output] ?? [], values.map(Double.init)) < 2e-5, "\(output)")
    }
  }

  @Test("A cut or damaged ONNX file is refused or read, and never traps")
  func hostile() throws {
    let bytes = try Reference.bytes("onnx/edges.onnx")
    for length in stride(from: 0, to: bytes.count, by: 31) {
      #expect(throws: NetworkError.self) { try TrainedNetwork(onnx: Array(bytes[..<length])) }
    }
    for position in stride(from: 0, to: bytes.count, by: 11) {
      for change: UInt8 in [0xff, 0x80, 0x01] {
        var damaged = bytes
        damaged[position] ^= change
        // Either is fine: what counts is coming back.
        _ = try? TrainedNetwork(onnx: damaged)
      }
    }
  }

  @Test("Numbers that no file should hold are refused")
  func absurd() {
    #expect(throws: NetworkError.self) { try TrainedNetwork(onnx: []) }
    #expect(throws: NetworkError.self) { try TrainedNetwork(onnx: Array("not a model".utf8)) }
    // A graph (field 7) that claims 2^62 bytes.
    #expect(throws: NetworkError.self) {
      try TrainedNetwork(onnx: [0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40])
    }
    // A tensor of 2^40 x 2^40 values.
    let dimension: [UInt8] = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]
    let tensor = dimension + dimension + [0x10, 0x01, 0x42, 0x01, 0x77]
    let initializer = [0x2a, UInt8(tensor.count)] + tensor
    #expect(throws: NetworkError.self) {
      try TrainedNetwork(onnx: [0x3a, UInt8(initializer.count)] + initializer)
    }
  }
}

/// Files beside the tests.
enum Reference {
  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Reference")
    return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  static func json<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(bytes(name)))
  }
}
