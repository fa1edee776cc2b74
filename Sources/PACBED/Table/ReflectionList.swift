import Scattering

/// The reflections of a table, and how the symmetry's operations permute them.
struct ReflectionList: Sendable {
  let indices: [SIMD2<Int>]
  let vectors: [Vector2]
  /// Rectangle of indices: reflection (h, k) is number `number[(h - low.x) * width + k - low.y]`, -1 if absent.
  let low: SIMD2<Int>
  let width: Int
  let height: Int
  let number: [Int32]
  /// For every operation, reflection after reflection: the number of R⁻¹ g.
  let undone: [Int32]

  init(crystal: OrientedCrystal, radius: Double, operations: [PlaneOperation]) {
    let a = crystal.firstReciprocal
    let b = crystal.secondReciprocal
    let area = abs(a.cross(b))
    let spanH = Int((radius * b.length / area).rounded(.up))
    let spanK = Int((radius * a.length / area).rounded(.up))
    low = [-spanH, -spanK]
    height = 2 * spanH + 1
    width = 2 * spanK + 1
    var number = [Int32](repeating: -1, count: width * height)
    var indices: [SIMD2<Int>] = []
    for h in -spanH...spanH {
      for k in -spanK...spanK {
        guard (a * Double(h) + b * Double(k)).length <= radius * (1 + 1e-9) else { continue }
        number[(h + spanH) * width + k + spanK] = Int32(indices.count)
        indices.append([h, k])
      }
    }
    var undone = [Int32](repeating: -1, count: operations.count * indices.count)
    for (o, operation) in operations.enumerated() {
      for (i, index) in indices.enumerated() {
        let (h, k) = operation(h: index.x, k: index.y)
        guard abs(h) <= spanH, abs(k) <= spanK else { continue }
        let image = number[(h + spanH) * width + k + spanK]
        if image >= 0 { undone[o * indices.count + Int(image)] = Int32(i) }
      }
    }
    self.number = number
    self.undone = undone
    self.indices = indices
    vectors = indices.map { a * Double($0.x) + b * Double($0.y) }
  }

  var count: Int { indices.count }
}
