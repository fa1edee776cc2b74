/// The convex hull of a region's pixels.
enum ConvexHull {
  /// The region's part of its hull, by the pixels' corners.
  static func solidity(_ points: PointSet) -> Double {
    var corners: [(x: Int, y: Int)] = []
    for p in points.points {
      let (x, y) = (p % points.width, p / points.width)
      corners += [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)]
    }
    guard corners.count > 3 else { return 1 }
    corners.sort { $0.x != $1.x ? $0.x < $1.x : $0.y < $1.y }
    func turn(_ a: (x: Int, y: Int), _ b: (x: Int, y: Int), _ c: (x: Int, y: Int)) -> Int {
      (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
    }
    func chain(_ list: [(x: Int, y: Int)]) -> [(x: Int, y: Int)] {
      var out: [(x: Int, y: Int)] = []
      for point in list {
        while out.count >= 2, turn(out[out.count - 2], out[out.count - 1], point) <= 0 { out.removeLast() }
        out.append(point)
      }
      return out
    }
    let hull = chain(corners).dropLast() + chain(corners.reversed()).dropLast()
    let ring = Array(hull)
    var twice = 0
    for i in ring.indices {
      let next = ring[(i + 1) % ring.count]
      twice += ring[i].x * next.y - next.x * ring[i].y
    }
    // Stairs of pixels along slanted edges cost about half a pixel a step: half the rim.
    let stairs = 0.25 * Double(points.count - points.core().count)
    return min(1, (Double(points.count) + stairs) / max(1, 0.5 * Double(abs(twice))))
  }
}
