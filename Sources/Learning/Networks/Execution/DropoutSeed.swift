import System

/// Which values dropout drops: a function of the trainer's seed, the step, the part of the batch and the
/// layer, never of the thread.
final class DropoutSeed {
  var seed: UInt64 = 0
  private var layers: UInt64 = 0

  func addLayer() -> UInt64 {
    layers += 1
    return layers
  }

  /// 0 or 1 / (1 - rate).
  func fill(_ mask: UnsafeMutablePointer<Float>, count: Int, rate: Float, layer: UInt64) {
    let kept = 1 / (1 - rate)
    let threshold = UInt64((Double(rate) * 4_294_967_296).rounded())
    var random = SplitMix64(seed: seed &+ layer &* 0xd134_2543_de82_ef95)
    var index = 0
    while index < count {
      // Each word decides about two values.
      let word = random.next()
      mask[index] = word & 0xffff_ffff < threshold ? 0 : kept
      if index + 1 < count { mask[index + 1] = word >> 32 < threshold ? 0 : kept }
      index += 2
    }
  }
}
