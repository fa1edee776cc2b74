import Arrays

/// The raster inside the discs on which patterns are compared, whatever camera took them.
package struct DiscRaster: Sendable {
  /// The aligned camera whose pixels the raster is.
  package let detector: Detector
  package let cell: PlaneCell
  /// The part of the discs' radius that is used: nearer to the rim a pixel carries the misalignment, not the
  /// crystal.
  package let inner: Double
  /// The discs that the aligned camera shows wholly.
  let orders: [PlaneVector]
  /// Pixels of the aligned camera, disc after disc.
  package let pixels: [Int]
  /// For every disc the places of its pixels from its middle, in radii.
  let offsets: [[PlaneVector]]

  package var count: Int { pixels.count }

  package init(detector: Detector, cell: PlaneCell, inner: Double = 0.85) {
    self.detector = detector
    self.cell = cell
    self.inner = inner
    let geometry = FrameGeometry(detector)
    let radius = detector.discRadius / detector.pixel
    var orders: [PlaneVector] = []
    var pixels: [Int] = []
    var offsets: [[PlaneVector]] = []
    for order in geometry.orders(cell, radius: detector.discRadius) {
      let centre = geometry.place(order)
      guard geometry.shows(centre, radius: radius) else { continue }
      orders.append(order)
      var disc: [PlaneVector] = []
      for pixel in 0..<detector.size * detector.size {
        let offset =
          (1 / radius)
          * (PlaneVector(Double(pixel % detector.size), Double(pixel / detector.size)) - centre)
        if offset.squaredLength <= inner * inner {
          pixels.append(pixel)
          disc.append(offset)
        }
      }
      offsets.append(disc)
    }
    self.orders = orders
    self.pixels = pixels
    self.offsets = offsets
  }

  /// The values as an image of the aligned camera, zero outside the discs.
  package func image(_ values: [Double]) -> Matrix {
    var image = Matrix(rows: detector.size, columns: detector.size)
    for (pixel, value) in zip(pixels, values) { image.values[pixel] = Float(value) }
    return image
  }

  /// Where every value goes when the image is mirrored left to right; nil when the raster is not symmetric.
  var mirrored: [Int]? {
    var position: [Int: Int] = [:]
    for (index, pixel) in pixels.enumerated() { position[pixel] = index }
    var order: [Int] = []
    for pixel in pixels {
      let (row, column) = (pixel / detector.size, pixel % detector.size)
      guard let other = position[row * detector.size + detector.size - 1 - column] else { return nil }
      order.append(other)
    }
    return order
  }
}

/// Reads the brightness inside the discs as polynomials and evaluates them on the raster: one step that
/// interpolates, averages noise away and forgets the camera's own pixels. What is finer than the polynomials is
/// lost, in simulated and measured patterns alike.
package struct DiscSmoother: Sendable {
  package let raster: DiscRaster
  private let degree: Int
  private let radius: Double
  /// Basis functions at the raster's places, disc by disc.
  private let places: [DoubleMatrix]

  /// - Parameter degree: lowered where the discs hold too few pixels for it.
  package init(_ raster: DiscRaster, degree: Int = 6) {
    let inside = max(0, raster.detector.discRadius / raster.detector.pixel - 0.5)
    let pixels = Double.pi * inside * inside
    var degree = max(1, degree)
    while degree > 1, 1.6 * Double((degree + 1) * (degree + 2) / 2) > pixels { degree -= 1 }
    self.raster = raster
    self.degree = degree
    radius = raster.detector.discRadius
    places = raster.offsets.map { Self.basis($0, degree) }
  }

  var terms: Int { (degree + 1) * (degree + 2) / 2 }

  /// What the discs hold.
  package struct Reading: Sendable {
    /// Brightness a pixel at the raster's places, in the frame's units.
    package var values: [Double]
    /// Variance of a pixel in units of its brightness, from what the polynomials leave over: one for counts.
    package var gain: Double
    /// Pixels that spoke.
    package var pixels: Int
  }

  package func read(_ image: Matrix, _ geometry: FrameGeometry) -> Reading? {
    var values: [Double] = []
    values.reserveCapacity(raster.count)
    var (leftOver, expected, pixels) = (0.0, 0.0, 0)
    var last: Solver?
    for (disc, order) in raster.orders.enumerated() {
      let middle = geometry.place(order)
      guard let window = window(middle, geometry) else { return nil }
      let solver: Solver
      if let last, last.window.isSame(as: window) {
        solver = last
      } else {
        guard let new = Solver(window, degree) else { return nil }
        solver = new
      }
      last = solver
      var read: [Double] = []
      for index in window.indices { read.append(Double(image.values[window.origin + index])) }
      let coefficients = solver.coefficients(read)
      let fit = solver.evaluate(coefficients)
      for (a, b) in zip(read, fit) { leftOver += (a - b) * (a - b) }
      let free = Double(read.count - terms) / Double(read.count)
      var brightness = 0.0
      for value in fit { brightness += max(0, value) }
      expected += brightness * free
      pixels += read.count
      let table = places[disc]
      for row in 0..<table.rows {
        var value = 0.0
        for (column, coefficient) in coefficients.enumerated() { value += table[row, column] * coefficient }
        values.append(value)
      }
    }
    guard expected > 0 else { return Reading(values: values, gain: 0, pixels: pixels) }
    return Reading(values: values, gain: leftOver / expected, pixels: pixels)
  }

  /// How values on the raster follow from the pixels of an aligned disc: raster x pixels.
  func operators() -> [(matrix: DoubleMatrix, pixels: [Int])] {
    let geometry = FrameGeometry(raster.detector)
    var found: [(matrix: DoubleMatrix, pixels: [Int])] = []
    for (disc, order) in raster.orders.enumerated() {
      guard let window = window(geometry.place(order), geometry), let solver = Solver(window, degree) else {
        continue
      }
      found.append((places[disc] * solver.inverse, window.indices.map { window.origin + $0 }))
    }
    return found
  }

  /// The pixels that lie wholly in a disc.
  private struct Window {
    /// Of the pixel next to the middle.
    var origin: Int
    /// From there.
    var indices: [Int]
    var offsets: [PlaneVector]
    var fraction: PlaneVector

    /// The same places relative to the middle.
    func isSame(as other: Window) -> Bool {
      (fraction - other.fraction).squaredLength < 1e-18 && indices.count == other.indices.count
    }
  }

  private func window(_ middle: PlaneVector, _ geometry: FrameGeometry) -> Window? {
    let inside = radius / geometry.pixel - 0.5
    let (column, row) = (middle.x.rounded(), middle.y.rounded())
    guard inside > 1, abs(column) < 1e6, abs(row) < 1e6 else { return nil }
    let fraction = middle - PlaneVector(column, row)
    var window = Window(
      origin: Int(row) * geometry.columns + Int(column), indices: [], offsets: [], fraction: fraction)
    let reach = Int(inside) + 1
    for r in -reach...reach {
      for c in -reach...reach {
        let offset = PlaneVector(Double(c), Double(r)) - fraction
        guard offset.squaredLength <= inside * inside else { continue }
        guard (0..<geometry.rows).contains(Int(row) + r), (0..<geometry.columns).contains(Int(column) + c)
        else {
          continue
        }
        window.indices.append(r * geometry.columns + c)
        window.offsets.append((geometry.pixel / radius) * offset)
      }
    }
    // A disc that the frame cuts says too little of its other side.
    return window.indices.count >= 2 * terms - terms / 2 ? window : nil
  }

  private struct Solver {
    let window: Window
    let basis: DoubleMatrix
    /// terms x pixels.
    let inverse: DoubleMatrix

    init?(_ window: Window, _ degree: Int) {
      self.window = window
      basis = DiscSmoother.basis(window.offsets, degree)
      var normal = basis.gram(.transposed)
      // Keeps a window with few pixels solvable; far below what a pixel says.
      for i in 0..<normal.rows { normal[i, i] += 1e-9 * Double(window.offsets.count) }
      guard let factor = try? Cholesky(normal) else { return nil }
      inverse = factor.solve(basis.transposed())
    }

    func coefficients(_ values: [Double]) -> [Double] {
      (inverse * DoubleMatrix(rows: values.count, columns: 1, values: values)).values
    }

    func evaluate(_ coefficients: [Double]) -> [Double] {
      (basis * DoubleMatrix(rows: coefficients.count, columns: 1, values: coefficients)).values
    }
  }

  /// Products of Chebyshev polynomials up to a total degree, a row for every place.
  private static func basis(_ places: [PlaneVector], _ degree: Int) -> DoubleMatrix {
    func chebyshev(_ x: Double) -> [Double] {
      var values = [1, x]
      while values.count <= degree {
        values.append(2 * x * values[values.count - 1] - values[values.count - 2])
      }
      return values
    }
    let values = places.flatMap { place in
      let (x, y) = (chebyshev(place.x), chebyshev(place.y))
      return (0...degree).flatMap { i in (0...degree - i).map { x[i] * y[$0] } }
    }
    return DoubleMatrix(rows: places.count, columns: (degree + 1) * (degree + 2) / 2, values: values)
  }
}
