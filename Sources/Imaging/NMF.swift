import System
import Arrays
import CVectorLoops
import Glibc  // log

/// V ~ W H with nothing negative: rows of V (patterns) as sums of the rows of H (components) with weights W.
package struct NonNegativeFactors: Sendable {
  /// rows of V x components.
  package private(set) var weights: Matrix
  /// components x columns of V.
  package private(set) var components: Matrix

  package enum Loss: Sendable {
    /// Half the sum of squared residuals.
    case frobenius
    /// The generalised Kullback-Leibler divergence: maximum likelihood for counts.
    case kullbackLeibler
  }

  package enum Solver: Sendable {
    /// Cyclic coordinate descent on the Frobenius loss (Cichocki & Phan 2009): W, then H.
    case coordinateDescent
    /// Multiplicative updates (Lee & Seung 2001): W, then H.
    case multiplicative(Loss)

    package var loss: Loss { if case .multiplicative(let loss) = self { loss } else { .frobenius } }
  }

  package init(weights: Matrix, components: Matrix) {
    precondition(weights.columns == components.rows, "one weight a component")
    self.weights = weights
    self.components = components
  }

  /// Random factors whose product has about the mean of `v`.
  package init(rank: Int, of v: Matrix, random: inout RandomNumbers) {
    let mean = v.values.reduce(0.0) { $0 + Double($1) } / Double(Swift.max(v.count, 1))
    let scale = (Swift.max(mean, 0) / Double(rank)).squareRoot()
    func draw(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(
        rows: rows, columns: columns,
        values: (0..<rows * columns).map { _ in Float(scale * abs(random.normal())) })
    }
    weights = draw(v.rows, rank)
    components = draw(rank, v.columns)
  }

  package var rank: Int { components.rows }

  /// Runs `iterations` rounds of updates.
  package mutating func iterate(_ v: Matrix, solver: Solver, iterations: Int) {
    checkShape(v)
    guard iterations > 0 else { return }
    var round = FactorisationRound(weights: weights, components: components)
    v.withElements { pixels in
      for _ in 0..<iterations { round.run(pixels, solver: solver) }
    }
    (weights, components) = round.factors
  }

  /// Runs until ten rounds improve the loss by less than `tolerance` of its first value.
  /// Returns the number of rounds.
  package mutating func converge(
    _ v: Matrix, solver: Solver, tolerance: Double = 1e-4, maximumIterations: Int = 200
  ) -> Int {
    let first = objective(v, solver.loss)
    var (previous, done) = (first, 0)
    while done < maximumIterations {
      let rounds = Swift.min(10, maximumIterations - done)
      iterate(v, solver: solver, iterations: rounds)
      done += rounds
      let now = objective(v, solver.loss)
      if previous - now < tolerance * first { break }
      previous = now
    }
    return done
  }

  package func objective(_ v: Matrix, _ loss: Loss) -> Double {
    checkShape(v)
    let columns = v.columns
    var total = 0.0
    var model = Matrix(rows: 1, columns: columns)
    v.withElements { pixels in
      weights.withElements { weights in
        components.withElements { components in
          model.withMutableElements { model in
            for r in 0..<v.rows {
              vl_model(weights + r * rank, rank, 1, rank, components, columns, columns, model, columns)
              let row = pixels + r * columns
              for c in 0..<columns {
                let (value, fit) = (Double(row[c]), Double(model[c]))
                switch loss {
                case .frobenius: total += 0.5 * (value - fit) * (value - fit)
                case .kullbackLeibler:
                  total += fit
                  if value > 0 {
                    total += value * log(value / Swift.max(fit, Double(smallestDivisor))) - value
                  }
                }
              }
            }
          }
        }
      }
    }
    return total
  }

  private func checkShape(_ v: Matrix) {
    precondition(
      v.rows == weights.rows && v.columns == components.columns, "factors of a \(v.rows)x\(v.columns) matrix")
  }
}

/// Keeps divisors away from zero.
private let smallestDivisor: Float = 1.192_092_9e-07

/// The state of an iteration. W's rows depend on H alone, so V is read once a round: sixteen rows at a time
/// have their weights updated and then, still in cache, are added to what the update of H needs.
private struct FactorisationRound {
  private static let band = 16
  private let rows: Int
  private let columns: Int
  private let rank: Int
  /// The rank rounded up to whole blocks of sixteen: the length of a row of `weights`.
  private let padded: Int
  private var weights: [Float]
  private var components: Matrix
  /// H transposed, sixteen components a panel.
  private var panels: [Float]
  private var gathered: Matrix
  private var scratch: Scratch

  /// Storage for one band.
  private struct Scratch {
    /// 16 rows x 16 components, one panel.
    var product = [Float](repeating: 0, count: 256)
    /// components x 16 rows.
    var target: [Float]
    var factor: [Float]
    var model: [Float]
  }

  init(weights: Matrix, components: Matrix) {
    (rows, columns, rank) = (weights.rows, components.columns, components.rows)
    padded = (rank + 15) / 16 * 16
    self.weights = [Float](repeating: 0, count: rows * padded)
    self.components = components
    panels = [Float](repeating: 0, count: padded * columns)
    gathered = Matrix(rows: rank, columns: columns)
    scratch = Scratch(
      target: [Float](repeating: 0, count: padded * Self.band),
      factor: [Float](repeating: 0, count: padded * Self.band),
      model: [Float](repeating: 0, count: Self.band * columns))
    for r in 0..<rows {
      for t in 0..<rank { self.weights[r * padded + t] = weights[r, t] }
    }
  }

  var factors: (Matrix, Matrix) {
    let weights = Matrix(rows: rows, columns: rank) { out in
      for r in 0..<rows {
        for t in 0..<rank { out.initializeElement(at: r * rank + t, to: self.weights[r * padded + t]) }
      }
    }
    return (weights, components)
  }

  mutating func run(_ pixels: UnsafePointer<Float>, solver: NonNegativeFactors.Solver) {
    fillPanels()
    gathered.values.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    let gram = Matrix.product(components, components, right: .transposed)
    let sums = (0..<rank).map { componentSum($0) }
    for start in stride(from: 0, to: rows, by: Self.band) {
      let count = min(Self.band, rows - start)
      let band = pixels + start * columns
      switch solver {
      case .coordinateDescent:
        multiplyByPanels(band, count)
        loadFactor(start, count)
        vl_descend(&scratch.factor, Self.band, gram.values, scratch.target, Self.band, rank, count)
        storeFactor(start, count)
        gather(band, start, count)
      case .multiplicative(.frobenius):
        multiplyByPanels(band, count)
        loadFactor(start, count)
        scaleFactor(gram)
        storeFactor(start, count)
        gather(band, start, count)
      case .multiplicative(.kullbackLeibler):
        ratios(band, start, count)
        scratch.model.withUnsafeBufferPointer { model in
          guard let model = model.baseAddress else { return }
          multiplyByPanels(model, count)
        }
        loadFactor(start, count)
        for t in 0..<rank {
          for i in t * Self.band..<t * Self.band + count { scratch.factor[i] *= scratch.target[i] / sums[t] }
        }
        storeFactor(start, count)
        ratios(band, start, count)
        scratch.model.withUnsafeBufferPointer { model in
          guard let model = model.baseAddress else { return }
          gather(model, start, count)
        }
      }
    }
    updateComponents(solver)
  }

  private mutating func updateComponents(_ solver: NonNegativeFactors.Solver) {
    switch solver {
    case .coordinateDescent:
      let gram = weightGram()
      vl_descend(&components.values, columns, gram.values, gathered.values, columns, rank, columns)
    case .multiplicative(.frobenius):
      let model = Matrix.product(weightGram(), components)
      for i in 0..<components.count {
        components.values[i] *= gathered.values[i] / (model.values[i] > 0 ? model.values[i] : smallestDivisor)
      }
    case .multiplicative(.kullbackLeibler):
      for t in 0..<rank {
        var sum = 0.0
        for r in 0..<rows { sum += Double(weights[r * padded + t]) }
        let inverse = 1 / (sum > 0 ? Float(sum) : smallestDivisor)
        for i in t * columns..<(t + 1) * columns { components.values[i] *= gathered.values[i] * inverse }
      }
    }
  }

  /// W^T W without the padding.
  private func weightGram() -> Matrix {
    var gram = Matrix(rows: rank, columns: rank)
    weights.withUnsafeBufferPointer { weights in
      gram.withMutableElements { gram in
        guard let weights = weights.baseAddress else { return }
        Float.gemm(
          .transposed, .asIs, m: rank, n: rank, k: rows, alpha: 1, a: weights, strideA: padded, b: weights,
          strideB: padded, beta: 0, c: gram, strideC: rank)
      }
    }
    return gram
  }

  private func componentSum(_ t: Int) -> Float {
    let sum = components.row(t).reduce(0.0) { $0 + Double($1) }
    return sum > 0 ? Float(sum) : smallestDivisor
  }

  private mutating func fillPanels() {
    let (rank, columns) = (self.rank, self.columns)
    components.withElements { h in
      panels.withUnsafeMutableBufferPointer { panels in
        for t in 0..<rank {
          let panel = t / 16 * 16 * columns + t % 16
          for j in 0..<columns { panels[panel + 16 * j] = h[t * columns + j] }
        }
      }
    }
  }

  /// target[t][i] = sum over j of x[i][j] H[t][j].
  private mutating func multiplyByPanels(_ x: UnsafePointer<Float>, _ count: Int) {
    for panel in 0..<padded / 16 {
      panels.withUnsafeBufferPointer { panels in
        guard let base = panels.baseAddress else { return }
        vl_rows_times_panel(x, columns, count, columns, base + panel * 16 * columns, &scratch.product)
      }
      scratch.target.withUnsafeMutableBufferPointer { target in
        scratch.product.withUnsafeBufferPointer { product in
          for t in 0..<16 {
            for i in 0..<count { target[(panel * 16 + t) * Self.band + i] = product[i * 16 + t] }
          }
        }
      }
    }
  }

  private mutating func loadFactor(_ start: Int, _ count: Int) {
    scratch.factor.withUnsafeMutableBufferPointer { factor in
      weights.withUnsafeBufferPointer { weights in
        for i in 0..<count {
          for t in 0..<rank { factor[t * Self.band + i] = weights[(start + i) * padded + t] }
        }
      }
    }
  }

  private mutating func storeFactor(_ start: Int, _ count: Int) {
    scratch.factor.withUnsafeBufferPointer { factor in
      weights.withUnsafeMutableBufferPointer { weights in
        for i in 0..<count {
          for t in 0..<rank { weights[(start + i) * padded + t] = factor[t * Self.band + i] }
        }
      }
    }
  }

  /// factor *= target / (gram factor), all from the old factor.
  private mutating func scaleFactor(_ gram: Matrix) {
    let rank = self.rank
    gram.withElements { gram in
      scratch.target.withUnsafeMutableBufferPointer { target in
        scratch.factor.withUnsafeMutableBufferPointer { factor in
          guard let factor = factor.baseAddress, let target = target.baseAddress else { return }
          for t in 0..<rank {
            var model = SIMD16<Float>.zero
            for r in 0..<rank { model += load16(factor + r * 16) * gram[t * rank + r] }
            let divisor = model.replacing(with: smallestDivisor, where: model .<= 0)
            store16(load16(target + t * 16) / divisor, target + t * 16)
          }
          for i in 0..<rank * 16 { factor[i] *= target[i] }
        }
      }
    }
  }

  private mutating func ratios(_ band: UnsafePointer<Float>, _ start: Int, _ count: Int) {
    weights.withUnsafeBufferPointer { weights in
      guard let weights = weights.baseAddress else { return }
      vl_model(
        weights + start * padded, padded, count, rank, components.values, columns, columns, &scratch.model,
        columns)
    }
    vl_ratio(band, &scratch.model, count * columns, smallestDivisor)
  }

  /// Adds W^T x of this band.
  private mutating func gather(_ x: UnsafePointer<Float>, _ start: Int, _ count: Int) {
    weights.withUnsafeBufferPointer { weights in
      guard let weights = weights.baseAddress else { return }
      vl_accumulate_outer(
        x, columns, count, columns, weights + start * padded, padded, rank, &gathered.values, columns)
    }
  }
}
