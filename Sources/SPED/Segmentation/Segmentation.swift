/// A crystal of a scan.
package struct FoundCrystal: Sendable {
  /// `A`, `B`, … `Z`, `AA`: the largest first, kept through edits.
  package var letter: String
  package var points: PointSet
  /// Vectors that light it, strongest first, and the electrons of each, averaged over its points.
  package var vectors: [Int]
  package var intensities: [Float]
  /// Vectors that light only a part of it.
  package var partial: Int
  /// 0…1: how many independent spots say that it is there, and how well they agree.
  package var confidence: Double
  /// Its signal over the typical one, 0…1, by scan point of `points`, in their order.
  package var loading: [Float]

  package var area: Int { points.count }
  package var isBent: Bool { partial > 3 }

  package static func letter(_ index: Int) -> String {
    var text = ""
    var n = index + 1
    while n > 0 {
      n -= 1
      text = String(UnicodeScalar(UInt8(65 + n % 26))) + text
      n /= 26
    }
    return text
  }
}

/// What a scan is made of.
package struct Segmentation: Sendable {
  package var crystals: [FoundCrystal]
  /// Singular values as parts of the variance; empty where the method has none of its own.
  package var scree: [Double]
  /// Points in crystals where several spots lie far below what the model expects.
  package var pseudoSubtractive: [Int]
  /// The part of the vectors' signal that the crystals explain.
  package var explained: Double
}
