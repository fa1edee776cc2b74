import Foundation
import Arrays
import Learning
import PACBED
import Scattering
import Testing

/// A model that takes a second to learn a little: a thin crystal, few bins, few channels.
enum SmallModel {
  static func domain() throws -> ModelDomain {
    ModelDomain(
      crystal: try Crystal(known: "magnesium-oxide"), kilovolts: 200, convergence: 5...6, thickness: 0...8,
      mistilt: 0...2)
  }

  static let table: PACBEDTable = {
    do {
      var request = try domain().tableRequest()
      request.multislice.spacing = 0.2
      return try PACBEDTable.make(request)
    } catch { fatalError("\(error)") }
  }()

  static func training(steps: Int) throws -> PACBEDTraining {
    var training = PACBEDTraining(try domain())
    training.steps = steps
    training.batch = 16
    training.widths = [4, 4, 8, 8]
    training.dense = [16]
    training.priority = .normal
    training.interval = 1000
    training.cif = Crystal.knownText("magnesium-oxide") ?? ""
    return training
  }
}

@Suite struct BinAxisTests {
  @Test func `a value shared between its two bins is their mean`() {
    let axis = BinAxis.thickness(0...100)
    #expect(axis.centres.prefix(3) == [0, 0.5, 1])
    #expect(axis.centres.last == 100)
    for value in [0, 0.3, 7.26, 19.9, 20.7, 64.2, 100] {
      var mean = 0.0
      var sum = 0.0
      axis.share(value) {
        mean += axis.centres[$0] * Double($1)
        sum += Double($1)
      }
      #expect(abs(mean - value) < 1e-5)
      #expect(abs(sum - 1) < 1e-6)
    }
  }

  @Test func `a direction just before the full circle belongs to the last and the first bin`() {
    let axis = BinAxis(around: 360, count: 24)
    var shares: [Int: Float] = [:]
    axis.share(352.5) { shares[$0, default: 0] += $1 }
    #expect(shares == [23: 0.5, 0: 0.5])
    #expect(axis.distance(359, 2) == 3)
  }

  @Test func `summits come by probability and keep their bins to themselves`() {
    let axis = BinAxis(0...10, step: 1)
    var p = [Double](repeating: 0, count: 11)
    (p[2], p[3]) = (0.2, 0.2)
    (p[7], p[8]) = (0.45, 0.15)
    let peaks = axis.peaks(p)
    #expect(peaks.count == 2)
    #expect(abs(peaks[0].value - 7.25) < 1e-12)
    #expect(abs(peaks[0].probability - 0.6) < 1e-12)
    #expect(abs(peaks[1].value - 2.5) < 1e-12)
    #expect(axis.quantile(0.2, p) < 3)
    #expect(axis.quantile(0.9, p) > 7)
  }
}

@Suite(.serialized) struct TrainingTests {
  @Test func `a pattern is the same in whatever range it is made`() throws {
    let patterns = try TrainingPatterns(SmallModel.domain(), tables: [SmallModel.table], seed: 3)
    let (all, truths) = patterns.samples(0..<12)
    let (some, fewer) = patterns.samples(6..<9)
    #expect(Array(truths[6..<9]) == fewer)
    let size = 2 * 64 * 64
    #expect(all.inputs["image"].map { Array($0[6 * size..<9 * size]) } == some.inputs["image"])
  }

  @Test func `what is drawn fills its ranges`() throws {
    let domain = try SmallModel.domain()
    let patterns = try TrainingPatterns(domain, tables: [SmallModel.table], seed: 5)
    let truths = patterns.samples(0..<400).truths
    func fills(_ range: ClosedRange<Double>, _ value: (TrainingPatterns.Truth) -> Double) {
      let values = truths.map(value)
      let margin = 0.1 * (range.upperBound - range.lowerBound)
      #expect(values.allSatisfy { range.contains($0) })
      #expect(
        values.min() ?? .nan < range.lowerBound + margin && values.max() ?? .nan > range.upperBound - margin)
    }
    fills(0.3...8) { $0.thickness }
    fills(domain.convergence) { $0.convergence }
    fills(domain.mistilt) { $0.mistilt.length }
    fills(ModelDomain.scale) { $0.scale }
    fills(0...360) { $0.azimuthDegrees }
  }

  @Test func `targets add up to one for every head`() throws {
    let patterns = try TrainingPatterns(SmallModel.domain(), tables: [SmallModel.table], seed: 4)
    let samples = patterns.samples(0..<8).samples
    for head in PatternNetwork.Head.allCases {
      guard let axis = patterns.heads.axis(head), let values = samples.targets[head.rawValue] else {
        continue
      }
      for n in 0..<8 {
        let sum = values[n * axis.count..<(n + 1) * axis.count].reduce(0, +)
        #expect(abs(sum - 1) < 1e-5, "\(head)")
      }
    }
  }

  @Test func `a small network learns, and a resumed training ends as one that never stopped`() throws {
    let training = try SmallModel.training(steps: 40)
    let place = try training.checkpoint(
      beside: FileManager.default.temporaryDirectory.appending(path: "ewald-\(UUID().uuidString)").path)
    defer { place.remove() }
    var losses: [Double] = []
    let whole = try training.run(tables: [SmallModel.table], report: { losses.append($0.loss) })
    #expect(whole.isFinished)
    var half = training
    half.interval = 20
    var isHalf = false
    let first = try half.run(tables: [SmallModel.table], keeping: place, isCancelled: { isHalf }) {
      isHalf = $0.step == 20 && $0.score != nil
    }
    #expect(!first.isFinished && first.model.weights != whole.model.weights)
    #expect(try place.read()?.step == 20)
    let second = try half.run(tables: [SmallModel.table], keeping: place)
    #expect(second.isFinished && second.resumedAt == 20)
    #expect(second.model.weights == whole.model.weights)
    let areFinite = losses.allSatisfy { $0.isFinite }
    #expect(areFinite && !losses.isEmpty)
  }

  @Test func `a model that was written reads as it was`() throws {
    let training = try SmallModel.training(steps: 2)
    let result = try training.run(tables: [SmallModel.table])
    let report = try ValidationReport(
      training.domain, result.model, table: SmallModel.table, seed: training.seed, count: 12)
    let folder = "/tmp/ewald-pacbed-\(UInt64.random(in: 0...UInt64.max))"
    try PACBEDModel.write(
      id: "small", training: training, result: result, report: report,
      origin: ModelOrigin(command: "ewald train pacbed"),
      to: folder)
    let model = try PACBEDModel(ModelFolder(path: folder))
    #expect(model.domain.thickness == training.domain.thickness)
    #expect(model.domain.convergence == training.domain.convergence)
    #expect(model.temperatures != .none)
    _ = try model.reader()
    try ModelFolder(path: folder).verify()
    // Measured anew: another manifest about the same network.
    let again = try model.validate(seed: 5, count: 20, isCancelled: { false }, table: { _ in })
    let other = try model.write(
      calibratedBy: again, command: "ewald models calibrate", id: "other", to: folder + "-other")
    let calibrated = try PACBEDModel(other)
    #expect(calibrated.temperatures != model.temperatures)
    #expect(other.command == "ewald train pacbed" && calibrated.domain == model.domain)
    #expect(other.sha256 != model.sha256)
    #expect(throws: PACBEDError.self) {
      try model.write(calibratedBy: again, command: "", id: "other", to: folder + "-other")
    }
  }
}
