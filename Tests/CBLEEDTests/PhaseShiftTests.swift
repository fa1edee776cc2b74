import CBLEED
import Testing

@Suite struct PhaseShiftTests {
  static let silicon = SurfaceModelElement.atom

  @Test func `the silicon atom has the energies of the published LDA tables`() throws {
    let atom = try Self.silicon.get()
    // NIST's LDA tables, in Hartree.
    let published = [-65.184426, -5.075056, -3.514938, -0.398139, -0.153293]
    for (mine, theirs) in zip(atom.eigenvalues, published) { #expect(abs(mine - theirs) < 2e-6) }
    #expect(abs(atom.totalEnergy + 288.198397) < 2e-6)
  }

  @Test func `hydrogen and neon have the total energies of the published LDA tables`() throws {
    let hydrogen = try LDAAtom(nuclearCharge: 1, shells: [AtomicShell(n: 1, l: 0, electrons: 1)])
    #expect(abs(hydrogen.totalEnergy + 0.445671) < 2e-6)
    let shells = ["1s2", "2s2", "2p6"].compactMap { AtomicShell(parsing: $0) }
    #expect(abs(try LDAAtom(nuclearCharge: 10, shells: shells).totalEnergy + 128.233481) < 2e-6)
  }

  @Test func `an atom must be neutral`() {
    #expect(throws: CBLEEDError.self) {
      try LDAAtom(nuclearCharge: 14, shells: [AtomicShell(n: 1, l: 0, electrons: 2)])
    }
  }

  @Test func `density and potential of the atom agree with the reference`() throws {
    let atom = try Self.silicon.get()
    for row in Reference.table("si_atom_lda.csv") where row[0] < 20 {
      // The nearest point of the atom's own grid is within half a step; compare there by interpolation.
      let upper = try #require(atom.radii.firstIndex { $0 >= row[0] })
      let t = (row[0] - atom.radii[upper - 1]) / (atom.radii[upper] - atom.radii[upper - 1])
      let density = (1 - t) * atom.density[upper - 1] + t * atom.density[upper]
      let scaled =
        (1 - t) * atom.coulomb[upper - 1] * atom.radii[upper - 1] + t * atom.coulomb[upper]
        * atom.radii[upper]
      #expect(abs(density - row[1]) < 1e-3 * max(row[1], 0.01))
      #expect(abs(scaled - row[2] * row[0]) < 1e-3)
    }
  }

  @Test func `the muffin tin's zero and potential agree with the reference`() throws {
    let tin = try #require(try Reference.surface.muffinTins().first)
    #expect(abs(tin.radius * 0.529177210903 - 1.175846) < 1e-6)
    #expect(abs(tin.zero * 27.211386245988 + 16.6855) < 1e-3)
    for row in Reference.table("si_muffin_tin.csv") {
      let upper = try #require(tin.radii.firstIndex { $0 >= row[0] })
      guard upper > 0 else { continue }
      let t = (row[0] - tin.radii[upper - 1]) / (tin.radii[upper] - tin.radii[upper - 1])
      let scaled =
        (1 - t) * tin.potential[upper - 1] * tin.radii[upper - 1] + t * tin.potential[upper]
        * tin.radii[upper]
      #expect(abs(scaled - row[1] * row[0]) < 1e-3)
    }
  }

  @Test func `phase shifts from first principles agree with the reference to a milliradian`() throws {
    let mine = try #require(try Reference.surface.phaseShifts().first)
    let reference = Reference.phaseShifts
    #expect(mine.energies == reference.energies)
    for (a, b) in zip(mine.values, reference.values) {
      for (x, y) in zip(a, b) { #expect(abs(x - y) < 1e-3) }
    }
  }

  @Test func `phase shifts are straight lines between tabulated energies`() {
    let table = PhaseShifts(energies: [10, 20], values: [[1, 0], [2, 1]])
    #expect(table.at(12.5, maximum: 1) == [1.25, 0.25])
    #expect(table.at(5, maximum: 0) == [1])
    #expect(table.at(30, maximum: 0) == [2])
  }
}

/// Computed once for all tests of this file.
enum SurfaceModelElement {
  static let atom = Result { () throws -> LDAAtom in
    let element = Reference.surface.elements[0]
    return try LDAAtom(nuclearCharge: element.nuclearCharge, shells: element.shells)
  }
}
