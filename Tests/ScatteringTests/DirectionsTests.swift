import Scattering
import Testing

@Suite struct DirectionsTests {
  private func directions(
    _ name: String, zone: SIMD3<Int> = [0, 0, 1], x: SIMD3<Int>? = nil
  ) throws -> DirectionsAcross {
    let crystal = try Crystal(known: name)
    return try DirectionsAcross(crystal, OrientedCrystal(crystal, zone: zone), x: x)
  }

  @Test func `a centred lattice has its x along the conventional cell's a`() throws {
    let arsenide = try directions("gallium-arsenide")
    // Its primitive cell across [001] is turned by 45 degrees.
    #expect(abs(abs(arsenide.x) - 45) < 1e-9)
    let along = try #require(arsenide.nearest(to: arsenide.x))
    #expect(along.name == "[100]" && along.off < 1e-9)
    let between = try #require(arsenide.nearest(to: arsenide.x + 41))
    #expect(between.name == "[110]" && abs(between.off - 4) < 1e-9)
    let back = try #require(arsenide.nearest(to: arsenide.x + 180))
    #expect(back.name == "[-100]")
  }

  @Test func `a named direction is x, unless it runs along the beam`() throws {
    let titanate = try directions("strontium-titanate")
    #expect(abs(titanate.x) < 1e-9)
    #expect(try abs(directions("strontium-titanate", x: [1, 1, 0]).x - 45) < 1e-9)
    #expect(throws: ScatteringError.self) { try directions("strontium-titanate", x: [0, 0, 2]) }
    // Of a slanted direction the projection counts.
    #expect(try abs(directions("strontium-titanate", x: [1, 1, 3]).x - 45) < 1e-9)
  }

  @Test func `where the beam runs along a, x is b`() throws {
    let titanate = try directions("strontium-titanate", zone: [1, 0, 0])
    #expect(try #require(titanate.nearest(to: titanate.x)).name == "[010]")
    // Two hexagonal axes stand at 120 degrees.
    let beryl = try directions("beryl")
    let second = try #require(beryl.nearest(to: beryl.x + 120))
    #expect(second.name == "[010]" && second.off < 1e-6)
  }
}
