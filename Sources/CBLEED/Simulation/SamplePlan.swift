import System

/// One pattern to simulate.
package struct CBLEEDSample: Sendable, Equatable {
  package var index: Int
  /// In eV.
  package var energy: Double
  /// Every parameter of the surface by name.
  package var parameters: [String: Double]
  /// The camera with this sample's misalignment.
  package var detector: Detector

  package init(index: Int, energy: Double, parameters: [String: Double], detector: Detector) {
    self.index = index
    self.energy = energy
    self.parameters = parameters
    self.detector = detector
  }
}

/// Latin hypercube samples (McKay, Beckman & Conover 1979): every parameter's range is cut into as many
/// strata as there are samples, and every stratum is used once. Energies have a stratum for each group of
/// samples that share one.
struct SamplePlan {
  let samples: [CBLEEDSample]
  /// Samples that share energy and misalignment.
  let groups: [Range<Int>]

  init(_ request: SimulationRequest) {
    let count = request.samples
    let size = request.order == .ramp ? 1 : request.structuresPerEnergy
    groups = stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    let random = RandomNumbers(seed: request.seed)
    let energies = Self.values(groups.count, request.energies, request.order, random.stream(0))
    let parameters = request.surface.parameters.enumerated().map { number, parameter in
      (
        parameter.name,
        Self.values(
          count, request.ranges[parameter.name] ?? parameter.range, request.order, random.stream(number + 1))
      )
    }
    var samples: [CBLEEDSample] = []
    for (group, members) in groups.enumerated() {
      var alignment = random.stream(-1 - group)
      let detector = request.augmentation.misalign(request.detector, &alignment)
      for index in members {
        samples.append(
          CBLEEDSample(
            index: index, energy: energies[group],
            parameters: Dictionary(uniqueKeysWithValues: parameters.map { ($0.0, $0.1[index]) }),
            detector: detector))
      }
    }
    self.samples = samples
  }

  private static func values(
    _ count: Int, _ range: ClosedRange<Double>, _ order: SimulationRequest.Order, _ random: RandomNumbers
  ) -> [Double] {
    guard order == .ramp else { return strata(count, range, random) }
    let step = (range.upperBound - range.lowerBound) / Double(max(1, count - 1))
    return (0..<count).map { range.lowerBound + step * Double($0) }
  }

  private static func strata(_ count: Int, _ range: ClosedRange<Double>, _ random: RandomNumbers) -> [Double]
  {
    var random = random
    let order = random.permutation(count)
    let width = (range.upperBound - range.lowerBound) / Double(count)
    return order.map { range.lowerBound + width * (Double($0) + random.uniform()) }
  }
}
