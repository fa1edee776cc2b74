/// How a crystal's potential is put on a grid and cut into slices.
package struct MultisliceSettings: Sendable, Hashable {
  package enum Slicing: Sendable, Hashable {
    /// A slice for every height at which atoms lie; heights closer than `merging` Å share one. The space
    /// between is one propagation, however long.
    case planes(merging: Double)
    /// So many equal slices in a period, each holding the atoms from its start up to the next; those
    /// without atoms are merged into the propagation before them.
    case uniform(Int)
  }

  package enum BandLimit: Sendable, Hashable {
    /// Keeps the intensity to rounding; aliases at the grid's edge.
    case none
    /// Two thirds of the Nyquist frequency, with a cosine edge: products of two band-limited functions
    /// alias only into what is cut.
    case twoThirds
    /// The same edge at a frequency in 1/Å, at most two thirds of the Nyquist frequency: what another
    /// program's grid lets pass.
    case below(Double)
  }

  package enum Motion: Sendable, Hashable {
    /// Atoms at rest.
    case none
    /// The crystal's own displacements; atoms without any rest.
    case fromCrystal
    /// The same isotropic B, in Å², for all atoms.
    case uniform(b: Double)
    /// Every atom moves by itself, its mean square displacement so many times the crystal's own (or a typical
    /// one, `typicalB`): a slice transmits the mean of what it transmits at all displacements. The loss to
    /// thermal diffuse scattering is in it.
    case independent(share: Double)

    /// B of most elements in most crystals at room temperature, in Å²: for atoms of which nothing is stated.
    package static let typicalB = 0.5
  }

  package var formFactors: FormFactorFamily
  package var motion: Motion
  /// The imaginary part of the potential as a fraction of the real one; 0 is no absorption.
  package var absorption: Double
  package var slicing: Slicing
  package var bandLimit: BandLimit
  /// The grid across the beam is at least this fine, in Å.
  package var spacing: Double
  /// Imitates the grid of a conventional multislice program; nil for the exact potential.
  package var imitation: GridImitation?

  package init(
    formFactors: FormFactorFamily = .kirkland, motion: Motion = .none, absorption: Double = 0,
    slicing: Slicing = .planes(merging: 0.2), bandLimit: BandLimit = .twoThirds, spacing: Double = 0.1,
    imitation: GridImitation? = nil
  ) {
    self.formFactors = formFactors
    self.motion = motion
    self.absorption = absorption
    self.slicing = slicing
    self.bandLimit = bandLimit
    self.spacing = spacing
    self.imitation = imitation
  }
}

/// Three effects of the real-space grid of abTEM 1.0 (`projection="infinite"`), for comparing with its
/// patterns point by point: atoms are placed by bilinear interpolation between grid points; scattering
/// factors are divided by sin(x)/x with x the radial frequency in cycles a pixel; and the aperture against
/// aliasing is centred on the detector, not on the crystal, so that it moves with the mistilt.
package struct GridImitation: Sendable, Hashable {
  /// Grid points along the two vectors of the cell, which are perpendicular.
  package var points: SIMD2<Int>
  /// The transverse frequency, in 1/Å, that the crystal's mistilt adds to the detector's.
  package var mistilt: Vector2

  package init(points: SIMD2<Int>, mistilt: Vector2) {
    self.points = points
    self.mistilt = mistilt
  }
}
