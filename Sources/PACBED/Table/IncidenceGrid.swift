import Scattering

/// The incidences of a table: a lattice that divides the crystal's reciprocal lattice evenly, over a disc,
/// and which of them the crystal's symmetry makes equal.
///
/// Because the lattice divides the reciprocal lattice, K - g falls between the same four nodes' offsets for
/// every reflection g: a pixel's interpolation weights are computed once.
struct IncidenceGrid: Sendable {
  /// Parts of the first and the second reciprocal vector.
  let parts: SIMD2<Int>
  /// Rectangle of node indices that holds the disc: index of node (i, j) is (i - low.x) * width + j - low.y.
  let low: SIMD2<Int>
  let width: Int
  let height: Int
  /// For a node: representative * 16 + operation, or -1 outside of the disc. A plane has at most 12 operations.
  let code: [Int32]
  /// Node indices (i, j) of the representatives.
  let representatives: [SIMD2<Int>]
  let operations: [PlaneOperation]

  /// `radius` in 1/Å; `step` in 1/Å is not exceeded.
  init(crystal: OrientedCrystal, radius: Double, step: Double, operations: [PlaneOperation]) {
    let a = crystal.firstReciprocal
    let b = crystal.secondReciprocal
    var first = max(1, Int((a.length / step).rounded(.up)))
    var second = max(1, Int((b.length / step).rounded(.up)))
    // Operations that mix the two vectors map nodes onto nodes only for equal parts.
    if operations.contains(where: { $0.indices[1] != 0 || $0.indices[2] != 0 }) {
      first = max(first, second)
      second = first
    }
    parts = [first, second]
    let u = a / Double(first)
    let v = b / Double(second)
    // Every corner of a mesh that the disc touches.
    let reach = radius + max(u.length + v.length, 1e-9)
    let area = abs(u.cross(v))
    let spanI = Int((reach * v.length / area).rounded(.up))
    let spanJ = Int((reach * u.length / area).rounded(.up))
    low = [-spanI, -spanJ]
    height = 2 * spanI + 1
    width = 2 * spanJ + 1
    var code = [Int32](repeating: -1, count: width * height)
    var representatives: [SIMD2<Int>] = []
    self.operations = operations
    for i in -spanI...spanI {
      for j in -spanJ...spanJ {
        let at = (i + spanI) * width + j + spanJ
        guard code[at] < 0, (u * Double(i) + v * Double(j)).length <= reach else { continue }
        let representative = representatives.count
        representatives.append([i, j])
        for (index, operation) in operations.enumerated() {
          // Node indices turn as reciprocal indices do: the parts are equal where they mix.
          let (ri, rj) = operation(h: i, k: j)
          let image = (ri + spanI) * width + rj + spanJ
          if abs(ri) <= spanI, abs(rj) <= spanJ, code[image] < 0 {
            code[image] = Int32(representative << 4 | index)
          }
        }
      }
    }
    self.code = code
    self.representatives = representatives
  }

  func incidence(_ node: SIMD2<Int>, _ crystal: OrientedCrystal) -> Vector2 {
    crystal.firstReciprocal * (Double(node.x) / Double(parts.x))
      + crystal.secondReciprocal * (Double(node.y) / Double(parts.y))
  }
}
