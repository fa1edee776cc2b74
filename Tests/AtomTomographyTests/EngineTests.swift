import AtomTomography
import Diffraction
import HostileFrames
import Testing

@Suite(.timeLimit(.minutes(20))) struct AtomTomographyEngineTests {
  private let engine = AtomTomographyEngine()

  private func frame(_ projections: Projections, states: Bool = true) -> Frame {
    var frame = Frame(
      pixels: Pixels(
        width: projections.pixels, height: projections.angles.count,
        values: projections.values.map { Float($0) }))
    if states {
      let step = projections.angles[1] - projections.angles[0]
      frame.calibration.x = Sourced(
        AxisCalibration(scale: projections.pitch, origin: projections.start, unit: "r0"), source: "test")
      frame.calibration.y = Sourced(
        AxisCalibration(scale: step, origin: projections.angles[0], unit: "deg"), source: "test")
    }
    return frame
  }

  private func finding(_ frame: Frame, _ settings: [String: ParameterValue] = [:]) throws -> Finding {
    try engine.analyze(.frame(frame), ParameterValues(settings), AnalysisContext())
  }

  @Test func `A sinogram that states its tilts needs no setting; one that does not takes them`() throws {
    let known = ReferenceCase.all[1]
    let stated = try finding(frame(known.projections))
    #expect(stated.verdict == .accept || stated.verdict == .doubtful)
    #expect(stated["atoms"]?.value == Double(known.truth.count))
    #expect(stated["neighbours"]?.said == "hexagonal")
    let told = try finding(frame(known.projections, states: false), ["angles_deg": .text("0,60,120")])
    #expect(told["atoms"]?.value == stated["atoms"]?.value)
    #expect(abs((told["misfit"]?.value ?? 0) - (stated["misfit"]?.value ?? 1)) < 1e-3)
  }

  @Test(arguments: [
    ("", "TILT", "tilts are not known"), ("0,60", "TILT", "2 tilts for 3 rows"),
    ("0,60,240", "TILT", "a projection is there twice"),
    ("0,60,60.01", "TILT", "a projection is there twice"),
  ])
  func `Tilts that do not fit are told in a line`(_ text: String, _ code: String, _ words: String) throws {
    let finding = try finding(
      frame(ReferenceCase.all[1].projections, states: false), text.isEmpty ? [:] : ["angles_deg": .text(text)]
    )
    #expect(finding.verdict == .notAnalysable)
    #expect(finding.reasons.first?.code == code && finding.reasons.first?.text.contains(words) == true)
  }

  @Test func `Projections that are none are told in a line`() throws {
    let good = ReferenceCase.all[0].projections
    func first(_ change: (inout Projections) -> Void, _ settings: [String: ParameterValue] = [:]) throws
      -> String
    {
      var projections = good
      change(&projections)
      let finding = try finding(frame(projections), settings)
      #expect(finding.verdict == .notAnalysable && finding.reasons.count == 1)
      return "\(finding.reasons.first?.code ?? "") \(finding.reasons.first?.text ?? "")"
    }
    #expect(try first { $0.values[7] = .nan }.hasPrefix("NAN"))
    #expect(try first { $0.values = $0.values.map { _ in 2 } }.hasPrefix("EMTY"))
    #expect(try first { $0.values = $0.values.map { $0 - 10 } }.contains("values down to"))
    #expect(try first { $0.values = $0.values.map { $0 * 1e-3 } }.contains("a mass of"))
    #expect(try first { $0.values = $0.values.map { $0 * 1e3 } }.contains("up to 300 are searched"))
    #expect(try first({ _ in }, ["pixel": .number(50)]).hasPrefix("PROJ"))
    #expect(try first({ _ in }, ["weights": .text("1,0.5")]).contains("--weights"))
    #expect(throws: AnalysisError.self) { try first({ _ in }, ["angles_deg": .text("north")]) }
  }

  @Test func `Projections of different atoms are doubted`() throws {
    var projections = ReferenceCase.all[1].projections
    for pixel in 0..<projections.pixels { projections.values[pixel] *= 1.1 }
    let finding = try finding(frame(projections), ["search_scale": .text("off")])
    #expect(finding.reasons.contains { $0.code == "MASS" } && finding.verdict != .accept)
  }

  @Test func `What is written can be read: as many atoms in every file`() throws {
    nonisolated(unsafe) var files: [String: [UInt8]] = [:]
    var context = AnalysisContext()
    context.write = { artifact throws(AnalysisError) in
      if case .bytes(let bytes) = artifact.content { files[artifact.role] = bytes }
      return artifact.file
    }
    let known = ReferenceCase.all[3]
    let finding = try engine.analyze(.frame(frame(known.projections)), ParameterValues(), context)
    #expect(finding.artifacts.count == 4)
    let count = known.truth.count
    func lines(_ role: String) -> [Substring] {
      String(decoding: files[role] ?? [], as: UTF8.self).split(separator: "\n")
    }
    #expect(lines("xyz").count == count + 2 && lines("extended_xyz").count == count + 2)
    #expect(lines("csv").count == count + 1)
    #expect(lines("extended_xyz")[1].contains("Properties=species:S:1:pos:R:3:interval:R:2"))
    #expect(lines("json").joined().contains("\"atoms\""))
  }

  @Test func `What no microscope should send is told in a line`() {
    let check = EngineCheck(engine, settings: ["angles_deg": .text("0,60")])
    #expect(check.faultsOfSomeFrames() == [])
    for settings in EngineCheck.ends(of: engine) {
      #expect(check.faultsOfSomeFrames(settings) == [], "\(settings)")
    }
  }

  // MARK: In space

  private final class Series: FrameSource {
    var images: ProjectionImages
    /// Said in the metadata, as a list beside the file says them.
    var tilts: String?

    init(_ images: ProjectionImages, _ tilts: String?) { (self.images, self.tilts) = (images, tilts) }

    var summary: FileSummary {
      var summary = FileSummary(
        format: "test", width: images.width, height: images.height, sample: .float32,
        frames: images.angles.count)
      summary.calibration.x = Sourced(
        AxisCalibration(scale: images.pitch, origin: images.start.x, unit: "r0"), source: "test")
      if let tilts {
        summary.metadata.append(MetadataItem(name: "tilts", value: tilts, unit: "deg", source: "test"))
      }
      return summary
    }

    func frame(at index: Int) throws(FileRefusal) -> Frame {
      Frame(
        pixels: Pixels(
          width: images.width, height: images.height, values: images.image(index).map { Float($0) }))
    }
  }

  private func series() -> (series: Series, atoms: Int) {
    var crystal = NanoCluster()
    (crystal.atoms, crystal.noise, crystal.angles) = (55, 0.02, [0, 45, 100])
    let cluster = crystal.cluster()
    return (Series(crystal.images(of: cluster), "0, 45, 100"), cluster.count)
  }

  @Test func `A stack of images is a series in space, with places in three dimensions in every file`() throws
  {
    nonisolated(unsafe) var files: [String: [UInt8]] = [:]
    var context = AnalysisContext()
    context.write = { artifact throws(AnalysisError) in
      if case .bytes(let bytes) = artifact.content { files[artifact.role] = bytes }
      return artifact.file
    }
    let (series, atoms) = series()
    let finding = try engine.analyze(.scan(series), ParameterValues(), context)
    #expect(finding["atoms"]?.value == Double(atoms) && finding["atoms"]?.said == "in space")
    #expect(finding.verdict == .accept || finding.verdict == .doubtful)
    func lines(_ role: String) -> [Substring] {
      String(decoding: files[role] ?? [], as: UTF8.self).split(separator: "\n")
    }
    #expect(lines("xyz").count == atoms + 2 && lines("csv").count == atoms + 1)
    #expect(lines("extended_xyz")[1].contains("interval:R:3"))
    #expect(lines("extended_xyz")[2].split(separator: " ").count == 9)
    #expect(lines("csv")[0] == "atom,x,y,z,interval_x,interval_y,interval_z,energy,spread,determined,doubts")
    // What is looked at: all images side by side, and a place for every atom.
    let pictures = finding.exhibits.compactMap(\.pixels)
    #expect(pictures.count == 3 && pictures.allSatisfy { $0.width == 3 * series.images.width })
    let points = finding.exhibits.compactMap { if case .points(let points) = $0 { points } else { nil } }
    #expect(points.first?.places.count == atoms && points.first?.columns.first?.name == "z")
  }

  @Test func `What cannot be a series of images is told in a line`() throws {
    let (good, _) = series()
    func first(_ settings: [String: ParameterValue] = [:], _ change: (Series) -> Void) throws -> String {
      let series = Series(good.images, good.tilts)
      change(series)
      let finding = try engine.analyze(.scan(series), ParameterValues(settings), AnalysisContext())
      #expect(finding.verdict == .notAnalysable && finding.reasons.count == 1)
      return "\(finding.reasons.first?.code ?? "") \(finding.reasons.first?.text ?? "")"
    }
    // What is only of a plane is refused, not passed over.
    #expect(try first(["lattice": .text("hex")]) { _ in }.contains("--lattice and --potential"))
    #expect(try first { $0.tilts = nil }.contains("tilts are not known"))
    #expect(try first { $0.tilts = "0, 45" }.contains("2 tilts for 3 images"))
    #expect(try first { $0.tilts = "0, 45, 180" }.contains("a projection is there twice"))
    #expect(try first { $0.images.values[99] = .nan }.hasPrefix("NAN"))
    #expect(try first { $0.images.values = $0.images.values.map { 1e3 * $0 } }.contains("up to 600"))
    #expect(
      try first {
        let one = Array($0.images.image(0))
        $0.images.values = Array(repeatElement(one, count: 17).joined())
        $0.images.angles = (0..<17).map { 10 * Double($0) }
      }.contains("17 images: 2 to 16"))
  }
}
