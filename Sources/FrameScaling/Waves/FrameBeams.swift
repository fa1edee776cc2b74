import Arrays
import Diffraction
import Scattering

/// The beams of one frame at every step of its rocking, and where its measured reflections are among them. It depends
/// on how the crystal stands and not on the structure, so it is made once.
package struct FrameBeams: Sendable {
  /// The direct beam first.
  package let indices: [SIMD3<Int>]
  /// The places of the measured reflections.
  package let measured: [Int]
  let wavenumber: Double
  /// steps x beams: 2 K s.
  private(set) var diagonals: DoubleMatrix
  /// Half the diagonal's change with a turn of the crystal about x and about y, per radian: 2 K ds.
  let slopesX: DoubleMatrix
  let slopesY: DoubleMatrix
  /// The differences of two beams that occur, and which belongs to each pair (row after row).
  package let differences: [SIMD3<Int>]
  let pairs: [Int32]

  package static let mostBeams = 300

  /// `matrix` takes indices to 1/Å at the centre of the frame. Nil where there are too many beams to couple.
  init?(
    matrix: Matrix3, semiAngle: Double, rocking: Rocking, wavenumber: Double, selection: BeamSelection,
    lattice: ReciprocalLattice, measured reflections: [SIMD3<Int>]
  ) {
    let turns = rocking.turns(semiAngle: semiAngle)
    func vector(_ index: SIMD3<Int>) -> Vector3 {
      matrix * Vector3(Double(index.x), Double(index.y), Double(index.z))
    }
    var indices: [SIMD3<Int>] = [.zero]
    var places: [SIMD3<Int>: Int] = [.zero: 0]
    // No turn takes a vector further than its length times the angle.
    let angle = semiAngle * .pi / 180
    for index in lattice.indices where index != .zero {
      let g = vector(index)
      let error = excitationError(g, wavenumber: wavenumber).magnitude
      guard error < selection.beamError + 1.1 * angle * g.length else { continue }
      let isNear = turns.contains { turn in
        excitationError(turn * g, wavenumber: wavenumber).magnitude < selection.beamError
      }
      if isNear {
        places[index] = indices.count
        indices.append(index)
      }
    }
    self.init(
      indices: indices, places: places, turns: turns, wavenumber: wavenumber, measured: reflections,
      vector: vector)
  }

  /// Beams in one direction of incidence, all of them measured; the direct beam is the first.
  package init(beams: [SIMD3<Int>], diagonals: [Double], wave: ElectronWave) {
    precondition(beams.count == diagonals.count, "one excitation error a beam")
    indices = beams
    measured = Array(beams.indices)
    wavenumber = wave.wavenumber
    self.diagonals = DoubleMatrix(rows: 1, columns: beams.count, values: diagonals)
    slopesX = DoubleMatrix(rows: 1, columns: beams.count)
    slopesY = slopesX
    (differences, pairs) = Self.differences(beams)
  }

  private init?(
    indices beams: [SIMD3<Int>], places known: [SIMD3<Int>: Int], turns: [Matrix3], wavenumber: Double,
    measured reflections: [SIMD3<Int>], vector: (SIMD3<Int>) -> Vector3
  ) {
    var indices = beams
    var places = known
    for reflection in reflections where places[reflection] == nil {
      places[reflection] = indices.count
      indices.append(reflection)
    }
    guard indices.count <= Self.mostBeams else { return nil }
    self.indices = indices
    self.wavenumber = wavenumber
    measured = reflections.compactMap { places[$0] }
    let count = indices.count
    let vectors = indices.map(vector)
    var diagonals = DoubleMatrix(rows: turns.count, columns: count)
    var slopesX = diagonals
    var slopesY = diagonals
    for (step, turn) in turns.enumerated() {
      for (beam, g) in vectors.enumerated() {
        let turned = turn * g
        diagonals[step, beam] = 2 * wavenumber * excitationError(turned, wavenumber: wavenumber)
        // A turn by dx about x adds dx y to z; one by dy about y takes dy x from it.
        slopesX[step, beam] = 2 * wavenumber * turned.y
        slopesY[step, beam] = -2 * wavenumber * turned.x
      }
    }
    self.diagonals = diagonals
    self.slopesX = slopesX
    self.slopesY = slopesY
    (differences, pairs) = Self.differences(indices)
  }

  /// The crystal turned by small angles about x and about y, in radians.
  func turned(_ angles: SIMD2<Double>) -> FrameBeams {
    var turned = self
    for i in diagonals.values.indices {
      turned.diagonals.values[i] += angles.x * slopesX.values[i] + angles.y * slopesY.values[i]
    }
    return turned
  }

  private static func differences(_ beams: [SIMD3<Int>]) -> ([SIMD3<Int>], [Int32]) {
    let count = beams.count
    var differences: [SIMD3<Int>] = []
    var numbers: [SIMD3<Int>: Int32] = [:]
    var pairs = [Int32](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<count {
        let difference = beams[row] &- beams[column]
        let number = numbers[difference] ?? Int32(differences.count)
        if number == differences.count {
          numbers[difference] = number
          differences.append(difference)
        }
        pairs[row * count + column] = number
      }
    }
    return (differences, pairs)
  }
}
