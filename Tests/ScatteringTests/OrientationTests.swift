import Scattering
import Testing

@Suite struct OrientationTests {
  private func oriented(_ name: String, _ zone: SIMD3<Int>) throws -> OrientedCrystal {
    try OrientedCrystal(Crystal(known: name), zone: zone)
  }

  @Test func `along c a primitive crystal keeps its axes`() throws {
    let rutile = try oriented("rutile", [0, 0, 1])
    #expect(rutile.indices == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    #expect(rutile.shear == 0)
    #expect(rutile.atoms.count == 6)
    #expect(abs(rutile.period - 2.9587) < 1e-9)
    let beryl = try oriented("beryl", [0, 0, 1])
    #expect(beryl.indices == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    #expect(abs(beryl.second.x + 9.218 / 2) < 1e-9, "120 degrees between the vectors")
    let quartz = try oriented("quartz", [1, 0, 0])
    #expect(quartz.shear == 0)
  }

  @Test func `a centred crystal gets its smallest cell across the beam`() throws {
    let along001 = try oriented("silicon", [0, 0, 1])
    #expect(along001.atoms.count == 4)
    #expect(abs(along001.area - 5.431020511 * 5.431020511 / 2) < 1e-6)
    let along110 = try oriented("silicon", [1, 1, 0])
    #expect(abs(along110.period - 5.431020511 / 2.0.squareRoot()) < 1e-6)
    #expect(along110.atoms.count == 4)
    let along111 = try oriented("silicon", [1, 1, 1])
    #expect(abs(along111.period - 5.431020511 * 3.0.squareRoot()) < 1e-6)
    #expect(abs(along111.second.x / along111.first.x + 0.5) < 1e-6, "an oblique cell stays oblique")
    #expect(along111.atoms.count == 6)
  }

  @Test func `atoms keep their distances in every orientation`() throws {
    for (name, zone) in [
      ("rutile", [1, 1, 0]), ("rutile", [1, 0, 1]), ("rutile", [1, 1, 1]), ("beryl", [1, 0, 0]),
      ("beryl", [2, 1, 0]),
      ("silicon", [1, 1, 2]), ("strontium-titanate", [1, 2, 0]), ("gallium-arsenide", [-1, 1, 0]),
    ] as [(String, SIMD3<Int>)] {
      let crystal = try Crystal(known: name)
      let oriented = try OrientedCrystal(crystal, zone: zone)
      guard oriented.shear == 0 else { continue }
      #expect(abs(shortest(oriented) - shortest(try oriented0(crystal))) < 1e-6, "\(name) \(zone)")
      let density = crystal.electrons / crystal.cell.volume
      let electrons = oriented.atoms.reduce(0) { $0 + $1.occupancy * Double($1.element.atomicNumber) }
      #expect(abs(electrons / (oriented.area * oriented.period) / density - 1) < 1e-9)
    }
  }

  private func oriented0(_ crystal: Crystal) throws -> OrientedCrystal {
    try OrientedCrystal(crystal, zone: [0, 0, 1])
  }

  private func shortest(_ crystal: OrientedCrystal) -> Double {
    var shortest = Double.infinity
    for a in crystal.atoms {
      for b in crystal.atoms {
        for i in -2...2 {
          for j in -2...2 {
            for k in -1...1 {
              let across = b.across - a.across + Vector2(Double(i), Double(j))
              let flat = crystal.first * across.x + crystal.second * across.y
              let z = (b.depth - a.depth + Double(k)) * crystal.period
              let distance = (flat.dot(flat) + z * z).squareRoot()
              if distance > 1e-6 { shortest = min(shortest, distance) }
            }
          }
        }
      }
    }
    return shortest
  }

  @Test func `where no lattice vector is perpendicular the shear is stated`() throws {
    let cell = try #require(UnitCell(lengths: [5, 6, 7], anglesDegrees: [83, 98, 105]))
    let crystal = Crystal(
      name: "triclinic", cell: cell,
      sites: [Site(element: Element(symbol: "Si")!, position: [0.1, 0.2, 0.3])])
    let oriented = try OrientedCrystal(crystal, zone: [0, 0, 1])
    #expect(oriented.shear > 0.1)
    #expect(abs(oriented.area * oriented.period - cell.volume) < 1e-9 * cell.volume)
    #expect(throws: ScatteringError.self) { try OrientedCrystal(crystal, zone: [0, 0, 0]) }
    #expect(throws: ScatteringError.self) { try OrientedCrystal(crystal, zone: [0, 0, 99]) }
    #expect(throws: ScatteringError.self) { try OrientedCrystal(keepingCellOf: crystal) }
  }

  @Test func `symmetry across the beam: exact for atoms at their depth, more with screws`() throws {
    let table: [(String, SIMD3<Int>, Int, Int)] = [
      ("rutile", [0, 0, 1], 4, 8), ("strontium-titanate", [0, 0, 1], 8, 8), ("beryl", [0, 0, 1], 6, 12),
      ("silicon", [0, 0, 1], 4, 8), ("magnesium-oxide", [0, 0, 1], 8, 8),
      ("magnesium-oxide", [1, 1, 1], 6, 6),
      ("quartz", [0, 0, 1], 1, 3), ("gallium-arsenide", [1, 1, 0], 2, 2),
    ]
    for (name, zone, exact, screw) in table {
      let crystal = try oriented(name, zone)
      #expect(crystal.symmetry(.none).count == 1)
      #expect(crystal.symmetry(.exact).count == exact, "\(name) exact")
      #expect(crystal.symmetry(.screw).count == screw, "\(name) screw")
      for operation in crystal.symmetry(.screw) {
        let (h, k) = operation(h: 2, k: 1)
        let before = crystal.firstReciprocal * 2 + crystal.secondReciprocal
        let after = crystal.firstReciprocal * Double(h) + crystal.secondReciprocal * Double(k)
        #expect((operation(before) - after).length < 1e-9)
      }
    }
  }
}
