// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Diffraction
import Foundation
import FrameFormats
import Testing

@Suite struct TIFFTests {
  static let plain: [String] = Reference.files("tiff_awkward").filter {
    $0.key.hasSuffix(".tif") && $0.value["shape"] != nil && !$0.key.hasPrefix("rgb")
  }.map(\.key).sorted()

  @Test(arguments: plain) func `Every kind of stored pixel comes back as it was written`(name: String) throws
  {
    let expected = Reference.files("tiff_awkward")[name]!
    let source = try FormatList.open(path: Reference.path("tiff_awkward/\(name)"))
    #expect(source.summary.format == "TIFF")
    #expect(source.summary.isComplete)
    check(try frames(source).map(\.pixels), expected, name)
  }

  static let codecs = Reference.files("tiff_codecs").keys.sorted()

  @Test(arguments: codecs) func `Rarer compressions are read, lossy ones with a warning`(name: String) throws
  {
    let source = try FormatList.open(path: Reference.path("tiff_codecs/\(name)"))
    let isLossy = name.contains("jpeg") || name.contains("lerc")
    #expect(source.summary.warnings.contains { $0.hasPrefix("lossy compression") } == isLossy)
    check(try frames(source).map(\.pixels), try #require(Reference.files("tiff_codecs")[name]), name)
  }

  @Test(arguments: ["rgb8.tif", "rgb8_planar.tif"])
  func `Colour is refused and not taken for three frames`(name: String) {
    #expect {
      try FormatList.open(path: Reference.path("tiff_awkward/\(name)"))
    } throws: {
      ($0 as? FileRefusal)?.kind == .unsupported
    }
  }

  @Test func `Pages of different type are frames, their reduced copies are not`() throws {
    let pages = Reference.files("tiff_awkward")["mixed_pages.tif"]!["pages"] as! [[String: Any]]
    let source = try FormatList.open(path: Reference.path("tiff_awkward/mixed_pages.tif"))
    #expect(source.summary.frames == 2)
    #expect(source.summary.warnings == ["pages of different size or type: 1 of 2"])
    check([try source.frame(at: 0).pixels], pages[0], "page 0")
    check([try source.frame(at: 1).pixels], pages[2], "page 2")
  }

  @Test func `DigitalMicrograph tags give scale, origin and unit with their source`() throws {
    let source = try FormatList.open(path: Reference.path("tiff_awkward/gatan_tags_f4.tif"))
    let x = AxisCalibration(scale: 0.05, origin: -2, unit: "1/nm")
    let y = AxisCalibration(scale: 0.05, origin: -1.5, unit: "1/nm")
    #expect(source.summary.calibration.x == Sourced(x, source: "tag:65009"))
    #expect(source.summary.calibration.y == Sourced(y, source: "tag:65010"))
    #expect(try source.frame(at: 0).calibration == source.summary.calibration)
  }

  @Test(arguments: [("imagej_f4.tif", 0.4), ("imagej_hyperstack.tif", 0.035)])
  func `ImageJ's resolution counts as calibration in its unit`(name: String, scale: Double) throws {
    let summary = try FormatList.open(path: Reference.path("tiff_awkward/\(name)")).summary
    let axis = try #require(summary.calibration.x)
    #expect(axis.source == "ImageJ:tag:282")
    #expect(axis.value.unit.contains("nm"))
    #expect(abs(axis.value.scale / scale - 1) < 1e-6)
  }

  @Test(arguments: ["dpi_300.tif", "u16_multipage3.tif", "u8.tif"])
  func `A resolution meant for printers is not a calibration`(name: String) throws {
    let summary = try FormatList.open(path: Reference.path("tiff_awkward/\(name)")).summary
    #expect(summary.calibration == Calibration())
  }

  @Test func `A stack written as TIFF is the scan that every other format holds`() throws {
    let source = try FormatList.open(path: Reference.path("same_scan/scan_stack.tif"))
    #expect(source.summary.frames == 35)
    #expect(source.summary.scan == nil)
    #expect(try frames(source).map { bytes($0.pixels) } == sameScan(of: UInt16.self))
  }

  @Test(arguments: [("trunc_500.multipage.tif", 1), ("trunc_999.multipage.tif", 2)])
  func `A stack cut short offers its whole pages and says it is incomplete`(name: String, whole: Int) throws {
    let source = try FormatList.open(path: Reference.path("hostile/\(name)"))
    #expect(source.summary.frames == whole)
    #expect(source.summary.declaredFrames > whole)
    let full = try FormatList.open(path: Reference.path("tiff_awkward/u16_multipage3.tif"))
    for index in 0..<whole {
      #expect(bytes(try source.frame(at: index).pixels) == bytes(try full.frame(at: index).pixels))
    }
    #expect { try source.frame(at: whole) } throws: { ($0 as? FileRefusal)?.kind == .truncated }
  }

  @Test func `An ImageJ stack shorter than announced is incomplete`() throws {
    let whole = load(Reference.path("tiff_awkward/imagej_single_ifd_6_images.tif"))
    let scratch = Scratch()
    let source = try FormatList.open(path: scratch.file("cut.tif", whole.dropLast(1)))
    #expect(source.summary.frames == 5)
    #expect(source.summary.declaredFrames == 6)
  }

  @Test func `Escapes in ImageJ's units are undone and control characters dropped`() throws {
    let text = Array("ImageJ=1.53\nimages=7\nunit=\\u00B5m\u{1B}[31m\n".utf8)
    let whole = load(Reference.path("tiff_awkward/imagej_f4.tif"))
    // The description has room for 64 bytes at the place that its entry names.
    let old = Array("ImageJ=1.11a".utf8)
    let at = try #require((0..<whole.count - old.count).first { Array(whole[$0..<$0 + old.count]) == old })
    var changed = whole
    changed.replaceSubrange(at..<at + 64, with: text + Array(repeating: 0, count: 64 - text.count))
    let scratch = Scratch()
    let summary = try FormatList.open(path: scratch.file("x.tif", changed)).summary
    #expect(summary.calibration.x?.value.unit == "µm[31m")
    #expect(summary.declaredFrames == 7)
    #expect(summary.frames == 1)
  }

  @Test func `Thermo Fisher's text gives the voltage and tells of a data bar`() throws {
    let text = Array(
      "[User]\r\nDate=1\r\n[Beam]\r\nHV=200000\r\n[Scan]\r\nPixelWidth=2.5e-09\r\nPixelHeight=3e-9\r\n[PrivateFei]\r\nDatabarHeight=69\r\n\0"
        .utf8)
    var tiff = TinyTIFF(width: 4, height: 4, compression: 1, stripBytes: 16, text: text)
    tiff.bytes += Array(0..<16)
    let scratch = Scratch()
    let source = try FormatList.open(path: scratch.file("x.tif", tiff.bytes))
    #expect(source.summary.beam.voltageKilovolts == Sourced(200, source: "tag:34682:[Beam] HV"))
    #expect(source.summary.calibration.x?.value == AxisCalibration(scale: 2.5, unit: "nm"))
    #expect(source.summary.calibration.y?.source == "tag:34682:[Scan] PixelHeight")
    #expect(source.summary.warnings == ["the lowest 69 rows are a data bar and no image"])
    #expect(bytes(try source.frame(at: 0).pixels) == Array(0..<16))
  }

  @Test func `TVIPS's tag gives the voltage and the exposure`() throws {
    var block = [UInt8](repeating: 0, count: 6312)
    func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
      for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
    }
    func float(_ value: Float) -> [UInt8] { withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    put([2], at: 0)
    put(float(120), at: 244 + 3028)
    put(float(400), at: 244 + 3708)
    put("XF416".utf16.flatMap { [UInt8($0), 0] }, at: 244 + 3524)
    put([0xAA, 0xAA, 0xAA, 0xAA], at: 244 + 6064)
    func summary() throws -> FileSummary {
      var tiff = TinyTIFF(width: 4, height: 4, compression: 1, stripBytes: 16, text: block, tag: 37706)
      tiff.bytes += Array(0..<16)
      let scratch = Scratch()
      return try FormatList.open(path: scratch.file("x.tif", tiff.bytes)).summary
    }
    let found = try summary()
    #expect(found.beam.voltageKilovolts == Sourced(120, source: "tag:37706"))
    #expect(abs(try #require(found.beam.exposureSeconds).value - 0.4) < 1e-9)
    #expect(found.metadata == [MetadataItem(name: "camera", value: "XF416", source: "tag:37706")])
    put([0], at: 244 + 6064)
    #expect(try summary().beam == Beam())
  }

  @Test(arguments: [false, true])
  func `Deflated strips are undone alike with and without differences`(isBig: Bool) throws {
    for name in ["u16_deflate_pred2", "u16_deflate_pred2_be"] where name.hasSuffix("be") == isBig {
      let path = Reference.path("tiff_awkward/\(name).tif")
      let values = try FormatList.open(path: path).frame(at: 0).pixels.doubles()
      // Predictor 1 in place of 2: the running sums of what is stored, row by row.
      var changed = load(path)
      let entry: [UInt8] = isBig ? [1, 0x3D, 0, 3, 0, 0, 0, 1, 0, 2] : [0x3D, 1, 3, 0, 1, 0, 0, 0, 2, 0]
      let at = try #require((0..<(changed.count - 10)).first { Array(changed[$0..<($0 + 10)]) == entry })
      changed[at + (isBig ? 9 : 8)] = 1
      let scratch = Scratch()
      let source = try FormatList.open(path: scratch.file("x.tif", changed))
      let differences = try source.frame(at: 0).pixels.doubles()
      let width = source.summary.width
      for (index, value) in values.enumerated() {
        let left = index % width == 0 ? 0 : values[index - 1]
        #expect(differences[index] == (value - left + 65536).truncatingRemainder(dividingBy: 65536))
      }
    }
  }

  @Test func `JEOL's description gives camera length, exposure and scattering vector`() throws {
    // 200 kV and 400 mm: a pixel of 0.2508 mm (101.28 dpi) is 0.25 / nm.
    let xml =
      "<?xml version=\"1.0\"?><TemReporter><Instruments>A</Instruments><AccelerationVoltage>200000</AccelerationVoltage>"
      + "<EosMode>eosTEM</EosMode><ImageFormingSystem><ModeString>DIFF</ModeString><SelectorValue>40</SelectorValue>"
      + "<SelectorUnitString>cm</SelectorUnitString></ImageFormingSystem><ExposureTimeString>250.00 msec</ExposureTimeString></TemReporter>\0"
    let scratch = Scratch()
    func summary(_ xml: String) throws -> FileSummary {
      var tiff = TinyTIFF(
        width: 4, height: 4, compression: 1, stripBytes: 16, text: Array(xml.utf8), tag: 270, dotsPerInch: 101
      )
      tiff.bytes += Array(0..<16)
      return try FormatList.open(path: scratch.file("x.tif", tiff.bytes)).summary
    }
    let found = try summary(xml)
    #expect(found.beam.voltageKilovolts?.value == 200 && found.beam.cameraLengthMillimetres?.value == 400)
    #expect(found.beam.exposureSeconds?.value == 0.25)
    let axis = try #require(found.calibration.x?.value)
    let (dot, product): (Double, Double) = (0.0254 / 101, 0.4 * 0.002507934)
    #expect(axis.unit == "1/nm" && abs(axis.scale * product / dot - 1) < 1e-6)
    // The camera's own word on its pixels counts where the resolution is that of a printer.
    let other = try summary(
      xml.replacing(
        "<EosMode>", with: "<PixelsPerMeter><Horizontal>8000</Horizontal></PixelsPerMeter><EosMode>"))
    let scale = try #require(other.calibration.x?.value.scale)
    #expect(abs(scale * product * 8000 - 1) < 1e-6)
    let image = try summary(xml.replacing("DIFF", with: "MAG").replacing(">40<", with: ">50000<"))
    #expect(image.beam.cameraLengthMillimetres == nil)
    #expect(image.calibration.y?.value.unit == "nm")
    let length = try #require(image.calibration.y?.value.scale)
    #expect(abs(length * 50_000 / (dot * 1e9) - 1) < 1e-9)
  }

  @Test func `Refusals name the byte where it went wrong`() throws {
    #expect {
      try FormatList.open(path: Reference.path("hostile/tif_strip_outside.tif"))
    } throws: {
      ($0 as? FileRefusal)?.offset != nil && ($0 as? FileRefusal)?.kind == .truncated
    }
  }

  @Test func `Damaged compressed data is refused with the library's words`() throws {
    var bytes = load(Reference.path("tiff_awkward/u16_deflate_pred2.tif"))
    for index in 1000..<1100 { bytes[index] = 0x55 }
    let scratch = Scratch()
    let source = try FormatList.open(path: scratch.file("x.tif", bytes))
    #expect {
      try source.frame(at: 0)
    } throws: {
      guard let refusal = $0 as? FileRefusal else { return false }
      return refusal.kind == .damaged && refusal.reason.hasPrefix("TIFF: strip 0 cannot be decoded: ")
    }
  }

  @Test func `A claim that compression could never fulfil is refused before memory is taken`() throws {
    // 16384 x 16384 pixels from a strip of 100 deflated bytes.
    var bytes = TinyTIFF(width: 16384, height: 16384, compression: 8, stripBytes: 100).bytes
    bytes += Array(repeating: 0, count: 100)
    let scratch = Scratch()
    #expect {
      try FormatList.open(path: scratch.file("x.tif", bytes))
    } throws: {
      ($0 as? FileRefusal)?.kind == .damaged
    }
  }

  @Test func `Limits are the caller's`() throws {
    #expect {
      try FormatList.open(path: Reference.path("tiff_awkward/u8.tif"), limits: ReadLimits(pixels: 5000))
    } throws: {
      ($0 as? FileRefusal)?.kind == .tooLarge
    }
  }

  // Files of other projects, read only where they are.
  @Test(
    .enabled(if: Reference.shared != nil, Reference.needsShared),
    arguments: [
      "test_loading_image_saved_with_DM.tif", "test_loading_image_saved_with_imageJ.tif",
      "test_loading_image_saved_with_imageJ_stack.tif", "JEOL-SightX-SAED-dummy.tif",
    ])
  func `Files of DigitalMicrograph, ImageJ and JEOL agree with RosettaSciIO`(name: String) throws {
    let root = try #require(Reference.shared) + "/reference/formats"
    let all = Reference.json(root + "/expected.json")
    let entry = (all["files"] as! [String: [String: Any]])["tiff/\(name)"]!
    let signal = (entry["signals"] as! [[String: Any]])[0]
    let source = try FormatList.open(path: root + "/tiff/\(name)")
    check(try frames(source).map(\.pixels), signal, name)
    let axes = signal["axes"] as! [[String: Any]]
    for (axis, found) in zip(
      axes.suffix(2), [source.summary.calibration.y, source.summary.calibration.x])
    {
      let calibration = try #require(found)
      #expect(calibration.value.unit == (axis["units"] as? String)?.replacing(" ", with: ""))
      #expect(abs(calibration.value.scale / number(axis["scale"])! - 1) < 1e-6)
      #expect(abs(calibration.value.origin - number(axis["offset"])!) < 1e-6)
    }
  }
}

/// The patterns of the scan that is stored in every format, from its formula.
func sameScan<T: PixelValue & Numeric>(of type: T.Type) -> [[UInt8]] {
  (0..<35).map { point in
    let (iy, ix) = (point / 7, point % 7)
    var values: [T] = []
    for qy in 0..<16 {
      for qx in 0..<16 {
        let value = 9 * iy + 5 * ix + 4 * qy + 2 * qx + (qx > qy ? 20 : 0) + (iy == 2 && ix == 3 ? 30 : 0)
        values.append(T(exactly: value)!)
      }
    }
    return values.withUnsafeBytes { Array($0) }
  }
}

/// A directory of one 8-bit strip, without the strip, and with a text of a vendor's program if given.
struct TinyTIFF {
  var bytes: [UInt8]

  init(
    width: UInt32, height: UInt32, compression: UInt32, stripBytes: UInt32, text: [UInt8] = [],
    tag: UInt32 = 34682, dotsPerInch: UInt32 = 0
  ) {
    let count = 9 + (text.isEmpty ? 0 : 1) + (dotsPerInch == 0 ? 0 : 3)
    let ratio = UInt32(8 + 2 + count * 12 + 4)
    let end = ratio + (dotsPerInch == 0 ? 0 : 8)
    var entries: [(UInt32, UInt16, UInt32, UInt32)] = [
      (256, 4, 1, width), (257, 4, 1, height), (258, 4, 1, 8), (259, 4, 1, compression), (262, 4, 1, 1),
      (273, 4, 1, end + UInt32(text.count)), (277, 4, 1, 1), (278, 4, 1, height), (279, 4, 1, stripBytes),
    ]
    if !text.isEmpty { entries.append((tag, 2, UInt32(text.count), end)) }
    if dotsPerInch > 0 { entries += [(282, 5, 1, ratio), (283, 5, 1, ratio), (296, 4, 1, 2)] }
    bytes = [0x49, 0x49, 42, 0, 8, 0, 0, 0, UInt8(entries.count), 0]
    func little(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    for (tag, type, length, value) in entries.sorted(by: { $0.0 < $1.0 }) {
      bytes += [UInt8(tag & 255), UInt8(tag >> 8), UInt8(type), 0] + little(length) + little(value)
    }
    bytes += [0, 0, 0, 0]
    if dotsPerInch > 0 { bytes += little(dotsPerInch) + little(1) }
    bytes += text
  }
}
