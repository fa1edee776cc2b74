import Glibc  // sin, cos
import Scattering

/// Fits a measured pattern against a table: thickness, mistilt, convergence angle, scale, rotation, centre
/// and distortion by Levenberg and Marquardt's method, brightness, offset and glow by linear least squares
/// within every step (variable projection, Kaufman 1975).
public struct PatternFit: Sendable {
  public let table: PACBEDTable
  public let image: FitImage
  /// The stated convergence angle in mrad, and how far it can be trusted, relatively.
  public var statedConvergence: Double
  public var convergenceTrust = 0.02
  public var distortionTrust = 0.015
  /// Quantities that stay as they are.
  public var fixed: Set<Quantity> = []

  public enum Quantity: Int, Sendable, CaseIterable {
    case thickness, tiltX, tiltY, convergence, scale, rotation, shiftX, shiftY, distortionX, distortionY
    /// One unit of a step: changes of about this size matter.
    var unit: Double {
      switch self {
      case .thickness: 1
      case .tiltX, .tiltY: 0.5
      case .convergence: 0.3
      case .scale: 0.01
      case .rotation: 2
      case .shiftX, .shiftY: 0.4
      case .distortionX, .distortionY: 0.01
      }
    }
  }

  public init(table: PACBEDTable, image: FitImage, statedConvergence: Double) {
    self.table = table
    self.image = image
    self.statedConvergence = statedConvergence
  }

  /// A minimum, and how sharp it is.
  public struct Result: Sendable {
    public var parameters: PatternParameters
    /// Multiple correlation of the measured pattern with simulation, offset and glow.
    public var match: Double
    /// Sum of squared residuals of the counted pixels.
    public var squares: Double
    /// Sum of squares about the mean.
    public var totalSquares: Double
    /// Standard deviations for independent noise of the residuals' strength, by quantity.
    public var deviations: [Double]
    public var steps: Int

    public func deviation(_ quantity: Quantity) -> Double { deviations[quantity.rawValue] }
    /// Half the range of thicknesses within which R, all else fitted anew, falls by less than `dR`.
    public func thicknessRange(dR: Double, pixels: Int) -> Double {
      guard squares > 0, pixels > 14 else { return 0 }
      // C = deviation² / sigma² is the inverse curvature; squares grow by Δt²/C.
      let variance = squares / Double(pixels - 13)
      let inverse = deviation(.thickness) * deviation(.thickness) / variance
      return (2 * match * dR * totalSquares * inverse).squareRoot()
    }
  }

  /// The nearest minimum.
  public func run(from start: PatternParameters, steps limit: Int = 20) -> Result {
    let free = Quantity.allCases.filter { !fixed.contains($0) }
    var parameters = clamped(start)
    var state = evaluate(parameters, free)
    var damping = 1e-2
    var steps = 0
    while steps < limit {
      steps += 1
      var isBetter = false
      var gain = 0.0
      for _ in 0..<5 {
        guard let step = solve(state, damping: damping, count: free.count) else { break }
        var trial = parameters
        for (i, quantity) in free.enumerated() { add(step[i] * quantity.unit, to: quantity, &trial) }
        trial = clamped(trial)
        let next = evaluate(trial, free)
        if next.objective < state.objective {
          gain = (state.objective - next.objective) / state.objective
          (parameters, state) = (trial, next)
          damping = max(1e-6, damping / 5)
          isBetter = true
          break
        }
        damping *= 6
      }
      if !isBetter || gain < 1e-5 { break }
    }
    return finish(parameters, state, free, steps)
  }

  // MARK: One evaluation

  struct State {
    var objective: Double
    var squares: Double
    var totalSquares: Double
    /// Normal equations of the scaled step, priors included.
    var normal: [Double]
    var gradient: [Double]
  }

  private func evaluate(_ p: PatternParameters, _ free: [Quantity]) -> State {
    let size = FitImage.size
    let count = size * size
    let pitch = image.pitch
    let basis = LinearBasis(image, shift: p.shift, convergencePixels: p.convergence / (pitch * p.scale))
    let delta = 0.06
    let back = p.thickness + delta > table.request.thickness ? -delta : delta
    var pair = [Float](repeating: 0, count: 2 * count)
    render(p, thicknesses: [p.thickness, p.thickness + back], into: &pair)
    let gathered = gather(pair, 0)
    var model = gathered
    basis.project(&model)
    let modelSquares = LinearBasis.dot(model, model)
    let amplitude = modelSquares > 0 ? LinearBasis.dot(basis.rest, model) / modelSquares : 0
    var residual = basis.rest
    let strength = Float(amplitude)
    for i in residual.indices { residual[i] -= strength * model[i] }
    let squares = LinearBasis.dot(residual, residual)

    var columns: [[Float]] = []
    for quantity in free {
      var column: [Float]
      switch quantity {
      case .thickness:
        let later = gather(pair, count)
        let factor = Float(1 / back)
        column = zip(later, gathered).map { ($0 - $1) * factor }
      case .tiltX, .tiltY, .convergence:
        column = difference(p, quantity, from: gathered)
      default:
        column = geometric(pair, p, quantity)
      }
      let factor = strength * Float(quantity.unit)
      for i in column.indices { column[i] *= factor }
      basis.project(&column)
      // The brightness follows: only what it cannot imitate counts.
      if modelSquares > 0 {
        let part = Float(LinearBasis.dot(column, model) / modelSquares)
        for i in column.indices { column[i] -= part * model[i] }
      }
      columns.append(column)
    }
    let n = free.count
    var normal = [Double](repeating: 0, count: n * n)
    var gradient = [Double](repeating: 0, count: n)
    for i in 0..<n {
      gradient[i] = LinearBasis.dot(columns[i], residual)
      for j in 0...i {
        let product = LinearBasis.dot(columns[i], columns[j])
        normal[i * n + j] = product
        normal[j * n + i] = product
      }
    }
    // What is known beforehand counts as so many standard deviations of the residual.
    let variance = squares / Double(max(1, residual.count - 13))
    var objective = squares
    for (i, quantity) in free.enumerated() {
      guard let prior = prior(quantity, p) else { continue }
      let unit = quantity.unit / prior.width
      normal[i * n + i] += variance * unit * unit
      gradient[i] -= variance * unit * prior.off / prior.width
      objective += variance * (prior.off / prior.width) * (prior.off / prior.width)
    }
    return State(
      objective: objective, squares: squares, totalSquares: basis.totalSquares, normal: normal,
      gradient: gradient)
  }

  private func prior(_ quantity: Quantity, _ p: PatternParameters) -> (off: Double, width: Double)? {
    switch quantity {
    case .convergence: (p.convergence - statedConvergence, convergenceTrust * statedConvergence)
    case .distortionX: (p.distortion.x, distortionTrust)
    case .distortionY: (p.distortion.y, distortionTrust)
    default: nil
    }
  }

  func render(_ p: PatternParameters, thicknesses: [Double], into images: inout [Float]) {
    let pass = PatternPass(
      table, p.geometry(pitch: image.pitch), p.illumination(pitch: image.pitch), thicknesses: thicknesses)
    images.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { pass.fill(rows: 0..<FitImage.size, images: base) }
    }
  }

  private func gather(_ images: [Float], _ offset: Int) -> [Float] {
    images.withUnsafeBufferPointer { images in image.counted.map { images[offset + Int($0)] } }
  }

  private func difference(_ p: PatternParameters, _ quantity: Quantity, from model: [Float]) -> [Float] {
    var q = p
    var step = quantity == .convergence ? 0.1 : 0.15
    // Inwards, so that the table holds it.
    switch quantity {
    case .tiltX:
      if p.mistilt.x > 0 { step = -step }
      q.mistilt.x += step
    case .tiltY:
      if p.mistilt.y > 0 { step = -step }
      q.mistilt.y += step
    default:
      if p.convergence > statedConvergence { step = -step }
      q.convergence += step
    }
    var other = [Float](repeating: 0, count: FitImage.size * FitImage.size)
    render(q, thicknesses: [p.thickness], into: &other)
    let factor = Float(1 / step)
    return zip(gather(other, 0), model).map { ($0 - $1) * factor }
  }

  /// A change of geometry moves pixels through the same pattern: the derivative is the image's slope along
  /// the displacement.
  private func geometric(_ pair: [Float], _ p: PatternParameters, _ quantity: Quantity) -> [Float] {
    let size = FitImage.size
    let middle = Double(size - 1) / 2
    let d = p.distortion
    // Inverse of (1 + d.x, d.y; d.y, 1 - d.x), which takes pixels to angles before the rotation.
    let determinant = (1 + d.x) * (1 - d.x) - d.y * d.y
    return pair.withUnsafeBufferPointer { m in
      image.counted.map { index -> Float in
        let i = Int(index)
        let r = i / size
        let c = i % size
        let down = r + 1 < size ? m[i + size] : m[i]
        let up = r > 0 ? m[i - size] : m[i]
        let right = c + 1 < size ? m[i + 1] : m[i]
        let left = c > 0 ? m[i - 1] : m[i]
        let slope = Vector2(Double(down - up) / 2, Double(right - left) / 2)
        let at = Vector2(Double(r) - middle - p.shift.x, Double(c) - middle - p.shift.y)
        let move: Vector2
        switch quantity {
        case .shiftX: move = [-1, 0]
        case .shiftY: move = [0, -1]
        case .scale: move = at / p.scale
        case .rotation:
          // The crystal's frame turns with the image: a pixel sees what lay turned back.
          let angle = Double.pi / 180
          let q = Vector2((1 + d.x) * at.x + d.y * at.y, d.y * at.x + (1 - d.x) * at.y)
          let turned = Vector2(q.y * angle, -q.x * angle)
          move = [
            ((1 - d.x) * turned.x - d.y * turned.y) / determinant,
            ((1 + d.x) * turned.y - d.y * turned.x) / determinant,
          ]
        case .distortionX: move = Self.undistorted([at.x, -at.y], d, determinant)
        default: move = Self.undistorted([at.y, at.x], d, determinant)
        }
        return Float(slope.dot(move))
      }
    }
  }

  private static func undistorted(_ v: Vector2, _ d: Vector2, _ determinant: Double) -> Vector2 {
    [((1 - d.x) * v.x - d.y * v.y) / determinant, ((1 + d.x) * v.y - d.y * v.x) / determinant]
  }

  // MARK: Steps

  private func solve(_ state: State, damping: Double, count: Int) -> [Double]? {
    var matrix = state.normal
    for i in 0..<count {
      matrix[i * count + i] *= 1 + damping
      matrix[i * count + i] += 1e-12 * (1 + state.totalSquares)
    }
    return Cholesky(matrix, count: count)?.solve(state.gradient)
  }

  private func add(_ change: Double, to quantity: Quantity, _ p: inout PatternParameters) {
    // No step jumps over a neighbouring minimum.
    let limit = quantity == .thickness ? max(0.8, 0.06 * p.thickness) : 5 * quantity.unit
    let change = min(limit, max(-limit, change))
    switch quantity {
    case .thickness: p.thickness += change
    case .tiltX: p.mistilt.x += change
    case .tiltY: p.mistilt.y += change
    case .convergence: p.convergence += change
    case .scale: p.scale += change
    case .rotation: p.rotationDegrees += change
    case .shiftX: p.shift.x += change
    case .shiftY: p.shift.y += change
    case .distortionX: p.distortion.x += change
    case .distortionY: p.distortion.y += change
    }
  }

  private func clamped(_ p: PatternParameters) -> PatternParameters {
    var p = p
    let request = table.request
    p.thickness = min(max(p.thickness, 0.2), request.thickness)
    let tilt = p.mistilt.length
    if tilt > request.mistilt { p.mistilt = p.mistilt * (request.mistilt / tilt) }
    let most = request.convergence - 0.8 * image.pitch * p.scale
    p.convergence = min(max(p.convergence, 0.85 * statedConvergence), min(most, 1.15 * statedConvergence))
    p.scale = min(max(p.scale, 0.75), 1.3)
    p.distortion = [min(max(p.distortion.x, -0.08), 0.08), min(max(p.distortion.y, -0.08), 0.08)]
    p.shift = [min(max(p.shift.x, -8), 8), min(max(p.shift.y, -8), 8)]
    return p
  }

  private func finish(_ p: PatternParameters, _ state: State, _ free: [Quantity], _ steps: Int) -> Result {
    var deviations = [Double](repeating: 0, count: Quantity.allCases.count)
    let n = free.count
    let variance = state.squares / Double(max(1, image.counted.count - 13))
    if let inverse = Cholesky(state.normal, count: n)?.inverseDiagonal() {
      for (i, quantity) in free.enumerated() {
        deviations[quantity.rawValue] = (variance * inverse[i]).squareRoot() * quantity.unit
      }
    }
    let total = max(state.totalSquares, 1e-30)
    return Result(
      parameters: p, match: max(0, 1 - state.squares / total).squareRoot(), squares: state.squares,
      totalSquares: total, deviations: deviations, steps: steps)
  }
}

/// Solves small symmetric positive systems.
struct Cholesky {
  private let lower: [Double]
  private let count: Int

  /// Nil where the matrix is not positive.
  init?(_ matrix: [Double], count n: Int) {
    var l = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i {
        var sum = matrix[i * n + j]
        for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
        if i == j {
          guard sum > 0, sum.isFinite else { return nil }
          l[i * n + i] = sum.squareRoot()
        } else {
          l[i * n + j] = sum / l[j * n + j]
        }
      }
    }
    lower = l
    count = n
  }

  func solve(_ right: [Double]) -> [Double] {
    var x = right
    for i in 0..<count {
      for k in 0..<i { x[i] -= lower[i * count + k] * x[k] }
      x[i] /= lower[i * count + i]
    }
    for i in stride(from: count - 1, through: 0, by: -1) {
      for k in i + 1..<max(i + 1, count) { x[i] -= lower[k * count + i] * x[k] }
      x[i] /= lower[i * count + i]
    }
    return x
  }

  func inverseDiagonal() -> [Double] {
    (0..<count).map { i in
      var unit = [Double](repeating: 0, count: count)
      unit[i] = 1
      return solve(unit)[i]
    }
  }
}
