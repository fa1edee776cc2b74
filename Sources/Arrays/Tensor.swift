/// A single-precision array of any number of dimensions; the last index runs fastest.
@frozen public struct Tensor: Sendable, Equatable {
  public let shape: [Int]
  public var values: [Float]

  @inlinable public init(shape: [Int], values: [Float]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "a shape holds no negative extent")
    precondition(shape.reduce(1, *) == values.count, "shape \(shape) from \(values.count) values")
    self.shape = shape
    self.values = values
  }

  @inlinable public init(shape: [Int], repeating value: Float = 0) {
    self.init(shape: shape, values: Array(repeating: value, count: shape.reduce(1, *)))
  }

  @inlinable public init(_ matrix: Matrix) {
    self.init(shape: [matrix.rows, matrix.columns], values: matrix.values)
  }

  @inlinable public var count: Int { values.count }

  /// How many values lie between neighbours along each dimension.
  @inlinable public var strides: [Int] {
    var strides = Array(repeating: 1, count: shape.count)
    for d in stride(from: shape.count - 2, through: 0, by: -1) { strides[d] = strides[d + 1] * shape[d + 1] }
    return strides
  }

  /// The same values under another shape of the same count.
  @inlinable public func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape: shape, values: values) }

  /// One value. For tests and set-up: loops go through `values` and `strides`.
  @inlinable public subscript(index: Int...) -> Float {
    get { values[offset(of: index)] }
    set { values[offset(of: index)] = newValue }
  }

  @inlinable public func offset(of index: [Int]) -> Int {
    precondition(index.count == shape.count, "one index a dimension")
    var offset = 0
    for d in 0..<shape.count {
      precondition(index[d] >= 0 && index[d] < shape[d], "index \(index) within shape \(shape)")
      offset = offset * shape[d] + index[d]
    }
    return offset
  }

  /// Item `index` along the first dimension, for example one image of a batch.
  @inlinable public func item(_ index: Int) -> Tensor {
    let size = shape.dropFirst().reduce(1, *)
    return Tensor(shape: Array(shape.dropFirst()), values: Array(values[index * size..<(index + 1) * size]))
  }

  /// A tensor of two dimensions as a matrix.
  @inlinable public var matrix: Matrix {
    precondition(shape.count == 2, "a matrix has two dimensions")
    return Matrix(rows: shape[0], columns: shape[1], values: values)
  }
}
