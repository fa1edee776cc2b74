import Arrays
import Glibc  // cos, sin
import Scattering

/// A simulation of position-averaged patterns of one crystal: what `ewald simulate pacbed` asks for.
///
/// Orientation: x runs along the rows' index of an image, y along its columns, and lies in the crystal as
/// `DirectionsAcross` says; mistilt and pixel sizes give x first. The direct beam is at (rows / 2, columns / 2).
package struct PACBEDSimulation: Sendable {
  package var crystal: Crystal
  package var zone: SIMD3<Int> = [0, 0, 1]
  /// Nil for the conventional cell's a.
  package var xAxis: SIMD3<Int>?
  package var kilovolts = 80.0
  /// Semi-angle in mrad.
  package var convergence = 20.0
  package var mistilt = Vector2.zero
  /// nm.
  package var thicknesses: [Double] = []
  package var width = 128
  package var height = 128
  /// mrad along x (a row) and along y (a column).
  package var pitch = Vector2(0.5, 0.5)
  package var formFactors = FormFactorFamily.kirkland
  /// Whether atoms move as the crystal's file says.
  package var debyeWaller = false
  /// The imaginary part of the potential as a fraction of the real one.
  package var absorption = 0.0
  /// Where tables are kept; nil computes each anew.
  package var cache: TableCache?

  package init(crystal: Crystal) { self.crystal = crystal }

  package struct Pattern: Sendable {
    /// nm.
    package var thickness: Double
    /// Rows along x; a pixel is the fraction of the beam in it.
    package var image: Matrix
    /// A name for its file, without folder and ending: `rutile_a20_tx5.2ty3_t20nm`.
    package var name: String
  }

  package struct Output: Sendable {
    package var crystal: OrientedCrystal
    package var patterns: [Pattern]
    /// The text of cases.json: every pattern with its parameters, named `name` + `.tif`.
    package var cases: String
    package var warnings: [String]
  }

  /// Everything that the patterns need, for keeping or sharing.
  package func request() throws(PACBEDError) -> TableRequest {
    try check()
    let oriented: OrientedCrystal
    do {
      oriented = try OrientedCrystal(crystal, zone: zone)
    } catch {
      throw .crystal(error)
    }
    let settings = MultisliceSettings(
      formFactors: formFactors, motion: debyeWaller ? .fromCrystal : .none, absorption: absorption)
    // Whole nanometres and milliradians, so that similar simulations share a table.
    let thickness = (thicknesses.max() ?? 0).rounded(.up)
    return TableRequest(
      crystal: oriented, kilovolts: kilovolts, multislice: settings,
      convergence: (convergence + pitch.max() / 2).rounded(.up),
      mistilt: mistilt.length.rounded(.up), angle: geometry.largestAngle.rounded(.up),
      thickness: max(1, thickness))
  }

  private var geometry: PatternGeometry { PatternGeometry(rows: height, columns: width, pitch: pitch) }

  /// Degrees from the oriented crystal's first vector to x.
  private func x(_ oriented: OrientedCrystal) throws(PACBEDError) -> Double {
    do {
      return try DirectionsAcross(crystal, oriented, x: xAxis).x
    } catch {
      throw .crystal(error)
    }
  }

  private func check() throws(PACBEDError) {
    guard !thicknesses.isEmpty else { throw .parameter("no thickness was asked for") }
    guard (1...8192).contains(width), (1...8192).contains(height) else {
      throw .parameter("a pattern of \(width) x \(height) pixels: the edges may have 1 to 8192")
    }
    guard pitch.min() > 0, pitch.max().isFinite else { throw .parameter("a pixel is larger than 0 mrad") }
    for thickness in thicknesses where !(thickness >= 0 && thickness.isFinite) {
      throw .parameter("thickness \(thickness) nm is not 0 or more")
    }
    if debyeWaller, crystal.sites.contains(where: { $0.displacement == nil }) {
      throw .parameter(
        "\(crystal.name) states no displacements for some atoms: no Debye-Waller factors are known")
    }
  }

  /// Computes, or reads, the table and makes the patterns.
  package func run(
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> Output {
    let request = try request()
    var warnings: [String] = []
    let table: PACBEDTable
    if let cache {
      let result = try cache.table(for: request, isCancelled: isCancelled, progress: progress)
      table = result.table
      if let warning = result.warning { warnings.append(warning) }
    } else {
      table = try PACBEDTable(computing: request, isCancelled: isCancelled, progress: progress)
    }
    if request.crystal.shear > 0 {
      warnings.append(
        "no lattice vectors are perpendicular to the zone axis: reflections of higher Laue zones are displaced"
      )
    }
    let x = try x(request.crystal)
    var geometry = geometry
    geometry.rotationDegrees = -x
    let turn = (cos(x * .pi / 180), sin(x * .pi / 180))
    let illumination = Illumination(
      convergence: convergence,
      mistilt: [turn.0 * mistilt.x - turn.1 * mistilt.y, turn.1 * mistilt.x + turn.0 * mistilt.y],
      edge: .amplitude(width: pitch))
    let images = try table.patterns(geometry, illumination, thicknesses: thicknesses)
    var patterns: [Pattern] = []
    for (thickness, image) in zip(thicknesses, images) {
      patterns.append(Pattern(thickness: thickness, image: image, name: name(thickness)))
    }
    let cases = CaseList(simulation: self, crystal: request.crystal, patterns: patterns).text
    return Output(crystal: request.crystal, patterns: patterns, cases: cases, warnings: warnings)
  }

  private func name(_ thickness: Double) -> String {
    func short(_ x: Double) -> String { x == x.rounded() && abs(x) < 1e9 ? String(Int(x)) : String(x) }
    let plain = crystal.name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" }
    return
      "\(String(plain))_a\(short(convergence))_tx\(short(mistilt.x))ty\(short(mistilt.y))_t\(short(thickness))nm"
  }
}
