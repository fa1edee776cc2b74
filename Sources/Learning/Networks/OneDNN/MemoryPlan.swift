/// Where the arrays of a plan lie in one block: arrays that live at different times share bytes, so that a
/// small network works within the cache.
enum MemoryPlan {
  private static let alignment = 4096

  /// Largest first, each at the lowest place that no array of the same time takes.
  static func offsets(for tensors: [PlanBuilder.PlannedTensor]) -> (offsets: [Int], size: Int) {
    var offsets = Array(repeating: 0, count: tensors.count)
    let order = tensors.indices
      .filter { index in
        guard case .planned = tensors[index].storage else { return false }
        return tensors[index].last >= 0
      }
      .map { (index: $0, size: rounded(tensors[$0].layout.byteCount)) }
      .sorted { ($0.size, $1.index) > ($1.size, $0.index) }
    var placed: [(range: Range<Int>, first: Int, last: Int)] = []
    var size = 0
    for (index, bytes) in order {
      let tensor = tensors[index]
      var start = 0
      let busy = placed.filter { $0.first <= tensor.last && tensor.first <= $0.last }
        .sorted { $0.range.lowerBound < $1.range.lowerBound }
      for other in busy {
        if start + bytes <= other.range.lowerBound { break }
        start = max(start, other.range.upperBound)
      }
      offsets[index] = start
      placed.append((start..<start + bytes, tensor.first, tensor.last))
      size = max(size, start + bytes)
    }
    return (offsets, size)
  }

  /// Small arrays stay close together, large ones start at a page.
  private static func rounded(_ bytes: Int) -> Int {
    let unit = bytes >= 1 << 16 ? alignment : 64
    return max(bytes + unit - 1, unit) / unit * unit
  }
}
