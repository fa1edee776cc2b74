import COneDNN

/// A compiled list of steps with its memory: runs on one thread at a time.
final class Plan {
  typealias Native = ([UnsafeMutablePointer<Float>]) -> Void

  private enum Step {
    case primitive(dnnl_primitive_t, UnsafeMutablePointer<dnnl_exec_arg_t>, Int32, Primitive)
    case native(Native, [UnsafeMutablePointer<Float>])
  }

  private var steps: [Step] = []
  private var memories: [dnnl_memory_t?] = []
  /// Kept alive; the memory objects point into them.
  private var buffers: [AlignedBuffer] = []
  private let stream: Stream
  private let arena: AlignedBuffer
  let pinned: AlignedBuffer

  init(_ builder: borrowing PlanBuilder) throws(NetworkError) {
    stream = try Stream()
    let (offsets, size) = MemoryPlan.offsets(for: builder.tensors)
    arena = AlignedBuffer(byteCount: size)
    pinned = AlignedBuffer(byteCount: builder.pinnedBytes)
    let engine = try Engine.get()
    for (index, tensor) in builder.tensors.enumerated() {
      var root = tensor
      var rootIndex = index
      if case .alias(let id) = tensor.storage {
        root = builder.tensors[id.index]
        rootIndex = id.index
      }
      let address: UnsafeMutableRawPointer
      switch root.storage {
      case .planned: address = arena.bytes + offsets[rootIndex]
      case .pinned(let offset): address = pinned.bytes + offset
      case .fixed(let buffer, let offset):
        address = buffer.bytes + offset
        buffers.append(buffer)
      case .alias: preconditionFailure("an alias of an alias")
      }
      var memory: dnnl_memory_t?
      try check(
        odnn_memory(&memory, engine, tensor.layout.descriptor, address), "dnnl_memory_create",
        "\(tensor.layout.dimensions)")
      memories.append(memory)
    }
    for step in builder.steps { steps.append(try compile(step)) }
  }

  private func compile(_ step: PlanBuilder.PlannedStep) throws(NetworkError) -> Step {
    switch step.work {
    case .primitive(let primitive, let kinds):
      let arguments = UnsafeMutablePointer<dnnl_exec_arg_t>.allocate(capacity: kinds.count)
      for (index, kind) in kinds.enumerated() {
        (arguments + index).initialize(
          to: dnnl_exec_arg_t(arg: kind, memory: memories[step.tensors[index].index]))
      }
      return .primitive(try primitive.compiled(), arguments, Int32(kinds.count), primitive)
    case .native(let work):
      var pointers: [UnsafeMutablePointer<Float>] = []
      for tensor in step.tensors { pointers.append(try floats(tensor)) }
      return .native(work, pointers)
    }
  }

  /// The values of an array; only fixed and pinned ones are meaningful between runs.
  func floats(_ tensor: TensorID) throws(NetworkError) -> UnsafeMutablePointer<Float> {
    var handle: UnsafeMutableRawPointer?
    try check(
      dnnl_memory_get_data_handle(memories[tensor.index], &handle), "dnnl_memory_get_data_handle", "")
    guard let handle else { throw .library(call: "dnnl_memory_get_data_handle", status: 0, context: "") }
    return handle.assumingMemoryBound(to: Float.self)
  }

  func run() throws(NetworkError) {
    OpenMPPolicy.useOneThread()
    for step in steps {
      switch step {
      case .primitive(let handle, let arguments, let count, let primitive):
        try check(
          dnnl_primitive_execute(handle, stream.handle, count, arguments), "dnnl_primitive_execute",
          primitive.context)
      case .native(let work, let pointers): work(pointers)
      }
    }
    try check(dnnl_stream_wait(stream.handle), "dnnl_stream_wait", "a run")
  }

  deinit {
    for step in steps {
      if case .primitive(_, let arguments, _, _) = step { arguments.deallocate() }
    }
    for memory in memories { dnnl_memory_destroy(memory) }
  }
}
