import Arrays
import Glibc

/// Pairs of atoms within a distance, found by cells: the effort grows with the number of atoms. The list holds a
/// skin more than is asked for, so that it stays valid while atoms move less than half of it.
struct NeighbourList {
  private(set) var firsts: [Int32] = []
  private(set) var seconds: [Int32] = []
  private var built: [Double] = []
  private var reach = 0.0
  private var skin = 0.0
  /// How many coordinates an atom has.
  private let dimension: Int

  init(dimension: Int = 2) { self.dimension = dimension }

  /// Makes the list valid for these coordinates; says whether it was made anew.
  mutating func follow(_ coordinates: UnsafeBufferPointer<Double>, reach: Double, skin: Double) {
    if built.count == coordinates.count, reach == self.reach {
      let limit = 0.25 * self.skin * self.skin
      var isValid = true
      var at = 0
      while at < built.count {
        var square = 0.0
        for axis in at..<min(at + dimension, built.count) {
          let moved = coordinates[axis] - built[axis]
          square += moved * moved
        }
        // Also false for what is no number.
        if !(square < limit) {
          isValid = false
          break
        }
        at += dimension
      }
      if isValid { return }
    }
    self.reach = reach
    self.skin = skin
    built = Array(coordinates)
    build()
  }

  private mutating func build() {
    firsts.removeAll(keepingCapacity: true)
    seconds.removeAll(keepingCapacity: true)
    let count = built.count / dimension
    guard count > 1 else { return }
    let limit = reach + skin
    let square = limit * limit
    if count <= 64 {
      for i in 0..<count {
        for j in i + 1..<max(i + 1, count) where apart(i, j) < square { add(i, j) }
      }
      return
    }
    let cells = CellGrid(built, dimension: dimension, edge: limit)
    for i in 0..<count {
      cells.eachNeighbour(of: i) { j in
        if j > i, apart(i, j) < square { add(i, j) }
      }
    }
  }

  /// The square of the distance.
  private func apart(_ i: Int, _ j: Int) -> Double {
    var square = 0.0
    for axis in 0..<dimension {
      let from = built[dimension * i + axis] - built[dimension * j + axis]
      square += from * from
    }
    return square
  }

  private mutating func add(_ i: Int, _ j: Int) {
    firsts.append(Int32(truncatingIfNeeded: i))
    seconds.append(Int32(truncatingIfNeeded: j))
  }
}

/// Atoms by cells at least `edge` wide: neighbours within it lie in the nine around in a plane, the 27 in space.
struct CellGrid {
  /// Of x, y and z; a plane has one layer.
  private var counts = SIMD3(1, 1, 1)
  private var cell: [SIMD3<Int>]
  private var starts: [Int]
  private var members: [Int]

  init(_ coordinates: [Double], dimension: Int, edge: Double) {
    let count = coordinates.count / dimension
    func point(_ atom: Int) -> SIMD3<Double> {
      var point = SIMD3<Double>.zero
      for axis in 0..<min(3, dimension) { point[axis] = coordinates[dimension * atom + axis] }
      return point
    }
    var low = SIMD3(repeating: Double.infinity)
    var high = SIMD3(repeating: -Double.infinity)
    for i in 0..<count {
      low = pointwiseMin(low, point(i))
      high = pointwiseMax(high, point(i))
    }
    // Atoms far apart do not make the grid larger than they are many.
    let side = (dimension == 2 ? Double(count).squareRoot() : cbrt(Double(count))) * 2 + 1
    let width = max(edge, (high - low).max() / side)
    for axis in 0..<3 { counts[axis] = max(1, Int(bounded: (high[axis] - low[axis]) / width) + 1) }
    cell = []
    starts = [Int](repeating: 0, count: counts.x * counts.y * counts.z + 1)
    members = [Int](repeating: 0, count: count)
    for i in 0..<count {
      let from = (point(i) - low) / width
      var at = SIMD3<Int>.zero
      for axis in 0..<3 { at[axis] = min(counts[axis] - 1, max(0, Int(bounded: from[axis]))) }
      cell.append(at)
      starts[number(at) + 1] += 1
    }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    var next = starts
    for i in 0..<count {
      members[next[number(cell[i])]] = i
      next[number(cell[i])] += 1
    }
  }

  private func number(_ at: SIMD3<Int>) -> Int { (at.z * counts.y + at.y) * counts.x + at.x }

  func eachNeighbour(of atom: Int, _ body: (Int) -> Void) {
    let at = cell[atom]
    for z in max(0, at.z - 1)...min(counts.z - 1, at.z + 1) {
      for y in max(0, at.y - 1)...min(counts.y - 1, at.y + 1) {
        for x in max(0, at.x - 1)...min(counts.x - 1, at.x + 1) {
          let number = number(SIMD3(x, y, z))
          for index in starts[number]..<starts[number + 1] { body(members[index]) }
        }
      }
    }
  }
}
