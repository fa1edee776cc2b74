import Glibc

/// The elastic field of an edge dislocation in an isotropic medium (Hirth & Lothe); half a plane too many ends in it.
enum EdgeDislocation {
  private static let poisson = 1.0 / 3

  /// How a site moves along the Burgers vector, whose length is 1, and across it: `x` and `y` are where the site is,
  /// along and across, seen from the core.
  static func displacement(x: Double, y: Double) -> (along: Double, across: Double) {
    let square = x * x + y * y
    let along = (atan2(y, x) + x * y / (2 * (1 - poisson) * square)) / (2 * .pi)
    let across =
      -((1 - 2 * poisson) / (4 * (1 - poisson)) * log(square) + (x * x - y * y)
        / (4 * (1 - poisson) * square))
      / (2 * .pi)
    return (along, across)
  }

  /// The middle between the two planes, `spacing` apart, that a place lies between: no atom is there.
  static func betweenPlanes(_ place: Double, spacing: Double) -> Double {
    ((place / spacing).rounded(.down) + 0.5) * spacing
  }
}
