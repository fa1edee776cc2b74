import Glibc

/// The learning rate of each step; steps count from 0.
package enum Schedule: Sendable, Hashable {
  case constant(Float)
  /// Up in a line over `warmup` steps, down to `final` on half a cosine at `steps`.
  case cosine(peak: Float, warmup: Int = 0, steps: Int, final: Float = 0)
  /// Multiplied by `factor` after every `interval` steps.
  case staircase(start: Float, factor: Float, interval: Int)

  package func rate(at step: Int) -> Float {
    switch self {
    case .constant(let rate): return rate
    case .cosine(let peak, let warmup, let steps, let final):
      if step < warmup { return peak * Float(step + 1) / Float(warmup) }
      let progress = min(1, Double(step - warmup) / Double(max(1, steps - warmup)))
      return final + (peak - final) * Float(0.5 * (1 + cos(Double.pi * progress)))
    case .staircase(let start, let factor, let interval):
      return start * powf(factor, Float(step / max(1, interval)))
    }
  }
}

/// An average of the weights over the steps, usually better than the last ones.
package enum Averaging: Sendable, Hashable {
  /// a = decay a + (1 - decay) w; young averages forget faster, at (1 + step) / (10 + step).
  case exponential(decay: Float)
  /// The mean of all steps from this one on (Izmailov et al. 2018).
  case uniform(from: Int)

  /// Share of the old average; `nil` before it begins.
  func kept(at step: Int) -> Float? {
    switch self {
    case .exponential(let decay):
      return step == 0 ? 0 : min(decay, Float(1 + step) / Float(10 + step))
    case .uniform(let start):
      guard step >= start else { return nil }
      return Float(step - start) / Float(step - start + 1)
    }
  }
}

/// Ends training when a validation loss no longer falls.
package struct EarlyStopping: Sendable, Hashable {
  /// Observations without improvement that are endured.
  package var patience: Int
  package var minimumGain: Double
  package private(set) var best = Double.infinity
  package private(set) var sinceBest = 0

  package init(patience: Int, minimumGain: Double = 0) {
    self.patience = patience
    self.minimumGain = minimumGain
  }

  init(patience: Int, minimumGain: Double, best: Double, sinceBest: Int) {
    self.init(patience: patience, minimumGain: minimumGain)
    self.best = best
    self.sinceBest = sinceBest
  }

  /// Whether this loss is the best so far.
  package mutating func observe(_ loss: Double) -> Bool {
    if loss < best - minimumGain {
      best = loss
      sinceBest = 0
      return true
    }
    sinceBest += 1
    return false
  }

  package var isOver: Bool { sinceBest > patience }
}
