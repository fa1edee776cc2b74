import Arrays
import Glibc  // log

/// V ~ W H with nothing negative: rows of V (patterns) as sums of the rows of H (components) with weights W.
///
/// Both factors are kept component by component, W transposed: the updates are then the same for both and
/// run along contiguous rows.
public struct NonNegativeFactors: Sendable {
  /// components x rows of V.
  public private(set) var weightsTransposed: Matrix
  /// components x columns of V.
  public private(set) var components: Matrix

  public enum Loss: Sendable {
    /// Half the sum of squared residuals.
    case frobenius
    /// The generalised Kullback-Leibler divergence: maximum likelihood for counts.
    case kullbackLeibler
  }

  public enum Solver: Sendable {
    /// Cyclic coordinate descent on the Frobenius loss (Cichocki & Phan 2009): W, then H.
    case coordinateDescent
    /// Multiplicative updates (Lee & Seung 2001): W, then H.
    case multiplicative(Loss)

    public var loss: Loss { if case .multiplicative(let loss) = self { loss } else { .frobenius } }
  }

  public init(weights: Matrix, components: Matrix) {
    precondition(weights.columns == components.rows, "one weight a component")
    weightsTransposed = weights.transposed()
    self.components = components
  }

  /// Random factors whose product has the mean of `v`.
  public init(rank: Int, of v: Matrix, random: inout RandomNumbers) {
    let mean = v.values.reduce(0.0) { $0 + Double($1) } / Double(Swift.max(v.count, 1))
    let scale = (Swift.max(mean, 0) / Double(rank)).squareRoot()
    func draw(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(
        rows: rows, columns: columns,
        values: (0..<rows * columns).map { _ in Float(scale * abs(random.normal())) })
    }
    weightsTransposed = draw(rank, v.rows)
    components = draw(rank, v.columns)
  }

  public var weights: Matrix { weightsTransposed.transposed() }
  public var rank: Int { components.rows }

  /// Runs `iterations` rounds of updates.
  public mutating func iterate(_ v: Matrix, solver: Solver, iterations: Int) {
    checkShape(v)
    for _ in 0..<iterations {
      switch solver {
      case .coordinateDescent:
        descend(
          &weightsTransposed, .product(components, components, right: .transposed),
          .product(components, v, right: .transposed))
        descend(
          &components, .product(weightsTransposed, weightsTransposed, right: .transposed),
          .product(weightsTransposed, v))
      case .multiplicative(.frobenius):
        scale(
          &weightsTransposed, .product(components, components, right: .transposed),
          .product(components, v, right: .transposed))
        scale(
          &components, .product(weightsTransposed, weightsTransposed, right: .transposed),
          .product(weightsTransposed, v))
      case .multiplicative(.kullbackLeibler):
        scaleByRatios(v, updating: .weights)
        scaleByRatios(v, updating: .components)
      }
    }
  }

  /// Runs until ten rounds improve the loss by less than `tolerance` of its first value.
  /// Returns the number of rounds.
  public mutating func converge(
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

  public func objective(_ v: Matrix, _ loss: Loss) -> Double {
    checkShape(v)
    var sum = 0.0
    withModelBlocks(v) { _, count, pixels, model in
      for i in 0..<count * v.columns {
        let (value, fit) = (Double(pixels[i]), Double(model[i]))
        switch loss {
        case .frobenius: sum += 0.5 * (value - fit) * (value - fit)
        case .kullbackLeibler:
          sum += fit
          if value > 0 { sum += value * log(value / Swift.max(fit, Double(Self.tiny))) - value }
        }
      }
    }
    return sum
  }

  private func checkShape(_ v: Matrix) {
    precondition(
      v.rows == weightsTransposed.columns && v.columns == components.columns,
      "factors of a \(v.rows)x\(v.columns) matrix")
  }

  // Keeps divisors away from zero.
  private static let tiny: Float = 1.1920929e-07

  // MARK: Updates

  /// One coordinate descent round on `factor`, given the other factor's Gram matrix and the target products.
  /// Columns are independent, so sixteen descend side by side through all components in turn.
  private func descend(_ factor: inout Matrix, _ gram: Matrix, _ target: Matrix) {
    let (rank, count) = (factor.rows, factor.columns)
    gram.withElements { gram in
      target.withElements { target in
        factor.withMutableElements { factor in
          inBlocks(count) { start, blocks in
            for t in 0..<rank {
              let curvature = gram[t * rank + t]
              guard curvature > 0 else { continue }
              let step = 1 / curvature
              for b in 0..<blocks {
                let at = start + 16 * b
                var gradient = -load16(target + t * count + at)
                for r in 0..<rank { gradient += load16(factor + r * count + at) * gram[t * rank + r] }
                let moved = load16(factor + t * count + at) - gradient * step
                store16(moved.replacing(with: 0, where: moved .< 0), factor + t * count + at)
              }
            }
          } rest: { i in
            for t in 0..<rank {
              let curvature = gram[t * rank + t]
              guard curvature > 0 else { continue }
              var gradient = -target[t * count + i]
              for r in 0..<rank { gradient += factor[r * count + i] * gram[t * rank + r] }
              factor[t * count + i] = Swift.max(factor[t * count + i] - gradient / curvature, 0)
            }
          }
        }
      }
    }
  }

  /// One multiplicative round on `factor`.
  private func scale(_ factor: inout Matrix, _ gram: Matrix, _ target: Matrix) {
    let model = Matrix.product(gram, factor)
    let count = factor.count
    model.withElements { model in
      target.withElements { target in
        factor.withMutableElements { factor in
          for i in 0..<count {
            factor[i] *= target[i] / (model[i] > 0 ? model[i] : Self.tiny)
          }
        }
      }
    }
  }

  private enum Side { case weights, components }

  private mutating func scaleByRatios(_ v: Matrix, updating side: Side) {
    let (rank, columns, rows) = (self.rank, v.columns, v.rows)
    var numerator =
      side == .weights ? Matrix(rows: rank, columns: rows) : Matrix(rows: rank, columns: columns)
    let (weights, components) = (weightsTransposed, self.components)
    numerator.withMutableElements { numerator in
      withModelBlocks(v) { start, count, pixels, model in
        for i in 0..<count * columns {
          model[i] = pixels[i] / (model[i] > Self.tiny ? model[i] : Self.tiny)
        }
        if side == .weights {
          components.withElements {
            Float.gemm(
              .asIs, .transposed, m: rank, n: count, k: columns, alpha: 1, a: $0, strideA: columns, b: model,
              strideB: columns, beta: 0, c: numerator + start, strideC: rows)
          }
        } else {
          weights.withElements {
            Float.gemm(
              .asIs, .asIs, m: rank, n: columns, k: count, alpha: 1, a: $0 + start, strideA: rows, b: model,
              strideB: columns, beta: 1, c: numerator, strideC: columns)
          }
        }
      }
    }
    let other = side == .weights ? components : weights
    let sums = (0..<rank).map { r in Float(other.row(r).reduce(0.0) { $0 + Double($1) }) }
    func apply(_ factor: inout Matrix) {
      let length = factor.columns
      numerator.withElements { numerator in
        factor.withMutableElements { factor in
          for r in 0..<rank {
            let inverse = 1 / (sums[r] > 0 ? sums[r] : Self.tiny)
            for i in r * length..<(r + 1) * length { factor[i] *= numerator[i] * inverse }
          }
        }
      }
    }
    if side == .weights { apply(&weightsTransposed) } else { apply(&self.components) }
  }

  /// W H a band of rows at a time, small enough to stay in cache: (first row, rows, pixels of V, model).
  private func withModelBlocks(
    _ v: Matrix, _ body: (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let band = Swift.max(8, Swift.min(v.rows, 65536 / Swift.max(v.columns, 1)))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: band * v.columns) { buffer in
      guard let model = buffer.baseAddress else { return }
      v.withElements { pixels in
        weightsTransposed.withElements { weights in
          components.withElements { components in
            for start in stride(from: 0, to: v.rows, by: band) {
              let count = Swift.min(band, v.rows - start)
              Float.gemm(
                .transposed, .asIs, m: count, n: v.columns, k: rank, alpha: 1, a: weights + start,
                strideA: v.rows, b: components, strideB: v.columns, beta: 0, c: model, strideC: v.columns)
              body(start, count, pixels + start * v.columns, model)
            }
          }
        }
      }
    }
  }
}

/// Blocks of sixteen columns, up to eight at once, then single columns.
@inline(__always)
private func inBlocks(_ count: Int, _ body: (Int, Int) -> Void, rest: (Int) -> Void) {
  var start = 0
  while start + 16 <= count {
    let blocks = min(8, (count - start) / 16)
    body(start, blocks)
    start += 16 * blocks
  }
  while start < count {
    rest(start)
    start += 1
  }
}
