/// A spot of a pattern, measured from the direct beam.
package struct PatternPeak: Sendable, Equatable {
  package var x: Float
  package var y: Float
  /// Electrons of the whole spot, less the background.
  package var intensity: Float
  /// Poisson standard deviations above the background.
  package var significance: Float
}

/// What one pass over a pattern leaves behind: a few hundred numbers instead of twenty thousand pixels.
package struct PatternDigest: Sendable {
  package var centreX: Float
  package var centreY: Float
  package var hasBeam: Bool
  package var peaks: [PatternPeak]
  /// Background in electrons per pixel on rings of one pixel around the direct beam.
  package var background: [Float]
}
