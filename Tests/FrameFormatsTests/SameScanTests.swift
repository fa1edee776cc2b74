import Diffraction
import Foundation
import FrameFormats
import Testing

/// One scan, written into every container, has to come out of each as the same numbers.
@Suite struct SameScanTests {
  static let names: [String] = Reference.files("same_scan").keys.filter {
    !$0.hasSuffix(".hdr") && !$0.hasSuffix("_001.tvips") && !$0.hasSuffix(".raw")
  }.sorted()

  private func open(_ name: String) throws(FileRefusal) -> any FrameSource {
    try FormatList.open(path: Reference.path("same_scan/\(name)"))
  }

  @Test(arguments: names) func `Every container holds the same scan, bit for bit`(name: String) throws {
    let entry = try #require(Reference.files("same_scan")[name])
    let source = try open(name)
    let summary = source.summary
    let type = try #require(entry["dtype"] as? String)
    #expect(summary.sample.rawValue == type)
    #expect(summary.frames == 35)
    #expect(summary.isComplete)
    #expect(summary.width == 16 && summary.height == 16)
    let wanted: [[UInt8]] =
      switch type {
      case "uint8": sameScan(of: UInt8.self)
      case "uint16": sameScan(of: UInt16.self)
      case "uint32": sameScan(of: UInt32.self)
      default: sameScan(of: Float.self)
      }
    #expect(try frames(source).map { bytes($0.pixels) } == wanted)
    // Backwards, too: nothing may depend on the order of reading.
    for index in [34, 7, 0, 20] { #expect(bytes(try source.frame(at: index).pixels) == wanted[index]) }
  }

  @Test(arguments: names) func `A scan has a shape only where the file states one`(name: String) throws {
    let stated: Set<String> = ["hspy", "npy", "npz", "prz", "blo", "emd", "mib", "dm4"]
    let suffix = String(try #require(name.split(separator: ".").last))
    let isStated = stated.contains(suffix) && name != "scan_u32_nohdr.mib"
    let wanted: ScanShape? = isStated ? ScanShape(width: 7, height: 5) : nil
    let scan = try open(name).summary.scan
    #expect(scan?.value == wanted)
    #expect(scan?.source.isEmpty != true)
  }

  @Test func `Bare numbers are read as the user says`() throws {
    let path = Reference.path("same_scan/scan_16x16x35_u16le.raw")
    let layout = RawLayout(width: 16, height: 16, sample: .uint16, scan: ScanShape(width: 7, height: 5))
    let source = try FormatList.open(path: path, as: layout)
    #expect(source.summary.scan == Sourced(ScanShape(width: 7, height: 5), source: "user"))
    #expect(try frames(source).map { bytes($0.pixels) } == sameScan(of: UInt16.self))
    #expect { try FormatList.open(path: path) } throws: { ($0 as? FileRefusal)?.kind == .unsupported }
    let odd = try FormatList.open(path: path, as: RawLayout(width: 16, height: 17, sample: .uint16))
    #expect(odd.summary.frames == 32)
    #expect(!odd.summary.isComplete)
    #expect(odd.summary.warnings == ["512 bytes at the end do not make a frame of 544"])
  }

  @Test func `A description of raw files is read as it was typed`() throws {
    #expect(RawLayout("16x17:uint16") == RawLayout(width: 16, height: 17, sample: .uint16))
    #expect(
      RawLayout("128x130:>float32:512:16")
        == RawLayout(
          width: 128, height: 130, sample: .float32, isBigEndian: true, headerBytes: 512, gapBytes: 16))
    for wrong in ["", "16", "16x16", "16x16:u16", "0x16:uint8", "16x16:uint8:-1", "16x16:uint8:1:2:3"] {
      #expect(RawLayout(wrong) == nil, "\(wrong)")
    }
    let path = Reference.path("same_scan/scan_16x16x35_u16le.raw")
    let source = try FormatList.open(path: path, raw: RawLayout("16x16:uint16"))
    #expect(source.summary.frames == 35)
    #expect(try frames(source).map { bytes($0.pixels) } == sameScan(of: UInt16.self))
    // What a format knows stays what it is.
    let known = try FormatList.open(
      path: Reference.path("same_scan/scan_gzip.hspy"), raw: RawLayout("16x16:uint16"))
    #expect(known.summary.format != "raw")
  }

  @Test func `HyperSpy's metadata arrives with its place`() throws {
    let summary = try open("scan_gzip.hspy").summary
    let place = "metadata/Acquisition_instrument/TEM"
    #expect(summary.beam.voltageKilovolts == Sourced(200, source: "\(place):beam_energy"))
    #expect(summary.beam.convergenceMilliradians == Sourced(1.5, source: "\(place):convergence_angle"))
    #expect(summary.beam.cameraLengthMillimetres == Sourced(120, source: "\(place):camera_length"))
    #expect(summary.calibration.x == Sourced(AxisCalibration(scale: 0.05, unit: "1/Å"), source: "axis-3"))
    #expect(summary.calibration.y == Sourced(AxisCalibration(scale: 0.05, unit: "1/Å"), source: "axis-2"))
    let step = summary.metadata.first { $0.name == "scan step x" }
    #expect(step == MetadataItem(name: "scan step x", value: "2.5", unit: "nm", source: "axis-1"))
  }

  @Test(arguments: ["scan_swapped.dm4", "scan.blo", "scan_tvips_000.tvips", "scan_ncem.emd"])
  func `The high tension arrives in kilovolts`(name: String) throws {
    #expect(try open(name).summary.beam.voltageKilovolts?.value == 200)
  }

  @Test func `Panta Rhei's metadata arrive in the units of the field`() throws {
    let summary = try open("scan.prz").summary
    let place = "meta_data_json"
    #expect(summary.format == "Panta Rhei")
    #expect(summary.beam.voltageKilovolts == Sourced(200, source: "\(place):electron_gun.voltage"))
    #expect(summary.beam.convergenceMilliradians?.value == 1.5)
    #expect(summary.beam.cameraLengthMillimetres?.value == 120)
    // Fast axis first; the factor is that of the binning, the offset counts pixels.
    let (x, y) = (try #require(summary.calibration.x), try #require(summary.calibration.y))
    #expect(
      x == Sourced(AxisCalibration(scale: 0.5, origin: -2, unit: "1/nm"), source: "\(place):device.calib"))
    #expect(y.value == AxisCalibration(scale: 0.5, origin: 0, unit: "1/nm"))
    let step = try #require(summary.metadata.first { $0.name == "scan step y" })
    #expect(step.value == "2.5" && step.unit == "nm")
    #expect(summary.metadata.contains { $0.name == "comment" && $0.value == "café" })
  }

  @Test func `A block file's screen scale becomes a scattering vector`() throws {
    let summary = try open("scan.blo").summary
    #expect(summary.beam.cameraLengthMillimetres?.value == 120)
    #expect(summary.metadata.contains { $0.name == "scan step x" && $0.value == "2.5" && $0.unit == "nm" })
    let axis = try #require(summary.calibration.x)
    // 200 kV: 0.025079 Å.
    let pixelsPerCentimetre = 10 / (axis.value.scale * 120 * 0.0250793)
    #expect(abs(pixelsPerCentimetre * 100 - (pixelsPerCentimetre * 100).rounded()) < 0.01)
    #expect(axis.value.unit == "1/Å")
  }

  @Test(arguments: ["scan_u08.mib", "scan_u16.mib", "scan_u32_nohdr.mib"])
  func `Merlin's exposure comes from the frame header`(name: String) throws {
    #expect(abs(try #require(try open(name).summary.beam.exposureSeconds).value - 0.001) < 1e-12)
  }

  @Test(arguments: [
    "uview_leed_v8.dat", "uview_leem_v8_recipe_markup.dat", "uview_leed_v8_external_block.dat",
  ])
  func `LEEM and LEED images agree with their description`(name: String) throws {
    let others = try #require(Reference.expected("same_scan")["other_arrays"] as? [String: [String: Any]])
    let entry = try #require(others[name])
    let meta = try #require(entry["meta"] as? [String: Any])
    let source = try open(name)
    check(try frames(source).map(\.pixels), entry, name)
    let volts = try #require(number(meta["start_voltage_V"]))
    #expect(abs(try #require(source.summary.beam.voltageKilovolts).value * 1000 - volts) < 1e-6)
    #expect(source.summary.beam.exposureSeconds?.value == number(meta["exposure_s"]))
    let view = source.summary.metadata.first { $0.name == "field of view" }
    let text = try #require(meta["fov"] as? String)
    let plain: String = text.replacing("\t", with: " ")
    #expect(view?.value == plain)
  }

  @Test func `An EMPAD scan drops its footer rows and keeps its NaN`() throws {
    let others = try #require(Reference.expected("same_scan")["other_arrays"] as? [String: [String: Any]])
    let entry = try #require(others["scan_x4_y3.raw + empad_x4_y3.xml"])
    let scratch = Scratch()
    let xml = load(Reference.path("same_scan/empad_x4_y3.xml"))
    _ = scratch.file("empad_x4_y3.xml", xml)
    let path = scratch.file("scan_x4_y3.raw", Self.empad())
    let source = try FormatList.open(path: path)
    #expect(source.summary.scan == Sourced(ScanShape(width: 4, height: 3), source: "sidecar:empad_x4_y3.xml"))
    check(try frames(source).map(\.pixels), entry, "EMPAD")
    #expect(source.summary.beam.voltageKilovolts?.value == 200)
    #expect(source.summary.beam.cameraLengthMillimetres?.value == 120)
    #expect(source.summary.beam.exposureSeconds?.value == 0.001)
    #expect(source.summary.calibration.x?.value == AxisCalibration(scale: 2.5e-10, unit: "1/m"))
    // The name alone gives the shape, too; an interrupted scan is incomplete.
    let alone = Scratch()
    let cut = try FormatList.open(path: alone.file("scan_x4_y3.raw", Self.empad().dropLast(66_560 + 7)))
    #expect(cut.summary.frames == 10)
    #expect(cut.summary.declaredFrames == 12)
    #expect(cut.summary.scan?.source == "file name")
  }

  /// 100 iy + 10 ix + 0.5 qy + 0.25 qx, with a NaN and a negative value, and footer rows of -9999.
  static func empad() -> [UInt8] {
    var values: [Float] = []
    for iy in 0..<3 {
      for ix in 0..<4 {
        for qy in 0..<130 {
          for qx in 0..<128 {
            var value = Float(100 * iy + 10 * ix) + 0.5 * Float(qy) + 0.25 * Float(qx)
            if [iy, ix, qy, qx] == [1, 2, 5, 7] { value = .nan }
            if [iy, ix, qy, qx] == [2, 3, 0, 0] { value = -3.5 }
            values.append(qy < 128 ? value : -9999)
          }
        }
      }
    }
    return values.withUnsafeBytes { Array($0) }
  }

  @Test(arguments: ["gray16.png", "gray8.png"]) func `Grey PNG is read as stored`(name: String) throws {
    let entry = try #require(Reference.files("tiff_awkward")[name])
    check(
      try frames(try FormatList.open(path: Reference.path("tiff_awkward/\(name)"))).map(\.pixels), entry, name
    )
  }

  @Test(arguments: ["rgb8.png", "gray8.jpg"]) func `Colour PNG and JPEG are refused`(name: String) throws {
    #expect {
      try FormatList.open(path: Reference.path("tiff_awkward/\(name)"))
    } throws: {
      ($0 as? FileRefusal)?.kind == .unsupported
    }
  }
}
