import JSON
import System
import Arrays
import Scattering

/// A simulated line of patterns across a wedge: the thickness grows from frame to frame, as it does at the
/// edge of a specimen, and what each frame shows is known.
package struct WedgeSample: Sendable {
  /// Crystal, beam, mistilt, size; its `thicknesses` are replaced by the wedge's.
  package var simulation: PACBEDSimulation
  package var frames: Int
  /// nm, from the first frame to the last.
  package var thickness: ClosedRange<Double>
  /// Degrees by which the crystal is turned in the frames.
  package var rotationDegrees = 0.0
  package var detector: CameraEffects
  package var seed: UInt64

  package init(
    simulation: PACBEDSimulation, frames: Int = 24, thickness: ClosedRange<Double> = 4...40,
    detector: CameraEffects = CameraEffects(background: 0.01, haze: 0.03, electrons: 2e6), seed: UInt64 = 1
  ) {
    self.simulation = simulation
    self.frames = frames
    self.thickness = thickness
    self.detector = detector
    self.seed = seed
  }

  /// The published test material of the method: rutile along c at 80 kV, 20 mrad.
  package static func rutile() throws(PACBEDError) -> WedgeSample {
    do {
      var simulation = PACBEDSimulation(crystal: try Crystal(known: "rutile"))
      simulation.mistilt = [3, 1.5]
      return WedgeSample(simulation: simulation)
    } catch {
      throw .crystal(error)
    }
  }

  package struct Output: Sendable {
    /// In the order of the line; counts where the detector counts.
    package var frames: [Matrix]
    /// A name for each frame's file, without ending: `wedge_000`.
    package var names: [String]
    /// nm.
    package var thicknesses: [Double]
    /// The sidecar's JSON: what every frame shows.
    package var truth: String
  }

  package func run(
    isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> Output {
    guard (2...9999).contains(frames) else { throw .parameter("a wedge has 2 to 9999 frames") }
    var simulation = self.simulation
    let span = thickness.upperBound - thickness.lowerBound
    simulation.thicknesses = (0..<frames).map {
      thickness.lowerBound + span * Double($0) / Double(frames - 1)
    }
    let request = try simulation.request()
    let table: PACBEDTable
    if let cache = simulation.cache {
      table = try cache.table(for: request, isCancelled: isCancelled, progress: progress).table
    } else {
      table = try PACBEDTable(computing: request, isCancelled: isCancelled, progress: progress)
    }
    let geometry = PatternGeometry(
      rows: simulation.height, columns: simulation.width, pitch: simulation.pitch,
      rotationDegrees: rotationDegrees)
    let illumination = Illumination(
      convergence: simulation.convergence, mistilt: simulation.mistilt,
      edge: .intensity(width: simulation.pitch.max()))
    var images = try table.patterns(geometry, illumination, thicknesses: simulation.thicknesses)
    let random = RandomNumbers(seed: seed)
    for i in images.indices {
      var stream = random.stream(i)
      images[i].values.withUnsafeMutableBufferPointer { pixels in
        let perUnit = Float(detector.record(pixels, geometry: geometry, random: &stream))
        // A counting camera stores electrons.
        if detector.electrons != nil {
          for p in pixels.indices { pixels[p] *= perUnit }
        }
      }
    }
    let names = (0..<frames).map { i in
      let digits = String(i)
      return "wedge_" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
    return Output(
      frames: images, names: names, thicknesses: simulation.thicknesses,
      truth: truth(names: names, simulation: simulation))
  }

  private func truth(names: [String], simulation s: PACBEDSimulation) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("format", "pacbed-wedge-1")
      json.member("generator", "ewald")
      json.member("seed", seed)
      json.line(indent: 1)
      json.member("crystal", s.crystal.name)
      json.member("zone", [s.zone.x, s.zone.y, s.zone.z])
      json.member("voltage_kV", s.kilovolts)
      json.member("convergence_mrad", s.convergence)
      json.member("mistilt_mrad", [s.mistilt.x, s.mistilt.y])
      json.member("pixel_mrad", [s.pitch.x, s.pitch.y])
      json.line(indent: 1)
      json.member("shape", [s.height, s.width])
      json.member("centre_px", [s.height / 2, s.width / 2])
      json.member("rotation_deg", rotationDegrees)
      json.member("electrons", detector.electrons ?? .nan)
      json.member("background", detector.background)
      json.member("haze", detector.haze)
      json.member("noise", detector.noise)
      json.line(indent: 1)
      json.key("frames")
      json.array { json in
        for (name, thickness) in zip(names, s.thicknesses) {
          json.line(indent: 2)
          json.object { json in
            json.member("file", "\(name).tif")
            json.member("thickness_nm", thickness)
          }
        }
      }
    }
    return json.text + "\n"
  }
}
