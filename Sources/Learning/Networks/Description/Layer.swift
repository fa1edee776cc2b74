/// One step of a network, as a value. Layers with several inputs say so; all others have one.
package enum Layer: Sendable, Hashable {
  case input(Shape)
  case convolution(Convolution)
  case dense(Dense)
  case batchNormalisation(BatchNormalisation)
  case activation(Activation)
  case pooling(Pooling)
  /// One value a channel: an image becomes a vector.
  case globalPooling(Pooling.Kind)
  /// Every pixel becomes factor x factor equal pixels.
  case upsampling(Int)
  /// factor x factor neighbouring pixels become channels.
  case pixelUnshuffle(Int, ChannelOrder)
  /// Training only: every value is dropped with this probability, the others are scaled up to keep the mean.
  case dropout(Float)
  case flatten(PixelOrder)
  case reshape(Shape)
  /// The sum of two or more equal shapes.
  case add
  /// The product of two shapes; one may be a single value a channel.
  case multiply
  /// Channels behind channels, or vectors behind vectors; a vector joins vectors only.
  case concatenate
  /// Over the values of a vector.
  case softmax

  package struct Convolution: Sendable, Hashable {
    package var channels: Int
    package var window: Window
    /// Inputs and outputs fall into this many independent groups.
    package var groups: Int
    package var bias: Bool

    package init(channels: Int, window: Window, groups: Int = 1, bias: Bool = true) {
      self.channels = channels
      self.window = window
      self.groups = groups
      self.bias = bias
    }
  }

  package struct Dense: Sendable, Hashable {
    package var units: Int
    package var bias: Bool
    /// The order in which the weights expect the pixels of an image.
    package var order: PixelOrder

    package init(units: Int, bias: Bool = true, order: PixelOrder = .channelsFirst) {
      self.units = units
      self.bias = bias
      self.order = order
    }
  }

  package struct BatchNormalisation: Sendable, Hashable {
    package var epsilon: Float
    /// Share of the newest batch in the running mean and variance.
    package var momentum: Float

    package init(epsilon: Float = 1e-5, momentum: Float = 0.1) {
      self.epsilon = epsilon
      self.momentum = momentum
    }
  }

  package struct Pooling: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
      case max
      case average
      /// Padding counts as zeros.
      case averageWithPadding
    }

    package var kind: Kind
    package var window: Window
    /// Whether a last, incomplete window counts.
    package var roundsUp: Bool

    package init(_ kind: Kind, window: Window, roundsUp: Bool = false) {
      self.kind = kind
      self.window = window
      self.roundsUp = roundsUp
    }
  }

  package enum PixelOrder: Sendable, Hashable {
    case channelsFirst
    case channelsLast
  }

  package enum ChannelOrder: Sendable, Hashable {
    /// New channel = channel * factor^2 + (row * factor + column).
    case channelMajor
    /// New channel = (row * factor + column) * channels + channel.
    case pixelMajor
  }
}

extension Layer {
  package static func convolution(
    _ channels: Int, kernel: Int, stride: Int = 1, padding: Window.Padding = .same, groups: Int = 1,
    bias: Bool = true
  ) -> Layer {
    .convolution(
      Convolution(
        channels: channels, window: Window(kernel, stride: stride, padding: padding), groups: groups,
        bias: bias))
  }

  package static func dense(_ units: Int, bias: Bool = true) -> Layer {
    .dense(Dense(units: units, bias: bias))
  }

  package static var batchNormalisation: Layer { .batchNormalisation(BatchNormalisation()) }

  package static func maxPooling(
    _ size: Int, stride: Int? = nil, padding: Window.Padding = .none
  ) -> Layer {
    .pooling(Pooling(.max, window: Window(size, stride: stride ?? size, padding: padding)))
  }

  package static func averagePooling(
    _ size: Int, stride: Int? = nil, padding: Window.Padding = .none
  ) -> Layer {
    .pooling(Pooling(.average, window: Window(size, stride: stride ?? size, padding: padding)))
  }

  package static func pixelUnshuffle(_ factor: Int) -> Layer { .pixelUnshuffle(factor, .channelMajor) }

  package static var flatten: Layer { .flatten(.channelsFirst) }
}
