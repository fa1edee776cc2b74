import Arrays
import Glibc

/// The product of every projection with an atom, tabulated along its axis: how much an atom at a place would explain
/// of what is there.
struct Correlation {
  /// Steps of the table a pixel.
  private static let fineness = 4
  private let start: Double
  private let inverseStep: Double
  private let count: Int
  private var table: [Double]

  init(_ projections: Projections, values: [Double], _ blob: AtomBlob) {
    let pixels = projections.pixels
    let step = projections.pitch / Double(Self.fineness)
    start = projections.start
    inverseStep = 1 / step
    count = max(2, pixels * Self.fineness)
    table = []
    table.reserveCapacity(count * projections.angles.count)
    let row = BlobRow(blob, projections)
    values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      for angle in projections.angles.indices {
        for at in 0..<count {
          table.append(row.product(row.place(start + step * Double(at)), values + angle * pixels).value)
        }
      }
    }
  }

  /// The product at a coordinate of one projection; 0 beside it.
  @inline(__always)
  func value(_ angle: Int, _ coordinate: Double) -> Double {
    let position = (coordinate - start) * inverseStep
    guard position >= 0, position < Double(count - 1) else { return 0 }
    let low = Int(position)
    let part = position - Double(low)
    let at = angle * count + low
    return table[at] + part * (table[at + 1] - table[at])
  }
}

/// The overlap of two atoms in one projection, by their distance along it: a Gaussian twice as wide, tabulated.
struct Overlap {
  private let inverseStep: Double
  private var table: [Double] = []
  let own: Double

  init(_ blob: AtomBlob, pitch: Double) {
    let step = blob.sigma / 32
    inverseStep = 1 / step
    own = 1 / (2 * Double.pi.squareRoot() * blob.sigma * pitch)
    var x = 0.0
    while x < 6 * blob.sigma {
      table.append(own * exp(-x * x / (4 * blob.sigma * blob.sigma)))
      x += step
    }
    table += [0, 0]
  }

  @inline(__always)
  func value(_ distance: Double) -> Double {
    let position = distance.magnitude * inverseStep
    guard position < Double(table.count - 1) else { return 0 }
    let low = Int(position)
    return table[low] + (position - Double(low)) * (table[low + 1] - table[low])
  }
}
