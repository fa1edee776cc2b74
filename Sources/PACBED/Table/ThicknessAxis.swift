/// The thicknesses that a table keeps: every period of the crystal up to 20 nm, and steps of at most
/// 0.8 nm above. Thicknesses between them are interpolated by cubics through four neighbours.
package struct ThicknessAxis: Sendable, Hashable {
  /// Periods behind which intensities are kept, ascending, from 0 on.
  package let cells: [Int]
  /// Å.
  package let period: Double
  /// The largest thickness in nm that may be asked for.
  package let limit: Double

  static let fineLimit = 20.0
  static let coarseStep = 0.8

  package init(period: Double, limit: Double) {
    self.period = period
    self.limit = limit
    let nanometres = period / 10
    let coarse = max(1, Int(Self.coarseStep / nanometres))
    var cells = [0]
    // Two nodes beyond the limit, so that four neighbours surround every thickness below it.
    var beyond = 0
    while beyond < 2, let last = cells.last {
      let next = last + (Double(last) * nanometres < Self.fineLimit ? 1 : coarse)
      if Double(next) * nanometres > limit { beyond += 1 }
      cells.append(next)
    }
    while cells.count < 4 { cells.append(cells[cells.count - 1] + 1) }
    self.cells = cells
  }

  package var count: Int { cells.count }
  /// Elements from one row of a table to the next: whole vectors of the processor.
  var stride: Int { (count + 15) / 16 * 16 }

  /// Lagrange weights of the four nodes from `first` on for a thickness in nm.
  package func window(for thickness: Double) -> (first: Int, weights: SIMD4<Float>) {
    let x = max(0, thickness) * 10 / period
    // The last node at or below x.
    var low = 0
    var high = cells.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if Double(cells[middle]) <= x + 1e-9 { low = middle } else { high = middle }
    }
    let first = min(max(0, low - 1), cells.count - 4)
    var weights = SIMD4<Float>.zero
    for i in 0..<4 {
      var weight = 1.0
      let xi = Double(cells[first + i])
      for j in 0..<4 where j != i {
        let xj = Double(cells[first + j])
        weight *= (x - xj) / (xi - xj)
      }
      weights[i] = Float(weight)
    }
    return (first, weights)
  }
}
