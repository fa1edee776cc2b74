/// When the limits follow the pictures.
public enum AutoScale: String, Sendable, CaseIterable {
  case once, always, never

  public var next: AutoScale {
    switch self {
    case .once: .always
    case .always: .never
    case .never: .once
    }
  }
}

/// The limits of a pane that shows one picture after another.
public struct ContrastState: Sendable, Equatable {
  public var contrast: Contrast
  public var auto: AutoScale
  private var held: Limits?

  public init(_ contrast: Contrast = Contrast(), auto: AutoScale = .always) {
    self.contrast = contrast
    self.auto = auto
  }

  /// The limits to show `pictures` with, shared by all of them.
  ///
  /// `.once` keeps the first limits until `reset`, `.never` keeps them through it.
  public mutating func limits(for pictures: [PictureSource]) -> Limits {
    if auto != .always, let held { return held }
    let limits = contrast.limits(of: pictures)
    held = limits
    return limits
  }

  /// The contrast with the limits that are held, so that the border says the numbers and not a rule that is
  /// no longer applied.
  public var inForce: Contrast {
    guard auto != .always, let held else { return contrast }
    var fixed = contrast
    fixed.range = .fixed(held)
    return fixed
  }

  public mutating func reset() {
    if auto != .never { held = nil }
  }
}
