/// An element-wise function.
package enum Activation: Sendable, Hashable {
  case relu
  case leakyReLU(slope: Float)
  /// x for x > 0, alpha (exp(x) - 1) otherwise.
  case elu(alpha: Float = 1)
  case sigmoid
  case tanh
  /// min(max(x, lower), upper); `.clipped(0, 6)` is "ReLU6".
  case clipped(lower: Float, upper: Float)
  /// x sigmoid(x), also called swish.
  case silu
  /// x Phi(x) with the normal distribution function Phi.
  case gelu
  /// x clip(x + 3, 0, 6) / 6.
  case hardSwish
}
