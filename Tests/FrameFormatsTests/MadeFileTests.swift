// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Diffraction
import Foundation
import FrameFormats
import Testing

/// Files that the tests write themselves, byte by byte, where no fixture reaches.
@Suite struct MadeFileTests {
  private func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private func little(_ value: Double) -> [UInt8] {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
  }

  private func little(_ value: Float) -> [UInt8] {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
  }

  // MARK: Merlin's raw mode

  @Test(arguments: [1, 6, 12, 24]) func `Raw counters of a single chip come out in order`(depth: Int) throws {
    let (width, height) = (64, 4)
    let top = depth == 24 ? 0xFF_FFFF : (1 << depth) - 1
    func value(_ row: Int, _ column: Int) -> Int { (row * 7919 + column * 104_729) & top }
    // Groups of eight bytes, their bytes reversed; the bottom row comes first.
    func group(_ pixels: [Int], bits: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      switch bits {
      case 1:
        for byte in 0..<8 { bytes.append(UInt8((0..<8).reduce(0) { $0 | pixels[8 * byte + $1] << $1 })) }
      case 6: bytes = pixels.map { UInt8($0) }
      default: for pixel in pixels { bytes += [UInt8(pixel & 255), UInt8(pixel >> 8)] }
      }
      return bytes.reversed()
    }
    let size = [1: 64, 6: 8, 12: 4, 24: 4][depth]!
    func image(_ part: (Int) -> Int) -> [UInt8] {
      var bytes: [UInt8] = []
      for row in (0..<height).reversed() {
        for start in stride(from: 0, to: width, by: size) {
          bytes += group((start..<(start + size)).map { part(value(row, $0)) }, bits: min(depth, 12))
        }
      }
      return bytes
    }
    let pixels = depth == 24 ? image { $0 >> 12 } + image { $0 & 0xFFF } : image { $0 }
    let head = String(
      format:
        "MQ1,000001,00384,01,%04d,%04d,R64,   1x1,01,2026-01-01 10:00:00.0,0.001000,0,0,0,MQ1A,x,1000000ns,%d,",
      width, depth == 24 ? 2 * height : height, depth)
    var bytes = Array(head.utf8)
    bytes += Array(repeating: 0, count: 384 - bytes.count) + pixels
    let scratch = Scratch()
    let source = try FormatList.open(path: scratch.file("x.mib", bytes))
    #expect(source.summary.isComplete && source.summary.frames == 1)
    let found = try source.frame(at: 0).pixels.doubles()
    #expect(found == (0..<height).flatMap { row in (0..<width).map { Double(value(row, $0)) } })
  }

  // MARK: Merlin's recordings in several files

  @Test func `A recording in several files is read as one, where one header file says so`() throws {
    let whole = load(Reference.path("same_scan/scan_u16.mib"))
    let header = load(Reference.path("same_scan/scan_u16.hdr"))
    let stride = whole.count / 35
    let wanted = sameScan(of: UInt16.self)
    let scratch = Scratch()
    let ends = [0, 12, 24, 35]
    let paths = (1...3).map { part in
      scratch.file("rec\(part).mib", whole[(ends[part - 1] * stride)..<(ends[part] * stride)])
    }
    // Without a header file nothing says that they belong together.
    #expect(try FormatList.open(path: paths[1]).summary.frames == 12)
    _ = scratch.file("rec.hdr", header)
    let all = try FormatList.open(path: paths[0])
    #expect(all.summary.isComplete && all.summary.frames == 35)
    #expect(all.summary.scan == Sourced(ScanShape(width: 7, height: 5), source: "sidecar:rec.hdr"))
    for index in [0, 34, 11, 12, 24, 23] {
      let frame = try all.frame(at: index)
      #expect(frame.index == index && bytes(frame.pixels) == wanted[index])
    }
    for path in paths.dropFirst() {
      #expect { try FormatList.open(path: path) } throws: {
        ($0 as? FileRefusal)?.reason.hasSuffix("which is read with rec1.mib") == true
      }
    }
    // While the last part is missing, or being written, the rest is there.
    _ = scratch.file("rec3.mib", whole[(24 * stride)..<(30 * stride + 5)])
    let cut = try FormatList.open(path: paths[0]).summary
    #expect(cut.frames == 30 && cut.declaredFrames == 35)
    #expect(unlink(paths[1]) == 0)
    #expect(try FormatList.open(path: paths[0]).summary.frames == 12)
  }

  @Test func `Recordings that Merlin numbered by itself stay apart`() throws {
    let whole = load(Reference.path("same_scan/scan_u16.mib"))
    let header = load(Reference.path("same_scan/scan_u16.hdr"))
    let scratch = Scratch()
    let stride = whole.count / 35
    for part in 1...2 {
      _ = scratch.file("default\(part).mib", whole[((part - 1) * 12 * stride)..<(part * 12 * stride)])
      _ = scratch.file("default\(part).hdr", header)
    }
    for part in 1...2 {
      #expect(try FormatList.open(path: "\(scratch.path)/default\(part).mib").summary.frames == 12)
    }
  }

  // MARK: MRC of 4 bits

  @Test(arguments: [(8, 3), (7, 3), (1, 2)], ["DD", "\u{11}\u{11}"])
  func `Two pixels a byte come out in order, whatever the byte order`(size: (Int, Int), stamp: String) throws
  {
    let (width, height) = size
    func number(_ value: Int) -> [UInt8] { stamp == "DD" ? little(value, 4) : little(value, 4).reversed() }
    var head: [UInt8] = [width, height, 2, 101].flatMap(number)
    head += Array(repeating: 0, count: 208 - head.count) + Array("MAP ".utf8) + Array(stamp.utf8)
    head += Array(repeating: 0, count: 1024 - head.count)
    func value(_ image: Int, _ row: Int, _ column: Int) -> Int { (image * 5 + row * 3 + column * 7) % 16 }
    var bytes = head
    for image in 0..<2 {
      for row in 0..<height {
        for column in stride(from: 0, to: width, by: 2) {
          let high = column + 1 < width ? value(image, row, column + 1) : 0
          bytes.append(UInt8(value(image, row, column) | high << 4))
        }
      }
    }
    let scratch = Scratch()
    let source = try FormatList.open(path: scratch.file("x.mrc", bytes))
    #expect(source.summary.frames == 2 && source.summary.isComplete && source.summary.sample == .uint8)
    for image in 0..<2 {
      let wanted = (0..<height).flatMap { row in (0..<width).map { Double(value(image, row, $0)) } }
      #expect(try source.frame(at: image).pixels.doubles() == wanted)
    }
    let cut = try FormatList.open(path: scratch.file("y.mrc", bytes.dropLast()))
    #expect(cut.summary.frames == 1 && !cut.summary.isComplete)
  }

  // MARK: PNG

  @Test(arguments: [1, 2, 4, 8, 16]) func `Grey PNG of any depth keeps its values`(depth: Int) throws {
    let png = TinyPNG(width: 9, height: 5, depth: depth, color: 0) { (row: Int, column: Int, _: Int) -> Int in
      (row * 37 + column * 11) % (1 << depth)
    }
    let scratch = Scratch()
    let source = try FormatList.open(path: scratch.file("x.png", png.bytes))
    #expect(source.summary.sample == (depth == 16 ? .uint16 : .uint8))
    var wanted: [Double] = []
    for pixel in 0..<45 {
      let sum: Int = pixel / 9 * 37 + pixel % 9 * 11
      wanted.append(Double(sum % (1 << depth)))
    }
    #expect(try source.frame(at: 0).pixels.doubles() == wanted)
  }

  @Test(arguments: [8, 16], [1, 7]) func `Every filter of a row is undone`(depth: Int, width: Int) throws {
    func value(_ row: Int, _ column: Int) -> Int {
      (row * 7919 + column * 104_729 + row * column * 31) % (1 << depth)
    }
    let png = TinyPNG(width: width, height: 12, depth: depth, color: 0, filter: { [4, 3, 2, 1, 0][$0 % 5] }) {
      row, column, _ in value(row, column)
    }
    let scratch = Scratch()
    let wanted = (0..<(12 * width)).map { Double(value($0 / width, $0 % width)) }
    let source = try FormatList.open(path: scratch.file("x.png", png.bytes))
    #expect(try source.frame(at: 0).pixels.doubles() == wanted)
    for position in png.bytes.indices.dropFirst(33) {
      var damaged = png.bytes
      damaged[position] ^= 0x21
      let frame = try? FormatList.open(path: scratch.file("y.png", damaged)).frame(at: 0)
      #expect(frame == nil || frame?.pixels.doubles() == wanted, "byte \(position)")
    }
  }

  @Test(arguments: [(4, 8), (4, 16), (2, 8), (2, 16), (6, 8)])
  func `Grey dressed as colour is read, true colour and transparency are refused`(color: Int, depth: Int)
    throws
  {
    let scratch = Scratch()
    let opaque = (1 << depth) - 1
    let hasAlpha = color & 4 != 0
    let colors = color & 2 != 0 ? 3 : 1
    func png(tint: Int, alpha: Int) -> [UInt8] {
      TinyPNG(width: 4, height: 3, depth: depth, color: color) {
        (row: Int, column: Int, channel: Int) -> Int in
        if hasAlpha && channel == colors { return alpha }
        let grey = row * 10 + column
        return channel == 1 ? grey + tint : grey
      }.bytes
    }
    let grey = try FormatList.open(path: scratch.file("grey.png", png(tint: 0, alpha: opaque)))
    let wanted = (0..<12).map { Double($0 / 4 * 10 + $0 % 4) }
    #expect(try grey.frame(at: 0).pixels.doubles() == wanted)
    let refused = colors == 3 ? png(tint: 1, alpha: opaque) : png(tint: 0, alpha: opaque - 1)
    #expect { try FormatList.open(path: scratch.file("no.png", refused)) } throws: {
      ($0 as? FileRefusal)?.kind == .unsupported
    }
  }

  @Test func `A palette of greys is read as its greys, one of colours is refused`() throws {
    let scratch = Scratch()
    func png(_ palette: [UInt8]) -> [UInt8] {
      TinyPNG(width: 4, height: 1, depth: 8, color: 3, palette: palette) { _, column, _ in column % 3 }.bytes
    }
    let grey = try FormatList.open(path: scratch.file("a.png", png([9, 9, 9, 80, 80, 80, 200, 200, 200])))
    #expect(try grey.frame(at: 0).pixels.doubles() == [9, 80, 200, 9])
    #expect { try FormatList.open(path: scratch.file("b.png", png([9, 9, 9, 80, 0, 80]))) } throws: {
      ($0 as? FileRefusal)?.kind == .unsupported
    }
    let short = try FormatList.open(path: scratch.file("c.png", png([9, 9, 9, 80, 80, 80])))
    #expect(throws: FileRefusal.self) { try short.frame(at: 0) }
  }

  // MARK: TIA

  private func series(version: Int, delta: Double, images: Int, valid: Int, type: Int = 2) -> [UInt8] {
    let word = version == 0x0210 ? 4 : 8
    var bytes =
      little(0x4949, 2) + little(0x0197, 2) + little(version, 2) + little(0x4122, 4) + little(0x4152, 4)
    bytes += little(images, 4) + little(valid, 4)
    let table = bytes.count + word + 4
    bytes += little(table, word) + little(0, 4)
    let first = table + 2 * images * word
    for image in 0..<images { bytes += little(first + image * 56, word) }
    bytes += Array(repeating: 0, count: images * word)
    for image in 0..<images {
      for origin in [-3.0, -2.0] { bytes += little(origin * delta) + little(delta) + little(0, 4) }
      bytes += little(type, 2) + little(3, 4) + little(1, 4)
      for pixel in 0..<3 { bytes += little(100 * image + pixel, 2) }
    }
    return bytes
  }

  @Test(arguments: [0x0210, 0x0220]) func `A TIA series brings its calibration and its companion's words`(
    version: Int
  ) throws {
    let scratch = Scratch()
    let emi =
      "\u{1}\u{2}<ObjectInfo><Data><Label>High tension</Label><Value>200</Value><Unit>kV</Unit></Data>"
      + "<Data><Label>Camera length</Label><Value>0.49</Value><Unit>m</Unit></Data><Data><Label>Mode</Label>"
      + "<Value>TEM &lt;Diffraction&gt;</Value><Unit></Unit></Data></ObjectInfo>"
    _ = scratch.file("a.emi", Array(emi.utf8))
    let path = scratch.file("a_1.ser", series(version: version, delta: 4e7, images: 3, valid: 3))
    let source = try FormatList.open(path: path)
    #expect(source.summary.frames == 3 && source.summary.isComplete)
    #expect(try source.frame(at: 2).pixels.doubles() == [200, 201, 202])
    #expect(source.summary.beam.voltageKilovolts == Sourced(200, source: "sidecar:a.emi"))
    #expect(source.summary.beam.cameraLengthMillimetres?.value == 490)
    #expect(source.summary.metadata.contains { $0.value == "TEM <Diffraction>" })
    let axis = try #require(source.summary.calibration.x?.value)
    #expect(axis.unit == "1/nm" && abs(axis.scale - 0.04) < 1e-12 && abs(axis.origin + 0.12) < 1e-12)
    let real = try FormatList.open(
      path: scratch.file("b_1.ser", series(version: version, delta: 2e-11, images: 1, valid: 1)))
    #expect(real.summary.calibration.x?.value.unit == "nm")
  }

  @Test func `A TIA series that was aborted or is cut offers its whole images`() throws {
    let scratch = Scratch()
    let aborted = try FormatList.open(
      path: scratch.file("a_1.ser", series(version: 0x0210, delta: 1, images: 4, valid: 2)))
    #expect(aborted.summary.frames == 2 && aborted.summary.declaredFrames == 4)
    let bytes = series(version: 0x0210, delta: 1, images: 4, valid: 4)
    let cut = try FormatList.open(path: scratch.file("b_1.ser", bytes.dropLast(60)))
    #expect(cut.summary.frames == 2 && cut.summary.declaredFrames == 4)
    #expect {
      try FormatList.open(
        path: scratch.file("c_1.ser", series(version: 0x0210, delta: 1, images: 1, valid: 1, type: 9)))
    } throws: { ($0 as? FileRefusal)?.kind == .unsupported }
  }

  // MARK: Companions and fields

  @Test func `Direct Electron's description gives the scan where it fits`() throws {
    let scratch = Scratch()
    let path = scratch.file("a_movie.mrc", load(Reference.path("same_scan/scan.mrc")))
    func describe(_ lines: String) throws -> FileSummary {
      _ = scratch.file("a_info.txt", Array(lines.utf8))
      return try FormatList.open(path: path).summary
    }
    let all =
      "Scan - Type = Raster\r\nScan - Size X = 7\nScan - Size Y = 5\nInstrument Accelerating Voltage (V) = 80000\n"
      + "Instrument Project Camera Length (centimeters) = 12\nDiffraction Pixel Size X = 0.2\nDiffraction Pixel Size Y = 0.3\n"
    let full = try describe(all)
    #expect(full.scan == Sourced(ScanShape(width: 7, height: 5), source: "sidecar:a_info.txt"))
    #expect(full.beam.voltageKilovolts?.value == 80 && full.beam.cameraLengthMillimetres?.value == 120)
    #expect(full.calibration.y?.value == AxisCalibration(scale: 0.3, unit: "1/nm"))
    #expect(try describe("Scan - Enable = Disable\n" + all).scan == nil)
    #expect(try describe(all + "Scan - Type = XY File\n").scan == nil)
    let small = try describe("Scan - Size X = 3\nScan - Size Y = 5\nDiffraction Pixel Size X = -1\n")
    #expect(small.scan == nil && small.warnings == ["35 images, but a scan of 3 x 5 points"])
    let region = try describe(
      all + "Scan - ROI Enable = Enable\nScan - ROI Size X = 9\nScan - ROI Size Y = 5\n")
    #expect(region.scan?.value == ScanShape(width: 9, height: 5) && region.declaredFrames == 45)
  }

  @Test func `All fields of a UView image are understood, and an unknown one ends them`() throws {
    var fields: [UInt8] = [100] + little(Float(1.5)) + little(Float(-2)) + [101] + Array("15um\0".utf8)
    fields += [102] + little(Float(3e-9)) + [5] + Array("Objective2\0".utf8) + little(Float(1500))
    fields += [128 + 38] + Array("Start Voltage1\0".utf8) + little(Float(20))
    fields += [104] + little(Float(0.25)) + [255, 0, 105] + Array("si\u{1B}[2J\0".utf8)
    fields +=
      [106] + Array("MCH\0Torr\0".utf8) + little(Float(1e-9)) + [110] + Array("LEED\0".utf8)
      + little(Float(1))
    fields +=
      [111] + little(Float(1)) + little(Float(2)) + [112, 1, 0, 113] + little(Float(45)) + [114, 2, 0]
    fields += [115] + little(Float(6000)) + [99] + Array("Last\0".utf8) + little(Float(1)) + [120, 1, 2, 3]
    var bytes = load(Reference.path("same_scan/uview_leed_v8.dat"))
    let start = 104 + 28
    bytes.replaceSubrange(
      start..<(start + 240), with: fields + Array(repeating: 255, count: 240 - fields.count))
    let scratch = Scratch()
    let summary = try FormatList.open(path: scratch.file("x.dat", bytes)).summary
    let found = Dictionary(
      summary.metadata.map { ($0.name, "\($0.value) \($0.unit)") }, uniquingKeysWith: { $1 })
    #expect(found["stage x"] == "1.5 mm" && found["stage y"] == "-2.0 mm" && found["gauge 1"] == "3e-09 ")
    #expect(found["Objective"] == "1500.0 mA" && found["Start Voltage"] == "20.0 V")
    #expect(
      found["title"] == "si[2J " && found["MCH"] == "1e-09 Torr" && found["image averaging"] == "sliding ")
    #expect(
      found["rotation"] == "45.0 °" && found["mirror state"] == "2 " && found["screen voltage"] == "6000.0 ")
    #expect(found["Last"] == "1.0 ")
    #expect(summary.beam.voltageKilovolts?.value == 0.02 && summary.beam.exposureSeconds?.value == 0.25)
  }

  @Test(arguments: ["scan_hybrid.dm4", "scan_F.npy", "scan_bigendian_f32.dm4"])
  func `A scan larger than the cache is gathered in blocks`(name: String) throws {
    let path = Reference.path("same_scan/\(name)")
    let whole = try frames(try FormatList.open(path: path))
    // Room for four patterns of 16-bit pixels, or two of single precision.
    let source = try FormatList.open(path: path, limits: ReadLimits(frameBytes: 2048))
    for index in [0, 1, 34, 5, 4, 3, 33, 16] {
      #expect(bytes(try source.frame(at: index).pixels) == bytes(whole[index].pixels))
    }
  }

  @Test func `Halves keep zeros, denormals, infinities and NaN`() throws {
    let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 4), }"
    let bits: [Int] = [0x0000, 0x8000, 0x0001, 0x83FF, 0x3C00, 0xFBFF, 0x7C00, 0x7E00]
    var bytes: [UInt8] =
      [0x93] + Array("NUMPY".utf8) + [1, 0] + little(header.utf8.count, 2) + Array(header.utf8)
    for value in bits { bytes += little(value, 2) }
    let scratch = Scratch()
    let values = try FormatList.open(path: scratch.file("x.npy", bytes)).frame(at: 0).pixels.doubles()
    #expect(
      values[0] == 0 && values[1].sign == .minus && values[2] == 0x1p-24 && values[3] == -1023 * 0x1p-24)
    #expect(values[4] == 1 && values[5] == -65504 && values[6] == .infinity && values[7].isNaN)
  }
}

/// A PNG whose pixels are stored without compression; `filter` says for each row from what its bytes differ.
struct TinyPNG {
  var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  init(
    width: Int, height: Int, depth: Int, color: Int, palette: [UInt8] = [], filter: (Int) -> Int = { _ in 0 },
    value: (Int, Int, Int) -> Int
  ) {
    let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][color]!
    chunk("IHDR", big(width) + big(height) + [UInt8(depth), UInt8(color), 0, 0, 0])
    if !palette.isEmpty { chunk("PLTE", palette) }
    var rows: [UInt8] = []
    var above: [UInt8] = []
    for row in 0..<height {
      let start = rows.count
      var (bits, filled) = (0, 0)
      for column in 0..<width {
        for channel in 0..<channels {
          bits = bits << depth | value(row, column, channel)
          filled += depth
          while filled >= 8 {
            filled -= 8
            rows.append(UInt8(bits >> filled & 255))
          }
          bits &= (1 << filled) - 1
        }
      }
      if filled > 0 { rows.append(UInt8(bits << (8 - filled) & 255)) }
      let plain = Array(rows[start...])
      let stored = Self.differences(plain, above, step: max(1, channels * depth / 8), filter(row))
      rows.replaceSubrange(start..., with: [UInt8(filter(row))] + stored)
      above = plain
    }
    var (a, b) = (1, 0)
    for byte in rows {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    let count = rows.count
    let length = [UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8 & 255)]
    chunk("IDAT", [0x78, 0x01, 1] + length + rows + big(b << 16 | a))
    chunk("IEND", [])
  }

  /// The five filters, as the format describes them.
  private static func differences(_ row: [UInt8], _ above: [UInt8], step: Int, _ filter: Int) -> [UInt8] {
    row.indices.map { i in
      let a = i >= step ? Int(row[i - step]) : 0
      let b = above.isEmpty ? 0 : Int(above[i])
      let c = above.isEmpty || i < step ? 0 : Int(above[i - step])
      let p = a + b - c
      let nearest = [a, b, c].min { abs(p - $0) < abs(p - $1) }!
      return row[i] &- UInt8([0, a, b, (a + b) / 2, nearest][filter])
    }
  }

  private func big(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }

  private mutating func chunk(_ name: String, _ body: [UInt8]) {
    let content = Array(name.utf8) + body
    var crc: UInt32 = .max
    for byte in content {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
    bytes += big(body.count) + content + big(Int(~crc))
  }
}
