import Analysis
import Diffraction

/// The engine's settings. Lengths are in the unit of the nearest-neighbour distance, whatever that is.
enum TomographySettings {
  enum Lattice: String, CaseIterable { case hex, square }
  enum Potential: String, CaseIterable { case lj, square, springs }

  static let angles = Setting<[Double]?>(
    "angles_deg", "tilts, one a row: 0,60,120", unit: "deg", isOpen: true, standard: nil
  ) { text throws(InvalidParameter) in
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let angles = words.compactMap { Double($0) }.filter { $0.magnitude <= 360 }
    guard angles.count == words.count, 2...SinogramReading.mostAngles ~= angles.count else {
      throw InvalidParameter("angles_deg: \"\(text)\" are no tilts such as 0,60,120")
    }
    return angles
  }
  static let projections = Setting<[String]?>(
    "projections", "further projections in files beside this one: b.tif,c.tif", isOpen: true, standard: nil
  ) { text throws(InvalidParameter) in
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.count < SinogramReading.mostAngles,
      names.allSatisfy({ !$0.isEmpty && !$0.contains("/") && $0 != ".." })
    else {
      throw InvalidParameter(
        "projections: \"\(text)\" are no names of up to \(SinogramReading.mostAngles - 1) files beside this one, such as b.tif,c.tif"
      )
    }
    return names
  }
  static let bond = Setting<Double>("r0", "nearest-neighbour distance", 1e-3...1e3, standard: 1)
  static let sigma = Setting<Double>("sigma_r0", "width of an atom, over r0", 0.02...0.5, standard: 0.15)
  static let pitch = Setting<Double?>("pixel", "size of a pixel, in the unit of r0", 1e-4...1e2)
  static let origin = Setting<Double?>("first_pixel", "coordinate of the first pixel", -1e4...1e4)
  static let mass = Setting<Double>(
    "atom_mass", "what one atom weighs: counts times pixel", 1e-9...1e12, standard: 1)
  static let atoms = Setting<Int?>("atoms", "number of atoms", 1...ClusterReconstruction.largestCount)
  static let weights = Setting<[Double]?>(
    "weights", "types of atoms in space by weight, the first weighs --atom-mass: 1,0.6", isOpen: true,
    standard: nil
  ) { text throws(InvalidParameter) in
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let weights = words.compactMap { Double($0) }.filter { 0.05...1 ~= $0 }
    guard weights.count == words.count, 1...3 ~= weights.count, weights[0] == 1,
      Set(weights).count == weights.count
    else {
      throw InvalidParameter("weights: \"\(text)\" are no weights such as 1,0.6: up to three, the first 1")
    }
    return weights
  }
  static let alpha = Setting<Double?>("alpha", "weight of the energy", 0...10)
  static let lattice = Setting<Lattice?>("lattice", "lattice")
  static let potential = Setting<Potential?>("potential", "pair potential")
  static let noise = Setting<Double?>("noise", "standard deviation of a pixel", unit: "counts", 1e-12...1e12)
  static let restarts = Setting<Int>("restarts", "restarts that are compared", 1...32, standard: 4)
  static let scans = Setting<Bool>("search_scale", "try other bonds and masses", standard: true)
  static let seed = Setting<Int>("seed", "seed of the random numbers", 0...1_000_000, standard: 1)

  static let all = [
    angles.parameter, projections.parameter, bond.parameter, sigma.parameter, pitch.parameter,
    origin.parameter, mass.parameter,
    atoms.parameter, weights.parameter, alpha.parameter, lattice.parameter, potential.parameter,
    noise.parameter,
    restarts.parameter, scans.parameter, seed.parameter,
  ]
}

extension SearchTerms {
  init(_ values: ParameterValues) throws(AnalysisError) {
    self.init()
    bond = try values[TomographySettings.bond]
    blob = AtomBlob(sigma: bond * (try values[TomographySettings.sigma]))
    mass = try values[TomographySettings.mass]
    count = try values[TomographySettings.atoms]
    alpha = try values[TomographySettings.alpha]
    noise = try values[TomographySettings.noise]
    restarts = try values[TomographySettings.restarts]
    scans = try values[TomographySettings.scans]
    seed = UInt64(max(0, try values[TomographySettings.seed]))
  }
}

extension ClusterRequest {
  init(_ images: ProjectionImages, _ values: ParameterValues) throws {
    self.init(images)
    terms = try SearchTerms(values)
    types = try values[TomographySettings.weights] ?? [1]
    let isPlanar =
      try values[TomographySettings.lattice] != nil || values[TomographySettings.potential] != nil
    guard !isPlanar else {
      throw FrameObstacle(
        Reason(
          .projections,
          "--lattice and --potential are of atoms in a plane; in space lattices are close-packed"))
    }
  }
}

extension ReconstructionRequest {
  init(_ projections: Projections, _ values: ParameterValues) throws {
    self.init(projections)
    terms = try SearchTerms(values)
    switch try values[TomographySettings.lattice] {
    case .hex: kind = .hexagonal
    case .square: kind = .square
    case nil: kind = nil
    }
    switch try values[TomographySettings.potential] {
    case .lj: potential = .lennardJones
    case .square: potential = .square
    case .springs: settlesBySprings = true
    case nil: potential = nil
    }
    guard try values[TomographySettings.weights] == nil else {
      throw FrameObstacle(
        Reason(
          .projections, "--weights is of atoms in space, from a stack of images; here all weigh the same"))
    }
  }
}
