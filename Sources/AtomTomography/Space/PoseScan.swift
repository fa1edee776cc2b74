import Arrays
import Glibc

/// Which poses of a lattice the images suggest: those that have a Bragg spot wherever a plane's transform comes near to
/// a reciprocal lattice point, all with the phases of one origin.
struct PoseScan {
  private let spectrum: ImageSpectrum
  private let directions: [Direction]
  private let blob: AtomBlob
  private let centre: SIMD3<Double>
  private let radius: Double

  /// Half of the reciprocal lattice points {111}, {200}, {220} and {311}, over the cube's edge.
  private static let points: [SIMD3<Double>] = {
    var points: [SIMD3<Double>] = []
    for h in -3...3 {
      for k in -3...3 {
        for l in -3...3 {
          let square = h * h + k * k + l * l
          let isAllowed = (h - k) % 2 == 0 && (k - l) % 2 == 0
          guard isAllowed, [3, 4, 8, 11].contains(square), (h, k, l) > (0, 0, 0) else { continue }
          points.append(SIMD3(Double(h), Double(k), Double(l)))
        }
      }
    }
    return points
  }()

  init(_ images: ProjectionImages, _ blob: AtomBlob, _ region: ClusterRegion, bond: Double) {
    directions = images.directions
    self.blob = blob
    centre = region.centre
    // Of the crystal itself: a ball of as much as is seen.
    radius = region.radius / 1.35
    spectrum = ImageSpectrum(
      images, centre: region.centre, radius: radius, limit: 2.55 / bond)
  }

  /// What is expected of a Bragg spot at a distance from an image's plane, and where in the plane it is.
  @inline(__always)
  private func spot(_ g: SIMD3<Double>, _ direction: Direction) -> (weight: Double, wave: SIMD2<Double>) {
    let wave = SIMD2(direction.coordinate(g.x, g.z), g.y)
    let off = (direction.cosine * g.z - direction.sine * g.x) * radius
    // The transform of a ball falls off as a Gaussian does at first.
    let square = off * off * 3.6
    guard square < 6 else { return (0, wave) }
    let thermal = 2 * Double.pi * Double.pi * blob.sigma * blob.sigma
    return (exp(-square - thermal * (wave * wave).sum()), wave)
  }

  /// How strong the spots of a rotation are, whatever their phases.
  func strength(_ rotation: Rotation, bond: Double) -> Double {
    let scale = 1 / (bond * 2.0.squareRoot())
    var (sum, norm) = (0.0, 0.05)
    for point in Self.points {
      let g = scale * (rotation * point)
      for (index, direction) in directions.enumerated() {
        let (weight, wave) = spot(g, direction)
        guard weight > 0.01, let value = spectrum.value(index, wave) else { continue }
        sum += weight * (value.x * value.x + value.y * value.y).squareRoot()
        norm += weight * weight
      }
    }
    return sum / norm.squareRoot()
  }

  /// How well the spots' phases fit to a site at a place from the centre.
  func fit(_ pose: LatticePose) -> Double {
    let scale = 1 / (pose.bond * 2.0.squareRoot())
    var (sum, norm) = (0.0, 0.05)
    let from = pose.site - centre
    for point in Self.points {
      let g = scale * (pose.rotation * point)
      let turn = 2 * Double.pi * (g * from).sum()
      for (index, direction) in directions.enumerated() {
        let (weight, wave) = spot(g, direction)
        guard weight > 0.01, let value = spectrum.value(index, wave) else { continue }
        sum += weight * (value.x * cos(turn) - value.y * sin(turn))
        norm += weight * weight
      }
    }
    return sum / norm.squareRoot()
  }

  /// The best poses, best first, no two alike.
  func poses(bond: Double, count: Int, isCancelled: @escaping @Sendable () -> Bool) -> [LatticePose] {
    // Rotations that are none of a cube's: Rodrigues' vectors within its fundamental zone.
    let steps = 28
    let edge = 2.0.squareRoot() - 1
    let layers = parallelMap(2 * steps + 1) { i -> [(strength: Double, r: SIMD3<Double>)] in
      if isCancelled() { return [] }
      var found: [(strength: Double, r: SIMD3<Double>)] = []
      for j in 0...2 * steps {
        for k in 0...2 * steps {
          let r = edge * (SIMD3(Double(i), Double(j), Double(k)) / Double(steps) - SIMD3(repeating: 1))
          guard r.x.magnitude + r.y.magnitude + r.z.magnitude <= 1.02 else { continue }
          found.append((strength(Rotation(rodrigues: r), bond: bond), r))
        }
      }
      return Array(found.sorted { $0.strength > $1.strength }.prefix(12))
    }
    let ranked = layers.joined().sorted {
      ($0.strength, $0.r.x, $0.r.y, $0.r.z) > ($1.strength, $1.r.x, $1.r.y, $1.r.z)
    }
    var chosen: [SIMD3<Double>] = []
    for candidate in ranked where chosen.count < 4 * count {
      if chosen.allSatisfy({ ($0 - candidate.r).length > 0.03 }) { chosen.append(candidate.r) }
    }
    let kept = chosen
    let poses = parallelMap(kept.count) { index in
      if isCancelled() { return [LatticePose]() }
      let pose = LatticePose(rotation: Rotation(rodrigues: kept[index]), bond: bond, site: centre)
      return phased(pose).map(refined)
    }.joined().sorted { $0.score > $1.score }
    let best = poses.first?.score ?? 0
    var distinct: [LatticePose] = []
    for pose in poses where distinct.count < count && pose.score > 0.8 * best {
      if distinct.allSatisfy({ !$0.isAlike(pose) }) { distinct.append(pose) }
    }
    return distinct
  }

  /// The best places of a site; several where spots leave a direction open.
  private func phased(_ pose: LatticePose) -> [LatticePose] {
    let phases = 8
    let basis = pose.basis
    var all: [LatticePose] = []
    for i in 0..<phases {
      for j in 0..<phases {
        for k in 0..<phases {
          var next = pose
          next.site =
            centre + (Double(i) * basis[0] + Double(j) * basis[1] + Double(k) * basis[2]) / Double(phases)
          next.score = fit(next)
          all.append(next)
        }
      }
    }
    all.sort { $0.score > $1.score }
    var chosen: [LatticePose] = []
    for next in all {
      guard chosen.count < 6, next.score > 0.8 * all[0].score else { break }
      if chosen.allSatisfy({ ($0.site - next.site).length > 0.3 * pose.bond }) { chosen.append(next) }
    }
    return chosen
  }

  /// Moved, turned and stretched until the spots fit best: each parameter in turn, by ever smaller steps.
  private func refined(_ pose: LatticePose) -> LatticePose {
    var best = pose
    var (turn, shift, stretch) = (0.02, 0.06 * pose.bond, 0.01)
    for _ in 0..<14 {
      for axis in 0..<7 {
        for sign in [-1.0, 1] {
          var next = best
          var step = SIMD3<Double>.zero
          if axis < 3 {
            step[axis] = sign * turn
            next.rotation = Rotation(rodrigues: step) * next.rotation
          } else if axis < 6 {
            step[axis - 3] = sign * shift
            next.site += step
          } else {
            next.bond *= 1 + sign * stretch
            guard (next.bond / pose.bond - 1).magnitude < 0.06 else { continue }
          }
          next.score = fit(next)
          if next.score > best.score {
            best = next
            break
          }
        }
      }
      (turn, shift, stretch) = (0.75 * turn, 0.75 * shift, 0.75 * stretch)
    }
    return best
  }
}
