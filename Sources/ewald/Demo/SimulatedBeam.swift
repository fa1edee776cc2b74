import System
import Diffraction
import Glibc

/// What the demo's microscope sees: a convergent beam through a wedge, drifting, on a counting camera.
/// Everything follows from the frame's number and a seed.
package struct SimulatedBeam {
  package let size: Int
  package let seed: UInt64

  package init(size: Int, seed: UInt64) {
    self.size = size
    self.seed = seed
  }

  /// Fringes inside the disc grow closer as the specimen grows thicker, as in a two-beam pattern.
  package func frame(_ number: Int, isBlanked: Bool = false, isSaturated: Bool = false) -> Pixels {
    var random = SplitMix64(seed: seed &+ UInt64(number) &* 0x9e37_79b9)
    let extent = Float(size)
    let drift = drift(number)
    let centreX = extent / 2 + drift.x
    let centreY = extent / 2 + drift.y
    let radius = extent * 0.28
    let thickness = 20 + 15 * sinf(Float(number) / 40)
    let level: Float = isBlanked ? 0 : isSaturated ? 90_000 : 900
    var values = [UInt16](repeating: 0, count: size * size)
    for row in 0..<size {
      let dy = Float(row) - centreY
      for column in 0..<size {
        let dx = Float(column) - centreX
        let r = (dx * dx + dy * dy).squareRoot()
        var expected: Float = 12 + (isBlanked ? 0 : 25 * expf(-r / (radius * 1.5)))
        if r < radius + 3 {
          let edge = min(1, max(0, (radius - r) / 3 + 0.5))
          let phase = thickness * 0.12
          let excitationX = dx / radius
          let excitationY = dy / radius
          let pattern =
            0.55 + 0.25 * cosf(phase * (1 + 3 * excitationX * excitationX).squareRoot() * 3)
            + 0.2 * cosf(phase * (1 + 3 * excitationY * excitationY).squareRoot() * 3)
          expected += level * edge * max(0.05, pattern)
        }
        values[row * size + column] = UInt16(min(65535, max(0, random.counts(expected))))
      }
    }
    // A camera's hot pixels stay where they are.
    for defect in 0..<3 {
      var place = SplitMix64(seed: seed &+ UInt64(defect))
      values[Int(place.next() % UInt64(values.count))] = 30_000
    }
    return Pixels(width: size, height: size, values: values)
  }

  /// A slow wander with a jump every 97 frames, when someone touches the stage.
  private func drift(_ number: Int) -> (x: Float, y: Float) {
    let slow = Float(number) / 60
    let jump: Float = number % 97 == 96 ? 18 : 0
    return (6 * sinf(slow) + jump, 5 * cosf(slow * 0.7) - jump / 2)
  }
}

extension SplitMix64 {
  /// A Poisson number by its normal limit, from a sum of four uniforms: the demo's frames have means above
  /// ten, where nobody sees the difference, and a frame must not take longer than the pace.
  fileprivate mutating func counts(_ mean: Float) -> Int {
    let bits = next()
    let sum = (0..<4).reduce(Float(0)) { $0 + Float(bits >> UInt64(16 * $1) & 0xffff) } / 65535
    return Int((mean + (sum - 2) * 1.732 * mean.squareRoot()).rounded())
  }
}
