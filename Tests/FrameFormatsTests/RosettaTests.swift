import Diffraction
import Foundation
import FrameFormats
import Testing

/// Files of real instruments from RosettaSciIO's test data, which cannot be copied here: `EWALD_SHARED` names
/// the folder where they are.
@Suite(.enabled(if: Reference.shared != nil, Reference.needsShared))
struct RosettaTests {
  static let root = (Reference.shared ?? "") + "/reference/formats"
  nonisolated(unsafe) static let entries: [String: [String: Any]] = {
    guard Reference.shared != nil else { return [:] }
    return Reference.json(root + "/expected.json")["files"] as? [String: [String: Any]] ?? [:]
  }()
  static let names: [String] = entries.keys.sorted()
  /// Colour, complex, spectra, a missing filter, and a diffraction pattern in five dimensions.
  static let refused = [
    "dm/test-23.dm3", "dm/test-3.dm3", "dm/test_fft_packed_complex8.dm4", "hspy/example1_v1.2.hdf5",
    "arina/test_00_master.h5",
  ]

  @Test(arguments: names) func `Instrument files agree with RosettaSciIO`(name: String) throws {
    let entry = try #require(Self.entries[name])
    let signal = try #require((entry["signals"] as? [[String: Any]])?.first)
    let path = Self.root + "/" + name.replacing(".emi", with: "_1.ser")
    if Self.refused.contains(name) {
      #expect { try FormatList.open(path: path) } throws: { ($0 as? FileRefusal)?.kind == .unsupported }
      return
    }
    let source = try FormatList.open(path: path)
    // RosettaSciIO turns the axes of EMD 0.2 around; here they stay as the dataset has them.
    if name != "emd/example_image.emd" { check(try frames(source).map(\.pixels), signal, name) }
    let summary = source.summary
    let metadata = signal["metadata"] as? [String: Any] ?? [:]
    if let energy = number(metadata["beam_energy_kV"]) {
      #expect(abs(try #require(summary.beam.voltageKilovolts).value / energy - 1) < 1e-6, "\(name)")
    }
    if let length = number(metadata["camera_length"]),
      name.hasPrefix("dm") || name.hasPrefix("hspy") || name.hasPrefix("tia")
        || name.hasPrefix("emd") || name.hasPrefix("tiff")
    {
      #expect(abs(try #require(summary.beam.cameraLengthMillimetres).value / length - 1) < 1e-6, "\(name)")
    }
    if let exposure = number(metadata["exposure_s"] ?? metadata["exposure_s_detector"]) {
      #expect(abs(try #require(summary.beam.exposureSeconds).value / exposure - 1) < 1e-6, "\(name)")
    }
    let axes = signal["axes"] as? [[String: Any]] ?? []
    for (axis, found) in zip(axes.suffix(2), [summary.calibration.y, summary.calibration.x]) {
      try checkAxis(found, axis, name)
    }
  }

  /// Scale and offset in RosettaSciIO's unit; what carries no unit there is unknown here.
  private func checkAxis(_ found: Sourced<AxisCalibration>?, _ axis: [String: Any], _ name: String) throws {
    guard let unit = axis["units"] as? String else { return }
    // Its scale is 1 where the file says nothing; block files are given on the screen there.
    guard !unit.isEmpty, unit != "[]", unit != "cm", let scale = number(axis["scale"]), scale != 1, scale > 0,
      !name.hasPrefix("tvips")
    else { return }
    let calibration = try #require(found, "\(name)").value
    let plain = unit.replacing(" ", with: "")
    let factors: [String: Double] = ["pm": 1e3, "m": 1e-9]
    let factor: Double = calibration.unit == "nm" ? factors[plain] ?? 1 : 1
    #expect(abs(calibration.scale * factor / scale - 1) < 1e-6, "\(name): \(calibration) \(unit)")
    if factor == 1 { #expect(calibration.unit == plain || name.hasPrefix("emd"), "\(name)") }
    if let offset = number(axis["offset"]), !name.hasPrefix("tia"), factor == 1 {
      #expect(abs(calibration.origin - offset) <= 1e-6 * max(1, abs(offset)), "\(name)")
    }
  }

  @Test func `Panta Rhei's camera length is in metres`() throws {
    let summary = try FormatList.open(path: Self.root + "/prz/panta_rhei_sample.prz").summary
    #expect(summary.beam.cameraLengthMillimetres?.value == 20)
    #expect(summary.metadata.contains { $0.name == "detector" && $0.value == "pnADF" })
  }

  @Test(arguments: ["test_00_master.h5", "test_00_data_000001.h5"])
  func `The missing filter of a detector is named`(name: String) {
    #expect {
      try FormatList.open(path: Self.root + "/arina/\(name)")
    } throws: {
      ($0 as? FileRefusal)?.reason
        == "HDF5: the pixels need filter 32008 (bitshuffle), which is not installed"
    }
  }

  @Test(arguments: [
    "Single_1_Frame_CounterDepth_1_Rows_256RAW.mib", "Quad_1_Frame_CounterDepth_1_Rows_256RAW.mib",
  ])
  func `Merlin's raw mode is untangled`(name: String) throws {
    let all = Reference.json(Self.root + "/mib/expected_raw.json")
    let entry = try #require(all[name] as? [String: Any])
    check(try frames(try FormatList.open(path: Self.root + "/mib/\(name)")).map(\.pixels), entry, name)
  }

  @Test func `Direct Electron's and Merlin's sidecars give the scan`() throws {
    let movie = try FormatList.open(path: Self.root + "/mrc/20241021_00405_movie.mrc").summary
    #expect(movie.scan?.value == ScanShape(width: 8, height: 4))
    #expect(movie.calibration.x?.value == AxisCalibration(scale: 0.1, unit: "1/nm"))
    #expect(movie.beam.voltageKilovolts?.value == 300)
    let merlin = "002_merlin_test_roi_sig256x128_nav4x2_hot_pixel_52x_39y.mib"
    #expect(
      try FormatList.open(path: Self.root + "/mib/\(merlin)").summary.scan?.value
        == ScanShape(width: 4, height: 2))
  }

  @Test func `Thermo Fisher's extended header tells of the beam`() throws {
    let summary = try FormatList.open(path: Self.root + "/mrc/HAADFscan.mrc").summary
    #expect(summary.beam.voltageKilovolts == Sourced(300, source: "FEI2:84"))
    #expect(abs(try #require(summary.beam.convergenceMilliradians).value - 14.327324427576586) < 1e-9)
    #expect(abs(try #require(summary.beam.cameraLengthMillimetres).value - 91.1) < 1e-9)
    #expect(summary.calibration.x?.value.unit == "nm")
  }
}
