/// One step of a network, as a value. Layers with several inputs say so; all others have one.
public enum Layer: Sendable, Hashable {
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

  public struct Convolution: Sendable, Hashable {
    public var channels: Int
    public var window: Window
    /// Inputs and outputs fall into this many independent groups.
    public var groups: Int
    public var bias: Bool

    public init(channels: Int, window: Window, groups: Int = 1, bias: Bool = true) {
      self.channels = channels
      self.window = window
      self.groups = groups
      self.bias = bias
    }
  }

  public struct Dense: Sendable, Hashable {
    public var units: Int
    public var bias: Bool
    /// The order in which the weights expect the pixels of an image.
    public var order: PixelOrder

    public init(units: Int, bias: Bool = true, order: PixelOrder = .channelsFirst) {
      self.units = units
      self.bias = bias
      self.order = order
    }
  }

  public struct BatchNormalisation: Sendable, Hashable {
    public var epsilon: Float
    /// Share of the newest batch in the running mean and variance.
    public var momentum: Float

    public init(epsilon: Float = 1e-5, momentum: Float = 0.1) {
      self.epsilon = epsilon
      self.momentum = momentum
    }
  }

  public struct Pooling: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
      case max
      case average
      /// Padding counts as zeros.
      case averageWithPadding
    }

    public var kind: Kind
    public var window: Window
    /// Whether a last, incomplete window counts.
    public var roundsUp: Bool

    public init(_ kind: Kind, window: Window, roundsUp: Bool = false) {
      self.kind = kind
      self.window = window
      self.roundsUp = roundsUp
    }
  }

  public enum PixelOrder: Sendable, Hashable {
    case channelsFirst
    case channelsLast
  }

  public enum ChannelOrder: Sendable, Hashable {
    /// New channel = channel * factor^2 + (row * factor + column).
    case channelMajor
    /// New channel = (row * factor + column) * channels + channel.
    case pixelMajor
  }
}

extension Layer {
  public static func convolution(
    _ channels: Int, kernel: Int, stride: Int = 1, padding: Window.Padding = .same, groups: Int = 1,
    bias: Bool = true
  ) -> Layer {
    .convolution(
      Convolution(
        channels: channels, window: Window(kernel, stride: stride, padding: padding), groups: groups,
        bias: bias))
  }

  public static func dense(_ units: Int, bias: Bool = true) -> Layer {
    .dense(Dense(units: units, bias: bias))
  }

  public static var batchNormalisation: Layer { .batchNormalisation(BatchNormalisation()) }

  public static func maxPooling(
    _ size: Int, stride: Int? = nil, padding: Window.Padding = .none
  ) -> Layer {
    .pooling(Pooling(.max, window: Window(size, stride: stride ?? size, padding: padding)))
  }

  public static func averagePooling(
    _ size: Int, stride: Int? = nil, padding: Window.Padding = .none
  ) -> Layer {
    .pooling(Pooling(.average, window: Window(size, stride: stride ?? size, padding: padding)))
  }

  public static func pixelUnshuffle(_ factor: Int) -> Layer { .pixelUnshuffle(factor, .channelMajor) }

  public static var flatten: Layer { .flatten(.channelsFirst) }
}
