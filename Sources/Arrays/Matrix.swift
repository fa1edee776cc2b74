/// A dense matrix or image, stored row after row.
@frozen public struct DenseMatrix<Element: Sendable>: Sendable {
  public let rows: Int
  public let columns: Int
  /// `rows * columns` values, row after row: element (r, c) is at `r * columns + c`.
  public var values: [Element]

  @inlinable public init(rows: Int, columns: Int, values: [Element]) {
    precondition(values.count == rows * columns, "a \(rows)x\(columns) matrix from \(values.count) values")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  @inlinable public init(rows: Int, columns: Int, repeating value: Element) {
    self.init(rows: rows, columns: columns, values: Array(repeating: value, count: rows * columns))
  }

  /// Fills storage that was never zeroed: `body` must initialise every element.
  @inlinable public init(
    rows: Int, columns: Int, filledBy body: (UnsafeMutableBufferPointer<Element>) -> Void
  ) {
    let count = rows * columns
    self.init(
      rows: rows, columns: columns,
      values: Array(unsafeUninitializedCapacity: count) { buffer, initialized in
        body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        initialized = count
      })
  }

  @inlinable public var count: Int { values.count }

  @inlinable public subscript(row: Int, column: Int) -> Element {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// The values of one row.
  @inlinable public func row(_ index: Int) -> ArraySlice<Element> {
    values[index * columns..<(index + 1) * columns]
  }

  @inlinable public func column(_ index: Int) -> [Element] {
    (0..<rows).map { self[$0, index] }
  }

  @inlinable public func transposed() -> Self {
    Self(rows: columns, columns: rows) { out in
      values.withUnsafeBufferPointer { from in
        // Square tiles keep both the reads and the writes within a few cache lines.
        let tile = 16
        for top in stride(from: 0, to: rows, by: tile) {
          for left in stride(from: 0, to: columns, by: tile) {
            for r in top..<min(top + tile, rows) {
              for c in left..<min(left + tile, columns) {
                out.initializeElement(at: c * rows + r, to: from[r * columns + c])
              }
            }
          }
        }
      }
    }
  }

  @inlinable public func mapValues<T: Sendable>(_ transform: (Element) -> T) -> DenseMatrix<T> {
    DenseMatrix<T>(rows: rows, columns: columns, values: values.map(transform))
  }

  /// The chosen rows, in the order given.
  @inlinable public func selectingRows(_ indices: some Collection<Int>) -> Self {
    var picked: [Element] = []
    picked.reserveCapacity(indices.count * columns)
    for index in indices { picked.append(contentsOf: row(index)) }
    return Self(rows: indices.count, columns: columns, values: picked)
  }
}

extension DenseMatrix: Equatable where Element: Equatable {}

extension DenseMatrix where Element: AdditiveArithmetic {
  /// A matrix of zeros.
  @inlinable public init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, repeating: .zero)
  }
}

/// Single precision: frames, images, features and network weights.
public typealias Matrix = DenseMatrix<Float>
/// Double precision: where a fit or an eigenproblem would lose digits.
public typealias DoubleMatrix = DenseMatrix<Double>
/// Scattering matrices.
public typealias ComplexMatrix = DenseMatrix<Complex<Double>>

extension DoubleMatrix {
  public init(_ single: Matrix) { self = single.mapValues(Double.init) }
}

extension Matrix {
  public init(_ double: DoubleMatrix) { self = double.mapValues(Float.init) }
}

extension DenseMatrix {
  /// All elements in row order, for loops that must not check every index.
  @inlinable public func withElements<R>(_ body: (UnsafePointer<Element>) -> R) -> R {
    values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        preconditionFailure("a matrix without elements has no loop")
      }
      return body(base)
    }
  }

  @inlinable public mutating func withMutableElements<R>(_ body: (UnsafeMutablePointer<Element>) -> R) -> R {
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        preconditionFailure("a matrix without elements has no loop")
      }
      return body(base)
    }
  }
}
