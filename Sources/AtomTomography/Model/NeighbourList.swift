import Arrays

/// Pairs of atoms within a distance, found by cells: the effort grows with the number of atoms. The list holds a
/// skin more than is asked for, so that it stays valid while atoms move less than half of it.
struct NeighbourList {
  private(set) var firsts: [Int32] = []
  private(set) var seconds: [Int32] = []
  private var built: [Double] = []
  private var reach = 0.0
  private var skin = 0.0

  init() {}

  /// Makes the list valid for these coordinates; says whether it was made anew.
  mutating func follow(_ coordinates: UnsafeBufferPointer<Double>, reach: Double, skin: Double) {
    if built.count == coordinates.count, reach == self.reach {
      let limit = 0.25 * self.skin * self.skin
      var isValid = true
      var at = 0
      while at < built.count {
        let dx = coordinates[at] - built[at]
        let dy = coordinates[at + 1] - built[at + 1]
        // Also false for what is no number.
        if !(dx * dx + dy * dy < limit) {
          isValid = false
          break
        }
        at += 2
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
    let count = built.count / 2
    guard count > 1 else { return }
    let limit = reach + skin
    let square = limit * limit
    if count <= 64 {
      for i in 0..<count {
        let (x, y) = (built[2 * i], built[2 * i + 1])
        for j in i + 1..<max(i + 1, count) {
          let dx = x - built[2 * j]
          let dy = y - built[2 * j + 1]
          if dx * dx + dy * dy < square { add(i, j) }
        }
      }
      return
    }
    let cells = CellGrid(built, edge: limit)
    for i in 0..<count {
      let (x, y) = (built[2 * i], built[2 * i + 1])
      cells.eachNeighbour(of: i) { j in
        guard j > i else { return }
        let dx = x - built[2 * j]
        let dy = y - built[2 * j + 1]
        if dx * dx + dy * dy < square { add(i, j) }
      }
    }
  }

  private mutating func add(_ i: Int, _ j: Int) {
    firsts.append(Int32(truncatingIfNeeded: i))
    seconds.append(Int32(truncatingIfNeeded: j))
  }
}

/// Atoms by square cells at least `edge` wide: neighbours within it lie in the nine around.
struct CellGrid {
  private var columns = 1
  private var rows = 1
  private var cell: [Int]
  private var starts: [Int]
  private var members: [Int]

  init(_ coordinates: [Double], edge: Double) {
    let count = coordinates.count / 2
    var low = SIMD2(repeating: Double.infinity)
    var high = SIMD2(repeating: -Double.infinity)
    for i in 0..<count {
      let point = SIMD2(coordinates[2 * i], coordinates[2 * i + 1])
      low = pointwiseMin(low, point)
      high = pointwiseMax(high, point)
    }
    // Atoms far apart do not make the grid larger than they are many.
    let side = Double(count).squareRoot() * 2 + 1
    let width = max(edge, (high.x - low.x) / side, (high.y - low.y) / side)
    columns = max(1, Int(bounded: (high.x - low.x) / width) + 1)
    rows = max(1, Int(bounded: (high.y - low.y) / width) + 1)
    cell = []
    starts = [Int](repeating: 0, count: columns * rows + 1)
    members = [Int](repeating: 0, count: count)
    for i in 0..<count {
      let column = min(columns - 1, max(0, Int(bounded: (coordinates[2 * i] - low.x) / width)))
      let row = min(rows - 1, max(0, Int(bounded: (coordinates[2 * i + 1] - low.y) / width)))
      cell.append(row * columns + column)
      starts[cell[i] + 1] += 1
    }
    for index in 0..<columns * rows { starts[index + 1] += starts[index] }
    var next = starts
    for i in 0..<count {
      members[next[cell[i]]] = i
      next[cell[i]] += 1
    }
  }

  func eachNeighbour(of atom: Int, _ body: (Int) -> Void) {
    let (row, column) = (cell[atom] / columns, cell[atom] % columns)
    for r in max(0, row - 1)...min(rows - 1, row + 1) {
      for c in max(0, column - 1)...min(columns - 1, column + 1) {
        for at in starts[r * columns + c]..<starts[r * columns + c + 1] { body(members[at]) }
      }
    }
  }
}
