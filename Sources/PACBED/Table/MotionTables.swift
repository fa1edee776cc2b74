import Arrays
import Scattering

/// Tables of one crystal whose atoms move by different amounts, and the parabola through them: a pattern at any
/// amount, and how it changes with it. Or one table, where the amount is known.
package struct MotionTables: Sendable {
  /// Mean square displacements in units of the crystal's own, ascending; one for each of `tables`.
  package let shares: [Double]
  package let tables: [PACBEDTable]

  /// From rest to half as much again as what is usual.
  package static let standardShares = [0, 0.5, 1.5]
  /// Where fits may go: a parabola does not lead far beyond its points.
  static let range = 0...2.0

  package init(_ table: PACBEDTable) {
    shares = [0]
    tables = [table]
  }

  /// Nil where there is not one table a share, or no share at all.
  package init?(shares: [Double], tables: [PACBEDTable]) {
    guard !tables.isEmpty, shares.count == tables.count else { return nil }
    self.shares = shares
    self.tables = tables
  }

  /// The one in the middle: near enough to all crystals for a search.
  package var middle: PACBEDTable { tables[tables.count / 2] }

  var isFree: Bool { tables.count > 1 }

  /// Lagrange's polynomials at a share.
  package func weights(at share: Double) -> [Float] {
    shares.indices.map { j in
      Float(
        shares.indices.reduce(1.0) { product, k in
          k == j ? product : product * (share - shares[k]) / (shares[j] - shares[k])
        })
    }
  }

  /// Their derivatives.
  package func slopes(at share: Double) -> [Float] {
    shares.indices.map { j in
      var sum = 0.0
      for i in shares.indices where i != j {
        sum += shares.indices.reduce(1 / (shares[j] - shares[i])) { product, k in
          k == i || k == j ? product : product * (share - shares[k]) / (shares[j] - shares[k])
        }
      }
      return Float(sum)
    }
  }

  /// The patterns of every table at some thicknesses, on the calling thread: near ones cost little more than one.
  func patterns(
    _ geometry: PatternGeometry, _ illumination: Illumination, thicknesses: [Double]
  ) -> [[[Float]]] {
    let each = tables.map { $0.patterns(geometry, illumination, near: thicknesses) }
    return thicknesses.indices.map { t in each.map { $0[t] } }
  }

  /// The pattern at one thickness and share, on all cores.
  func pattern(
    _ geometry: PatternGeometry, _ illumination: Illumination, thickness: Double, share: Double
  ) -> Matrix {
    let count = geometry.rows * geometry.columns
    let patterns = tables.map { table in
      let memory = TableMemory<Float>(count: count)
      let pass = PatternPass(table, geometry, illumination, thicknesses: [thickness])
      parallelChunks(geometry.rows, size: PatternPass.tile) { pass.fill(rows: $0, images: memory.pointer) }
      return Array(UnsafeBufferPointer(start: memory.pointer, count: count))
    }
    return Matrix(
      rows: geometry.rows, columns: geometry.columns, values: Self.blend(patterns, weights(at: share)))
  }

  static func blend(_ patterns: [[Float]], _ weights: [Float]) -> [Float] {
    guard var sum = patterns.first else { return [] }
    for i in sum.indices { sum[i] *= weights[0] }
    for (pattern, weight) in zip(patterns, weights).dropFirst() {
      for i in sum.indices { sum[i] += weight * pattern[i] }
    }
    return sum
  }
}
