import Arrays
import Imaging

extension VDFTable {
  /// Singular values of the Poisson-scaled matrix, as parts of its variance.
  func scree() -> [Double] {
    let columns = vectors.count
    let rows = (0..<points).filter { isMeasured[$0] }
    guard rows.count > 1, columns > 1 else { return [] }
    // At most some thousand points say all that a scree plot shows.
    let step = max(1, rows.count / 4096)
    let chosen = stride(from: 0, to: rows.count, by: step).map { rows[$0] }
    let matrix = Matrix(
      rows: chosen.count, columns: columns,
      values: chosen.flatMap { p in (0..<columns).map { max(0, excess(p, $0)) } })
    return (try? Scree(matrix, scaling: .poisson, count: min(40, columns)).varianceRatios) ?? []
  }
}
