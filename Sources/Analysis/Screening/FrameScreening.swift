import Diffraction

/// Judges any frame before its physics: is it large enough, does it hold numbers, is there anything in it, can
/// the counts be trusted? What an engine's figures rely on are its own settings of the one screening.
package struct FrameScreening: Sendable {
  /// How many full pixels do no harm.
  package enum Allowance: Sendable {
    case pixels(Double)
    case share(Double)
  }

  /// Pixels that the shorter side needs.
  package var smallestSide = 1
  /// How many times longer than wide a pattern may be.
  package var longestRatio = Int.max
  /// Values of this magnitude are no counts.
  package var limit = 1e30
  package var full = FullPixels.ofType
  package var allowance = Allowance.pixels(0)
  /// Whether pixels without a number are mended or left out; otherwise one is too many.
  package var enduresGaps = true
  /// Something must be brighter than this.
  package var leastPeak = -Double.infinity
  /// How a frame that is too small is told, by its width and height.
  package var tooSmall: @Sendable (Int, Int) -> String = { "\($0) x \($1) pixels are too few" }
  /// How the value of a flat frame is told.
  package var flatValue: @Sendable (Double) -> String = { $0.short }

  package init() {}

  package func census(_ pixels: Pixels) -> PixelCensus { census(pixels.doubles(), of: pixels.sample) }

  package func census(_ values: [Double], of sample: SampleType) -> PixelCensus {
    PixelCensus(values, of: sample, limit: limit, full: full)
  }

  /// In single precision; `ceiling` is the largest value that the camera's numbers can hold.
  package func census(_ values: [Float], ceiling: Double?) -> PixelCensus {
    PixelCensus(values, ceiling: ceiling, limit: Float(limit), full: full)
  }

  // MARK: What leaves no answer

  package func obstacle(width: Int, height: Int) -> Reason? {
    let (short, long) = (min(width, height), max(width, height))
    guard short >= smallestSide, long / max(1, short) <= longestRatio else {
      return Reason(.tooSmall, tooSmall(width, height))
    }
    return nil
  }

  package func obstacle(_ census: PixelCensus) -> Reason? {
    guard enduresGaps || census.notFinite == 0 else { return Reason(.notANumber, "pixels hold no number") }
    guard census.hasNumbers else { return Reason(.notANumber, "no pixel holds a number") }
    guard !census.isFlat, census.highest > leastPeak else {
      return Reason(.empty, "empty frame: every pixel is \(flatValue(census.highest))")
    }
    return nil
  }

  // MARK: What leaves doubt

  package func saturation(_ census: PixelCensus) -> Reason? {
    switch allowance {
    case .pixels(let allowed):
      guard Double(census.saturated) > allowed else { return nil }
      return Reason(.saturated, "\(census.saturated) saturated pixels at \(census.highest.short) counts")
    case .share(let allowed):
      let share = Double(census.saturated) / Double(max(1, census.pixels))
      guard share > allowed else { return nil }
      let percent = (share * 100 * 10).rounded() / 10
      return Reason(.saturated, "\(percent) % of the pixels are saturated")
    }
  }

  package func gaps(_ census: PixelCensus) -> Reason? {
    census.notFinite > 0 ? Reason(.notANumber, "\(census.notFinite) pixels hold no number") : nil
  }
}

/// A frame that cannot be analysed at all.
package struct FrameObstacle: Error, Sendable, Equatable {
  package let reason: Reason

  package init(_ reason: Reason) { self.reason = reason }
}
