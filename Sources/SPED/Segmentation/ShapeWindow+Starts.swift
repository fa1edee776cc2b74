import Glibc

extension ShapeWindow {
  func steps(_ shape: CrystalShape) -> [Double] {
    switch shape {
    case .disc: [1, 1, 1]
    case .rectangle: [1, 1, 1.5, 1.5, 0.2]
    case .hexagon: [1, 1, 1.5, 1.5, 1.5, 0.2, 0.2, 0.2]
    }
  }

  func converted(_ shape: CrystalShape, to family: CrystalShape.Family) -> CrystalShape {
    guard case .rectangle(let x, let y, let a, let b, let angle) = shape else { return shape }
    switch family {
    case .disc: return .disc(x: x, y: y, radius: (a * b / .pi).squareRoot())
    case .rectangle: return shape
    case .hexagon:
      return .hexagon(
        x: x, y: y, widths: SIMD3(a, b, 0.9 * (a * a + b * b).squareRoot()),
        angles: SIMD3(angle, angle + .pi / 2, angle + .pi / 4))
    }
  }

  /// First guesses: the pixels clustered into `number` groups from several directions, each as a rectangle.
  func starts(_ family: CrystalShape.Family, number: Int) -> [[CrystalShape]] {
    var pixels: [(x: Double, y: Double)] = []
    for p in 0..<count where target[p] > 0.5 { pixels.append((Double(p % width), Double(p / width))) }
    guard pixels.count > number else { return [] }
    var out: [[CrystalShape]] = []
    let directions = number == 1 ? 1 : 6
    for d in 0..<directions {
      let angle = Double.pi * Double(d) / Double(directions)
      let order = pixels.map { $0.x * cos(angle) + $0.y * sin(angle) }.sorted()
      let groups = (0..<number).map { order[min(order.count - 1, (2 * $0 + 1) * order.count / (2 * number))] }
      // Groups by distance along the direction, then a few rounds of means in the plane.
      var centres = groups.map { level -> (x: Double, y: Double) in
        let near = pixels.filter {
          abs($0.x * cos(angle) + $0.y * sin(angle) - level) <= Double(width + height) / Double(4 * number)
        }
        let n = Double(max(1, near.count))
        return (near.reduce(0) { $0 + $1.x } / n, near.reduce(0) { $0 + $1.y } / n)
      }
      var member = [Int](repeating: 0, count: pixels.count)
      for _ in 0..<6 {
        for (i, pixel) in pixels.enumerated() {
          member[i] =
            centres.indices.min {
              square(pixel.x - centres[$0].x, pixel.y - centres[$0].y)
                < square(pixel.x - centres[$1].x, pixel.y - centres[$1].y)
            } ?? 0
        }
        for k in centres.indices {
          let mine = pixels.indices.filter { member[$0] == k }
          guard !mine.isEmpty else { continue }
          let n = Double(mine.count)
          centres[k] = (
            mine.reduce(0) { $0 + pixels[$1].x } / n, mine.reduce(0) { $0 + pixels[$1].y } / n
          )
        }
      }
      // The edges' direction is that which the region as a whole prefers, and the one of the direction.
      let angles =
        number == 1 ? [bestAngle(pixels), bestAngle(pixels) + .pi / 4] : [bestAngle(pixels), angle]
      for turn in angles {
        var shapes: [CrystalShape] = []
        for k in centres.indices {
          let mine = pixels.indices.filter { member[$0] == k }.map { pixels[$0] }
          shapes.append(rectangle(mine, turn))
        }
        out.append(shapes.map { converted($0, to: family) })
      }
    }
    return out
  }

  /// First guesses from points in three groups of one level each: any of them may be where two crystals overlap,
  /// and the other two are what each has alone. Points whose levels are not known follow the nearest.
  func starts(_ spots: SpotLevels, _ points: PointSet) -> [[CrystalShape]] {
    let member = spots.levels(groups: 3).member
    guard !spots.points.isEmpty else { return [] }
    let known = spots.points.map { (x: $0 % points.width, y: $0 / points.width) }
    var groups = [[(x: Double, y: Double)]](repeating: [], count: 3)
    for p in points.points {
      let (x, y) = (p % points.width, p / points.width)
      var nearest = (distance: Int.max, row: 0)
      for (row, place) in known.enumerated() {
        let distance = (place.x - x) * (place.x - x) + (place.y - y) * (place.y - y)
        if distance < nearest.distance { nearest = (distance, row) }
      }
      groups[member[nearest.row]].append(
        ((Double(x - x0) + 0.5) / scale - 0.5, (Double(y - y0) + 0.5) / scale - 0.5))
    }
    return (0..<3).compactMap { shared in
      let pairs = (0..<3).filter { $0 != shared }.map { groups[$0] + groups[shared] }
      guard pairs.allSatisfy({ $0.count > 3 }) else { return nil }
      return pairs.map { rectangle($0, bestAngle($0)) }
    }
  }

  private func square(_ x: Double, _ y: Double) -> Double { x * x + y * y }

  private func rectangle(_ pixels: [(x: Double, y: Double)], _ angle: Double) -> CrystalShape {
    let (c, s) = (cos(angle), sin(angle))
    let u = pixels.map { $0.x * c + $0.y * s }
    let v = pixels.map { $0.y * c - $0.x * s }
    let (u0, u1) = (u.min() ?? 0, u.max() ?? 0)
    let (v0, v1) = (v.min() ?? 0, v.max() ?? 0)
    let (mu, mv) = ((u0 + u1) / 2, (v0 + v1) / 2)
    return .rectangle(x: mu * c - mv * s, y: mu * s + mv * c, a: u1 - u0 + 1, b: v1 - v0 + 1, angle: angle)
  }

  /// The direction in which the box around the pixels is smallest.
  private func bestAngle(_ pixels: [(x: Double, y: Double)]) -> Double {
    var best = (Double.infinity, 0.0)
    for step in 0..<30 {
      let angle = Double(step) * .pi / 60
      guard case .rectangle(_, _, let a, let b, _) = rectangle(pixels, angle) else { continue }
      if a * b < best.0 { best = (a * b, angle) }
    }
    return best.1
  }
}
