import CBLEED
import Testing

@Suite struct SurfaceTests {
  @Test func `the silicon surface puts atoms where its parameters say`() throws {
    let structure = try Reference.surface.structure(Reference.parameters(0.1, 0.2, 0.4))
    let top = structure.layers[0].atoms
    let s = 5.4310 / 2.0.squareRoot()
    #expect(abs(top[0].position.plane.x - (s / 2 - 1.25)) < 1e-12)
    #expect(abs(top[0].position.z - (-0.24 + 0.1 + 0.2)) < 1e-12)
    #expect(abs(top[1].position.z - (-0.24 + 0.1 - 0.2)) < 1e-12)
    #expect(structure.layers.map(\.atoms.count) == [4, 2, 2])
    #expect(structure.bulk.count == 4)
    #expect(abs(structure.bulk[3].atoms[0].position.z + 9.50425) < 1e-12)
  }

  @Test(arguments: [
    ("surface X\natom Si 0 0 0 0", 2, "element Si has not been declared"),
    ("surface X\n\nconstant a 1+", 3, "an expression ends too early"),
    ("constant a 1\nconstant b c*a", 2, "\"c\" is not known here"),
    ("constant a sqrt(0-1)", 1, "sqrt(0-1) is not a finite number"),
    ("constant a 1\nconstant a 2", 2, "a has a meaning already"),
    ("parameter p A 0 1 -1", 1, "the range of p is upside down"),
    ("colour blue", 1, "\"colour\" is no statement of a surface file"),
    ("cell 1 0 2 0", 1, "the vectors of a cell must not be parallel"),
    ("element Si 14 0.7 3p9", 1, "3p9 is no shell; one is 2p6"),
    ("constant a ((((((((((((((((((((((((((((((((((((((((((((((((((((1", 1, "too many brackets or signs"),
  ])
  func `a surface file that cannot be read names the line and the reason`(
    text: String, line: Int, reason: String
  ) {
    #expect(throws: CBLEEDError.surfaceFile(line: line, reason: reason)) {
      try SurfaceModel(parsing: text)
    }
  }

  @Test func `an unknown parameter is refused with the names of the known ones`() {
    #expect(throws: CBLEEDError.self) { try Reference.surface.structure(["dimer_colour": 1]) }
  }

  @Test func `a buckled dimer has no mirror across the dimer`() throws {
    let flat = try Reference.surface.structure()
    let buckled = try Reference.surface.structure(["dimer_buckling": 0.3])
    #expect(flat.isSymmetric(PlaneVector(-1, 1)) && flat.isSymmetric(PlaneVector(1, -1)))
    #expect(!buckled.isSymmetric(PlaneVector(-1, 1)) && buckled.isSymmetric(PlaneVector(1, -1)))
  }
}
