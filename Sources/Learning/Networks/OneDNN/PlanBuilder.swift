import COneDNN

/// An array of a plan under construction.
struct TensorID: Hashable {
  let index: Int
}

/// Collects primitives and the arrays between them; `finish()` gives every array its memory.
///
/// Arrays live from the step that first touches them to the last one, and share one block of memory with
/// others that live at other times. Primitives choose their layouts, and `converted` adds a reorder only
/// where two neighbours disagree.
struct PlanBuilder {
  enum Storage {
    case planned
    /// In the block that outlives a run: gradients and statistics, at this byte.
    case pinned(Int)
    /// Owned by somebody else, from this byte.
    case fixed(AlignedBuffer, Int)
    /// The bytes of another array under another layout.
    case alias(TensorID)
  }

  struct PlannedTensor {
    var layout: TensorLayout
    var storage: Storage
    var first = Int.max
    var last = -1
  }

  enum Work {
    case primitive(Primitive, [Int32])
    case native(Plan.Native)
  }

  struct PlannedStep {
    var work: Work
    var tensors: [TensorID]
  }

  private(set) var tensors: [PlannedTensor] = []
  private(set) var steps: [PlannedStep] = []
  private(set) var pinnedBytes = 0
  private var conversions: [TensorID: [TensorID]] = [:]

  mutating func planned(_ layout: TensorLayout) -> TensorID { add(layout, .planned) }

  mutating func pinned(_ layout: TensorLayout) -> TensorID {
    let offset = pinnedBytes
    pinnedBytes += (layout.byteCount + 63) / 64 * 64
    return add(layout, .pinned(offset))
  }

  mutating func fixed(_ layout: TensorLayout, _ buffer: AlignedBuffer, at byte: Int = 0) -> TensorID {
    precondition(byte + layout.byteCount <= buffer.count, "a layout larger than its buffer")
    return add(layout, .fixed(buffer, byte))
  }

  mutating func alias(_ tensor: TensorID, _ layout: TensorLayout) -> TensorID {
    precondition(layout.byteCount <= self.layout(tensor).byteCount, "an alias larger than its array")
    return add(layout, .alias(root(tensor)))
  }

  private mutating func add(_ layout: TensorLayout, _ storage: Storage) -> TensorID {
    tensors.append(PlannedTensor(layout: layout, storage: storage))
    return TensorID(index: tensors.count - 1)
  }

  func layout(_ tensor: TensorID) -> TensorLayout { tensors[tensor.index].layout }

  /// Where a pinned array starts.
  func pinnedOffset(_ tensor: TensorID) -> Int {
    guard case .pinned(let offset) = tensors[tensor.index].storage else {
      preconditionFailure("not a pinned array")
    }
    return offset
  }

  func root(_ tensor: TensorID) -> TensorID {
    if case .alias(let root) = tensors[tensor.index].storage { return root }
    return tensor
  }

  /// Whether a step may overwrite it once nobody reads it any more.
  func isPlanned(_ tensor: TensorID) -> Bool {
    if case .planned = tensors[root(tensor).index].storage { return true }
    return false
  }

  mutating func append(_ primitive: Primitive, _ arguments: [(Int32, TensorID)]) {
    var arguments = arguments
    if !primitive.scratch.isEmpty && primitive.scratch.byteCount > 0 {
      arguments.append((DNNL_ARG_SCRATCHPAD, planned(primitive.scratch)))
    }
    append(.primitive(primitive, arguments.map(\.0)), arguments.map(\.1))
  }

  /// A step in Swift over the arrays' values, in the order of `tensors`.
  mutating func append(native tensors: [TensorID], _ work: @escaping Plan.Native) {
    append(.native(work), tensors)
  }

  private mutating func append(_ work: Work, _ tensors: [TensorID]) {
    for tensor in tensors {
      let root = root(tensor).index
      self.tensors[root].first = min(self.tensors[root].first, steps.count)
      self.tensors[root].last = max(self.tensors[root].last, steps.count)
    }
    steps.append(PlannedStep(work: work, tensors: tensors))
  }

  /// The array in the layout that a consumer wants: itself, an earlier conversion or a new one.
  mutating func converted(_ tensor: TensorID, to layout: TensorLayout) throws(NetworkError) -> TensorID {
    if self.layout(tensor) == layout { return tensor }
    if let known = conversions[tensor]?.first(where: { self.layout($0) == layout }) { return known }
    let result = planned(layout)
    try reorder(tensor, to: result)
    conversions[tensor, default: []].append(result)
    return result
  }

  mutating func reorder(_ source: TensorID, to destination: TensorID) throws(NetworkError) {
    let (from, to) = (layout(source), layout(destination))
    let primitive = try Primitive("dnnl_reorder", "\(from.dimensions)") { made, engine, attributes in
      odnn_reorder(&made, engine, attributes, from.descriptor, to.descriptor)
    }
    append(primitive, [(DNNL_ARG_FROM, source), (DNNL_ARG_TO, destination)])
  }

  /// Plain order, as Swift code and the outside expect it.
  mutating func plain(_ tensor: TensorID) throws(NetworkError) -> TensorID {
    try converted(tensor, to: TensorLayout(plain: layout(tensor).dimensions))
  }
}
