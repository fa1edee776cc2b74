import System
import Glibc
import Scattering

/// A small crystal on the film: where it lies, how it is turned, and perhaps bent.
package struct Particle: Sendable {
  package enum Shape: String, Sendable { case cube, sphere }

  package var shape: Shape
  /// Edge or diameter in nm.
  package var size: Double
  /// In nm from the corner of the scan.
  package var centre: Vector2
  package var orientation: Matrix3
  /// Degrees by which the orientation turns about the scan's y axis across the particle.
  package var bend: Double

  package init(shape: Shape, size: Double, centre: Vector2, orientation: Matrix3, bend: Double = 0) {
    self.shape = shape
    self.size = size
    self.centre = centre
    self.orientation = orientation
    self.bend = bend
  }

  /// Projected thickness in nm along the beam at a place in nm.
  package func thickness(_ x: Double, _ y: Double) -> Double {
    let (dx, dy) = (x - centre.x, y - centre.y)
    if shape == .sphere {
      return 2 * max(0, size * size / 4 - dx * dx - dy * dy).squareRoot()
    }
    // A ray along z through the cube, in the cube's frame: between the nearest of its exits and the
    // farthest of its entries.
    let inverse = orientation.transposed
    let origin = inverse * Vector3(dx, dy, 0)
    let direction = inverse * Vector3(0, 0, 1)
    var (near, far) = (-Double.infinity, Double.infinity)
    for axis in 0..<3 {
      if abs(direction[axis]) < 1e-9 {
        if abs(origin[axis]) > size / 2 { return 0 }
        continue
      }
      let a = (-size / 2 - origin[axis]) / direction[axis]
      let b = (size / 2 - origin[axis]) / direction[axis]
      near = max(near, min(a, b))
      far = min(far, max(a, b))
    }
    return max(0, far - near)
  }

  /// Bunge's angles in degrees: turns about z, x and z.
  package static func rotation(_ first: Double, _ second: Double, _ third: Double) -> Matrix3 {
    func z(_ degrees: Double) -> Matrix3 {
      let t = degrees * .pi / 180
      return Matrix3(rows: [cos(t), -sin(t), 0], [sin(t), cos(t), 0], [0, 0, 1])
    }
    let t = second * .pi / 180
    let x = Matrix3(rows: [1, 0, 0], [0, cos(t), -sin(t)], [0, sin(t), cos(t)])
    return z(first) * x * z(third)
  }
}

/// Crystals on a carbon film with holes.
package struct Specimen: Sendable {
  package var particles: [Particle]
  /// Discs without film: place and radius in nm.
  package var holes: [(centre: Vector2, radius: Double)]
  /// The film's share of scattering where it is.
  package var film: Double

  package init(particles: [Particle], holes: [(centre: Vector2, radius: Double)] = [], film: Double = 0.12) {
    self.particles = particles
    self.holes = holes
    self.film = film
  }

  /// Cubes and spheres strewn over a field (in nm): two cubes of one orientation overlap, a third of them is
  /// bent, the others lie as they fell.
  package static func strewn(
    count: Int, width: Double, height: Double, sizes: ClosedRange<Double>, seed: UInt64
  ) -> Specimen {
    var random = RandomNumbers(seed: seed)
    let zone = Particle.rotation(random.uniform() * 90, 0.1 + 0.4 * random.uniform(), 0)
    var particles: [Particle] = []
    for i in 0..<count {
      let size = random.uniform(in: sizes)
      let isCube = i < 3 || random.uniform() < 0.7
      let tilt = acos(random.uniform(in: 0.3...1)) * 180 / .pi
      let turn = Particle.rotation(random.uniform() * 360, tilt, random.uniform() * 90)
      for _ in 0..<400 {
        let edge = min(0.55 * size, 0.45 * min(width, height))
        var centre = Vector2(
          random.uniform(in: edge...max(edge, width - edge)),
          random.uniform(in: edge...max(edge, height - edge)))
        if i == 1 {
          // Beside the first, so that a corner of each is in the other.
          let away = 0.42 * (size + particles[0].size)
          let angle = random.uniform() * 2 * .pi
          centre = particles[0].centre + Vector2(cos(angle), sin(angle)) * away
          if min(centre.x, centre.y) < edge || centre.x > width - edge || centre.y > height - edge {
            continue
          }
        }
        let distances = particles.map { ($0.centre - centre).length / (0.5 * (size + $0.size)) }
        // A neighbour of the same orientation that touches would be one region with the bent one.
        let least = i == 2 ? 1.35 : 0.8
        guard i == 1 || distances.allSatisfy({ $0 > least }) && distances.count(where: { $0 < 1.1 }) < 2
        else { continue }
        particles.append(
          Particle(
            shape: isCube ? .cube : .sphere, size: size, centre: centre, orientation: i < 3 ? zone : turn,
            bend: i == 2 ? 1.6 : 0))
        break
      }
    }
    let holes = (0..<2).map { _ in
      (
        centre: Vector2(random.uniform() * width, random.uniform() * height),
        radius: random.uniform(in: 0.08...0.2) * min(width, height)
      )
    }
    return Specimen(particles: particles, holes: holes)
  }
}
