import Glibc

/// How a gradient changes the weights.
package enum Optimiser: Sendable, Hashable {
  /// v = momentum v + g; w -= rate v.
  case sgd(momentum: Float = 0, decay: Float = 0)
  /// Adam (Kingma & Ba 2015) with bias correction; `decay` is decoupled (AdamW, Loshchilov & Hutter 2019).
  case adam(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, decay: Float = 0)

  /// How many moments it keeps for every weight.
  var momentCount: Int {
    switch self {
    case .sgd(let momentum, _): momentum == 0 ? 0 : 1
    case .adam: 2
    }
  }
}

/// One step of an optimiser, the same for every weight.
struct OptimiserStep {
  let optimiser: Optimiser
  let rate: Float
  /// Factor on every gradient: 1 unless its norm is limited.
  let gradientScale: Float
  /// 1 / (1 - beta^step).
  private let correction1: Float
  private let correction2: Float

  init(_ optimiser: Optimiser, rate: Float, step: Int, gradientScale: Float) {
    self.optimiser = optimiser
    self.rate = rate
    self.gradientScale = gradientScale
    if case .adam(let beta1, let beta2, _, _) = optimiser {
      correction1 = Float(1 / (1 - pow(Double(beta1), Double(step))))
      correction2 = Float(1 / (1 - pow(Double(beta2), Double(step))))
    } else {
      (correction1, correction2) = (1, 1)
    }
  }

  /// Weight decay pulls at weights only, not at biases and normalisations.
  func apply(
    _ weights: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ moments: [UnsafeMutablePointer<Float>], count: Int, decays: Bool
  ) {
    switch optimiser {
    case .sgd(let momentum, let decay):
      let keep = decays ? 1 - rate * decay : 1
      if momentum == 0 {
        for i in 0..<count { weights[i] = weights[i] * keep - rate * gradientScale * gradient[i] }
      } else {
        let velocity = moments[0]
        for i in 0..<count {
          let v = momentum * velocity[i] + gradientScale * gradient[i]
          velocity[i] = v
          weights[i] = weights[i] * keep - rate * v
        }
      }
    case .adam(let beta1, let beta2, let epsilon, let decay):
      let keep = decays ? 1 - rate * decay : 1
      let (first, second) = (moments[0], moments[1])
      let stride = rate * correction1
      for i in 0..<count {
        let g = gradientScale * gradient[i]
        let m = beta1 * first[i] + (1 - beta1) * g
        let v = beta2 * second[i] + (1 - beta2) * g * g
        first[i] = m
        second[i] = v
        weights[i] = weights[i] * keep - stride * m / ((v * correction2).squareRoot() + epsilon)
      }
    }
  }
}
