import Arrays
import Scattering

/// What of a pattern only a crystal explains. A halo, rings, an even disc, a blurred one, a glow: whatever is the
/// same all around the beam, and a slope across, says nothing about a crystal however well a simulation follows it,
/// and raises R. What is left is the structure that a match has to be judged by.
struct PatternStructure: Sendable {
  /// Sum of squares that rings and slopes leave, noise and all.
  let squares: Double

  /// Rings are a pixel wide; between their middles the value follows a straight line.
  init(_ image: FitImage, _ p: PatternParameters) {
    let size = image.edge
    let middle = Double(size - 1) / 2
    let d = p.distortion
    let count = size
    var sums = [Double](repeating: 0, count: count)
    var weights = [Double](repeating: 0, count: count)
    let places = image.counted.map { index -> (bin: Int, part: Double) in
      let y = Double(Int(index) / size) - middle - p.shift.x
      let x = Double(Int(index) % size) - middle - p.shift.y
      let r = Vector2((1 + d.x) * y + d.y * x, d.y * y + (1 - d.x) * x).length
      let bin = min(count - 2, Int(bounded: r))
      return (bin, min(1, r - Double(bin)))
    }
    for (place, index) in zip(places, image.counted) {
      let value = Double(image.pixels[Int(index)])
      sums[place.bin] += (1 - place.part) * value
      sums[place.bin + 1] += place.part * value
      weights[place.bin] += 1 - place.part
      weights[place.bin + 1] += place.part
    }
    let means = zip(sums, weights).map { $1 > 0 ? $0 / $1 : 0 }
    var rest = zip(places, image.counted).map { place, index in
      image.pixels[Int(index)]
        - Float((1 - place.part) * means[place.bin] + place.part * means[place.bin + 1])
    }
    var slopes = [
      image.counted.map { Float(Double(Int($0) / size) - middle) },
      image.counted.map { Float(Double(Int($0) % size) - middle) },
    ]
    for i in slopes.indices {
      for j in 0..<i { LinearBasis.take(slopes[j], from: &slopes[i]) }
      let norm = Float(LinearBasis.dot(slopes[i], slopes[i]).squareRoot())
      guard norm > 0 else { continue }
      slopes[i] = slopes[i].map { $0 / norm }
      LinearBasis.take(slopes[i], from: &rest)
    }
    squares = LinearBasis.dot(rest, rest)
  }
}
