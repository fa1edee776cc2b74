import System
import Glibc  // exp

/// What a camera adds to a pattern.
package struct CameraEffects: Sendable, Hashable {
  /// An even background, as a fraction of the pattern's largest pixel.
  package var background: Double
  /// A broad Gaussian around the direct beam: diffuse scattering and amorphous layers. Its height as a
  /// fraction of the largest pixel, its standard deviation in mrad.
  package var haze: Double
  package var hazeWidth: Double
  /// Electrons in the whole pattern; nil for no counting noise.
  package var electrons: Double?
  /// Standard deviation of the reading noise, as a fraction of the largest pixel.
  package var noise: Double
  /// Fraction of pixels that read anything up to twice the largest pixel.
  package var hotPixels: Double

  package init(
    background: Double = 0, haze: Double = 0, hazeWidth: Double = 30, electrons: Double? = nil,
    noise: Double = 0, hotPixels: Double = 0
  ) {
    self.background = background
    self.haze = haze
    self.hazeWidth = hazeWidth
    self.electrons = electrons
    self.noise = noise
    self.hotPixels = hotPixels
  }

  /// Turns a simulated pattern into a recorded one, in place and in the pattern's own units. Returns the
  /// electrons that one unit stands for, 1 where none are counted.
  @discardableResult
  package func record(
    _ pixels: UnsafeMutableBufferPointer<Float>, geometry: PatternGeometry, random: inout RandomNumbers
  ) -> Double {
    let peak = Double(pixels.max() ?? 0)
    guard peak > 0 else { return 1 }
    var perUnit = 1.0
    if background > 0 || haze > 0 { addBackground(pixels, geometry: geometry, peak: peak) }
    if let electrons, electrons > 0 {
      let sum = pixels.reduce(0.0) { $0 + Double($1) }
      perUnit = electrons / sum
      for i in pixels.indices {
        pixels[i] = Float(Double(random.poisson(Double(max(0, pixels[i])) * perUnit)) / perUnit)
      }
    }
    if noise > 0 {
      for i in pixels.indices { pixels[i] += Float(random.normal() * noise * peak) }
    }
    if hotPixels > 0 {
      for _ in 0..<random.poisson(hotPixels * Double(pixels.count)) {
        pixels[random.integer(below: pixels.count)] = Float(random.uniform() * 2 * peak)
      }
    }
    return perUnit
  }

  private func addBackground(
    _ pixels: UnsafeMutableBufferPointer<Float>, geometry: PatternGeometry, peak: Double
  ) {
    // A Gaussian of both coordinates is a product of one a row and one a column.
    func profile(_ count: Int, _ centre: Double, _ pitch: Double) -> [Double] {
      (0..<count).map { i in
        let x = (Double(i) - centre) * pitch / hazeWidth
        return exp(-x * x / 2)
      }
    }
    let rows = profile(geometry.rows, geometry.centre.x, geometry.pitch.x)
    let columns = profile(geometry.columns, geometry.centre.y, geometry.pitch.y)
    for r in 0..<geometry.rows {
      for c in 0..<geometry.columns {
        pixels[r * geometry.columns + c] += Float(peak * (background + haze * rows[r] * columns[c]))
      }
    }
  }
}
