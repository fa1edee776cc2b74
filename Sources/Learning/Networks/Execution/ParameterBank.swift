import Arrays

/// The parameters of a compiled network: plain values, and copies in the layouts that primitives want.
///
/// Executors on several threads read the same copies. After the plain values change, `refresh()` renews
/// the copies.
final class ParameterBank {
  struct Entry {
    let name: String
    let shape: [Int]
    /// `nil` when inference has its copies and nobody needs the plain order.
    var plain: AlignedBuffer?
  }

  private struct Copy {
    let entry: Int
    /// How the plain values are to be read.
    let view: TensorLayout
    let layout: TensorLayout
    let buffer: AlignedBuffer
  }

  private(set) var entries: [Entry] = []
  private var index: [String: Int] = [:]
  private var copies: [Copy] = []
  private var plan: Plan?

  func add(_ name: String, _ tensor: Tensor) {
    index[name] = entries.count
    entries.append(Entry(name: name, shape: tensor.shape, plain: AlignedBuffer(tensor.values)))
  }

  func contains(_ name: String) -> Bool { index[name] != nil }

  func position(of name: String) throws(NetworkError) -> Int {
    guard let position = index[name] else { throw .parameter(name: name, reason: "missing") }
    return position
  }

  /// The parameter as an array of a plan, in the wanted layout. `view` describes the plain values.
  func tensor(
    _ name: String, view: TensorLayout, as layout: TensorLayout, in builder: inout PlanBuilder
  ) throws(NetworkError) -> TensorID {
    let position = try position(of: name)
    if view == layout, let plain = entries[position].plain { return builder.fixed(layout, plain) }
    if let copy = copies.first(where: { $0.entry == position && $0.layout == layout && $0.view == view }) {
      return builder.fixed(layout, copy.buffer)
    }
    let buffer = AlignedBuffer(byteCount: layout.byteCount)
    copies.append(Copy(entry: position, view: view, layout: layout, buffer: buffer))
    plan = nil
    return builder.fixed(layout, buffer)
  }

  func refresh() throws(NetworkError) {
    if plan == nil {
      var builder = PlanBuilder()
      for copy in copies {
        guard let plain = entries[copy.entry].plain else { continue }
        try builder.reorder(builder.fixed(copy.view, plain), to: builder.fixed(copy.layout, copy.buffer))
      }
      plan = try Plan(builder)
    }
    try plan?.run()
  }

  /// For inference: the copies stay, the plain values go unless a primitive reads them.
  func forgetPlainValues() {
    plan = nil
    let copied = Set(copies.map(\.entry))
    for position in copied { entries[position].plain = nil }
    copies = []
  }

  var weights: Weights {
    var weights = Weights()
    for entry in entries {
      guard let plain = entry.plain else { continue }
      let count = entry.shape.reduce(1, *)
      weights[entry.name] = Tensor(
        shape: entry.shape, values: Array(UnsafeBufferPointer(start: plain.floats, count: count)))
    }
    return weights
  }
}
