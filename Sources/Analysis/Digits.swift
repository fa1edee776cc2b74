import Glibc  // pow, floor, log10

extension Double {
  /// The nearest number of so many significant digits: more than a frame knows are noise, and make session files
  /// large. Whole numbers are counts and stay as they are unless told otherwise.
  package func rounded(digits: Int, keepsWhole: Bool = true) -> Double {
    guard isFinite, magnitude < 1e15 else { return self }
    // Beyond this the scale would be infinite.
    guard magnitude > 1e-290 else { return 0 }
    if keepsWhole, self == rounded() { return self }
    let scale = pow(10, Double(digits - 1) - floor(log10(magnitude)))
    return (self * scale).rounded() / scale
  }

  /// As findings tell it.
  package var told: Double { rounded(digits: 6) }

  /// For a sentence: two decimals at most, none where there is nothing behind the point.
  package var short: String { ((self * 100).rounded() / 100).plain }

  /// For a sentence: so many digits that mean something.
  package func short(digits: Int) -> String { rounded(digits: digits, keepsWhole: false).plain }

  /// Without a point where nothing stands behind it.
  private var plain: String { self == rounded() && magnitude < 1e15 ? String(Int(self)) : String(self) }
}
