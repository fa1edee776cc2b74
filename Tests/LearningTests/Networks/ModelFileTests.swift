import Foundation
import Learning
import Testing

@Suite struct ModelFileTests {
  private static func temporary(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "ewald-model-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test("A model comes back from its file as it was written", arguments: LayerCase.all)
  func roundTrip(_ layer: LayerCase) throws {
    try Self.temporary { path in
      let data = try CaseData(layer.network, samples: 1)
      let model = TrainedNetwork(
        network: layer.network, weights: data.weights,
        notes: ["material": "rutile \"TiO2\"\n\u{1} \u{1F52C}", "": "empty"])
      try model.write(to: path)
      #expect(try TrainedNetwork(file: path) == model)
    }
  }

  @Test("Equal models are equal files, and the format is what its description says")
  func format() throws {
    let network = Network(input: .vector(2), [.dense(.init(units: 1, bias: false))])
    var weights = try Weights(for: network, seed: 1)
    weights["dense1.weight"]?.values = [1.5, -2]
    try Self.temporary { path in
      try TrainedNetwork(network: network, weights: weights).write(to: path)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      #expect(Array(bytes[..<12]) == Array("EWALDNET".utf8) + [1, 0, 0, 0])
      let length = Int(bytes[12]) + Int(bytes[13]) << 8
      let manifest = try #require(
        try JSONSerialization.jsonObject(with: Data(bytes[16..<16 + length])) as? [String: Any])
      #expect(manifest["kind"] as? String == "model")
      let start = (16 + length + 63) / 64 * 64
      #expect(Array(bytes[start...]) == [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0])
      try TrainedNetwork(network: network, weights: weights).write(to: path)
      #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == bytes)
    }
  }

  @Test("A cut or changed file is refused")
  func damage() throws {
    let network = Network(input: .vector(2), [.dense(1)])
    let model = TrainedNetwork(network: network, weights: try Weights(for: network, seed: 1))
    try Self.temporary { path in
      try model.write(to: path)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      for length in stride(from: 0, to: bytes.count, by: 5) {
        try Data(bytes[..<length]).write(to: URL(fileURLWithPath: path))
        #expect(throws: NetworkError.self) { try TrainedNetwork(file: path) }
      }
      var refused = 0
      for position in stride(from: 0, to: bytes.count, by: 3) {
        var changed = bytes
        changed[position] ^= 0x20
        try Data(changed).write(to: URL(fileURLWithPath: path))
        // Padding and notes may change unseen; nothing else, and nothing traps.
        if (try? TrainedNetwork(file: path)) != model { refused += 1 }
      }
      #expect(refused > bytes.count / 4)
    }
    #expect(throws: NetworkError.self) { try TrainedNetwork(file: "/nonexistent/model") }
    #expect(throws: NetworkError.self) { try TrainedNetwork(file: NSTemporaryDirectory()) }
  }

  @Test("Weights that do not fit are named")
  func misfit() throws {
    let network = Network(input: .vector(2), [.dense(1)])
    var weights = try Weights(for: network, seed: 1)
    weights["dense1.bias"] = nil
    #expect(throws: NetworkError.parameter(name: "dense1.bias", reason: "missing")) {
      try Inference(network, weights: weights)
    }
  }
}
