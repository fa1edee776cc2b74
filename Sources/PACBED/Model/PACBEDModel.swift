import JSON
import Arrays
import Learning
import Scattering

/// A trained model as it is kept: a folder with the network, the crystal's CIF file and a manifest.
package struct PACBEDModel: Sendable {
  package static let engine = "pacbed"
  package static let networkFile = "network.ewald"
  static let crystalFile = "crystal.cif"

  package let id: String
  package let sha256: String
  package let domain: ModelDomain
  package let temperatures: Temperatures
  /// 95 % intervals are so many standard deviations for residuals that are alike over part of the disc, and a
  /// share of the thickness and some nanometres for what a simulation does not know.
  package let interval: Interval
  let folder: ModelFolder

  package struct Interval: Sendable, Hashable {
    package var deviations = 3.92
    package var share = 0.013
    /// nm.
    package var least = 0.28
    package init() {}
  }

  /// Reads the manifest; the network is read when it is needed.
  package init(_ folder: ModelFolder) throws(PACBEDError) {
    do {
      guard folder.engine == Self.engine else {
        throw NetworkError.file(path: folder.path, reason: "is a model of \(folder.engine)")
      }
      let bytes = try folder.bytes(of: Self.crystalFile)
      let crystal = try Crystal(cif: String(decoding: bytes, as: UTF8.self))
      guard let domain = ModelDomain(folder.manifest["domain"], crystal: crystal) else {
        throw NetworkError.file(path: folder.path, reason: "its manifest states no domain")
      }
      self.domain = domain
    } catch let error as ScatteringError {
      throw .crystal(error)
    } catch {
      throw .storage("\(error)")
    }
    id = folder.id
    sha256 = folder.sha256
    temperatures = Temperatures(folder.manifest["calibration"]) ?? .none
    var interval = Interval()
    if let k = folder.manifest["interval"]?["deviations"]?.double { interval.deviations = k }
    if let share = folder.manifest["interval"]?["share"]?.double { interval.share = share }
    if let least = folder.manifest["interval"]?["least_nm"]?.double { interval.least = least }
    self.interval = interval
    self.folder = folder
  }

  package func reader() throws(PACBEDError) -> PatternReader {
    try PatternReader(domain, network(), temperatures: temperatures)
  }

  func network() throws(PACBEDError) -> TrainedNetwork {
    do {
      return try folder.model(Self.networkFile)
    } catch {
      throw .storage("\(error)")
    }
  }

  /// Writes a model's folder: how it was made, how it did, and the files.
  @discardableResult
  package static func write(
    id: String, training: PACBEDTraining, result: PACBEDTraining.Job.Output, report: ValidationReport,
    origin: ModelOrigin, to path: String
  ) throws(PACBEDError) -> ModelFolder {
    var facts = result.facts
    facts["motion_shares"] = .list(MotionTables.standardShares.map(JSONValue.number))
    facts["absorptions"] = .list(training.absorptions.map(JSONValue.number))
    if let start = training.startedFrom { facts["started_from"] = .text(start) }
    facts["peak_rate"] = .number((Double(training.peakRate) * 1e6).rounded() / 1e6)
    do {
      return try ModelFolder.write(
        id: id, engine: Self.engine, origin: origin,
        manifest: [
          "summary": .text(training.domain.summary),
          "domain": training.domain.json, "training": .object(facts), "validation": report.json,
          "calibration": report.temperatures.json,
        ],
        files: [
          networkFile: try result.model.bytes(), crystalFile: Array(training.cif.utf8),
        ], to: path)
    } catch {
      throw .storage("\(error)")
    }
  }
}

extension ModelDomain {
  /// `rutile [0 0 1], 80 kV, 15-25 mrad, 0-100 nm, mistilt to 10 mrad`
  package var summary: String {
    func short(_ x: Double) -> String { x == x.rounded() && x.magnitude < 1e15 ? String(Int(x)) : String(x) }
    var text = "\(crystal.name) [\(zone.x) \(zone.y) \(zone.z)], \(short(kilovolts)) kV, "
    text += "\(short(convergence.lowerBound))-\(short(convergence.upperBound)) mrad, "
    text += "\(short(thickness.lowerBound))-\(short(thickness.upperBound)) nm, "
    return text + "mistilt to \(short(mistilt.upperBound)) mrad"
  }

  var json: JSONValue {
    func pair(_ range: ClosedRange<Double>) -> JSONValue {
      .list([.number(range.lowerBound), .number(range.upperBound)])
    }
    return .object([
      "crystal": .text(crystal.name), "zone": .integers([zone.x, zone.y, zone.z]),
      "voltage_kv": .number(kilovolts), "convergence_mrad": pair(convergence),
      "thickness_nm": pair(thickness), "mistilt_mrad": pair(mistilt),
    ])
  }

  init?(_ json: JSONValue?, crystal: Crystal) {
    func range(_ key: String) -> ClosedRange<Double>? {
      guard let items = json?[key]?.items, items.count == 2, let low = items[0].double,
        let high = items[1].double, low <= high
      else { return nil }
      return low...high
    }
    guard let zone = json?["zone"]?.ints, zone.count == 3, let kilovolts = json?["voltage_kv"]?.double,
      let convergence = range("convergence_mrad"), let thickness = range("thickness_nm"),
      let mistilt = range("mistilt_mrad")
    else { return nil }
    self.init(
      crystal: crystal, zone: SIMD3(zone[0], zone[1], zone[2]), kilovolts: kilovolts,
      convergence: convergence, thickness: thickness, mistilt: mistilt)
  }
}

extension Temperatures {
  var json: JSONValue {
    var heads: [String: JSONValue] = [:]
    for head in PatternNetwork.Head.allCases where head != .centre {
      heads[head.rawValue] = .list(sets.map { .number(($0[head] * 1000).rounded() / 1000) })
    }
    return .object([
      "noise": .list(noises.map { .number(($0 * 1e5).rounded() / 1e5) }), "temperatures": .object(heads),
    ])
  }

  init?(_ json: JSONValue?) {
    guard let noises = json?["noise"]?.items?.compactMap(\.double), !noises.isEmpty else { return nil }
    var sets = noises.map { _ in Set(values: [:]) }
    for head in PatternNetwork.Head.allCases {
      guard let values = json?["temperatures"]?[head.rawValue]?.items?.compactMap(\.double),
        values.count == noises.count
      else { continue }
      for i in sets.indices where values[i] > 0 { sets[i].values[head] = values[i] }
    }
    self.init(noises: noises, sets: sets)
  }
}
