import JSON

extension Layer {
  var json: JSONValue {
    var members: [String: JSONValue] = [:]
    switch self {
    case .input(let shape), .reshape(let shape): members["shape"] = .integers(shape.dimensions)
    case .convolution(let options):
      members["channels"] = .integer(options.channels)
      members["window"] = options.window.json
      members["groups"] = .integer(options.groups)
      members["bias"] = .bool(options.bias)
    case .dense(let options):
      members["units"] = .integer(options.units)
      members["bias"] = .bool(options.bias)
      members["order"] = .text(options.order.word)
    case .batchNormalisation(let options):
      members["epsilon"] = .number(Double(options.epsilon))
      members["momentum"] = .number(Double(options.momentum))
    case .activation(let activation): members["function"] = activation.json
    case .pooling(let options):
      members["kind"] = .text(options.kind.word)
      members["window"] = options.window.json
      members["roundsUp"] = .bool(options.roundsUp)
    case .globalPooling(let kind): members["kind"] = .text(kind.word)
    case .upsampling(let factor): members["factor"] = .integer(factor)
    case .pixelUnshuffle(let factor, let order):
      members["factor"] = .integer(factor)
      members["order"] = .text(order == .channelMajor ? "channelMajor" : "pixelMajor")
    case .dropout(let rate): members["rate"] = .number(Double(rate))
    case .flatten(let order): members["order"] = .text(order.word)
    case .add, .multiply, .concatenate, .softmax: break
    }
    members["layer"] = .text(word)
    return .object(members)
  }

  init?(json: JSONValue) {
    func int(_ key: String) -> Int? { json[key]?.int }
    func float(_ key: String) -> Float? { json[key]?.double.map { Float($0) } }
    func bool(_ key: String) -> Bool? {
      json[key] == .bool(true) ? true : json[key] == .bool(false) ? false : nil
    }
    var layer: Layer?
    switch json["layer"]?.string {
    case "input": layer = json["shape"]?.ints.flatMap { Shape(dimensions: $0) }.map(Layer.input)
    case "reshape": layer = json["shape"]?.ints.flatMap { Shape(dimensions: $0) }.map(Layer.reshape)
    case "convolution":
      if let channels = int("channels"), let window = Window(json: json["window"]),
        let groups = int("groups"), let bias = bool("bias")
      {
        layer = .convolution(.init(channels: channels, window: window, groups: groups, bias: bias))
      }
    case "dense":
      if let units = int("units"), let bias = bool("bias"),
        let order = PixelOrder(word: json["order"]?.string)
      {
        layer = .dense(.init(units: units, bias: bias, order: order))
      }
    case "normalisation":
      if let epsilon = float("epsilon"), let momentum = float("momentum") {
        layer = .batchNormalisation(.init(epsilon: epsilon, momentum: momentum))
      }
    case "activation": layer = Activation(json: json["function"]).map(Layer.activation)
    case "pooling":
      if let kind = Pooling.Kind(word: json["kind"]?.string), let window = Window(json: json["window"]),
        let roundsUp = bool("roundsUp")
      {
        layer = .pooling(.init(kind, window: window, roundsUp: roundsUp))
      }
    case "globalPooling": layer = Pooling.Kind(word: json["kind"]?.string).map(Layer.globalPooling)
    case "upsampling": layer = int("factor").map(Layer.upsampling)
    case "pixelUnshuffle":
      let order: ChannelOrder? =
        switch json["order"]?.string {
        case "channelMajor": .channelMajor
        case "pixelMajor": .pixelMajor
        default: nil
        }
      if let factor = int("factor"), let order { layer = .pixelUnshuffle(factor, order) }
    case "dropout": layer = float("rate").map(Layer.dropout)
    case "flatten": layer = PixelOrder(word: json["order"]?.string).map(Layer.flatten)
    case "add": layer = .add
    case "multiply": layer = .multiply
    case "concatenate": layer = .concatenate
    case "softmax": layer = .softmax
    default: break
    }
    guard let layer else { return nil }
    self = layer
  }
}

extension Window {
  fileprivate var json: JSONValue {
    let padding: JSONValue =
      switch self.padding {
      case .none: .text("none")
      case .same: .text("same")
      case .edges(let top, let left, let bottom, let right): .integers([top, left, bottom, right])
      }
    return .object([
      "size": .integers([height, width]), "stride": .integers([stride.vertical, stride.horizontal]),
      "dilation": .integers([dilation.vertical, dilation.horizontal]), "padding": padding,
    ])
  }

  fileprivate init?(json: JSONValue?) {
    guard let size = json?["size"]?.ints, let stride = json?["stride"]?.ints,
      let dilation = json?["dilation"]?.ints, size.count == 2, stride.count == 2, dilation.count == 2
    else { return nil }
    let padding: Padding
    switch json?["padding"] {
    case .text("none"): padding = .none
    case .text("same"): padding = .same
    case let edges:
      guard let edges = edges?.ints, edges.count == 4 else { return nil }
      padding = .edges(top: edges[0], left: edges[1], bottom: edges[2], right: edges[3])
    }
    self.init(
      height: size[0], width: size[1], stride: Size(vertical: stride[0], horizontal: stride[1]),
      dilation: Size(vertical: dilation[0], horizontal: dilation[1]), padding: padding)
  }
}

extension Activation {
  /// A word and its numbers.
  fileprivate var json: JSONValue {
    let (word, numbers): (String, [Float]) =
      switch self {
      case .relu: ("relu", [])
      case .leakyReLU(let slope): ("leakyReLU", [slope])
      case .elu(let alpha): ("elu", [alpha])
      case .sigmoid: ("sigmoid", [])
      case .tanh: ("tanh", [])
      case .clipped(let lower, let upper): ("clipped", [lower, upper])
      case .silu: ("silu", [])
      case .gelu: ("gelu", [])
      case .hardSwish: ("hardSwish", [])
      }
    return .list([.text(word)] + numbers.map { .number(Double($0)) })
  }

  fileprivate init?(json: JSONValue?) {
    guard let items = json?.items, let word = items.first?.string else { return nil }
    let numbers = items.dropFirst().compactMap(\.double).map { Float($0) }
    switch (word, numbers.count) {
    case ("relu", 0): self = .relu
    case ("leakyReLU", 1): self = .leakyReLU(slope: numbers[0])
    case ("elu", 1): self = .elu(alpha: numbers[0])
    case ("sigmoid", 0): self = .sigmoid
    case ("tanh", 0): self = .tanh
    case ("clipped", 2): self = .clipped(lower: numbers[0], upper: numbers[1])
    case ("silu", 0): self = .silu
    case ("gelu", 0): self = .gelu
    case ("hardSwish", 0): self = .hardSwish
    default: return nil
    }
  }
}

extension Layer.PixelOrder {
  fileprivate var word: String { self == .channelsFirst ? "channelsFirst" : "channelsLast" }

  fileprivate init?(word: String?) {
    switch word {
    case "channelsFirst": self = .channelsFirst
    case "channelsLast": self = .channelsLast
    default: return nil
    }
  }
}

extension Layer.Pooling.Kind {
  fileprivate var word: String {
    switch self {
    case .max: "max"
    case .average: "average"
    case .averageWithPadding: "averageWithPadding"
    }
  }

  fileprivate init?(word: String?) {
    switch word {
    case "max": self = .max
    case "average": self = .average
    case "averageWithPadding": self = .averageWithPadding
    default: return nil
    }
  }
}
