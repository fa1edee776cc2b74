import Arrays
import Glibc

/// Which incident directions of a convergent beam are solved.
package enum ConeSampling: Sendable, Hashable {
  /// One for every pixel of a disc.
  case everyPixel
  /// Few, and the beams' amplitudes between them by polynomials of this total degree. Inside the crystal
  /// amplitudes are smooth in the incident direction, also where a beam leaves the vacuum's reach: absorption
  /// blurs every threshold. Degree 6 needs 16 directions instead of about 60.
  case interpolated(degree: Int)
}

/// Incident directions on rings in a disc, placed so that polynomials through them do not swing between
/// them (Ramos-Lopez, Sanchez-Granero, Fernandez-Martinez & Martinez-Finkelshtein 2016), and the weights
/// with which they add up to any other direction.
struct ConeNodes {
  /// The directions to solve: those that mirror planes make equal stand here once.
  private(set) var directions: [PlaneVector] = []
  /// All nodes, each with its direction and the signs that the mirror planes put on its beams.
  private(set) var nodes: [Node] = []
  private let degree: Int
  private let centre: PlaneVector
  private let radius: Double
  /// A row of Lagrange weights for every basis function.
  private let inverse: DoubleMatrix

  struct Node {
    var kappa: PlaneVector
    var direction: Int
  }

  init(degree: Int, centre: PlaneVector, radius: Double, mirrors: MirrorPlanes) {
    precondition((1...12).contains(degree), "polynomials of degree 1 to 12")
    self.degree = degree
    self.centre = centre
    self.radius = radius
    for ring in 1...degree / 2 + 1 {
      let zero = cos(Double(2 * ring - 1) * .pi / Double(2 * degree + 2))
      let length = radius * zero * (1.1565 + zero * (-0.76535 + zero * 0.60517))
      let count = 2 * degree + 5 - 4 * ring
      for number in 0..<count {
        // The lower half mirrors the upper one exactly, or mirror planes would not find its directions.
        let lower = 2 * number > count
        let angle = 2 * .pi * Double(lower ? count - number : number) / Double(count)
        // The middle of an even degree is a single node.
        let offset =
          count == 1
          ? PlaneVector.zero : PlaneVector(length * cos(angle), (lower ? -1 : 1) * length * sin(angle))
        let kappa = centre + offset
        let folded = mirrors.fold(kappa, .zero).kappa
        let known = directions.firstIndex { ($0 - folded).squaredLength < 1e-18 }
        nodes.append(Node(kappa: kappa, direction: known ?? directions.count))
        if known == nil { directions.append(folded) }
      }
    }
    let count = nodes.count
    var basis = DoubleMatrix(rows: count, columns: count)
    for (row, node) in nodes.enumerated() {
      let values = Self.basis(node.kappa, degree, centre, radius)
      for (column, value) in values.enumerated() { basis[row, column] = value }
    }
    inverse = Self.inverse(basis)
  }

  /// How much every node counts for a direction; the weights add up to one.
  func weights(_ kappa: PlaneVector) -> [Double] {
    let values = Self.basis(kappa, degree, centre, radius)
    var weights = [Double](repeating: 0, count: nodes.count)
    for (row, value) in values.enumerated() {
      for column in weights.indices { weights[column] += value * inverse[row, column] }
    }
    return weights
  }

  /// Products of Chebyshev polynomials up to a total degree.
  private static func basis(
    _ kappa: PlaneVector, _ degree: Int, _ centre: PlaneVector, _ radius: Double
  ) -> [Double] {
    func chebyshev(_ x: Double) -> [Double] {
      var values = [1, x]
      while values.count <= degree {
        values.append(2 * x * values[values.count - 1] - values[values.count - 2])
      }
      return values
    }
    let x = chebyshev((kappa.x - centre.x) / radius)
    let y = chebyshev((kappa.y - centre.y) / radius)
    return (0...degree).flatMap { i in (0...degree - i).map { x[i] * y[$0] } }
  }

  /// By Gauss-Jordan elimination with pivots: at most 91 rows.
  private static func inverse(_ matrix: DoubleMatrix) -> DoubleMatrix {
    let count = matrix.rows
    var a = matrix
    var inverse = DoubleMatrix(rows: count, columns: count)
    for i in 0..<count { inverse[i, i] = 1 }
    for column in 0..<count {
      let pivot = (column..<count).max { abs(a[$0, column]) < abs(a[$1, column]) } ?? column
      for c in 0..<count {
        (a[column, c], a[pivot, c]) = (a[pivot, c], a[column, c])
        (inverse[column, c], inverse[pivot, c]) = (inverse[pivot, c], inverse[column, c])
      }
      let scale = 1 / a[column, column]
      for c in 0..<count {
        a[column, c] *= scale
        inverse[column, c] *= scale
      }
      for r in 0..<count where r != column && a[r, column] != 0 {
        let factor = a[r, column]
        for c in 0..<count {
          a[r, c] -= factor * a[column, c]
          inverse[r, c] -= factor * inverse[column, c]
        }
      }
    }
    return inverse
  }
}

extension DynamicalModel {
  /// Patterns from the amplitudes of a few directions.
  func interpolatedPatterns(
    energy: Double, structures: [SurfaceStructure], detector: Detector, mirrors: MirrorPlanes, degree: Int,
    isCancelled: @Sendable () -> Bool, progress: @Sendable (Int) -> Void
  ) throws(CBLEEDError) -> [Matrix] {
    let lit = detector.litPixels(cell: surface.cell, energy: energy)
    let nodes = ConeNodes(
      degree: degree, centre: detector.tilt, radius: detector.discRadius, mirrors: mirrors)
    let solved = try amplitudes(
      energy: energy, kappas: nodes.directions, structures: structures, isCancelled: isCancelled,
      progress: progress)
    let tables = solved.map { $0.map { Dictionary($0.map { ($0.beam, $0.amplitude) }) { a, _ in a } } }
    let vacuum = VacuumFactor(energy: energy)
    var sums = structures.map { _ in [Double](repeating: 0, count: detector.size * detector.size) }
    // Pixels come beam after beam.
    var rows: [[ComplexDouble]] = []
    var current: BeamIndex?
    for pixel in lit {
      if pixel.beam != current {
        current = pixel.beam
        let beams = nodes.nodes.map { node in
          let (h, k) = surface.cell.orders(of: mirrors.fold(node.kappa, pixel.order).order)
          return BeamIndex(h, k)
        }
        rows = tables.map { table in
          zip(nodes.nodes, beams).map { table[$0.direction][$1] ?? .zero }
        }
      }
      let weights = nodes.weights(pixel.kappa)
      let factor = pixel.coverage * vacuum(from: pixel.kappa, to: pixel.kappa + pixel.order)
      for s in structures.indices {
        var amplitude = ComplexDouble.zero
        for (weight, value) in zip(weights, rows[s]) { amplitude += weight * value }
        sums[s][pixel.pixel] += factor * amplitude.squaredModulus
      }
    }
    return sums.map { Matrix(rows: detector.size, columns: detector.size, values: $0.map(Float.init)) }
  }
}
