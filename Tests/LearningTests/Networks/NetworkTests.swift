import Arrays
import Learning
import Testing

@Suite struct NetworkTests {
  @Test("Descriptions that do not hold together are refused")
  func misfits() {
    let image = Shape.image(channels: 3, height: 8, width: 8)
    let chains: [(Shape, [Layer])] = [
      (image, [.convolution(4, kernel: 9, padding: .none)]), (image, [.convolution(4, kernel: 0)]),
      (image, [.convolution(4, kernel: 3, groups: 2)]), (image, [.convolution(0, kernel: 3)]),
      (image, [.convolution(4, kernel: 3, padding: .each(-1))]), (image, [.softmax]),
      (image, [.maxPooling(2, stride: 0)]), (image, [.pixelUnshuffle(3)]), (image, [.upsampling(0)]),
      (image, [.reshape(.vector(5))]), (image, [.dropout(1)]), (image, [.dropout(.nan)]),
      (.vector(4), [.convolution(4, kernel: 3)]), (.vector(4), [.dense(0)]), (.vector(0), [.dense(1)]),
      (.vector(4), [.multiply]), (.vector(4), [.globalPooling(.max)]),
      (.vector(Int.max), [.dense(2)]),
      (.image(channels: 1 << 20, height: 1 << 20, width: 1 << 20), [.flatten]),
    ]
    for (input, layers) in chains {
      #expect(throws: NetworkError.self, "\(layers)") { try Network(input: input, layers).shapes() }
    }
    #expect(throws: NetworkError.self) { try Network().shapes() }
  }

  @Test("Shapes follow from the layers")
  func shapes() throws {
    let network = Network(
      input: .image(channels: 2, height: 64, width: 64),
      [
        .pixelUnshuffle(2), .convolution(16, kernel: 3, stride: 2), .maxPooling(3, stride: 2),
        .upsampling(2), .flatten, .dense(10),
      ])
    #expect(
      try network.shapes().map(\.description) == [
        "2x64x64", "8x32x32", "16x16x16", "16x7x7", "16x14x14", "3136", "10",
      ])
  }

  @Test("Fresh weights follow from the seed, and have the spread they should")
  func freshWeights() throws {
    let network = Network(input: .vector(300), [.dense(200), .dense(100)])
    let weights = try Weights(for: network, seed: 1)
    #expect(try Weights(for: network, seed: 1) == weights)
    #expect(try Weights(for: network, seed: 2) != weights)
    for (kind, variance) in [(Initialisation.he, 2.0 / 300), (.glorot, 2.0 / 500), (.uniform, 1.0 / 900)] {
      let values = try #require(Weights(for: network, seed: 1, kind)["dense1.weight"]).values
      let found = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
      #expect(abs(found / variance - 1) < 0.03)
    }
  }

  @Test("Part of a network runs with the weights of the whole")
  func encoder() throws {
    let network = Network(
      input: .vector(4), [.dense(2), .activation(.tanh), .dense(4), .activation(.sigmoid)])
    let weights = try Weights(for: network, seed: 3)
    let latent = try #require(network.value(named: "activation2"))
    let encoder = network.ending(at: [.init(name: "latent", value: latent)])
    #expect(encoder.nodes.count == 3)
    let input: [Float] = [0.1, -0.2, 0.3, 0.4]
    let expected = try ReferenceNetwork(encoder, weights).run(["input": [input.map(Double.init)]])
    let answer = try Inference(encoder, weights: weights).run(input)
    #expect(relativeDifference(answer, expected["latent"]?[0] ?? []) < 1e-6)
  }

  @Test("Any number of samples, any batch and any number of threads give the same answers")
  func predictor() throws {
    let layer = try #require(LayerCase.all.first { $0.name.hasPrefix("a trunk") })
    let data = try CaseData(layer.network, samples: 11)
    let expected = try ReferenceNetwork(layer.network, data.weights).run(data.inputs)
    let one = try Predictor(layer.network, weights: data.weights, batch: 4, threads: 1)
    let three = try Predictor(layer.network, weights: data.weights, batch: 4, threads: 3)
    let answer = try one.predict(data.flatInputs)
    #expect(try three.predict(data.flatInputs) == answer)
    for (name, values) in expected {
      #expect(relativeDifference(answer[name] ?? [], values.flatMap { $0 }) < 3e-6)
    }
    #expect(throws: NetworkError.self) { try one.predict(["image": [1]]) }
    #expect(throws: NetworkError.self) {
      try one.predict(["image": data.flatInputs["image"] ?? [], "angle": [1, 2]])
    }
  }

  @Test("Many threads may ask one predictor at once")
  func sharing() throws {
    let network = Network(
      input: .image(channels: 1, height: 12, width: 12),
      [.convolution(8, kernel: 3), .activation(.relu), .dense(5)])
    let predictor = try Predictor(network, weights: Weights(for: network, seed: 1), threads: 2)
    let answers = parallelMap(24) { index in
      try? predictor.predict((0..<144).map { Float(($0 * 7 + index % 3) % 11) })
    }
    for index in 3..<24 { #expect(answers[index] == answers[index % 3]) }
    #expect(answers[0] != nil && answers[0] != answers[1])
  }
}
