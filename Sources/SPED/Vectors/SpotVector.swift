/// A Bragg vector: where a spot lies from the direct beam, in binned pixels.
package struct SpotVector: Sendable, Equatable {
  package var x: Float
  package var y: Float
  /// Peaks that were found there.
  package var count: Int

  package init(x: Float, y: Float, count: Int = 0) {
    self.x = x
    self.y = y
    self.count = count
  }

  package var length: Float { (x * x + y * y).squareRoot() }

  package func distance(to other: SpotVector) -> Float {
    ((x - other.x) * (x - other.x) + (y - other.y) * (y - other.y)).squareRoot()
  }
}
