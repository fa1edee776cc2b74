import Glibc

/// The noise of projections: from the frequencies that no atom reaches, and from the pixels beside all atoms.
package struct NoiseLevel: Sendable, Equatable {
  /// The standard deviation of a pixel.
  package var deviation: Double
  /// How many numbers it rests on.
  package var numbers: Double

  /// Nil where atoms reach every frequency and every pixel.
  package init?(_ projections: Projections, _ blob: AtomBlob, _ region: Region) {
    var sum = 0.0
    var numbers = 0.0
    let pixels = projections.pixels
    for angle in projections.angles.indices {
      let row = Array(projections.row(angle))
      let (power, count) = Self.highFrequencies(row, pitch: projections.pitch, sigma: blob.sigma)
      sum += power
      numbers += count
      let span = region.spans[angle]
      for pixel in 0..<pixels {
        let at = projections.start + projections.pitch * Double(pixel)
        if at < span.lowerBound - 4 * blob.sigma || at > span.upperBound + 4 * blob.sigma {
          sum += row[pixel] * row[pixel]
          numbers += 1
        }
      }
    }
    guard numbers >= 8, sum > 0 else { return nil }
    deviation = (sum / numbers).squareRoot()
    self.numbers = numbers
  }

  /// Of images: from the frequencies along their rows that no atom reaches. Counted electrons scatter more where there
  /// are more; what is told is their mean.
  package init?(_ images: ProjectionImages, _ blob: AtomBlob) {
    var sum = 0.0
    var numbers = 0.0
    let width = max(1, images.width)
    for line in 0..<images.values.count / width {
      let row = Array(images.values[line * width..<(line + 1) * width])
      let (power, count) = Self.highFrequencies(row, pitch: images.pitch, sigma: blob.sigma)
      sum += power
      numbers += count
    }
    guard numbers >= 8, sum > 0 else { return nil }
    deviation = (sum / numbers).squareRoot()
    self.numbers = numbers
  }

  package init(deviation: Double) {
    self.deviation = deviation
    numbers = .infinity
  }

  /// The misfit of the true atoms that is to be expected.
  package func floor(_ projections: Projections) -> Double {
    deviation * deviation * Double(projections.values.count) * projections.pitch
  }

  package func floor(_ images: ProjectionImages) -> Double {
    deviation * deviation * Double(images.values.count) * images.area
  }

  /// An atom of unit mass leaves less than a thousandth of itself beyond 0.6 / sigma.
  private static func highFrequencies(_ row: [Double], pitch: Double, sigma: Double) -> (
    power: Double, count: Double
  ) {
    let count = row.count
    let lowest = 0.59 / sigma * pitch * Double(count)
    guard lowest < 0.45 * Double(count), count <= 4096 else { return (0, 0) }
    var power = 0.0
    var numbers = 0.0
    var frequency = Int(lowest.rounded(.up))
    while 2 * frequency < count {
      let turn = 2 * Double.pi * Double(frequency) / Double(count)
      var (real, imaginary) = (0.0, 0.0)
      for (index, value) in row.enumerated() {
        real += value * cos(turn * Double(index))
        imaginary += value * sin(turn * Double(index))
      }
      power += 2 * (real * real + imaginary * imaginary) / Double(count)
      numbers += 2
      frequency += 1
    }
    return (power, numbers)
  }
}
