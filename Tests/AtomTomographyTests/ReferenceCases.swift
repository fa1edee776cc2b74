import AtomTomography
import Foundation
import JSON

/// The reference crystallites beside this file; where they come from is in their README.
struct ReferenceCase: Sendable, CustomStringConvertible {
  let name: String
  let kind: LatticeKind
  let sigma: Double
  let noise: Double
  let projections: Projections
  let truth: [SIMD2<Double>]
  let expectedMisfit: Double
  /// The objective at the minimum that belongs to the truth, by the reference's own descent; alpha is 0.1.
  let objectiveAtTruth: Double

  var description: String { name }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference")

  static func json(_ name: String) -> JSONValue {
    guard let bytes = try? Data(contentsOf: folder.appending(path: name)),
      let value = try? JSONValue(Array(bytes))
    else { return .null }
    return value
  }

  static let all: [ReferenceCase] = {
    let results = (json("baseline_results.json").items ?? [])
    return (json("cases.json").items ?? []).compactMap { ReferenceCase($0, results) }
  }()

  static func points(_ value: JSONValue?) -> [SIMD2<Double>] {
    (value?.items ?? []).compactMap { item in
      guard let x = item[0]?.double, let y = item[1]?.double else { return nil }
      return SIMD2(x, y)
    }
  }

  private init?(_ value: JSONValue, _ results: [JSONValue]) {
    guard let name = value["name"]?.string, let word = value["lattice"]?.string,
      let kind = LatticeKind(rawValue: word), let sigma = value["atom_sigma"]?.double,
      let start = value["u0"]?.double, let pitch = value["du"]?.double,
      let noise = value["noise_fraction_of_single_atom_peak"]?.double,
      let expected = value["expected_misfit"]?.double, let pixels = value["n_pixels"]?.int,
      let values = try? Self.floats("\(name)_sino.tif", pixels),
      let result = results.first(where: { $0["name"]?.string == name }),
      let atTruth = result["F_truth_local"]?.double
    else { return nil }
    self.name = name
    self.kind = kind
    self.sigma = sigma
    self.noise = noise
    expectedMisfit = expected
    objectiveAtTruth = atTruth
    projections = Projections(
      degrees: (value["angles_deg"]?.items ?? []).compactMap(\.double), start: start, pitch: pitch,
      values: values)
    truth = Self.points(Self.json("\(name)_truth.json")["atoms"])
  }

  /// The only strip of an uncompressed little-endian TIFF of 32-bit floats.
  private static func floats(_ file: String, _ width: Int) throws -> [Double] {
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: file)))
    func number(_ at: Int, _ count: Int) -> Int {
      (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
    let directory = number(4, 4)
    var offset = 0
    var length = 0
    for entry in 0..<number(directory, 2) {
      let at = directory + 2 + 12 * entry
      if number(at, 2) == 273 { offset = number(at + 8, 4) }
      if number(at, 2) == 279 { length = number(at + 8, 4) }
    }
    return (0..<length / 4).map { Double(Float(bitPattern: UInt32(number(offset + 4 * $0, 4)))) }
  }
}
