import Scattering
import Testing

@Suite struct SpaceGroupTests {
  @Test(arguments: [
    ("P1", 1, 1), ("P 1 21/c 1", 14, 4), ("P21/c", 14, 4), ("P 21/n", 14, 4), ("P -1", 2, 2),
    ("F d -3 m :2", 227, 192),
    ("Fd-3mZ", 227, 192), ("R -3 m :H", 166, 36), ("R-3m:R", 166, 12), ("Pnma", 62, 8), ("62", 62, 8),
    ("P b n m", 62, 8), ("P63/mmc", 194, 24), ("P 6/m c c", 192, 24), ("I41/amd:1", 141, 32),
  ])
  func `symbols and numbers find their group`(symbol: String, number: Int, order: Int) throws {
    let group = try SpaceGroup(named: symbol)
    #expect(group.number == number)
    #expect(group.operations.count == order)
  }

  @Test func `a group's operations form a group`() throws {
    for symbol in ["P42/mnm", "P 32 2 1", "R-3c:H"] {
      let operations = try SpaceGroup(named: symbol).operations
      for a in operations {
        for b in operations {
          let rotation = a.rotation * b.rotation
          let translation = a.rotation * b.translation + a.translation
          #expect(
            operations.contains { c in
              let off = c.translation - translation
              return c.rotation == rotation
                && (off - off.rounded(.toNearestOrAwayFromZero)).length < 1e-6
            })
        }
      }
    }
  }

  @Test func `rhombohedral groups follow the axes and open settings are refused`() throws {
    #expect(try SpaceGroup(named: "R-3m", hexagonalAxes: true).operations.count == 36)
    #expect(try SpaceGroup(named: "R-3m", hexagonalAxes: false).operations.count == 12)
    for symbol in ["R-3m", "Fd-3m", "227", "Q1", "", "P42/mnm:2", ":"] {
      #expect(throws: ScatteringError.self) { try SpaceGroup(named: symbol) }
    }
  }

  @Test func `operations are read from text and nonsense is refused`() {
    let operation = SymmetryOperation("-y+1/2, X-y , .25 + z")
    #expect(operation?([0.1, 0.2, 0.3]) == [0.3, 0.1 - 0.2, 0.55])
    for text in ["x,y", "x,y,z,x", "x,y,w", "x,x,z", "x,y,1/0+z", "", ",,", "x y,z,1", "+,y,z", "x,y,z2"] {
      #expect(SymmetryOperation(text) == nil, "\(text)")
    }
  }
}
