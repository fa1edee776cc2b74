import Arrays
import Scattering

/// A measured pattern on the square grid that the network reads, as it is compared with simulations.
package struct FitImage: Sendable {
  package static let size = PatternNetwork.size
  /// Pixels along an edge: `size`, or half of it.
  package let edge: Int
  /// Row after row; the network's image before it is standardised.
  package var pixels: [Float]
  /// Positions that count: inside the disc, inside the frame, not saturated, not defective.
  package let counted: [Int32]
  /// mrad a pixel, as assumed when the image was cut out.
  package let pitch: Double

  package init(pixels: [Float], isCounted: [Bool], pitch: Double) {
    precondition(pixels.count == Self.size * Self.size && isCounted.count == pixels.count, "one size")
    edge = Self.size
    self.pixels = pixels
    self.pitch = pitch
    counted = NetworkImage.inside.filter { isCounted[$0] }.map(Int32.init)
  }

  private init(edge: Int, pixels: [Float], counted: [Int32], pitch: Double) {
    self.edge = edge
    self.pixels = pixels
    self.counted = counted
    self.pitch = pitch
  }

  /// The same image with only those counted positions that `holds` picks.
  func limited(to holds: (Int) -> Bool) -> FitImage {
    FitImage(edge: edge, pixels: pixels, counted: counted.filter { holds(Int($0)) }, pitch: pitch)
  }

  private init(halving image: FitImage) {
    let n = image.edge
    edge = n / 2
    pitch = 2 * image.pitch
    var isCounted = [Bool](repeating: false, count: n * n)
    for i in image.counted { isCounted[Int(i)] = true }
    var pixels: [Float] = []
    var counted: [Int32] = []
    for r in stride(from: 0, to: n - 1, by: 2) {
      for c in stride(from: 0, to: n - 1, by: 2) {
        let four = [r * n + c, r * n + c + 1, (r + 1) * n + c, (r + 1) * n + c + 1]
        if four.allSatisfy({ isCounted[$0] }) { counted.append(Int32(pixels.count)) }
        pixels.append(four.reduce(0) { $0 + image.pixels[$1] } / 4)
      }
    }
    self.pixels = pixels
    self.counted = counted
  }

  /// The means of two by two pixels: enough to tell thicknesses and directions apart, and quieter.
  package var halved: FitImage { FitImage(halving: self) }

  /// The counted pixels' values.
  var values: [Float] { counted.map { pixels[Int($0)] } }

  /// Standard deviation of the noise from pixel to pixel: what a plane through neighbours does not explain
  /// (Immerkær 1996), relative to the brightest pixels.
  package var noise: Double {
    let n = edge
    var isCounted = [Bool](repeating: false, count: n * n)
    for i in counted { isCounted[Int(i)] = true }
    var (sum, number) = (0.0, 0)
    for r in 1..<n - 1 {
      for c in 1..<n - 1 where isCounted[r * n + c] {
        let i = r * n + c
        let edges = pixels[i - 1] + pixels[i + 1] + pixels[i - n] + pixels[i + n]
        let corners = pixels[i - n - 1] + pixels[i - n + 1] + pixels[i + n - 1] + pixels[i + n + 1]
        sum += Double(abs(corners - 2 * edges + 4 * pixels[i]))
        number += 1
      }
    }
    guard number > 0 else { return 0 }
    let sigma = sum / Double(number) * (Double.pi / 2).squareRoot() / 6
    let amplitude = amplitude
    return amplitude > 0 ? sigma / amplitude : 0
  }

  /// From the faintest to the brightest pixels.
  var amplitude: Double {
    let sorted = values.sorted()
    guard let low = sorted.first else { return 0 }
    return max(0, Double(sorted[sorted.count * 995 / 1000] - low))
  }
}
