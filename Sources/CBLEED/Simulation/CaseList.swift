import JSON

/// The JSON beside simulated patterns: what was asked for, and what every pattern shows. It is whole before
/// the first pattern is there, so that a run that was broken off knows what it was doing.
package struct CBLEEDCaseList: Sendable {
  private let simulation: CBLEEDSimulation

  package init(_ simulation: CBLEEDSimulation) { self.simulation = simulation }

  package static func fileName(_ index: Int) -> String {
    let digits = String(index)
    return "cbleed_" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".tif"
  }

  package var text: String {
    let request = simulation.request
    let detector = request.detector
    var json = JSONWriter()
    json.object { json in
      for (name, value) in [
        ("format", "cbleed-cases-1"), ("generator", "ewald"), ("surface", request.surface.name),
      ] {
        json.line(indent: 1)
        json.member(name, value)
      }
      json.line(indent: 1)
      json.member("seed", request.seed)
      json.member("n", detector.size)
      json.member("pixel_invA", detector.pixel)
      json.member("kdisc_invA", detector.discRadius)
      json.member("centre", detector.centre)
      json.line(indent: 1)
      switch request.method {
      case .kinematic: json.member("method", "kinematic")
      case .dynamical(let settings):
        json.member("method", "dynamical")
        json.member("lmax", settings.maximumDegree)
        json.member("beam_eps", settings.beamAmplitude)
        json.member("bulk_layers", settings.bulkLayers)
        json.member("cone", "\(settings.cone)")
      }
      let noise = request.augmentation
      json.member("peak_counts", ifPresent: noise.peakCounts)
      if noise.background > 0 { json.member("background", noise.background) }
      json.line(indent: 1)
      json.key("cases")
      json.array { json in
        for sample in simulation.samples {
          json.line(indent: 2)
          json.object { sample.encode(into: &$0) }
        }
        json.line(indent: 1)
      }
      json.line()
    }
    return json.text + "\n"
  }
}

extension CBLEEDSample {
  fileprivate func encode(into json: inout JSONWriter) {
    json.member("file", CBLEEDCaseList.fileName(index))
    json.member("beam_energy", energy)
    for (name, value) in parameters.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
    json.member("shift_invA", [detector.shift.x, detector.shift.y])
    json.member("tilt_invA", [detector.tilt.x, detector.tilt.y])
  }
}
