import Scattering

/// Fits a measured pattern against tables: thickness, mistilt, convergence angle, scale, rotation, centre,
/// distortion, the atoms' motion and the detector's blur by Levenberg and Marquardt's method, brightness, offset and
/// glow by linear least squares within every step (variable projection, Kaufman 1975).
package struct PatternFit: Sendable {
  package var tables: MotionTables
  package var image: FitImage
  /// The stated convergence angle in mrad, and how far it can be trusted, relatively.
  package var statedConvergence: Double
  package var convergenceTrust = 0.02
  package var distortionTrust = 0.015
  /// What the atoms of most crystals do at room temperature, and how far that can be trusted.
  package static let usualMotion = 0.8
  package var motionTrust = 0.5
  /// Residuals are never independent from pixel to pixel: they count as a tenth of their number, and what is
  /// known beforehand for ten times as much.
  private static let correlation = 10.0
  /// Quantities that stay as they are.
  package var fixed: Set<Quantity> = [.motion, .blur]

  package enum Quantity: Int, Sendable, CaseIterable {
    case thickness, tiltX, tiltY, convergence, scale, rotation, shiftX, shiftY, distortionX, distortionY
    case motion, blur
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
      case .motion, .blur: 0.3
      }
    }
  }

  package init(table: PACBEDTable, image: FitImage, statedConvergence: Double) {
    self.init(tables: MotionTables(table), image: image, statedConvergence: statedConvergence)
  }

  package init(tables: MotionTables, image: FitImage, statedConvergence: Double) {
    self.tables = tables
    self.image = image
    self.statedConvergence = statedConvergence
  }

  /// A minimum, and how sharp it is.
  package struct Result: Sendable {
    package var parameters: PatternParameters
    /// Multiple correlation of the measured pattern with simulation, offset and glow.
    package var match: Double
    /// Sum of squared residuals of the counted pixels.
    package var squares: Double
    /// Sum of squares about the mean.
    package var totalSquares: Double
    /// Standard deviations for independent noise of the residuals' strength, by quantity.
    package var deviations: [Double]
    /// Standard deviation of the thickness for residuals as they are, alike over a good part of the disc: what
    /// physics that the tables lack leaves is no noise.
    package var thicknessSpread: Double
    /// Standard deviation of the thickness for what is taken as known beforehand, and may be otherwise.
    package var thicknessBias: Double
    /// Brightness: what a pixel of the image reads where all of the beam falls.
    package var strength: Double
    /// Of a pixel's residual.
    package var variance: Double
    package var steps: Int

    /// The match as it would be without the camera's noise, so much of the squares: what noise alone takes from R
    /// says nothing about the crystal.
    func match(withoutNoise noise: Double) -> Double {
      max(0, 1 - max(0, squares - noise) / clean(noise)).squareRoot()
    }

    private func clean(_ noise: Double) -> Double { max(totalSquares * 0.02, totalSquares - noise) }

    package func deviation(_ quantity: Quantity) -> Double { deviations[quantity.rawValue] }
    /// Whether it was held fast.
    func fixes(_ quantity: Quantity) -> Bool { deviation(quantity) == 0 }
    /// Half the range of thicknesses within which R, all else fitted anew, falls by less than `dR`.
    package func thicknessRange(dR: Double, pixels: Int) -> Double {
      guard squares > 0, pixels > 14 else { return 0 }
      // C = deviation² / sigma² is the inverse curvature; squares grow by Δt²/C.
      let variance = squares / Double(pixels - 13)
      let inverse = deviation(.thickness) * deviation(.thickness) / variance
      return (2 * match * dR * totalSquares * inverse).squareRoot()
    }
  }

  /// The nearest minimum.
  package func run(from start: PatternParameters, steps limit: Int = 20) -> Result {
    let free = Quantity.allCases.filter { !fixed.contains($0) }
    var point = Point(self, clamped(start), free)
    var slope = Slope(self, point, free)
    var damping = 1e-2
    var steps = 0
    while steps < limit {
      steps += 1
      var gain = 0.0
      for _ in 0..<5 {
        guard let step = slope.step(damping: damping, floor: point.basis.totalSquares) else { break }
        var trial = point.parameters
        for (i, quantity) in free.enumerated() { add(step[i] * quantity.unit, to: quantity, &trial) }
        let next = Point(self, clamped(trial), free)
        if next.objective < point.objective {
          gain = (point.objective - next.objective) / point.objective
          point = next
          slope = Slope(self, point, free)
          damping = max(1e-6, damping / 5)
          break
        }
        damping *= 6
      }
      if gain < 1e-5 { break }
    }
    return finish(point, slope, free, steps)
  }

  // MARK: One evaluation

  /// A set of parameters and what it leaves unexplained. Slopes cost five times as much: they are made only
  /// where a step is taken.
  private struct Point {
    let parameters: PatternParameters
    let basis: LinearBasis
    /// The simulation of every table, and of a specimen that is thicker by `PatternFit.thicker`; the former blended
    /// and blurred; and the counted ones without what the basis explains.
    let patterns: [[Float]]
    let thicker: [[Float]]
    let image: [Float]
    let model: [Float]
    let modelSquares: Double
    let amplitude: Double
    let residual: [Float]
    let squares: Double
    /// The squares, and what is known beforehand.
    let objective: Double
    /// Of the residual.
    let variance: Double

    init(_ fit: PatternFit, _ p: PatternParameters, _ free: [Quantity]) {
      parameters = p
      let pitch = fit.image.pitch
      basis = LinearBasis(fit.image, shift: p.shift, convergencePixels: p.convergence / (pitch * p.scale))
      let both = fit.tables.patterns(
        p.geometry(size: fit.image.edge, pitch: pitch), p.illumination(pitch: pitch),
        thicknesses: [p.thickness, p.thickness + fit.thicker(than: p.thickness)])
      (patterns, thicker) = (both[0], both[1])
      image = fit.finished(patterns, fit.tables.weights(at: p.motion), p)
      var model = fit.gather(image)
      basis.project(&model)
      modelSquares = LinearBasis.dot(model, model)
      amplitude = modelSquares > 0 ? LinearBasis.dot(basis.rest, model) / modelSquares : 0
      var residual = basis.rest
      let strength = Float(amplitude)
      for i in residual.indices { residual[i] -= strength * model[i] }
      squares = LinearBasis.dot(residual, residual)
      variance = squares / Double(max(1, residual.count - 13))
      self.model = model
      self.residual = residual
      // What is known beforehand counts as so many standard deviations of the residual.
      var objective = squares
      for quantity in free {
        guard let prior = fit.prior(quantity, p) else { continue }
        let off = prior.off / prior.width
        objective += PatternFit.correlation * variance * off * off
      }
      self.objective = objective
    }
  }

  /// Normal equations of the scaled step, what is known beforehand included.
  private struct Slope {
    private(set) var normal: [Double]
    private var gradient: [Double]
    private let count: Int
    /// What one unit of every quantity changes.
    let columns: [[Float]]

    /// `variance` of a pixel: that of the residual where no other is said.
    init(_ fit: PatternFit, _ point: Point, _ free: [Quantity], variance: Double? = nil) {
      let p = point.parameters
      let variance = variance ?? point.variance
      let gathered = fit.gather(point.image)
      var columns: [[Float]] = []
      for quantity in free {
        var column: [Float]
        switch quantity {
        case .thickness:
          let thicker = fit.finished(point.thicker, fit.tables.weights(at: p.motion), p)
          column = fit.slope(from: gathered, to: fit.gather(thicker), fit.thicker(than: p.thickness))
        case .blur:
          var more = p
          more.blur += 0.15
          let blurred = fit.finished(point.patterns, fit.tables.weights(at: p.motion), more)
          column = fit.slope(from: gathered, to: fit.gather(blurred), 0.15)
        case .tiltX, .tiltY, .convergence:
          column = fit.difference(p, quantity, from: point.patterns)
        case .motion:
          column = fit.gather(fit.finished(point.patterns, fit.tables.slopes(at: p.motion), p))
        default: column = fit.geometric(point.image, p, quantity)
        }
        let factor = Float(point.amplitude * quantity.unit)
        for i in column.indices { column[i] *= factor }
        point.basis.project(&column)
        // The brightness follows: only what it cannot imitate counts.
        if point.modelSquares > 0 {
          let part = Float(LinearBasis.dot(column, point.model) / point.modelSquares)
          for i in column.indices { column[i] -= part * point.model[i] }
        }
        columns.append(column)
      }
      let n = free.count
      var normal = [Double](repeating: 0, count: n * n)
      var gradient = [Double](repeating: 0, count: n)
      for i in 0..<n {
        gradient[i] = LinearBasis.dot(columns[i], point.residual)
        for j in 0...i {
          let product = LinearBasis.dot(columns[i], columns[j])
          normal[i * n + j] = product
          normal[j * n + i] = product
        }
      }
      for (i, quantity) in free.enumerated() {
        guard let prior = fit.prior(quantity, p) else { continue }
        let unit = quantity.unit
        let weight = PatternFit.correlation * variance / (prior.width * prior.width)
        normal[i * n + i] += weight * unit * unit
        gradient[i] -= weight * unit * prior.off
      }
      self.columns = columns
      self.normal = normal
      self.gradient = gradient
      count = n
    }

    func step(damping: Double, floor: Double) -> [Double]? {
      var matrix = normal
      for i in 0..<count {
        matrix[i * count + i] *= 1 + damping
        matrix[i * count + i] += 1e-12 * (1 + floor)
      }
      return SmallCholesky(matrix, count: count)?.solve(gradient)
    }
  }

  private func prior(_ quantity: Quantity, _ p: PatternParameters) -> (off: Double, width: Double)? {
    switch quantity {
    case .convergence: (p.convergence - statedConvergence, convergenceTrust * statedConvergence)
    case .distortionX: (p.distortion.x, distortionTrust)
    case .distortionY: (p.distortion.y, distortionTrust)
    case .motion: (p.motion - Self.usualMotion, motionTrust)
    default: nil
    }
  }

  private func finished(_ patterns: [[Float]], _ weights: [Float], _ p: PatternParameters) -> [Float] {
    var image = MotionTables.blend(patterns, weights)
    DetectorBlur.apply(p.blur, to: &image, rows: self.image.edge, columns: self.image.edge)
    return image
  }

  package func render(_ p: PatternParameters) -> [Float] {
    let patterns = tables.patterns(
      p.geometry(size: image.edge, pitch: image.pitch), p.illumination(pitch: image.pitch),
      thicknesses: [p.thickness])
    return finished(patterns[0], tables.weights(at: p.motion), p)
  }

  func gather(_ pixels: [Float]) -> [Float] {
    pixels.withUnsafeBufferPointer { pixels in image.counted.map { pixels[Int($0)] } }
  }

  private func finish(_ point: Point, _ slope: Slope, _ free: [Quantity], _ steps: Int) -> Result {
    var deviations = [Double](repeating: 0, count: Quantity.allCases.count)
    var (spread, bias) = (0.0, 0.0)
    if let solver = SmallCholesky(slope.normal, count: free.count) {
      let inverse = solver.inverseDiagonal()
      for (i, quantity) in free.enumerated() {
        deviations[quantity.rawValue] = (point.variance * inverse[i]).squareRoot() * quantity.unit
      }
      if let i = free.firstIndex(of: .thickness) {
        var unit = [Double](repeating: 0, count: free.count)
        unit[i] = Quantity.thickness.unit
        let row = solver.solve(unit)
        spread = max(
          deviations[Quantity.thickness.rawValue],
          correlatedDeviation(row, slope.columns, point.residual, point.parameters))
        bias = self.bias(row, free, point.parameters, point.variance)
      }
    }
    let total = max(point.basis.totalSquares, 1e-30)
    return Result(
      parameters: point.parameters, match: max(0, 1 - point.squares / total).squareRoot(),
      squares: point.squares, totalSquares: total, deviations: deviations, thicknessSpread: spread,
      thicknessBias: bias, strength: point.amplitude, variance: point.variance, steps: steps)
  }

  /// Were the truth off what is expected by the width that is granted, the answer would move by so much. `row`: the
  /// thickness's of the inverse normal equations.
  private func bias(
    _ row: [Double], _ free: [Quantity], _ p: PatternParameters, _ variance: Double
  ) -> Double {
    var squares = 0.0
    for (moved, quantity) in zip(row, free) {
      guard let prior = prior(quantity, p) else { continue }
      let move = moved * Self.correlation * variance * quantity.unit / prior.width
      squares += move * move
    }
    return squares.squareRoot()
  }

  /// What the fit of its own image, which is `p` without any noise, would know of the thickness were there noise.
  func foreseen(_ p: PatternParameters, variance: Double) -> Foresight? {
    let free = Quantity.allCases.filter { !fixed.contains($0) }
    let slope = Slope(self, Point(self, p, free), free, variance: variance)
    guard let i = free.firstIndex(of: .thickness), let solver = SmallCholesky(slope.normal, count: free.count)
    else { return nil }
    var unit = [Double](repeating: 0, count: free.count)
    unit[i] = Quantity.thickness.unit
    let row = solver.solve(unit)
    return Foresight(
      noise: (variance * max(0, row[i])).squareRoot() * Quantity.thickness.unit,
      bias: bias(row, free, p, variance))
  }
}
