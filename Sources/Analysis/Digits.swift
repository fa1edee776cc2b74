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
  package var short: String {
    let rounded = (self * 100).rounded() / 100
    return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? String(Int(rounded)) : String(rounded)
  }
}
