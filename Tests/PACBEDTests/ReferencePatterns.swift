import Arrays
import Diffraction
import Foundation
import FrameFormats
import PACBED
import Scattering

/// The patterns of Reference/, computed with abTEM; see README.md there. EWALD_PACBED_REFERENCES names a folder with
/// more of the same kind, as TIFF: all of them are then compared, which takes minutes.
struct ReferencePattern: Decodable, Sendable, CustomStringConvertible {
  struct Atom: Decodable {
    var element: String
    var fractional: [Double]
  }

  struct Cell: Decodable {
    var cellA: [[Double]]
    var atoms: [Atom]
  }

  struct List: Decodable {
    var crystals: [String: Cell]
    var cases: [ReferencePattern]
  }

  var file: String
  var crystal: String
  var voltageKv: Double
  var alphaMrad: Double
  var mistiltMrad: [Double]
  var thicknessA: Double
  var pixelMrad: [Double]
  var shape: [Int]
  var centrePx: [Double]
  var gpts: [Int]
  var supercell: [Int]
  var slicesPerCell: Int
  var totalIntensity: Double

  static let more = ProcessInfo.processInfo.environment["EWALD_PACBED_REFERENCES"]
  static let folder =
    more.map { URL(fileURLWithPath: $0) }
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Reference")
  static let list: List = {
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(
        List.self, from: Data(contentsOf: folder.appendingPathComponent("cases.json")))
    } catch {
      fatalError("\(error)")
    }
  }()

  /// All in a release build; a debug build takes the thin ones, which need few incidences.
  static var selection: [ReferencePattern] {
    #if DEBUG
      return list.cases.filter { $0.thicknessA < 120 }
    #else
      return list.cases
    #endif
  }

  var description: String { file }
  var points: SIMD2<Int> { [gpts[0] / supercell[0], gpts[1] / supercell[1]] }
  var mistilt: Vector2 { [mistiltMrad[0], mistiltMrad[1]] }

  func pixels() throws -> [Float] {
    if file.hasSuffix(".tif") {
      let source = try FormatList.open(path: Self.folder.appendingPathComponent(file).path)
      return try source.frame(at: 0).pixels.matrix().values
    }
    return try Data(contentsOf: Self.folder.appendingPathComponent(file)).withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
  }

  static func material(_ name: String) throws -> Crystal {
    guard let cell = list.crystals[name], let a = Element(symbol: "H"),
      let unit = UnitCell(
        lengths: [cell.cellA[0][0], cell.cellA[1][1], cell.cellA[2][2]], anglesDegrees: [90, 90, 90])
    else { throw ScatteringError.parameter("no crystal \(name)") }
    return Crystal(
      name: name, cell: unit,
      sites: cell.atoms.map {
        Site(
          element: Element(symbol: $0.element) ?? a,
          position: [$0.fractional[0], $0.fractional[1], $0.fractional[2]])
      })
  }

  /// This pattern by the table method.
  func simulate(imitating: Bool, step: Double) throws -> [Float] {
    let material = try Self.material(crystal)
    let beam = ElectronBeam(kilovolts: voltageKv)
    var settings = MultisliceSettings()
    // The peer's own sampling and, where quick transforms make the grid finer, its band limit.
    let samplings = [material.cell.lengths.x / Double(points.x), material.cell.lengths.y / Double(points.y)]
    settings.spacing = samplings.reduce(1, min) + 1e-9
    settings.bandLimit = .below(1 / (3 * samplings.reduce(0, max)))
    var oriented = try OrientedCrystal(material, zone: [0, 0, 1])
    if imitating {
      oriented = try OrientedCrystal(keepingCellOf: material)
      settings.slicing = .uniform(slicesPerCell)
      settings.imitation = GridImitation(
        points: points, mistilt: Vector2(tan(mistilt.x * 1e-3), tan(mistilt.y * 1e-3)) / beam.wavelength)
    }
    let geometry = PatternGeometry(
      rows: shape[0], columns: shape[1], pitch: [pixelMrad[0], pixelMrad[1]],
      centre: [centrePx[0], centrePx[1]])
    let table = try PACBEDTable(
      computing: TableRequest(
        crystal: oriented, kilovolts: voltageKv, multislice: settings,
        convergence: alphaMrad + (pixelMrad.max() ?? 0) / 2,
        mistilt: mistilt.length, angle: geometry.largestAngle, thickness: thicknessA / 10, step: .fixed(step),
        memoryLimit: 6 << 30))
    let illumination = Illumination(
      convergence: alphaMrad, mistilt: mistilt, edge: .amplitude(width: [pixelMrad[0], pixelMrad[1]]))
    return try table.patterns(geometry, illumination, thicknesses: [thicknessA / 10])[0].values
  }
}

/// Normalised cross-correlation: 1 for images that differ by scale and offset only.
func correlation(_ a: [Float], _ b: [Float]) -> Double {
  let n = Double(a.count)
  let meanA = a.reduce(0.0) { $0 + Double($1) } / n
  let meanB = b.reduce(0.0) { $0 + Double($1) } / n
  var (ab, aa, bb) = (0.0, 0.0, 0.0)
  for i in a.indices {
    let x = Double(a[i]) - meanA
    let y = Double(b[i]) - meanB
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return ab / (aa * bb).squareRoot()
}
