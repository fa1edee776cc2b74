import Arrays
import Diffraction
import Glibc
import Scattering

/// How the beam moves while a frame is taken, and how finely that is followed.
package struct Rocking: Sendable {
  package let geometry: ZoneSeries.Geometry
  package let steps: Int

  package init(geometry: ZoneSeries.Geometry, steps: Int) {
    self.geometry = geometry
    self.steps = steps
  }

  /// The crystal's turn at every step, by the midpoint rule.
  func turns(semiAngle: Double) -> [Matrix3] {
    (0..<steps).map { step in
      let middle = (Double(step) + 0.5) / Double(steps)
      switch geometry {
      case .rotation: return .turnX(semiAngle * (2 * middle - 1))
      case .precession: return .turnZ(360 * middle) * .turnY(semiAngle) * .turnZ(-360 * middle)
      }
    }
  }

  /// Where nothing is known of the thickness.
  package static let standardSteps = 40

  /// Fringes of a crystal so thick that the movement carries the outermost reflection through; around a cone it passes
  /// each twice. With fewer steps than these the mean over the movement is not one.
  static func fringes(
    _ geometry: ZoneSeries.Geometry, thickness: Double, limit: Double, semiAngle: Double
  ) -> Double {
    2 * limit * sin(semiAngle * .pi / 180).magnitude * thickness * (geometry == .rotation ? 1 : 2)
  }

  /// Enough of them: R of simulated quartz behind 29 and 45 nm no longer moves.
  static func steps(fringes: Double) -> Int { max(24, min(400, Int(bounded: (1.3 * fringes).rounded(.up)))) }

  /// How far, in 1/Å, the movement carries a reflection through the sphere to each side.
  func reach(_ g: Vector3, semiAngle: Double) -> Double {
    let arm = geometry == .rotation ? g.y.magnitude : (g.x * g.x + g.y * g.y).squareRoot()
    return arm * sin(semiAngle * .pi / 180)
  }
}

/// The excitation error of a reciprocal vector for a beam along -z.
func excitationError(_ g: Vector3, wavenumber: Double) -> Double { g.z - g.dot(g) / (2 * wavenumber) }

/// Which beams take part, and which reflections count: it moves R more than physics does, so it is told with every R.
package struct BeamSelection: Sendable, Equatable {
  /// Beams: |g| below, and the excitation error at some step.
  package var beamLimit: Double
  package var beamError: Double
  /// Measured reflections: |g| below, |s| below this share of the reach, and this far within it.
  package var limit: Double
  package var share: Double
  package var margin: Double

  package init(beamLimit: Double, beamError: Double, limit: Double, share: Double, margin: Double) {
    self.beamLimit = beamLimit
    self.beamError = beamError
    self.limit = limit
    self.share = share
    self.margin = margin
  }

  package func accepts(_ g: Vector3, wavenumber: Double, rocking: Rocking, semiAngle: Double) -> Bool {
    guard g.dot(g) < limit * limit else { return false }
    let error = excitationError(g, wavenumber: wavenumber).magnitude
    let reach = rocking.reach(g, semiAngle: semiAngle)
    return error < share * reach && reach - error > margin
  }
}

/// All reciprocal lattice vectors within a sphere.
struct ReciprocalLattice: Sendable {
  let indices: [SIMD3<Int>]

  static let mostVectors = 400_000

  /// Nil for a cell or a radius that asks for too many.
  init?(cell: UnitCell, radius: Double) {
    let lengths = cell.lengths
    let reach = (0..<3).map { Int(bounded: (radius * lengths[$0]).rounded(.up)) }
    guard reach.allSatisfy({ 0..<1000 ~= $0 }),
      4.2 * radius * radius * radius * cell.volume < Double(Self.mostVectors)
    else { return nil }
    let (a, b, c) = cell.reciprocal
    var indices: [SIMD3<Int>] = []
    for h in -reach[0]...reach[0] {
      for k in -reach[1]...reach[1] {
        let plane = a * Double(h) + b * Double(k)
        for l in -reach[2]...reach[2] {
          let g = plane + c * Double(l)
          if g.dot(g) < radius * radius { indices.append(SIMD3(h, k, l)) }
        }
      }
    }
    self.indices = indices
  }

  /// Those that a frame can measure whose `matrix` takes indices to 1/Å.
  func accepted(
    by selection: BeamSelection, _ matrix: Matrix3, wavenumber: Double, rocking: Rocking, semiAngle: Double
  ) -> [SIMD3<Int>] {
    indices.filter { index in
      index != .zero
        && selection.accepts(
          matrix * Vector3(Double(index.x), Double(index.y), Double(index.z)), wavenumber: wavenumber,
          rocking: rocking, semiAngle: semiAngle)
    }
  }
}
