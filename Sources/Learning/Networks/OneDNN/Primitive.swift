import COneDNN

/// A compiled operation and its descriptor.
final class Primitive {
  let descriptor: dnnl_primitive_desc_t
  private(set) var handle: dnnl_primitive_t?
  let context: String

  /// `make` fills in a primitive descriptor; the scratch memory always comes from the caller, so that
  /// executors on several threads do not share any.
  init(
    _ call: String, _ context: String, fused: [FusedOperation] = [],
    _ make: (inout dnnl_primitive_desc_t?, dnnl_engine_t, dnnl_primitive_attr_t) -> dnnl_status_t
  ) throws(NetworkError) {
    OpenMPPolicy.useOneThread()
    let engine = try Engine.get()
    let attributes = try Attributes(fused: fused)
    var made: dnnl_primitive_desc_t?
    try check(make(&made, engine, attributes.handle), call, context)
    guard let made else { throw .library(call: call, status: 0, context: context) }
    descriptor = made
    self.context = context
  }

  deinit {
    if let handle { dnnl_primitive_destroy(handle) }
    dnnl_primitive_desc_destroy(descriptor)
  }

  /// Descriptors are cheap, code is generated here.
  func compiled() throws(NetworkError) -> dnnl_primitive_t {
    if let handle { return handle }
    OpenMPPolicy.useOneThread()
    try check(dnnl_primitive_create(&handle, descriptor), "dnnl_primitive_create", context)
    guard let handle else { throw .library(call: "dnnl_primitive_create", status: 0, context: context) }
    return handle
  }

  func layout(_ query: dnnl_query_t, _ index: Int = 0) -> TensorLayout {
    guard let found = dnnl_primitive_desc_query_md(descriptor, query, Int32(index)) else { return .none }
    return TensorLayout(found.pointee)
  }

  var source: TensorLayout { layout(dnnl_query_src_md) }
  var destination: TensorLayout { layout(dnnl_query_dst_md) }
  var weights: TensorLayout { layout(dnnl_query_weights_md) }
  var sourceGradient: TensorLayout { layout(dnnl_query_diff_src_md) }
  var destinationGradient: TensorLayout { layout(dnnl_query_diff_dst_md) }
  var weightGradient: TensorLayout { layout(dnnl_query_diff_weights_md) }
  var workspace: TensorLayout { layout(dnnl_query_workspace_md) }
  var scratch: TensorLayout { layout(dnnl_query_scratchpad_md) }
}

/// What a primitive does to its result before it writes it.
enum FusedOperation: Hashable {
  /// Adds what the destination holds already.
  case sum
  case activation(Activation)
}

private final class Attributes {
  let handle: dnnl_primitive_attr_t

  init(fused: [FusedOperation]) throws(NetworkError) {
    var handle: dnnl_primitive_attr_t?
    try check(dnnl_primitive_attr_create(&handle), "dnnl_primitive_attr_create", "attributes")
    guard let handle else { throw .library(call: "dnnl_primitive_attr_create", status: 0, context: "") }
    self.handle = handle
    try check(
      dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user),
      "dnnl_primitive_attr_set_scratchpad_mode", "attributes")
    if !fused.isEmpty { try append(fused) }
  }

  private func append(_ fused: [FusedOperation]) throws(NetworkError) {
    var operations: dnnl_post_ops_t?
    try check(dnnl_post_ops_create(&operations), "dnnl_post_ops_create", "attributes")
    defer { dnnl_post_ops_destroy(operations) }
    for operation in fused {
      switch operation {
      case .sum: try check(dnnl_post_ops_append_sum(operations, 1), "dnnl_post_ops_append_sum", "sum")
      case .activation(let activation):
        let function = activation.function(fromOutput: false)
        try check(
          dnnl_post_ops_append_eltwise(operations, 1, function.kind, function.alpha, function.beta),
          "dnnl_post_ops_append_eltwise", "\(activation)")
      }
    }
    try check(
      dnnl_primitive_attr_set_post_ops(handle, operations), "dnnl_primitive_attr_set_post_ops", "attributes")
  }

  deinit { dnnl_primitive_attr_destroy(handle) }
}

extension Activation {
  /// Whether the derivative follows from the result alone, so that a fused activation can be trained.
  var hasGradientFromOutput: Bool {
    switch self {
    case .relu, .sigmoid, .tanh: true
    case .elu(let alpha): alpha >= 0
    case .leakyReLU(let slope): slope >= 0
    case .clipped, .silu, .gelu, .hardSwish: false
    }
  }

  func function(fromOutput: Bool) -> (kind: dnnl_alg_kind_t, alpha: Float, beta: Float) {
    switch self {
    case .relu: (fromOutput ? dnnl_eltwise_relu_use_dst_for_bwd : dnnl_eltwise_relu, 0, 0)
    case .leakyReLU(let slope):
      (fromOutput ? dnnl_eltwise_relu_use_dst_for_bwd : dnnl_eltwise_relu, slope, 0)
    case .elu(let alpha): (fromOutput ? dnnl_eltwise_elu_use_dst_for_bwd : dnnl_eltwise_elu, alpha, 0)
    case .sigmoid: (fromOutput ? dnnl_eltwise_logistic_use_dst_for_bwd : dnnl_eltwise_logistic, 0, 0)
    case .tanh: (fromOutput ? dnnl_eltwise_tanh_use_dst_for_bwd : dnnl_eltwise_tanh, 0, 0)
    case .clipped(let lower, let upper): (dnnl_eltwise_clip_v2, lower, upper)
    case .silu: (dnnl_eltwise_swish, 1, 0)
    case .gelu: (dnnl_eltwise_gelu_erf, 0, 0)
    case .hardSwish: (dnnl_eltwise_hardswish, 0, 0)
    }
  }
}
