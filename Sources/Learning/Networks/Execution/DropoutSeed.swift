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
    var state = seed &+ layer &* 0xd134_2543_de82_ef95
    var index = 0
    while index < count {
      // SplitMix64 (Steele, Lea & Flood 2014); each word decides about two values.
      state &+= 0x9e37_79b9_7f4a_7c15
      var word = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
      word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
      word ^= word >> 31
      mask[index] = word & 0xffff_ffff < threshold ? 0 : kept
      if index + 1 < count { mask[index + 1] = word >> 32 < threshold ? 0 : kept }
      index += 2
    }
  }
}
